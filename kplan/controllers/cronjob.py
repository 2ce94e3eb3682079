"""CronJobs: a Job whenever the schedule says so.

Mirrors: pkg/controller/cronjob/cronjob_controllerv2.go, utils.go (1.36)
Differs: ticks are background timers: they are listed under "Later" and fire only within ``--for``.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kplan.apiserver.outcome import Outcome
from kplan.controllers.ownership import SyncFailed, is_controlled_by, is_namespace_terminating
from kplan.controllers.pods import created
from kplan.engine.contract import (
    Action,
    Context,
    Create,
    Delete,
    Emit,
    Key,
    Noop,
    Requeue,
    Steps,
    Update,
    Watch,
    controller_key,
    own_key,
)
from kplan.model.cron import Schedule, ScheduleError, load_location, parse_cron
from kplan.model.instants import read_instant, write_instant
from kplan.model.objects import (
    EMPTY,
    Object,
    Ref,
    controller_of,
    is_deleting,
    name_of,
    namespace_of,
    owner_ref,
    ref_of,
    thaw,
    uid_of,
)
from kplan.store.view import View

KIND, JOB = "CronJob.batch", "Job.batch"
SCHEDULED = "batch.kubernetes.io/cronjob-scheduled-timestamp"
_PADDING = 0.1
_MANY = 100

Scheduled = Generator[Action, Outcome, Schedule | None]


@dataclass(slots=True)
class Sync:
    """What one sync works on; ``status`` is a private draft."""

    cron: Object
    view: View
    ctx: Context
    jobs: list[Object]
    status: dict[str, Any]
    changed: bool = False

    @property
    def active(self) -> list[dict[str, Any]]:
        """``status.active``."""
        found: list[dict[str, Any]] = self.status.get("active") or []
        return found

    def drop(self, uid: str) -> None:
        """Take a Job off the active list."""
        left = [j for j in self.active if j.get("uid") != uid]
        self.status.pop("active", None)
        if left:
            self.status["active"] = left
        self.changed = True

    def emit(self, reason: str, message: str, kind: str = "Normal") -> Emit:
        """An event about the CronJob."""
        return Emit(ref_of(self.cron), reason, message, kind)


class CronJobController:
    """The loop; the key is a CronJob."""

    name = "cronjob-controller"
    priority = 0
    watches = (
        Watch(KIND, own_key, "its own spec and status"),
        Watch(JOB, controller_key(KIND), "its Jobs"),
    )

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Tidy up what has finished, start what is due, and come back at the next tick."""
        assert isinstance(key, Ref)
        cron = view.get(key)
        if cron is None:
            return
        jobs = [j for j in view.objects(JOB, namespace_of(cron)) if (controller_of(j) or EMPTY).get("name") == name_of(cron)]
        s = Sync(cron, view, ctx, jobs, thaw(cron.get("status") or EMPTY))
        try:
            yield from _cleanup_finished_jobs(s)
            yield from _sync(s)
        except SyncFailed as failure:
            yield Noop(f"refused: {failure.error.reason}")
        if s.changed:
            yield Update({**cron, "status": s.status}, because="status", subresource="status")


# -- finished Jobs -----------------------------------------------------------------------------------------------------


def _finished_as(job: Object) -> str:
    conditions = (job.get("status") or EMPTY).get("conditions") or ()
    return next((c["type"] for c in conditions if c["type"] in ("Complete", "Failed") and c["status"] == "True"), "")


def _cleanup_finished_jobs(s: Sync) -> Steps:
    """Delete the oldest finished Jobs beyond the history limits."""
    for kind, field in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
        limit = s.cron["spec"].get(field)
        if limit is None:
            continue
        finished = [j for j in s.jobs if _finished_as(j) == kind]
        finished.sort(key=lambda j: (read_instant((j.get("status") or EMPTY).get("startTime")) or float("inf"), name_of(j)))
        for job in finished[: max(0, len(finished) - limit)]:
            yield from _delete_job(s, job, "history-limit")


def _delete_job(s: Sync, job: Object, because: str) -> Generator[Action, Outcome, bool]:
    outcome = yield Delete(ref_of(job), because=because, propagation="Background")
    if outcome.error is not None:
        yield s.emit("FailedDelete", f"Deleted job: {outcome.error.message}", "Warning")
        return False
    s.drop(uid_of(job))
    yield s.emit("SuccessfulDelete", f"Deleted job {name_of(job)}")
    return True


def _follow_jobs(s: Sync) -> Steps:
    """Take finished and missing Jobs off the active list; remember the last success."""
    listed = {j.get("uid") for j in s.active}
    for job in s.jobs:
        ended = _finished_as(job)
        if not ended:
            if uid_of(job) not in listed:
                said = f"Saw a job that the controller did not create or forgot: {name_of(job)}"
                yield s.emit("UnexpectedJob", said, "Warning")
            continue
        if uid_of(job) in listed:
            s.drop(uid_of(job))
            yield s.emit("SawCompletedJob", f"Saw completed job: {name_of(job)}, condition: {ended}")
        completed = (job.get("status") or EMPTY).get("completionTime")
        last = s.status.get("lastSuccessfulTime")
        if ended == "Complete" and completed and (not last or (read_instant(completed) or 0) > (read_instant(last) or 0)):
            s.status["lastSuccessfulTime"] = completed
            s.changed = True
    known = {uid_of(j) for j in s.jobs}
    for entry in list(s.active):
        if entry.get("uid") in known or s.view.get(Ref(JOB, entry.get("namespace") or "", entry["name"])) is not None:
            continue
        yield s.emit("MissingJob", f"Active job went missing: {entry['name']}")
        s.drop(entry.get("uid") or "")


