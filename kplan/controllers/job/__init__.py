"""Jobs: pods that run to their end, as many as it takes.

Mirrors: pkg/controller/job/job_controller.go (1.36)
Differs: reads are never stale, so there are no expectations; a sync follows an event at once, not a second later; the
         back-off survives a restart, as far as the failed pods are still there to tell of it.
"""

from __future__ import annotations

from collections.abc import Generator

from kplan.apiserver.outcome import Outcome, Status
from kplan.controllers.job.backoff import Backoff, finished_at
from kplan.controllers.job.conditions import (
    FAILED,
    FAILURE_TARGET,
    SUCCESS_CRITERIA_MET,
    SUSPENDED,
    Condition,
    ensure,
    is_finished,
    is_true,
    new_condition,
)
from kplan.controllers.job.indexes import (
    absolute_failure_count,
    failure_count,
    has,
    index_of,
    indexes_of,
    merge,
    read_indexes,
    singles,
    total,
)
from kplan.controllers.job.manage import TRACKING, Sync, delete_pods, has_tracking_finalizer, manage_job
from kplan.controllers.job.policies import fail_job_message, is_pod_failed, match_failure_policy, match_success_policy
from kplan.controllers.job.tracking import track_status_and_remove_finalizers
from kplan.controllers.ownership import SyncFailed, claim, owned_and_orphans, owner_or_matching, retries
from kplan.controllers.pods import container_statuses, count_ready, is_active, is_terminating, phase_of
from kplan.engine.contract import Action, Context, Emit, Key, Noop, Requeue, Steps, Watch, own_key
from kplan.model.instants import read_instant, write_instant
from kplan.model.objects import EMPTY, Object, Ref, is_deleting, name_of, ref_of, thaw, uid_of
from kplan.model.selectors import Selector, from_label_selector
from kplan.store.view import View

KIND = "Job.batch"
OURS = "kubernetes.io/job-controller"


def selector_of(job: Object) -> Selector:
    """The pods a Job selects."""
    return from_label_selector(job["spec"].get("selector"))


def _lacks_pods(job: Object) -> bool:
    status = job.get("status") or EMPTY
    return not is_finished(job) and (status.get("active") or 0) < (job["spec"].get("parallelism") or 0)


