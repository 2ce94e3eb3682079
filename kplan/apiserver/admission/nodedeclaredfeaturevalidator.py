"""A change of a running pod that asks for a feature of its kubelet needs a node that declares it.

Mirrors: plugin/pkg/admission/nodedeclaredfeatures/admission.go,
         staging/src/k8s.io/component-helpers/nodedeclaredfeatures (1.36)
"""

from __future__ import annotations

from collections.abc import Callable

from kplan.apiserver.admission.contract import UPDATE, AdmissionContext, Attributes, Plugin, refuse
from kplan.apiserver.outcome import Status
from kplan.model.objects import Object, Ref, get_in
from kplan.model.quantity import canonical


def validate(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Refuse what the node does not declare."""
    pod, old = attributes.object, attributes.old
    assert pod is not None and old is not None
    name = pod["spec"].get("nodeName")
    if not context.gates.on("NodeDeclaredFeatures") or not name:
        return None
    if pod["metadata"].get("generation") == old["metadata"].get("generation"):
        return None
    needed = [feature for feature, asks in FEATURES if asks(old["spec"], pod["spec"])]
    if not needed:
        return None
    node = context.view.get(Ref("Node", "", name))
    if node is None:
        return refuse(attributes, f'node "{name}" not found')
    declared = get_in(node, ("status", "declaredFeatures")) or ()
    if lacking := [f for f in needed if f not in declared]:
        return refuse(attributes, f'pod update requires features {", ".join(lacking)} which are not available on node "{name}"')
    return None


def _resizes_pod(old: Object, new: Object) -> bool:
    return _amounts(old) != _amounts(new)


def _resizes_init_container(old: Object, new: Object) -> bool:
    pairs = zip(old.get("initContainers") or (), new.get("initContainers") or (), strict=False)
    return any(a.get("restartPolicy") != "Always" and _amounts(a) != _amounts(b) for a, b in pairs)


def _amounts(holder: Object) -> object:
    resources = holder.get("resources") or {}
    sized = {f: {n: canonical(q) for n, q in (resources.get(f) or {}).items()} for f in ("requests", "limits")}
    return sized, resources.get("claims") or []


FEATURES: tuple[tuple[str, Callable[[Object, Object], bool]], ...] = (
    ("InPlacePodLevelResourcesVerticalScaling", _resizes_pod),
    ("InPlacePodVerticalScalingInitContainers", _resizes_init_container),
)
"""The features that an update can ask for, by name; others matter to the scheduler only."""

PLUGIN = Plugin(
    "NodeDeclaredFeatureValidator",
    frozenset((UPDATE,)),
    frozenset(("Pod",)),
    frozenset(("", "resize")),
    validate=validate,
)
