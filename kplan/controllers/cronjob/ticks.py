"""Ticks of a schedule: the last one that is due, the next one to wait for, and the Job a tick makes.

Mirrors: pkg/controller/cronjob/utils.go (1.36)
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kplan.controllers.pods import created
from kplan.model.cron import Schedule, load_location
from kplan.model.instants import read_instant
from kplan.model.objects import EMPTY, Object, name_of, namespace_of, owner_ref

SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"


def most_recent(cron: Object, schedule: Schedule, now: float, *, with_deadline: bool) -> tuple[float, float | None, int]:
    """(since when ticks count, the last tick up to now that has not been served, roughly how many were missed)."""
    earliest = read_instant((cron.get("status") or EMPTY).get("lastScheduleTime")) or created(cron) or 0.0
    deadline = cron["spec"].get("startingDeadlineSeconds")
    if with_deadline and deadline is not None:
        earliest = max(earliest, now - deadline)
    first = schedule.next(earliest)
    second = schedule.next(first) if first is not None else None
    if first is None or second is None or now < first:
        return earliest, None, 0
    if now < second:
        return earliest, first, 0
    between = round(second - first)
    missed = int(now - first) // between + 1
    tick = schedule.next(first + (missed - 2) * between)
    recent = None
    while tick is not None and tick <= now:
        recent, tick = tick, schedule.next(tick)
    return earliest, recent, missed


def next_tick(cron: Object, schedule: Schedule, now: float) -> float | None:
    """The tick to wait for; None where there is none."""
    earliest, recent, missed = most_recent(cron, schedule, now, with_deadline=False)
    return schedule.next(recent if recent is not None else now if missed else earliest)


def job_name(cron: Object, at: float) -> str:
    """The name of the Job of a tick: the minutes since the epoch at its end."""
    return f"{name_of(cron)}-{int(at) // 60}"


def job_of_tick(cron: Object, at: float) -> dict[str, Any]:
    """The Job of a tick; its annotation tells the tick in the zone of the CronJob."""
    template = cron["spec"]["jobTemplate"]
    meta = template.get("metadata") or EMPTY
    zone = load_location(cron["spec"].get("timeZone") or "")
    moment = datetime.fromtimestamp(at, zone).isoformat().replace("+00:00", "Z")
    made: dict[str, Any] = {
        "name": job_name(cron, at),
        "namespace": namespace_of(cron),
        "annotations": {**(meta.get("annotations") or EMPTY), SCHEDULED: moment},
        "ownerReferences": [owner_ref(cron)],
    }
    if meta.get("labels"):
        made["labels"] = dict(meta["labels"])
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": made, "spec": template["spec"]}
