"""What a kubelet posts of its node and of pods that run, when it comes back after it was lost or a readiness gate is met.

Mirrors: pkg/kubelet/nodestatus/setters.go, pkg/kubelet/status/status_manager.go (NeedToReconcilePodReadiness),
         pkg/util/node/node.go (GetNodeHostIPs) (1.36)
Differs: the node is well: there is no pressure, and what ran goes on running. A node without address has one made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.kubelet.conditions import CONTAINERS_READY, GATES_NOT_READY, READY, made, ready
from kplan.model.instants import write_instant
from kplan.model.objects import EMPTY, Object, get_in

_NO_ADDRESS = "192.168.0.1"

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


def ready_again(pod: Object, *, now: float, tracking: bool) -> Object | None:
    """The pod with its readiness as it is; None where it is known already.

    The node controller takes it from the pods of a node that is silent; whoever sets the condition of a readiness gate changes it.
    """
    status: Mapping[str, Any] = pod["status"]
    known = {c["type"]: c for c in status.get("conditions") or []}
    old = known.get(READY)
    if old is None or not (pod["spec"].get("readinessGates") or _is_taken(old, known.get(CONTAINERS_READY, EMPTY))):
        return None
    said = ready(pod, status)
    if said[0] == old["status"] and (said[1] != GATES_NOT_READY or said[2] == old.get("message")):
        return None
    fresh = made(READY, said, old, write_instant(now), pod["metadata"].get("generation") if tracking else None)
    return {**pod, "status": {**status, "conditions": [fresh if c is old else c for c in status["conditions"]]}}


def _is_taken(condition: Mapping[str, Any], containers: Mapping[str, Any]) -> bool:
    """Whether somebody has made a pod unready whose containers are ready, and did not say why."""
    return condition["status"] == "False" and not condition.get("reason") and containers.get("status") == "True"


def host_ips(node: Object) -> list[str]:
    """The node's first address, internal before external, and the first of the other family."""
    listed = get_in(node, ("status", "addresses")) or []
    ips = [a["address"] for kind in ("InternalIP", "ExternalIP") for a in listed if a.get("type") == kind]
    if not ips:
        return [_NO_ADDRESS]
    return [ips[0], *[ip for ip in ips if (":" in ip) != (":" in ips[0])][:1]]