class JobController:
    """The loop; the key is a Job."""

    name = "job-controller"
    priority = 0
    watches = (
        Watch(KIND, own_key, "its own spec and status"),
        Watch("Pod", owner_or_matching(KIND, selector_of), "its pods, and orphans it may adopt"),
        *retries(KIND, _lacks_pods),
    )

    def __init__(self) -> None:
        self._backoff: dict[str, Backoff] = {}

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Count what has ended, decide whether the Job has, else bring its pods to their number."""
        assert isinstance(key, Ref)
        job = view.get(key)
        if job is None:
            return
        if job["spec"].get("managedBy") not in (None, OURS):
            yield Noop("managed-by-another-controller")
            return
        if is_finished(job):
            self._backoff.pop(uid_of(job), None)
            yield Noop("job-has-finished")
            return
        seq = view.seq
        try:
            yield from self._sync(job, view, ctx)
        except SyncFailed as failure:
            yield Noop(f"refused: {failure.error.reason}")
            return
        if view.seq == seq:
            yield Noop("waits-for-pods")

    def _sync(self, job: Object, view: View, ctx: Context) -> Steps:
        pods = yield from claim(job, owned_and_orphans(view, job, "Pod"), selector_of(job), finalizer=TRACKING)
        s = Sync(job, view, ctx, pods, list(filter(is_active, pods)), thaw(job.get("status") or EMPTY))
        s.status.setdefault("uncountedTerminatedPods", {})
        s.active, s.ready, s.terminating = len(s.active_pods), count_ready(s.active_pods), sum(map(is_terminating, pods))
        self._count(s)
        if not s.status.get("startTime") and not s.is_suspended:
            s.status["startTime"] = write_instant(ctx.now)
        yield from _evaluate_failure(s)
        if s.is_indexed:
            _evaluate_indexes(s)
        suspension_changed = False
        if s.finished is not None:
            active = s.active
            error = yield from delete_pods(s, s.active_pods, "job-is-over", release=False)
            if s.active > 0 and active:
                s.finished = None
        else:
            error, suspension_changed = yield from _manage(s)
        needs_flush = _update_counts(s) or suspension_changed
        yield from track_status_and_remove_finalizers(s, needs_flush)
        self._backoff[uid_of(job)] = s.backoff
        if error is not None:
            raise SyncFailed(error)

    def _count(self, s: Sync) -> None:
        uncounted = s.status["uncountedTerminatedPods"]
        known_succeeded, known_failed = set(uncounted.get("succeeded") or ()), set(uncounted.get("failed") or ())
        succeeded = [p for p in _valid(s, known_succeeded) if phase_of(p) == "Succeeded"]
        failed = [p for p in _valid(s, known_failed) if is_pod_failed(p, s.job)]
        counted = sum(match_failure_policy(s.job, p).counts for p in failed)
        s.succeeded = (s.status.get("succeeded") or 0) + len(succeeded) + len(known_succeeded)
        s.failed = (s.status.get("failed") or 0) + counted + len(known_failed)
        s.backoff = self._remembered(s).after(succeeded, failed)

    def _remembered(self, s: Sync) -> Backoff:
        """The record so far; at the start of a run what the pods that have been counted tell of it."""
        known = self._backoff.get(uid_of(s.job))
        if known is not None:
            return known
        counted = [p for p in s.pods if not has_tracking_finalizer(p)]
        return Backoff().after([p for p in counted if phase_of(p) == "Succeeded"], [p for p in counted if phase_of(p) == "Failed"])


def _valid(s: Sync, known: set[str]) -> list[Object]:
    """Pods not counted yet; of an Indexed Job only those with an index it has."""
    found = [p for p in s.pods if has_tracking_finalizer(p) and uid_of(p) not in known]
    if s.is_indexed:
        found = [p for p in found if (i := index_of(p)) is not None and i < s.job["spec"]["completions"]]
    return found


def _target(s: Sync, reason: str, message: str) -> Condition:
    return new_condition(FAILURE_TARGET, "True", reason, message, s.ctx.now)


def _evaluate_failure(s: Sync) -> Generator[Action, Outcome, None]:
    """Has the Job been found over before, or is it now for a pod's failure, for too many of them, or for its deadline?"""
    job, conditions, now = s.job, s.status.get("conditions") or [], s.ctx.now
    s.finished = is_true(conditions, SUCCESS_CRITERIA_MET)
    if s.finished is not None:
        return
    earlier = is_true(conditions, FAILURE_TARGET)
    if earlier is not None:
        s.finished = new_condition(FAILED, "True", earlier.get("reason", ""), earlier.get("message", ""), now)
        return
    if message := fail_job_message(job, s.pods):
        s.finished = _target(s, "PodFailurePolicy", message)
        return
    limit = job["spec"].get("backoffLimit")
    limit = 6 if limit is None else limit
    if s.failed > limit or _past_backoff_limit_on_failure(job, s.pods, limit):
        s.finished = _target(s, "BackoffLimitExceeded", "Job has reached the specified backoff limit")
        return
    deadline, started = job["spec"].get("activeDeadlineSeconds"), read_instant(s.status.get("startTime"))
    if deadline is None or started is None or s.is_suspended:
        return
    if now - started >= deadline:
        s.finished = _target(s, "DeadlineExceeded", "Job was active longer than specified deadline")
    else:
        yield Requeue(at=started + deadline, note=f"{name_of(job)} fails unless it is done (activeDeadlineSeconds)")


