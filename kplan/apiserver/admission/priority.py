"""A pod's priority comes from its PriorityClass, or from the one that is the global default.

Mirrors: plugin/pkg/admission/priority/admission.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.admission.contract import CREATE, UPDATE, AdmissionContext, Attributes, Plugin, refuse
from kplan.apiserver.outcome import Status
from kplan.model.objects import Object, Ref, name_of
from kplan.store.view import View

PRIORITY_CLASS = "PriorityClass.scheduling.k8s.io"


def admit(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Resolve the class of a pod that is created; keep what it has on update."""
    if attributes.kind != "Pod":
        return None
    pod = attributes.object
    assert pod is not None
    spec = pod.setdefault("spec", {})
    if attributes.operation == UPDATE:
        old = (attributes.old or {}).get("spec") or {}
        for field in ("priority", "preemptionPolicy"):
            if spec.get(field) is None and old.get(field) is not None:
                spec[field] = old[field]
        return None
    name = spec.get("priorityClassName") or ""
    found = context.view.get(Ref(PRIORITY_CLASS, "", name)) if name else default_class(context.view)
    if name and found is None:
        return refuse(attributes, f"no PriorityClass with name {name} was found")
    value = found.get("value", 0) if found else 0
    policy = (found.get("preemptionPolicy") if found else None) or "PreemptLowerPriority"
    if found is not None and not name:
        spec["priorityClassName"] = name_of(found)
    if spec.get("priority") is not None and spec["priority"] != value:
        return refuse(
            attributes,
            f"the integer value of priority ({spec['priority']}) must not be provided in pod spec; "
            f"priority admission controller computed {value} from the given PriorityClass name",
        )
    spec["priority"] = value
    if spec.get("preemptionPolicy") is not None and spec["preemptionPolicy"] != policy:
        return refuse(
            attributes,
            f"the string value of PreemptionPolicy ({spec['preemptionPolicy']}) must not be provided in pod spec; "
            f"priority admission controller computed {policy} from the given PriorityClass name",
        )
    spec["preemptionPolicy"] = policy
    return None


def validate(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Only one PriorityClass may be the global default."""
    wanted = attributes.object
    if attributes.kind != PRIORITY_CLASS or wanted is None or not wanted.get("globalDefault"):
        return None
    current = default_class(context.view)
    if current is None or (attributes.operation == UPDATE and name_of(current) == name_of(wanted)):
        return None
    return refuse(attributes, f"PriorityClass {name_of(current)} is already marked as default. Only one default can exist")


def default_class(view: View) -> Object | None:
    """The global default; of several the one with the lowest value."""
    marked = [c for c in view.objects(PRIORITY_CLASS) if c.get("globalDefault")]
    return min(marked, key=lambda c: c.get("value", 0), default=None)


PLUGIN = Plugin("Priority", frozenset((CREATE, UPDATE)), frozenset(("Pod", PRIORITY_CLASS)), admit=admit, validate=validate)
