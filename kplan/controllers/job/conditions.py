"""Conditions of a Job.

Mirrors: pkg/controller/job/job_controller.go (newCondition, ensureJobConditionStatus), pkg/controller/job/util (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.model.instants import write_instant
from kplan.model.objects import EMPTY, Object

COMPLETE, FAILED, SUSPENDED = "Complete", "Failed", "Suspended"
FAILURE_TARGET, SUCCESS_CRITERIA_MET = "FailureTarget", "SuccessCriteriaMet"

Condition = Mapping[str, Any]


def new_condition(kind: str, status: str, reason: str, message: str, now: float) -> dict[str, Any]:
    """A condition that holds from now on."""
    moment = write_instant(now)
    return {
        "type": kind,
        "status": status,
        "lastProbeTime": moment,
        "lastTransitionTime": moment,
        "reason": reason,
        "message": message,
    }


def find(conditions: list[Condition], kind: str) -> Condition | None:
    """The condition of a type, or None."""
    return next((c for c in conditions if c["type"] == kind), None)


def is_true(conditions: list[Condition], kind: str) -> Condition | None:
    """The condition of a type where it is True."""
    found = find(conditions, kind)
    return found if found is not None and found["status"] == "True" else None


def ensure(conditions: list[Condition], wanted: Condition) -> list[Condition] | None:
    """The conditions with this one; None where nothing changes. One that was never there does not become False."""
    current = find(conditions, wanted["type"])
    if current is None:
        return [*conditions, wanted] if wanted["status"] != "False" else None
    if all(current.get(k) == wanted[k] for k in ("status", "reason", "message")):
        return None
    return [wanted if c is current else c for c in conditions]


def is_finished(job: Object) -> bool:
    """Whether a Job has completed or failed."""
    conditions = (job.get("status") or EMPTY).get("conditions") or []
    return any(c["type"] in (COMPLETE, FAILED) and c["status"] == "True" for c in conditions)
