"""A running pod grows only as far as its node reaches, and on Linux only.

Mirrors: plugin/pkg/admission/podresize/admission.go (1.36)
"""

from __future__ import annotations

from dataclasses import replace

from kplan.apiserver.admission.contract import UPDATE, AdmissionContext, Attributes, Plugin, refuse
from kplan.apiserver.outcome import Cause, Status
from kplan.model.objects import Object, Ref, get_in, labels_of, name_of
from kplan.model.podresources import amounts, pod_requests
from kplan.model.quantity import Quantity

OS = "kubernetes.io/os"
_NONE = Quantity(0)


def validate(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Refuse a resize that the node could never carry out."""
    pod, old = attributes.object, attributes.old
    assert pod is not None and old is not None
    name = pod["spec"].get("nodeName")
    if not context.gates.on("InPlacePodVerticalScaling") or not name:
        return None
    if pod["metadata"].get("generation") == old["metadata"].get("generation"):
        return None
    node = context.view.get(Ref("Node", "", name))
    if node is None:
        return refuse(attributes, f'node "{name}" not found')
    system = labels_of(node).get(OS, "linux")
    if system != "linux":
        why = f'pod resize is only supported on linux nodes, node "{name_of(node)}" is "{system}"'
        return _because(refuse(attributes, why), "UnsupportedPlatform")
    short = _short(pod, node)
    if short:
        why = f"node didn't have enough allocatable resources: {'; '.join(short)}"
        return _because(refuse(attributes, why), "NodeCapacity")
    return None


def _short(pod: Object, node: Object) -> list[str]:
    """What the node has too little of, even were it empty."""
    asked = pod_requests(pod)
    has = amounts(get_in(node, ("status", "allocatable")))
    said = []
    for name, shown in (("cpu", Quantity.milli_value), ("memory", Quantity.value)):
        want, have = asked.get(name, _NONE), has.get(name, _NONE)
        if want > have:
            said.append(f"{name}, requested: {shown(want)}, allocatable: {shown(have)}")
    return said


def _because(status: Status, reason: str) -> Status:
    return replace(status, causes=(Cause(reason, "", ""),))


PLUGIN = Plugin("PodResizeValidator", frozenset((UPDATE,)), frozenset(("Pod",)), frozenset(("resize",)), validate=validate)
