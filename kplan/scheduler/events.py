"""What happened to the cluster, as the scheduling queue names it.

Mirrors: pkg/scheduler/framework/events.go, pkg/scheduler/eventhandlers.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kplan.model.objects import EMPTY, Object, labels_of
from kplan.scheduler.cluster import node_of
from kplan.scheduler.pods import is_finished
from kplan.scheduler.resources import pod_requests, round_up
from kplan.store.journal import Write

POD, NODE = "Pod", "Node"
ADD, DELETE, UPDATE = "add", "delete", "update"
LABEL, TAINT, ALLOCATABLE, CONDITION, ANNOTATION, FEATURES = "label", "taint", "allocatable", "condition", "annotation", "features"
SCALE_DOWN, TOLERATION, GATES_GONE, GENERATED_CLAIM = "scale-down", "toleration", "gates-gone", "generated-claim"

OTHER_KINDS = {
    "PersistentVolume": "PersistentVolume",
    "PersistentVolumeClaim": "PersistentVolumeClaim",
    "StorageClass.storage.k8s.io": "StorageClass",
    "CSINode.storage.k8s.io": "CSINode",
    "CSIDriver.storage.k8s.io": "CSIDriver",
    "CSIStorageCapacity.storage.k8s.io": "CSIStorageCapacity",
    "VolumeAttachment.storage.k8s.io": "VolumeAttachment",
    "ResourceClaim.resource.k8s.io": "ResourceClaim",
    "ResourceSlice.resource.k8s.io": "ResourceSlice",
    "DeviceClass.resource.k8s.io": "DeviceClass",
}


@dataclass(frozen=True, slots=True)
class ClusterEvent:
    """One event: the kind, what was done to it, and the objects before and after."""

    kind: str
    action: str
    old: Object | None
    new: Object | None


def events_of(write: Write) -> Iterator[ClusterEvent]:
    """The events a write is to pods that are waiting."""
    before, after = write.before, write.after
    if write.ref.kind == POD:
        yield from _pod_events(before, after)
    elif write.ref.kind == NODE:
        yield from _node_events(before, after)
    elif write.ref.kind in OTHER_KINDS:
        action = ADD if before is None else DELETE if after is None else UPDATE
        yield ClusterEvent(OTHER_KINDS[write.ref.kind], action, before, after)


def assigned(pod: Object | None) -> bool:
    """Whether the scheduler sees the pod on a node."""
    return pod is not None and bool(node_of(pod)) and not is_finished(pod)


def _pod_events(before: Object | None, after: Object | None) -> Iterator[ClusterEvent]:
    was, now = assigned(before), assigned(after)
    if now and not was:
        yield ClusterEvent(POD, ADD, None, after)
    elif was and not now:
        yield ClusterEvent(POD, DELETE, before, None)
    elif was and before is not None and after is not None:
        for action in pod_changes(before, after):
            yield ClusterEvent(POD, action, before, after)
    elif before is not None and not is_finished(before) and nominated(before) and (after is None or nominated(after) != nominated(before)):
        yield ClusterEvent(POD, DELETE, before, None)


def nominated(pod: Object) -> str:
    """``status.nominatedNodeName``, "" when absent."""
    return (pod.get("status") or EMPTY).get("nominatedNodeName") or ""


def pod_changes(before: Object, after: Object) -> list[str]:
    """What changed of a pod that may matter to scheduling; a plain update where nothing did."""
    found = []
    if labels_of(before) != labels_of(after):
        found.append(LABEL)
    if _scaled_down(before, after):
        found.append(SCALE_DOWN)
    was, now = before["spec"], after["spec"]
    if was.get("schedulingGates") and not now.get("schedulingGates"):
        found.append(GATES_GONE)
    if len(was.get("tolerations") or ()) != len(now.get("tolerations") or ()):
        found.append(TOLERATION)
    if any(_status(before, f) != _status(after, f) for f in ("resourceClaimStatuses", "extendedResourceClaimStatus")):
        found.append(GENERATED_CLAIM)
    return found or [UPDATE]


def _status(pod: Object, field: str) -> Any:
    return (pod.get("status") or EMPTY).get(field)


_REPORTED = ("containerStatuses", "initContainerStatuses", "resources", "allocatedResources", "conditions")


def _scaled_down(before: Object, after: Object) -> bool:
    if before["spec"] is after["spec"] and before.get("status") is after.get("status"):
        return False
    same_spec = all(before["spec"].get(f) is after["spec"].get(f) for f in ("containers", "initContainers", "resources"))
    if same_spec and all(_status(before, f) == _status(after, f) for f in _REPORTED):
        return False
    old, new = pod_requests(before, use_status=True), pod_requests(after, use_status=True)
    return any(name not in new or round_up("cpu", amount) > round_up("cpu", new[name]) for name, amount in old.items())


def _node_events(before: Object | None, after: Object | None) -> Iterator[ClusterEvent]:
    if before is None or after is None:
        yield ClusterEvent(NODE, ADD if before is None else DELETE, before, after)
        return
    for action in node_changes(before, after):
        yield ClusterEvent(NODE, action, before, after)


def node_changes(before: Object, after: Object) -> list[str]:
    """What changed of a node that may let pods in."""
    was, now = before.get("spec") or EMPTY, after.get("spec") or EMPTY
    old, new = before.get("status") or EMPTY, after.get("status") or EMPTY
    found = []
    if was.get("unschedulable") and not now.get("unschedulable"):
        found.append(TAINT)
    if old.get("allocatable") != new.get("allocatable"):
        found.append(ALLOCATABLE)
    if labels_of(before) != labels_of(after):
        found.append(LABEL)
    if (was.get("taints") or []) != (now.get("taints") or []) and TAINT not in found:
        found.append(TAINT)
    if old.get("declaredFeatures") != new.get("declaredFeatures"):
        found.append(FEATURES)
    return found
