"""Progress: is a rollout complete, is it moving, has it run out of time.

Mirrors: pkg/controller/deployment/progress.go (1.36)
Differs: a deadline of more than a few seconds is listed under "Later" and passes only within ``--for``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.controllers.deployment.conditions import (
    NEW_RS_AVAILABLE,
    PAUSED,
    PROGRESSING,
    REPLICA_FAILURE,
    REPLICA_SET_UPDATED,
    RESUMED,
    TIMED_OUT,
    Condition,
    Conditions,
    conditions_of,
    get_condition,
    new_condition,
    remove_condition,
    set_condition,
)
from kplan.controllers.deployment.fenceposts import progress_deadline, replicas_of
from kplan.controllers.deployment.sync import Rollout, Sync, calculate_status, status_with, update_status, write_status
from kplan.engine.contract import SHORT_SECONDS, Requeue
from kplan.model.instants import read_instant
from kplan.model.objects import EMPTY, Object, name_of

Status = Mapping[str, Any]


def is_complete(d: Object, status: Status) -> bool:
    """Whether all desired pods are updated and available and no old ones are left."""
    desired = replicas_of(d)
    counts = (status.get(k) or 0 for k in ("updatedReplicas", "replicas", "availableReplicas"))
    return all(n == desired for n in counts) and (status.get("observedGeneration") or 0) >= (d["metadata"].get("generation") or 0)


def is_progressing(d: Object, status: Status) -> bool:
    """Whether there are more updated, ready or available pods than before, or fewer old ones."""
    before = d.get("status") or EMPTY

    def count(s: Status, field: str) -> int:
        return s.get(field) or 0

    def old(s: Status) -> int:
        return count(s, "replicas") - count(s, "updatedReplicas")

    more = any(count(status, k) > count(before, k) for k in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    return more or old(status) < old(before)


def has_timed_out(d: Object, conditions: Conditions, now: float) -> bool:
    """Whether the last sign of progress is older than the deadline."""
    seconds, condition = progress_deadline(d), get_condition(conditions, PROGRESSING)
    if seconds is None or condition is None or condition.get("reason") == NEW_RS_AVAILABLE:
        return False
    if condition.get("reason") == TIMED_OUT:
        return True
    return (read_instant(condition.get("lastUpdateTime")) or 0.0) + seconds < now


def sync_rollout_status(r: Rollout) -> Sync:
    """Write the status of a rollout: the counts, and what can be said of its progress."""
    status = calculate_status(r)
    conditions: Conditions = status["conditions"]
    current = get_condition(conditions_of(r.d), PROGRESSING)
    if progress_deadline(r.d) is None:
        conditions = remove_condition(conditions, PROGRESSING)
    elif not _was_complete(status, current):
        conditions = _estimate(r, status, conditions, current)
    failure = _replica_failure(r)
    if failure is not None:
        conditions = set_condition(conditions, failure)
    else:
        conditions = remove_condition(conditions, REPLICA_FAILURE)
    status["conditions"] = list(conditions)
    if status == (r.d.get("status") or EMPTY):
        yield from requeue_stuck_deployment(r, status)
    else:
        yield from write_status(r, status)


def _was_complete(status: Status, current: Condition | None) -> bool:
    """Whether one ReplicaSet alone has pods and its rollout has already been reported as done."""
    alone = (status.get("replicas") or 0) == (status.get("updatedReplicas") or 0)
    return alone and current is not None and current.get("reason") == NEW_RS_AVAILABLE


def _estimate(r: Rollout, status: Status, conditions: Conditions, current: Condition | None) -> Conditions:
    subject = f'ReplicaSet "{name_of(r.new)}"' if r.new is not None else f'Deployment "{name_of(r.d)}"'
    now = r.ctx.now
    if is_complete(r.d, status):
        message = f"{subject} has successfully progressed."
        return set_condition(conditions, new_condition(PROGRESSING, "True", NEW_RS_AVAILABLE, message, now))
    if is_progressing(r.d, status):
        condition = new_condition(PROGRESSING, "True", REPLICA_SET_UPDATED, f"{subject} is progressing.", now)
        if current is not None:
            if current["status"] == "True":
                condition["lastTransitionTime"] = current.get("lastTransitionTime")
            conditions = remove_condition(conditions, PROGRESSING)
        return set_condition(conditions, condition)
    if has_timed_out(r.d, conditions, now):
        message = f"{subject} has timed out progressing."
        return set_condition(conditions, new_condition(PROGRESSING, "False", TIMED_OUT, message, now))
    return conditions


def _replica_failure(r: Rollout) -> Condition | None:
    """The first failure a ReplicaSet reports, the new one's before those of old ones."""
    for rs in ([r.new] if r.new is not None else []) + r.all:
        found = get_condition(conditions_of(rs), REPLICA_FAILURE)
        if found is not None:
            return {
                "type": found["type"],
                "status": found["status"],
                "lastUpdateTime": found.get("lastTransitionTime"),
                "lastTransitionTime": found.get("lastTransitionTime"),
                "reason": found.get("reason", ""),
                "message": found.get("message", ""),
            }
    return None


def requeue_stuck_deployment(r: Rollout, status: Status) -> Sync:
    """Come back when the deadline for progress has passed."""
    seconds, current = progress_deadline(r.d), get_condition(conditions_of(r.d), PROGRESSING)
    if seconds is None or current is None or current.get("reason") in (TIMED_OUT, NEW_RS_AVAILABLE) or is_complete(r.d, status):
        return
    since = read_instant(current.get("lastUpdateTime"))
    if since is not None:
        note = f"the rollout of {name_of(r.d)} is reported as stuck ({TIMED_OUT}) unless it progresses"
        yield Requeue(at=max(r.ctx.now, since + seconds) + 1, background=seconds > SHORT_SECONDS, note=note)


def check_paused_conditions(r: Rollout) -> Sync:
    """Say that the Deployment is paused, or resumed, so that a pause does not count against the deadline."""
    conditions = conditions_of(r.d)
    current = get_condition(conditions, PROGRESSING)
    reason = current.get("reason") if current is not None else None
    paused = bool(r.d["spec"].get("paused"))
    if progress_deadline(r.d) is None or reason == TIMED_OUT or paused == (reason == PAUSED):
        return
    said = (PAUSED, "Deployment is paused") if paused else (RESUMED, "Deployment is resumed")
    changed = set_condition(conditions, new_condition(PROGRESSING, "Unknown", *said, r.ctx.now))
    yield from update_status(r, {**r.d, "status": status_with(r.d, conditions=list(changed))}, "paused" if paused else "resumed")
