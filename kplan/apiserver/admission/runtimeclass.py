"""A pod's RuntimeClass exists, and gives it its overhead, node selector and tolerations.

Mirrors: plugin/pkg/admission/runtimeclass/admission.go, pkg/util/tolerations/tolerations.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver.admission.contract import CREATE, AdmissionContext, Attributes, Plugin, refuse
from kplan.apiserver.outcome import Status
from kplan.apiserver.strategy import Draft
from kplan.model.objects import Object, Ref, get_in
from kplan.model.quantity import Quantity


def admit(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Merge what the class says into the pod."""
    pod = attributes.object
    assert pod is not None
    spec = pod["spec"]
    found, error = _class_of(attributes, spec, context)
    if error is not None or found is None:
        return error
    overhead = get_in(found, ("overhead", "podFixed"))
    if found.get("overhead") is not None:
        if spec.get("overhead") and not _same_amounts(spec["overhead"], overhead):
            return refuse(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
        if overhead:
            spec["overhead"] = overhead
    return _set_scheduling(attributes, spec, found.get("scheduling"))


def validate(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Overhead is the class' business alone."""
    pod = attributes.object
    assert pod is not None
    spec = pod["spec"]
    found, error = _class_of(attributes, spec, context)
    if error is not None:
        return error
    if found is not None and found.get("overhead") is not None:
        if not _same_amounts(spec.get("overhead"), get_in(found, ("overhead", "podFixed"))):
            return refuse(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
    elif spec.get("overhead") is not None:
        return refuse(attributes, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead")
    return None


def _class_of(attributes: Attributes, spec: Draft, context: AdmissionContext) -> tuple[Object | None, Status | None]:
    name = spec.get("runtimeClassName")
    if name is None:
        return None, None
    found = context.view.get(Ref("RuntimeClass.node.k8s.io", "", name))
    if found is None:
        return None, refuse(attributes, f'pod rejected: RuntimeClass "{name}" not found')
    return found, None


def _set_scheduling(attributes: Attributes, spec: Draft, scheduling: Any) -> Status | None:
    if not scheduling:
        return None
    selector = dict(spec.get("nodeSelector") or {})
    for key, value in sorted((scheduling.get("nodeSelector") or {}).items()):
        if key in selector and selector[key] != value:
            return refuse(
                attributes,
                f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {selector[key]}",
            )
        selector[key] = value
    if selector:
        spec["nodeSelector"] = selector
    tolerations = _merge_tolerations(spec.get("tolerations") or [], scheduling.get("tolerations") or [])
    if tolerations:
        spec["tolerations"] = tolerations
    return None


def _merge_tolerations(first: list[Any], second: list[Any]) -> list[Any]:
    """Both lists; what another toleration covers is left out."""
    every = [*first, *second]
    merged: list[Any] = []
    for i, candidate in enumerate(every):
        if any(t == candidate for t in merged):
            continue
        if any(_covers(t, candidate) and t != candidate for t in every[i + 1 :]):
            continue
        if any(_covers(t, candidate) for t in merged):
            continue
        merged.append(candidate)
    return merged


def _covers(wide: Any, narrow: Any) -> bool:
    """Whether every taint that ``narrow`` tolerates is tolerated by ``wide`` too, for as long."""
    if wide == narrow:
        return True
    operator = wide.get("operator") or "Equal"
    if (wide.get("key") or "") != (narrow.get("key") or "") and (wide.get("key") or operator != "Exists"):
        return False
    if wide.get("effect") not in (None, "", narrow.get("effect")):
        return False
    if wide.get("effect") == "NoExecute" and "tolerationSeconds" in wide:
        theirs = narrow.get("tolerationSeconds")
        if theirs is None or theirs > wide["tolerationSeconds"]:
            return False
    if operator == "Equal":
        # One that leaves its operator out is not taken for Equal here.
        return narrow.get("operator") == "Equal" and (wide.get("value") or "") == (narrow.get("value") or "")
    return bool(operator == "Exists")


def _same_amounts(a: Any, b: Any) -> bool:
    a, b = a or {}, b or {}
    return a.keys() == b.keys() and all(Quantity.parse(a[k]) == Quantity.parse(b[k]) for k in a)


PLUGIN = Plugin("RuntimeClass", frozenset((CREATE,)), frozenset(("Pod",)), admit=admit, validate=validate)