def _past_backoff_limit_on_failure(job: Object, pods: list[Object], limit: int) -> bool:
    if job["spec"]["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    alive = (p for p in pods if phase_of(p) in ("Running", "Pending"))
    restarts = sum(c.get("restartCount") or 0 for p in alive for c in container_statuses(p))
    return restarts > 0 if limit == 0 else restarts >= limit


def _evaluate_indexes(s: Sync) -> None:
    """Which indexes have succeeded or failed for good, and does that end the Job?"""
    spec = s.job["spec"]
    completions = spec["completions"]
    s.previously_succeeded = read_indexes(s.status.get("completedIndexes") or "", completions)
    tracked = [p for p in s.pods if has_tracking_finalizer(p) and (i := index_of(p)) is not None and i < completions]
    s.succeeded_indexes = merge(s.previously_succeeded, singles(indexes_of(p for p in tracked if phase_of(p) == "Succeeded")))
    s.succeeded = total(s.succeeded_indexes)
    if s.counts_per_index:
        before = read_indexes(s.status.get("failedIndexes") or "", completions)
        s.failed_indexes = merge(before, singles(indexes_of(p for p in tracked if _index_failed(s, p))))
        failed, most = total(s.failed_indexes), spec.get("maxFailedIndexes")
        if s.finished is None and most is not None and failed > most:
            s.finished = _target(s, "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes")
        elif s.finished is None and failed > 0 and failed + s.succeeded >= completions:
            s.finished = _target(s, "FailedIndexes", "Job has failed indexes")
        s.delayed = _pods_to_be_replaced(s)
    if s.finished is None and (message := match_success_policy(s.job, s.succeeded_indexes)):
        s.finished = new_condition(SUCCESS_CRITERIA_MET, "True", "SuccessPolicy", message, s.ctx.now)


def _index_failed(s: Sync, pod: Object) -> bool:
    if not is_pod_failed(pod, s.job):
        return False
    verdict = match_failure_policy(s.job, pod)
    if verdict.action == "FailIndex":
        return True
    return verdict.counts and failure_count(pod) >= s.job["spec"]["backoffLimitPerIndex"]


def _pods_to_be_replaced(s: Sync) -> dict[int, Object]:
    """By index the last failed pod of indexes that are neither active nor done with."""
    active, found = indexes_of(s.active_pods), dict[int, Object]()
    for pod in _valid(s, set()):
        index = index_of(pod)
        if index is None or not is_pod_failed(pod, s.job) or index in active:
            continue
        if has(s.succeeded_indexes, index) or has(s.failed_indexes or [], index):
            continue
        known = found.get(index)
        if known is None or (
            absolute_failure_count(known) <= absolute_failure_count(pod) and finished_at(pod) >= finished_at(known)
        ):
            found[index] = pod
    return found


def _manage(s: Sync) -> Generator[Action, Outcome, tuple[Status | None, bool]]:
    """Manage the pods of a Job that is not over; (what was refused, whether it was suspended or resumed)."""
    error = None
    managed = not is_deleting(s.job)
    if managed:
        error = yield from manage_job(s)
    completions = s.job["spec"].get("completions")
    enough = s.succeeded > 0 if completions is None else s.succeeded >= completions
    if enough and s.active == 0:
        message = "Reached expected number of succeeded pods"
        s.finished = new_condition(SUCCESS_CRITERIA_MET, "True", "CompletionsReached", message, s.ctx.now)
        return error, False
    return error, (yield from _note_suspension(s)) if managed else False


def _note_suspension(s: Sync) -> Generator[Action, Outcome, bool]:
    said = ("True", "JobSuspended", "Job suspended") if s.is_suspended else ("False", "JobResumed", "Job resumed")
    changed = ensure(s.status.get("conditions") or [], new_condition(SUSPENDED, *said, s.ctx.now))
    if changed is None:
        return False
    s.status["conditions"] = changed
    if s.is_suspended:
        yield Emit(ref_of(s.job), "Suspended", said[2])
        if s.ctx.gates.on("MutableSchedulingDirectivesForSuspendedJobs"):
            s.status.pop("startTime", None)
    else:
        yield Emit(ref_of(s.job), "Resumed", said[2])
        s.status["startTime"] = write_instant(s.ctx.now)
    return True


def _update_counts(s: Sync) -> bool:
    before = (s.status.get("active") or 0, s.status.get("ready"), s.status.get("terminating"))
    s.status["active"], s.status["ready"], s.status["terminating"] = s.active, s.ready, s.terminating
    return before != (s.active, s.ready, s.terminating)


CONTROLLER = JobController
