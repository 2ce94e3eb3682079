"""What a kubelet does not let onto its node: pods that were bound to it without the scheduler, and do not fit.

Mirrors: pkg/kubelet/lifecycle/predicate.go, pkg/kubelet/eviction/eviction_manager.go (Admit), pkg/kubelet/kubelet.go
         (HandlePodAdditions, rejectPod), pkg/scheduler/eventhandlers.go (AdmissionCheck) (1.36)
Differs: what the scheduler sends is let in; a critical pod that finds no room is let in, and none is killed for it; a node
         that has not posted what it has is taken to have enough; sysctls and AppArmor profiles, for which a kubelet must
         be configured, are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.rules.quantities import is_extended_resource_name
from kplan.apiserver.rules.restarts import is_sidecar
from kplan.kubelet.phase import FINAL
from kplan.model.instants import write_instant
from kplan.model.nodeaffinity import RequiredNodeAffinity, tolerates, untolerated
from kplan.model.objects import EMPTY, Object, get_in, labels_of, name_of, uid_of
from kplan.model.podresources import Amounts, Reported, add, amounts, pod_requests
from kplan.model.quantity import Quantity
from kplan.store.view import View, pods_on

REJECTED = "Pod was rejected: "
"""How the message of a refused pod begins."""
_OS = "kubernetes.io/os"
_PRESSURES = ("DiskPressure", "MemoryPressure", "PIDPressure")
_MEMORY_TAINT = {"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"}
_CRITICAL_PRIORITY = 2_000_000_000
_MIRROR = "kubernetes.io/config.mirror"
_FIRST = ("cpu", "memory", "ephemeral-storage")
_ANY = "0.0.0.0"
_ZERO = Quantity(0)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a kubelet does not run a pod."""

    reason: str
    message: str


def refusal(view: View, node: Object, pod: Object) -> Refusal | None:
    """Why the node's kubelet does not let the pod in, or None where it does."""
    status = pod.get("status") or EMPTY
    if status.get("startTime") or _was_scheduled(status):
        return None
    others = [p for p in pods_on(view, name_of(node)) if _counts(p) and uid_of(p) != uid_of(pod)]
    for why in _objections(node, pod, others):
        return why
    return None


def refused(pod: Object, why: Refusal, *, now: float, tracking: bool) -> Object:
    """The pod as it is after it was refused: it has failed, and nothing more is told of it."""
    before = pod.get("status") or EMPTY
    status: dict[str, Any] = {"phase": "Failed", "reason": why.reason, "message": f"{REJECTED}{why.message}"}
    status |= {key: before[key] for key in ("qosClass", "resourceClaimStatuses", "extendedResourceClaimStatus", "conditions") if key in before}
    status["startTime"] = write_instant(now)
    if tracking and (generation := pod["metadata"].get("generation")):
        status["observedGeneration"] = generation
    return {**pod, "status": status}


def _was_scheduled(status: Mapping[str, Any]) -> bool:
    return any(c["type"] == "PodScheduled" for c in status.get("conditions") or ())


def _counts(pod: Object) -> bool:
    """Whether a pod has been let in and has not finished."""
    status = pod.get("status") or EMPTY
    return bool(status.get("startTime")) and status.get("phase") not in FINAL


def _is_critical(pod: Object) -> bool:
    return (pod["spec"].get("priority") or 0) >= _CRITICAL_PRIORITY or _MIRROR in (pod["metadata"].get("annotations") or EMPTY)


def _objections(node: Object, pod: Object, others: list[Object]) -> Iterator[Refusal]:
    """Everything the kubelet objects to, in its order; the first is told."""
    yield from _pressure(node, pod)
    yield from _features(node, pod)
    if not _is_critical(pod):
        yield from _shortages(node, pod, others)
    yield from _mismatches(node, pod, others)


def _pressure(node: Object, pod: Object) -> Iterator[Refusal]:
    """A node under pressure takes critical pods only; short of memory alone also those that are not best effort, or tolerate it."""
    known = {c["type"]: c["status"] for c in get_in(node, ("status", "conditions")) or ()}
    pressures = [kind for kind in _PRESSURES if known.get(kind) == "True"]
    if not pressures or _is_critical(pod):
        return
    if pressures == ["MemoryPressure"]:
        best_effort = get_in(pod, ("status", "qosClass")) == "BestEffort"
        if not best_effort or any(tolerates(t, _MEMORY_TAINT) for t in pod["spec"].get("tolerations") or ()):
            return
    yield Refusal("Evicted", f"The node had condition: [{' '.join(pressures)}]. ")


