"""Conditions of a Deployment, as lists that are never changed.

Mirrors: pkg/controller/deployment/util/deployment_util.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kplan.model.instants import write_instant
from kplan.model.objects import EMPTY, Object

AVAILABLE, PROGRESSING, REPLICA_FAILURE = "Available", "Progressing", "ReplicaFailure"

REPLICA_SET_UPDATED = "ReplicaSetUpdated"
FAILED_RS_CREATE = "ReplicaSetCreateError"
NEW_REPLICA_SET = "NewReplicaSetCreated"
FOUND_NEW_RS = "FoundNewReplicaSet"
NEW_RS_AVAILABLE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"
PAUSED = "DeploymentPaused"
RESUMED = "DeploymentResumed"

Condition = Mapping[str, Any]
Conditions = Sequence[Condition]


def conditions_of(obj: Object) -> Conditions:
    """``status.conditions``, empty when absent."""
    found: Conditions = (obj.get("status") or EMPTY).get("conditions") or ()
    return found


def new_condition(kind: str, status: str, reason: str, message: str, now: float) -> dict[str, Any]:
    """A condition that holds from now on."""
    moment = write_instant(now)
    return {
        "type": kind,
        "status": status,
        "lastUpdateTime": moment,
        "lastTransitionTime": moment,
        "reason": reason,
        "message": message,
    }


def get_condition(conditions: Conditions, kind: str) -> Condition | None:
    """The condition of a type, or None."""
    return next((c for c in conditions if c["type"] == kind), None)


def set_condition(conditions: Conditions, condition: Condition) -> Conditions:
    """With the condition; one of the same status and reason stays as it is, one of the same status keeps its transition."""
    current = get_condition(conditions, condition["type"])
    if current is not None and current["status"] == condition["status"]:
        if current.get("reason") == condition["reason"]:
            return conditions
        condition = {**condition, "lastTransitionTime": current.get("lastTransitionTime")}
    return [*remove_condition(conditions, condition["type"]), condition]


def remove_condition(conditions: Conditions, kind: str) -> Conditions:
    """Without the condition of a type."""
    return [c for c in conditions if c["type"] != kind]
