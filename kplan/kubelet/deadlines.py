"""Pods that may run no longer: ``spec.activeDeadlineSeconds`` after they started their kubelet ends them.

Mirrors: pkg/kubelet/active_deadline.go, pkg/kubelet/kubelet_pods.go (generateAPIPodStatus) (1.36)
Differs: whatever still runs takes no notice of being asked to end, and is killed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.kubelet.conditions import conditions_of
from kplan.model.instants import read_instant, write_instant
from kplan.model.objects import EMPTY, Object, get_in

REASON, MESSAGE = "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"
_KILLED = 137


def deadline_of(pod: Object) -> float | None:
    """When the pod's time is up, or None: it may run for ever, or has not started."""
    seconds = get_in(pod, ("spec", "activeDeadlineSeconds"))
    started = read_instant(get_in(pod, ("status", "startTime")))
    return None if seconds is None or started is None else started + float(seconds)


def ended(pod: Object, *, now: float, tracking: bool) -> Object:
    """The pod as it is after its time was up."""
    moment = write_instant(now)
    status = {**pod["status"], "phase": "Failed", "reason": REASON, "message": MESSAGE}
    for key in ("initContainerStatuses", "containerStatuses"):
        if key in status:
            status[key] = _killed(status[key], moment)
    status["conditions"] = conditions_of(pod, status, sandbox=False, moment=moment, tracking=tracking)
    if tracking and (generation := pod["metadata"].get("generation")):
        status["observedGeneration"] = generation
    return {**pod, "status": status}


def _killed(statuses: Iterable[Mapping[str, Any]], moment: str) -> list[Mapping[str, Any]]:
    return [{**s, "state": _ended(s["state"], moment), "ready": False, "started": False} if "running" in (s.get("state") or EMPTY) else s for s in statuses]


def _ended(state: Mapping[str, Any], moment: str) -> Mapping[str, Any]:
    started = state["running"].get("startedAt") or moment
    return {"terminated": {"exitCode": _KILLED, "reason": "Error", "startedAt": started, "finishedAt": moment}}
