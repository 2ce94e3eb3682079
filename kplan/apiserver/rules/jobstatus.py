"""What the status of a Job may say, and how it may go on from what it said.

Mirrors: pkg/apis/batch/validation/validation.go (validateJobStatus, ValidateJobStatusUpdate),
         pkg/registry/batch/job/strategy.go (getStatusValidationOptions) (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kplan.apiserver.field import OMITTED, ROOT, Errors, FieldPath, duplicate, invalid, required
from kplan.apiserver.internalform import internal_json
from kplan.apiserver.rules.jobs import INDEXED, count_indexes, index_interval
from kplan.apiserver.rules.metadata import IMMUTABLE, semantically_equal, validate_nonnegative
from kplan.apiserver.strategy import StrategyContext
from kplan.model.instants import read_instant
from kplan.model.objects import EMPTY, Object

_STATUS = ROOT.child("status")
_CONDITIONS = _STATUS.child("conditions")
_COUNTS = ("active", "succeeded", "failed", "ready", "terminating")
_NEVER_DISABLED = ("Failed", "Complete", "FailureTarget")


class _State:
    """What one Job says of itself."""

    def __init__(self, job: Object) -> None:
        self.spec: Object = job.get("spec") or EMPTY
        self.status: Object = job.get("status") or EMPTY
        self.conditions: list[Object] = self.status.get("conditions") or []
        self.complete, self.failed = self.true("Complete"), self.true("Failed")
        self.finished = self.complete or self.failed
        self.criteria_met, self.failure_target = self.true("SuccessCriteriaMet"), self.true("FailureTarget")
        self.uncounted: Object = self.status.get("uncountedTerminatedPods") or EMPTY
        self.indexed = self.spec.get("completionMode") == INDEXED

    def is_(self, kind: str, status: str) -> bool:
        return any(c.get("type") == kind and c.get("status") == status for c in self.conditions)

    def true(self, kind: str) -> bool:
        return self.is_(kind, "True")

    def count(self, field: str) -> int:
        return self.status.get(field) or 0


def validate_job_status(new: Object, old: Object, context: StrategyContext) -> Errors:
    """The status of a Job on update. Only what changed is held to the rules that an old controller may have broken."""
    now, before = _State(new), _State(old)
    strict = context.gates.on("JobManagedBy")
    extended = strict or context.gates.on("JobPodReplacementPolicy") or before.criteria_met
    changed = _changes(now, before) if strict else frozenset()
    yield from _validate_counts(now)
    yield from _validate_conditions(now, changed)
    yield from _validate_times(now, changed)
    yield from _validate_completion(now, changed)
    yield from _validate_indexes(now, changed)
    yield from _validate_pods_left(now, changed)
    yield from _validate_criteria(now, extended=extended)
    if strict:
        yield from _validate_transition(now, before)
    yield from _validate_criteria_transition(now, before)


def _changes(now: _State, before: _State) -> frozenset[str]:
    """What is new: names of fields, and of conditions."""
    found = {f for f in ("active", "ready", "terminating") if now.count(f) != before.count(f)}
    found |= {f for f in ("ready", "terminating") if now.status.get(f) != before.status.get(f)}
    found |= {f for f in ("startTime", "completionTime", "failedIndexes") if now.status.get(f) != before.status.get(f)}
    if (now.status.get("completedIndexes") or "") != (before.status.get("completedIndexes") or ""):
        found.add("completedIndexes")
    if not semantically_equal(now.status.get("uncountedTerminatedPods"), before.status.get("uncountedTerminatedPods")):
        found.add("uncountedTerminatedPods")
    for name in ("complete", "failed", "finished", "criteria_met", "failure_target"):
        if getattr(now, name) != getattr(before, name):
            found.add(name)
    return frozenset(found)


def _validate_counts(now: _State) -> Errors:
    for field in _COUNTS:
        yield from validate_nonnegative(now.count(field), _STATUS.child(field))
    seen: set[str] = set()
    for field in ("succeeded", "failed"):
        for i, uid in enumerate(now.uncounted.get(field) or ()):
            here = _STATUS.child("uncountedTerminatedPods", field).index(i)
            if not uid:
                yield invalid(here, uid, "must not be empty")
            elif uid in seen:
                yield duplicate(here, uid)
            seen.add(uid)


def _validate_conditions(now: _State, changed: frozenset[str]) -> Errors:
    if changed & {"complete", "failed"} and now.complete and now.failed:
        yield _wrong("cannot set Complete=True and Failed=true conditions")
    if changed & {"complete", "failure_target"} and now.complete and now.failure_target:
        yield _wrong("cannot set Complete=True and FailureTarget=true conditions")


def _wrong(said: str) -> Any:
    return invalid(_CONDITIONS, OMITTED, said)


def _validate_times(now: _State, changed: frozenset[str]) -> Errors:
    start, completion, here = now.status.get("startTime"), now.status.get("completionTime"), _STATUS.child("completionTime")
    if changed & {"complete", "completionTime"}:
        if completion is not None and not now.complete:
            yield invalid(here, completion, "cannot set completionTime when there is no Complete=True condition")
        if completion is None and now.complete:
            yield required(here, "completionTime is required for Complete jobs")
    if changed & {"startTime", "completionTime"} and start is not None and completion is not None:
        if (read_instant(completion) or 0.0) < (read_instant(start) or 0.0):
            yield invalid(here, completion, "must be equal to or after `startTime`")


def _validate_completion(now: _State, changed: frozenset[str]) -> Errors:
    if changed & {"failed", "failedIndexes"} and now.failed and not now.failure_target:
        yield _wrong("cannot set Failed=True condition without the FailureTarget=true condition")
    if changed & {"complete", "criteria_met"} and now.complete and not now.criteria_met:
        yield _wrong("cannot set Complete=True condition without the SuccessCriteriaMet=true condition")
    if not now.finished:
        return
    if changed & {"finished", "active"} and now.count("active") > 0:
        yield invalid(_STATUS.child("active"), now.count("active"), "active>0 is invalid for finished job")
    idle = now.spec.get("suspend") is True and now.spec.get("completions") == 0
    if changed & {"finished", "startTime"} and not idle and now.status.get("startTime") is None:
        yield required(_STATUS.child("startTime"), "startTime is required for finished job")
    if changed & {"finished", "uncountedTerminatedPods"} and any(now.uncounted.values()):
        shown = internal_json("batch.UncountedTerminatedPods", now.uncounted)
        yield invalid(_STATUS.child("uncountedTerminatedPods"), shown, "must be empty for finished job")


def _validate_indexes(now: _State, changed: frozenset[str]) -> Errors:
    completions, per_index = now.spec.get("completions"), now.spec.get("backoffLimitPerIndex")
    completed, failed = now.status.get("completedIndexes") or "", now.status.get("failedIndexes")
    done, lost = _STATUS.child("completedIndexes"), _STATUS.child("failedIndexes")
    if "completedIndexes" in changed and completions is not None:
        yield from _validate_format(completed, completions, done)
    if "failedIndexes" in changed and completions is not None and per_index is not None and failed is not None:
        yield from _validate_format(failed, completions, lost)
    if "completedIndexes" in changed and completed and not now.indexed:
        yield invalid(done, completed, "cannot set non-empty completedIndexes when non-indexed completion mode")
    if "failedIndexes" in changed and per_index is None and failed is not None:
        yield invalid(lost, failed, "cannot set non-null failedIndexes when backoffLimitPerIndex is null")
    if changed & {"failedIndexes", "completedIndexes"} and completions is not None and failed is not None:
        shared = _overlap(list(_intervals(completed, completions)), list(_intervals(failed, completions)))
        if shared is not None:
            yield invalid(lost, failed, f"failedIndexes and completedIndexes overlap at index: {shared}")


def _validate_format(text: str, completions: int, path: FieldPath) -> Errors:
    try:
        count_indexes(text, completions)
    except ValueError as why:
        yield invalid(path, text, f"error parsing {path.steps[-1]}: {why}")


def _intervals(text: str, completions: int) -> Iterator[tuple[int, int]]:
    """The intervals that can be read; the others are complained of elsewhere."""
    for interval in text.split(",") if text else ():
        try:
            yield index_interval(interval, completions)
        except ValueError:
            continue


def _overlap(completed: list[tuple[int, int]], failed: list[tuple[int, int]]) -> int | None:
    """Where two increasing lists of intervals meet first."""
    i = j = 0
    while i < len(completed) and j < len(failed):
        (a, b), (c, d) = completed[i], failed[j]
        if a <= d and c <= b:
            return max(a, c)
        if a <= c:
            i += 1
        else:
            j += 1
    return None


def _validate_pods_left(now: _State, changed: frozenset[str]) -> Errors:
    terminating, ready = now.count("terminating"), now.count("ready")
    if changed & {"finished", "terminating"} and terminating > 0 and now.finished:
        yield invalid(_STATUS.child("terminating"), terminating, "terminating>0 is invalid for finished job")
    if changed & {"ready", "active"} and now.status.get("ready") is not None and ready > now.count("active"):
        yield invalid(_STATUS.child("ready"), ready, "cannot set more ready pods than active")


def _validate_criteria(now: _State, *, extended: bool) -> Errors:
    if now.criteria_met:
        if not extended and not now.indexed:
            yield _wrong("cannot set SuccessCriteriaMet to NonIndexed Job")
        if now.failed:
            yield _wrong("cannot set SuccessCriteriaMet=True and Failed=true conditions")
        if now.failure_target:
            yield _wrong("cannot set SuccessCriteriaMet=True and FailureTarget=true conditions")
        if not extended and now.spec.get("successPolicy") is None:
            yield _wrong("cannot set SuccessCriteriaMet=True for Job without SuccessPolicy")
    elif now.spec.get("successPolicy") is not None and now.complete:
        yield _wrong("cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True")


def _validate_transition(now: _State, before: _State) -> Errors:
    for kind in _NEVER_DISABLED:
        if before.true(kind) and not now.true(kind):
            yield _wrong(f"cannot disable the terminal {kind}=True condition")
    if now.count("failed") < before.count("failed"):
        yield invalid(_STATUS.child("failed"), now.count("failed"), "cannot decrease the failed counter")
    elastic = now.indexed and now.spec.get("completions") == now.spec.get("parallelism")
    if not elastic and now.count("succeeded") < before.count("succeeded"):
        yield invalid(_STATUS.child("succeeded"), now.count("succeeded"), "cannot decrease the succeeded counter")
    ended, had_ended = now.status.get("completionTime"), before.status.get("completionTime")
    if ended is not None and had_ended is not None and ended != had_ended:
        yield invalid(_STATUS.child("completionTime"), ended, IMMUTABLE)
    start, had_start = now.status.get("startTime"), before.status.get("startTime")
    resuming = before.true("Suspended") and now.is_("Suspended", "False")
    if had_start is not None and start != had_start and now.spec.get("suspend") is not True and not resuming:
        yield invalid(_STATUS.child("startTime"), start, "field is immutable for unsuspended job once set")


def _validate_criteria_transition(now: _State, before: _State) -> Errors:
    if before.criteria_met and not now.criteria_met:
        yield _wrong("cannot disable the SuccessCriteriaMet=True condition")
    if before.complete and not before.criteria_met and now.criteria_met:
        yield _wrong("cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions")