def _features(node: Object, pod: Object) -> Iterator[Refusal]:
    """What the node's system cannot do, whatever else runs on it."""
    system = get_in(node, ("status", "nodeInfo", "operatingSystem")) or labels_of(node).get(_OS) or "linux"
    if labels_of(pod).get(_OS, system) != system:
        yield Refusal("PodOSSelectorNodeLabelDoesNotMatch", "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label")
    if get_in(pod, ("spec", "os", "name")) not in (None, system):
        yield Refusal("PodOSNotSupported", "Failed to admit pod as the OS field doesn't match node OS")
    strict = get_in(pod, ("spec", "securityContext", "supplementalGroupsPolicy")) == "Strict"
    if strict and not get_in(node, ("status", "features", "supplementalGroupsPolicy")):
        yield Refusal("SupplementalGroupsPolicyNotSupported", "SupplementalGroupsPolicy=Strict is not supported in this node")


def _shortages(node: Object, pod: Object, others: list[Object]) -> Iterator[Refusal]:
    """Resources of which the node has not enough left; extended ones that it does not have at all are somebody else's."""
    capacity = amounts(get_in(node, ("status", "allocatable")))
    if not capacity:
        return
    allowed = capacity.get("pods", _ZERO).value()
    if len(others) + 1 > allowed:
        yield _short("pods", 1, len(others), allowed)
    used: Amounts = {}
    for other in others:
        add(used, pod_requests(other, reported=Reported.ALL))
    asked = pod_requests(pod)
    for name in sorted(asked, key=lambda n: (_FIRST.index(n) if n in _FIRST else len(_FIRST), n)):
        counts = name in _FIRST or name.startswith("hugepages-") or (is_extended_resource_name(name) and name in capacity)
        if counts and not asked[name].is_zero() and asked[name] > capacity.get(name, _ZERO) - used.get(name, _ZERO):
            yield _short(name, *(_units(name, q.get(name, _ZERO)) for q in (asked, used, capacity)))


def _units(name: str, quantity: Quantity) -> int:
    return quantity.milli_value() if name == "cpu" else quantity.value()


def _short(name: str, requested: int, used: int, capacity: int) -> Refusal:
    words = f"Node didn't have enough resource: {name}, requested: {requested}, used: {used}, capacity: {capacity}"
    return Refusal(f"OutOf{name}", words)


def _mismatches(node: Object, pod: Object, others: list[Object]) -> Iterator[Refusal]:
    if not RequiredNodeAffinity(pod["spec"]).matches(node):
        yield _predicate("NodeAffinity", "node(s) didn't match Pod's node affinity/selector")
    taken = {p for other in others for p in _host_ports(other["spec"])}
    if any(_conflict(port, taken) for port in _host_ports(pod["spec"])):
        yield _predicate("NodePorts", "node(s) didn't have free ports for the requested pod ports")
    if untolerated(get_in(node, ("spec", "taints")) or (), pod["spec"].get("tolerations") or (), ("NoExecute",)) is not None:
        yield _predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate")


def _predicate(name: str, words: str) -> Refusal:
    return Refusal(name, f"Predicate {name} failed: {words}")


_Port = tuple[str, str, int]
"""Address, protocol, number."""


def _host_ports(spec: Mapping[str, Any]) -> Iterator[_Port]:
    sidecars = [c for c in spec.get("initContainers") or () if is_sidecar(c)]
    for container in (*sidecars, *(spec.get("containers") or ())):
        for port in container.get("ports") or ():
            if port.get("hostPort"):
                yield port.get("hostIP") or _ANY, port.get("protocol") or "TCP", port["hostPort"]


def _conflict(wanted: _Port, taken: set[_Port]) -> bool:
    address, *rest = wanted
    return any(list(t[1:]) == rest and (_ANY in (address, t[0]) or address == t[0]) for t in taken)
