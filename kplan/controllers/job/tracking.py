"""Counting each pod exactly once: first its UID goes into the status, then its finalizer goes, then it is counted.

Mirrors: pkg/controller/job/job_controller.go (trackJobStatusAndRemoveFinalizers) (1.36)
"""

from __future__ import annotations

from collections.abc import Generator

from kplan.apiserver.outcome import Outcome
from kplan.controllers.job.conditions import (
    COMPLETE,
    FAILED,
    FAILURE_TARGET,
    SUCCESS_CRITERIA_MET,
    ensure,
    is_true,
    new_condition,
)
from kplan.controllers.job.indexes import by_index, has, index_of, merge, singles, total, write_indexes
from kplan.controllers.job.manage import Sync, has_tracking_finalizer, without_tracking_finalizer
from kplan.controllers.job.policies import is_pod_failed, match_failure_policy
from kplan.controllers.ownership import stored
from kplan.controllers.pods import phase_of
from kplan.engine.contract import Action, Emit, Update
from kplan.model.objects import Object, is_deleting, ref_of, uid_of

MOST_UNCOUNTED = 500
Steps = Generator[Action, Outcome, None]
_OMITTED_WHEN_EMPTY = ("active", "succeeded", "failed", "completedIndexes", "conditions")


def track_status_and_remove_finalizers(s: Sync, needs_flush: bool) -> Steps:
    """Count what has ended and write the status.

    Raises: SyncFailed.
    """
    if s.is_indexed:
        s.pods.sort(key=by_index)
    tracked = {uid_of(p) for p in s.pods if has_tracking_finalizer(p)}
    needs_flush = _count_those_without_finalizers(s, tracked) or needs_flush
    to_free, newly_succeeded, added, all_seen = _collect(s)
    needs_flush = added or needs_flush
    if s.is_indexed:
        needs_flush = _write_indexes(s, newly_succeeded) or needs_flush
    needs_flush = _announce_the_end(s) or needs_flush
    if needs_flush:
        yield from _write(s)
        needs_flush = False
    for pod in to_free:
        current = s.view.get(ref_of(pod))
        if current is not None and uid_of(current) == uid_of(pod):
            outcome = yield Update(without_tracking_finalizer(current), because="pod-is-counted")
            if outcome.error is not None and outcome.error.code != 404:
                continue
        tracked.discard(uid_of(pod))
    needs_flush = _count_those_without_finalizers(s, tracked) or needs_flush
    finished = all_seen and _enact_finished(s)
    if needs_flush or finished:
        yield from _write(s)
    if finished:
        yield from _record_finished(s)


def _count_those_without_finalizers(s: Sync, tracked: set[str]) -> bool:
    """Move UIDs whose pod has lost its finalizer (or is gone) from the list into the count."""
    changed = False
    uncounted = s.status["uncountedTerminatedPods"]
    for key in ("succeeded", "failed"):
        uids = uncounted.get(key) or []
        left = [u for u in uids if u in tracked]
        if len(left) != len(uids):
            changed = True
            s.status[key] = (s.status.get(key) or 0) + len(uids) - len(left)
            uncounted.pop(key)
            if left:
                uncounted[key] = left
    return changed


