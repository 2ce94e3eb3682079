"""What a kubelet posts of itself and its pods when it comes back after it was lost.

Mirrors: pkg/kubelet/nodestatus/setters.go, pkg/kubelet/status/status_manager.go (1.36)
Differs: the node is well: there is no pressure, and what ran goes on running.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.model.instants import write_instant
from kplan.model.objects import Object, get_in

_WELL: dict[str, tuple[str, str, str]] = {
    "MemoryPressure": ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    "Ready": ("True", "KubeletReady", "kubelet is posting ready status"),
}


def posted_again(node: Object, now: float) -> Object | None:
    """The node with the conditions a kubelet posts that became Unknown without it; None where none did."""
    conditions: list[Mapping[str, Any]] = get_in(node, ("status", "conditions")) or []
    fresh = [_fresh(c, write_instant(now)) for c in conditions]
    if all(a is b for a, b in zip(fresh, conditions, strict=True)):
        return None
    return {**node, "status": {**node["status"], "conditions": fresh}}


def _fresh(condition: Mapping[str, Any], moment: str) -> Mapping[str, Any]:
    well = _WELL.get(condition["type"])
    if well is None or condition["status"] != "Unknown":
        return condition
    status, reason, message = well
    return {**condition, "status": status, "reason": reason, "message": message, "lastHeartbeatTime": moment, "lastTransitionTime": moment}


def ready_again(pod: Object, now: float) -> Object | None:
    """The pod with the readiness that the node controller took from it; None where it is as the kubelet left it."""
    conditions: list[Mapping[str, Any]] = get_in(pod, ("status", "conditions")) or []
    known = {c["type"]: c for c in conditions}
    ready = known.get("Ready")
    if ready is None or ready["status"] != "False" or ready.get("reason") or known.get("ContainersReady", {}).get("status") != "True":
        return None
    moment = write_instant(now)
    fresh = [{**c, "status": "True", "lastTransitionTime": moment} if c is ready else c for c in conditions]
    return {**pod, "status": {**pod["status"], "conditions": fresh}}
