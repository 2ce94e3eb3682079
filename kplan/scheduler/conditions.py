"""What the scheduler writes into the status of pods.

Mirrors: pkg/scheduler/schedule_one.go updatePod, pkg/scheduler/framework/preemption/executor.go, pkg/api/v1/pod/util.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.model.instants import write_instant
from kplan.model.objects import EMPTY, Object

NOTE_LENGTH_LIMIT = 1024


def truncated(message: str) -> str:
    """A message that fits into an Event."""
    return message if len(message) <= NOTE_LENGTH_LIMIT else message[: NOTE_LENGTH_LIMIT - 4] + " ..."


def unschedulable_message(pod: Object) -> str | None:
    """Why the pod was found unschedulable before; None where it has not been tried."""
    for condition in (pod.get("status") or EMPTY).get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return condition.get("message") or "" if condition.get("reason") == "Unschedulable" else None
    return None


def with_nomination(pod: Object, node: str) -> Object:
    """The pod nominated to a node, or to none with ""."""
    status = {k: v for k, v in (pod.get("status") or EMPTY).items() if k != "nominatedNodeName"}
    return {**pod, "status": {**status, "nominatedNodeName": node} if node else status}


def _with_condition(pod: Object, condition: dict[str, Any], now: float) -> Object | None:
    """The pod with a condition set; None where it says so already."""
    if generation := pod["metadata"].get("generation"):
        condition["observedGeneration"] = generation
    status = pod.get("status") or EMPTY
    conditions = list(status.get("conditions") or ())
    at = next((i for i, c in enumerate(conditions) if c.get("type") == condition["type"]), None)
    old = conditions[at] if at is not None else EMPTY
    same_status = old.get("status") == condition["status"]
    condition["lastProbeTime"] = None
    condition["lastTransitionTime"] = old.get("lastTransitionTime") if same_status else write_instant(now)
    if at is not None and all(old.get(k) == v for k, v in condition.items()):
        return None
    if at is None:
        conditions.append(condition)
    else:
        conditions[at] = condition
    return {**pod, "status": {**status, "conditions": conditions}}


def refused(pod: Object, reason: str, message: str, nominated: str | None, now: float) -> Object | None:
    """The pod with PodScheduled False, and its nomination where that changed; None where all this is there already."""
    condition = {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}
    changed = _with_condition(pod, condition, now)
    have = (pod.get("status") or EMPTY).get("nominatedNodeName") or ""
    if nominated is not None and nominated != have:
        return with_nomination(changed if changed is not None else pod, nominated)
    return changed


def disrupted(victim: Object, scheduler: str, now: float) -> Object | None:
    """The victim of a preemption with its DisruptionTarget condition."""
    condition = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "PreemptionByScheduler",
        "message": f"{scheduler}: preempting to accommodate a higher priority pod",
    }
    return _with_condition(victim, condition, now)
