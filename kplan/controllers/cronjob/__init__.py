"""CronJobs: a Job whenever the schedule says so.

Mirrors: pkg/controller/cronjob/cronjob_controllerv2.go (1.36)
Differs: ticks are background timers: they are listed under "Later" and fire only within ``--for``; a Job that was
         refused is tried again when what refused it changes, and at the next tick; a CronJob found at the start waits
         for its next tick, where a controller that is started anew makes up for the last one.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime

from kplan.apiserver.outcome import Outcome
from kplan.controllers.cronjob.jobs import JOB, Sync, cleanup_finished_jobs, delete_job, follow_jobs
from kplan.controllers.cronjob.ticks import job_name, job_of_tick, most_recent, next_tick
from kplan.controllers.ownership import SyncFailed, is_controlled_by, is_namespace_terminating, retries
from kplan.engine.contract import (
    Action,
    Context,
    Create,
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
from kplan.model.objects import EMPTY, Object, Ref, controller_of, is_deleting, name_of, namespace_of, thaw, uid_of
from kplan.store.view import View

KIND = "CronJob.batch"
_PADDING = 0.1
_MANY = 100

Scheduled = Generator[Action, Outcome, Schedule | None]


class CronJobController:
    """The loop; the key is a CronJob."""

    name = "cronjob-controller"
    priority = 0

    def __init__(self) -> None:
        self._schedules: dict[str, tuple[str, str | None]] = {}
        """Schedule and time zone of the CronJobs as they were last seen."""
        self._refused: set[str] = set()
        """The CronJobs whose Job the API server would not take."""
        self.watches: tuple[Watch, ...] = (
            Watch(KIND, own_key, "its own spec and status"),
            Watch(JOB, controller_key(KIND), "its Jobs"),
            *retries(KIND, lambda cron: uid_of(cron) in self._refused),
        )

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Tidy up what has finished, start what is due, and come back at the next tick."""
        assert isinstance(key, Ref)
        cron = view.get(key)
        if cron is None:
            return
        jobs = [j for j in view.objects(JOB, namespace_of(cron)) if (controller_of(j) or EMPTY).get("name") == name_of(cron)]
        s = Sync(cron, view, ctx, jobs, thaw(cron.get("status") or EMPTY))
        self._refused.discard(uid_of(cron))
        try:
            yield from cleanup_finished_jobs(s)
            yield from _sync(s, rescheduled=self._is_rescheduled(cron))
        except SyncFailed as failure:
            self._refused.add(uid_of(cron))
            yield Noop(f"refused: {failure.error.reason}")
        if s.changed:
            yield Update({**cron, "status": s.status}, because="status", subresource="status")

    def start(self, view: View, _: Context) -> None:
        """Take it that what is due has been started: the cluster has had a controller all along."""
        self._schedules = {uid_of(cron): ("", None) for cron in view.objects(KIND)}

    def _is_rescheduled(self, cron: Object) -> bool:
        """Whether the schedule is another one than the last time: then nothing starts before the next tick of the new one."""
        now = (cron["spec"]["schedule"], cron["spec"].get("timeZone"))
        before = self._schedules.get(uid_of(cron), now)
        self._schedules[uid_of(cron)] = now
        return before != now


def _sync(s: Sync, *, rescheduled: bool) -> Steps:
    yield from follow_jobs(s)
    if is_deleting(s.cron):
        return
    spec = s.cron["spec"]
    schedule = yield from _schedule(s)
    if schedule is None:
        return
    due, missed = most_recent(s.cron, schedule, s.ctx.now, with_deadline=True)[1:]
    if due is None or rescheduled:
        yield from _wait_for_next_tick(s, schedule)
        return
    if missed > _MANY:
        said = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
        yield s.emit("TooManyMissedTimes", said, "Warning")
    deadline = spec.get("startingDeadlineSeconds")
    if deadline is not None and due + deadline < s.ctx.now:
        at = datetime.fromtimestamp(due, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
        yield s.emit("MissSchedule", f"Missed scheduled time to start a job: {at}", "Warning")
    elif any(j["name"] == job_name(s.cron, due) for j in s.active) or read_instant(s.status.get("lastScheduleTime")) == due:
        yield Noop("scheduled-time-is-already-processed")
    elif spec.get("concurrencyPolicy") == "Forbid" and s.active:
        said = "Not starting job because prior execution is running and concurrency policy is Forbid"
        yield s.emit("JobAlreadyActive", said)
    else:
        try:
            if spec.get("concurrencyPolicy") == "Replace":
                yield from _replace_active(s)
            if not (yield from _start_job(s, due)):
                return
        except SyncFailed:
            yield from _wait_for_next_tick(s, schedule)
            raise
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


def _wait_for_next_tick(s: Sync, schedule: Schedule) -> Steps:
    tick = next_tick({**s.cron, "status": s.status}, schedule, s.ctx.now)
    if tick is not None:
        yield Requeue(at=tick + _PADDING, background=True, note=f"starts Job {job_name(s.cron, tick)}")


def _replace_active(s: Sync) -> Steps:
    """Delete the Jobs that still run.

    Raises: SyncFailed.
    """
    for entry in list(s.active):
        job = s.view.get(Ref(JOB, entry.get("namespace") or "", entry["name"]))
        if job is not None and (error := (yield from delete_job(s, job, "concurrency-policy-replace"))) is not None:
            raise SyncFailed(error)


def _start_job(s: Sync, at: float) -> Generator[Action, Outcome, bool]:
    """Create the Job of a tick and put it on the active list; tells whether that was done.

    Raises: SyncFailed.
    """
    outcome = yield Create(job_of_tick(s.cron, at), because="schedule")
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


CONTROLLER = CronJobController