def _collect(s: Sync) -> tuple[list[Object], list[int], bool, bool]:
    """(pods whose finalizer may go, indexes that have newly succeeded, whether a UID was noted, whether all were seen)."""
    to_free: list[Object] = []
    newly_succeeded: list[int] = []
    added = False
    uncounted = s.status["uncountedTerminatedPods"]
    completions = s.job["spec"].get("completions") or 0
    for pod in s.pods:
        if not has_tracking_finalizer(pod):
            continue
        failed = is_pod_failed(pod, s.job)
        if not _may_be_freed(s, pod, failed):
            continue
        to_free.append(pod)
        uid, index = uid_of(pod), index_of(pod)
        is_valid = index is not None and index < completions
        if phase_of(pod) == "Succeeded" and uid not in (uncounted.get("failed") or ()):
            if s.is_indexed:
                if index is not None and is_valid and not has(s.previously_succeeded, index):
                    newly_succeeded.append(index)
                    added = True
            elif uid not in (uncounted.get("succeeded") or ()):
                uncounted.setdefault("succeeded", []).append(uid)
                added = True
        elif failed or (s.finished is not None and s.finished["type"] != SUCCESS_CRITERIA_MET):
            counts = match_failure_policy(s.job, pod).counts
            if uid not in (uncounted.get("failed") or ()) and (not s.is_indexed or is_valid) and counts:
                uncounted.setdefault("failed", []).append(uid)
                added = True
        if len(newly_succeeded) + len(uncounted.get("succeeded") or ()) + len(uncounted.get("failed") or ()) >= MOST_UNCOUNTED:
            return to_free, newly_succeeded, added, False
    return to_free, newly_succeeded, added, True


def _may_be_freed(s: Sync, pod: Object, failed: bool) -> bool:
    if is_deleting(s.job) or s.finished is not None or phase_of(pod) == "Succeeded":
        return True
    if not failed:
        return False
    index = index_of(pod)
    kept = s.delayed.get(index) if s.counts_per_index and index is not None else None
    return kept is None or uid_of(kept) != uid_of(pod)


def _write_indexes(s: Sync, newly_succeeded: list[int]) -> bool:
    s.succeeded_indexes = merge(s.succeeded_indexes, singles(newly_succeeded))
    text = write_indexes(s.succeeded_indexes)
    changed = text != (s.status.get("completedIndexes") or "")
    s.status["succeeded"] = total(s.succeeded_indexes)
    s.status["completedIndexes"] = text
    failed = None if s.failed_indexes is None else write_indexes(s.failed_indexes)
    if failed != s.status.get("failedIndexes"):
        changed = True
        s.status.pop("failedIndexes", None)
        if failed is not None:
            s.status["failedIndexes"] = failed
    return changed


def _announce_the_end(s: Sync) -> bool:
    """The end is written as a target before the finalizers go, and as a fact when nothing is left to count."""
    end = s.finished
    if end is None or end["type"] not in (FAILURE_TARGET, SUCCESS_CRITERIA_MET):
        return False
    changed = False
    conditions = s.status.get("conditions") or []
    if end["type"] == FAILURE_TARGET or is_true(conditions, SUCCESS_CRITERIA_MET) is None:
        s.status["conditions"] = [*conditions, end]
        changed = True
    final = FAILED if end["type"] == FAILURE_TARGET else COMPLETE
    s.finished = new_condition(final, "True", end["reason"], end["message"], s.ctx.now)
    return changed


def _enact_finished(s: Sync) -> bool:
    uncounted = s.status["uncountedTerminatedPods"]
    if s.finished is None or uncounted.get("succeeded") or uncounted.get("failed") or s.terminating > 0:
        return False
    changed = ensure(s.status.get("conditions") or [], s.finished)
    if changed is not None:
        s.status["conditions"] = changed
    if s.finished["type"] == COMPLETE:
        s.status["completionTime"] = s.finished["lastTransitionTime"]
    return True


def _write(s: Sync) -> Steps:
    status = {k: v for k, v in s.status.items() if v or k not in _OMITTED_WHEN_EMPTY}
    status["uncountedTerminatedPods"] = dict(status["uncountedTerminatedPods"])
    base = s.written if s.written is not None else s.job
    s.written = stored((yield Update({**base, "status": status}, because="status", subresource="status")))


def _record_finished(s: Sync) -> Steps:
    assert s.finished is not None
    ref = ref_of(s.job)
    if s.finished["type"] != COMPLETE:
        yield Emit(ref, s.finished["reason"], s.finished["message"], "Warning")
        return
    completions = s.job["spec"].get("completions")
    if completions is not None and (s.status.get("succeeded") or 0) > completions:
        said = "Too many succeeded pods running after completion count reached"
        yield Emit(ref, "TooManySucceededPods", said, "Warning")
    yield Emit(ref, "Completed", "Job completed")