# -- starting ----------------------------------------------------------------------------------------------------------


def _sync(s: Sync) -> Steps:
    yield from _follow_jobs(s)
    if is_deleting(s.cron):
        return
    spec = s.cron["spec"]
    schedule = yield from _schedule(s)
    if schedule is None:
        return
    due, missed = _most_recent(s, schedule, with_deadline=True)[1:]
    if due is None:
        yield from _wait_for_next_tick(s, schedule)
        return
    if missed > _MANY:
        said = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
        yield s.emit("TooManyMissedTimes", said, "Warning")
    deadline = spec.get("startingDeadlineSeconds")
    if deadline is not None and due + deadline < s.ctx.now:
        at = datetime.fromtimestamp(due, UTC).strftime("%a, %d %b %Y %H:%M:%S UTC")
        yield s.emit("MissSchedule", f"Missed scheduled time to start a job: {at}", "Warning")
    elif any(j["name"] == job_name(s.cron, due) for j in s.active) or read_instant(s.status.get("lastScheduleTime")) == due:
        yield Noop("scheduled-time-is-already-processed")
    elif spec.get("concurrencyPolicy") == "Forbid" and s.active:
        said = "Not starting job because prior execution is running and concurrency policy is Forbid"
        yield s.emit("JobAlreadyActive", said)
    else:
        if spec.get("concurrencyPolicy") == "Replace":
            yield from _replace_active(s)
        if not (yield from _start_job(s, due)):
            return
    yield from _wait_for_next_tick(s, schedule)


def _schedule(s: Sync) -> Scheduled:
    """The schedule in its time zone; None where the CronJob is suspended or cannot be read."""
    spec = s.cron["spec"]
    zone, text = spec.get("timeZone"), spec["schedule"]
    if zone is not None:
        try:
            load_location(zone)
        except ScheduleError as error:
            yield s.emit("UnknownTimeZone", f'invalid timeZone: "{zone}": {error}', "Warning")
            return None
    if spec.get("suspend"):
        yield Noop("suspended")
        return None
    if "TZ" in text:
        said = (
            f'CRON_TZ or TZ used in schedule "{text}" is not officially supported, '
            "see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
        )
        yield s.emit("UnsupportedSchedule", said, "Warning")
    try:
        schedule = parse_cron(text if "TZ" in text or zone is None else f"TZ={zone} {text}")
    except ScheduleError as error:
        yield s.emit("UnparseableSchedule", f'unparseable schedule: "{text}" : {error}', "Warning")
        return None
    first = schedule.next(s.ctx.now)
    if first is None or schedule.next(first) is None:
        said = f"invalid schedule: {text} : time difference between two schedules is less than 1 second"
        yield s.emit("InvalidSchedule", said, "Warning")
        return None
    return schedule


def _most_recent(s: Sync, schedule: Schedule, *, with_deadline: bool) -> tuple[float, float | None, int]:
    """(since when ticks count, the last tick up to now that has not been served, roughly how many were missed)."""
    now = s.ctx.now
    earliest = read_instant(s.status.get("lastScheduleTime")) or created(s.cron) or 0.0
    deadline = s.cron["spec"].get("startingDeadlineSeconds")
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


def _wait_for_next_tick(s: Sync, schedule: Schedule) -> Steps:
    earliest, recent, missed = _most_recent(s, schedule, with_deadline=False)
    after = recent if recent is not None else (s.ctx.now if missed else earliest)
    tick = schedule.next(after)
    if tick is not None:
        yield Requeue(at=tick + _PADDING, background=True, note=f"starts Job {job_name(s.cron, tick)}")


def job_name(cron: Object, at: float) -> str:
    """The name of the Job of a tick: the minutes since the epoch at its end."""
    return f"{name_of(cron)}-{int(at) // 60}"


def _replace_active(s: Sync) -> Steps:
    for entry in list(s.active):
        job = s.view.get(Ref(JOB, entry.get("namespace") or "", entry["name"]))
        if job is not None:
            yield from _delete_job(s, job, "concurrency-policy-replace")


def _start_job(s: Sync, at: float) -> Generator[Action, Outcome, bool]:
    """Create the Job of a tick and put it on the active list; tells whether that was done.

    Raises: SyncFailed.
    """
    outcome = yield Create(_job(s.cron, at), because="schedule")
    job = outcome.object
    if outcome.error is not None:
        if outcome.error.reason != "AlreadyExists":
            if not is_namespace_terminating(outcome.error):
                yield s.emit("FailedCreate", f"Error creating job: {outcome.error.message}", "Warning")
            raise SyncFailed(outcome.error)
        job = s.view.get(Ref(JOB, namespace_of(s.cron), job_name(s.cron, at)))
        if job is None or not is_controlled_by(job, s.cron) or any(j.get("uid") == uid_of(job) for j in s.active):
            return False
    else:
        yield s.emit("SuccessfulCreate", f"Created job {job_name(s.cron, at)}")
    assert job is not None
    entry = {
        "kind": "Job",
        "namespace": namespace_of(job),
        "name": name_of(job),
        "uid": uid_of(job),
        "apiVersion": "batch/v1",
        "resourceVersion": job["metadata"].get("resourceVersion", ""),
    }
    s.status["active"] = [*s.active, entry]
    s.status["lastScheduleTime"] = write_instant(at)
    s.changed = True
    return True


def _job(cron: Object, at: float) -> dict[str, Any]:
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


CONTROLLER = CronJobController
