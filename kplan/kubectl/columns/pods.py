"""Pods, as ``kubectl get`` shows them.

Mirrors: pkg/printers/internalversion/printers.go: printPod (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kplan.kubectl.columns.base import (
    NONE,
    Columns,
    age,
    containers_of,
    human,
    is_true,
    labels_text,
    name,
    spec,
    status,
)
from kplan.model.instants import read_instant
from kplan.model.objects import Object, get_in


@dataclass(slots=True)
class _Seen:
    """What was seen of a pod's containers."""

    reason: str
    total: int
    ready: int = 0
    restarts: int = 0
    sidecar_restarts: int = 0
    last: float | None = None
    sidecar_last: float | None = None


def pod_cells(obj: Object, now: float) -> list[Any]:
    """NAME READY STATUS RESTARTS AGE IP NODE NOMINATED-NODE READINESS-GATES."""
    seen = look(obj)
    restarts = str(seen.restarts)
    if seen.restarts and seen.last is not None:
        restarts = f"{seen.restarts} ({human(now - seen.last)} ago)"
    ips = status(obj, "podIPs", default=[])
    return [
        name(obj),
        f"{seen.ready}/{seen.total}",
        seen.reason,
        restarts,
        age(obj, now),
        (ips[0].get("ip") if ips else "") or NONE,
        spec(obj, "nodeName") or NONE,
        status(obj, "nominatedNodeName") or NONE,
        _gates(obj),
    ]


def look(obj: Object) -> _Seen:
    """How many containers are ready, and the word for how the pod is."""
    phase = status(obj, "phase", default="")
    sidecars = {c["name"] for c in spec(obj, "initContainers", default=[]) if c.get("restartPolicy") == "Always"}
    seen = _Seen(status(obj, "reason") or phase, len(spec(obj, "containers", default=[])) + len(sidecars))
    if any(c.get("type") == "PodScheduled" and c.get("reason") == "SchedulingGated" for c in status(obj, "conditions", default=[])):
        seen.reason = "SchedulingGated"
    if not _initializing(obj, sidecars, seen) or is_true(obj, "Initialized"):
        _running(obj, seen)
    if obj["metadata"].get("deletionTimestamp"):
        if status(obj, "reason") == "NodeLost":
            seen.reason = "Unknown"
        elif phase not in ("Succeeded", "Failed"):
            seen.reason = "Terminating"
    return seen


def _initializing(obj: Object, sidecars: set[str], seen: _Seen) -> bool:
    """Look at the init containers; whether one is not done."""
    for i, container in enumerate(status(obj, "initContainerStatuses", default=[])):
        sidecar = container["name"] in sidecars
        seen.restarts += container.get("restartCount") or 0
        seen.last = _later(seen.last, container)
        if sidecar:
            seen.sidecar_restarts += container.get("restartCount") or 0
            seen.sidecar_last = _later(seen.sidecar_last, container)
        ended, waiting = get_in(container, ("state", "terminated")), get_in(container, ("state", "waiting", "reason"))
        if ended is not None and not ended.get("exitCode"):
            continue
        if sidecar and container.get("started"):
            seen.ready += bool(container.get("ready"))
            continue
        if ended is not None:
            seen.reason = "Init:" + _ended(ended)
        elif waiting and waiting != "PodInitializing":
            seen.reason = f"Init:{waiting}"
        else:
            seen.reason = f"Init:{i}/{len(spec(obj, 'initContainers', default=[]))}"
        return True
    return False


def _running(obj: Object, seen: _Seen) -> None:
    """Look at the containers, the last one first."""
    seen.restarts, seen.last = seen.sidecar_restarts, seen.sidecar_last
    running, wrong = False, ""
    for container in reversed(status(obj, "containerStatuses", default=[])):
        seen.restarts += container.get("restartCount") or 0
        seen.last = _later(seen.last, container)
        state = container.get("state") or {}
        if get_in(state, ("waiting", "reason")):
            seen.reason = state["waiting"]["reason"]
        elif "terminated" in state:
            seen.reason = _ended(state["terminated"])
            if state["terminated"].get("exitCode"):
                wrong = seen.reason
        elif container.get("ready") and "running" in state:
            running = True
            seen.ready += 1
    if seen.reason == "Completed":
        if running and is_true(obj, "Ready"):
            seen.reason = "Running"
        elif wrong or running:
            seen.reason = wrong or "NotReady"


def _ended(ended: Mapping[str, Any]) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode') or 0}"


def _later(before: float | None, container: Mapping[str, Any]) -> float | None:
    at = read_instant(get_in(container, ("lastState", "terminated", "finishedAt")))
    return before if at is None else at if before is None else max(before, at)


def _gates(obj: Object) -> str:
    gates = [g["conditionType"] for g in spec(obj, "readinessGates", default=[])]
    return f"{sum(is_true(obj, g) for g in gates)}/{len(gates)}" if gates else NONE


def _template_cells(obj: Object, _: float) -> list[Any]:
    template = obj.get("template") or {}
    return [name(obj), *containers_of(template), labels_text(get_in(template, ("metadata", "labels")))]


TABLES = {
    "Pod": Columns("NAME|READY|STATUS|RESTARTS|AGE|IP*|NODE*|NOMINATED NODE*|READINESS GATES*", pod_cells),
    "PodTemplate": Columns("NAME|CONTAINERS|IMAGES|POD LABELS", _template_cells),
}
