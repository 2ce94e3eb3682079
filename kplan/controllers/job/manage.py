"""The pods of a Job: how many are to be active, which go, which come.

Mirrors: pkg/controller/job/job_controller.go (manageJob) (1.36)
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from kplan.apiserver.outcome import Outcome, Status
from kplan.controllers.job.backoff import Backoff, remaining_for_index
from kplan.controllers.job.conditions import Condition
from kplan.controllers.job.indexes import (
    FAILURE_COUNT,
    IGNORED_FAILURE_COUNT,
    Intervals,
    duplicates,
    failure_count,
    first_pending,
    generate_name,
    ignored_failure_count,
    indexes_of,
    merge,
    singles,
    with_index,
    with_index_environment,
)
from kplan.controllers.job.policies import match_failure_policy, only_replaces_failed
from kplan.controllers.ownership import is_namespace_terminating
from kplan.controllers.pods import is_ready, is_terminating, pod_from_template, sort_active
from kplan.engine.contract import Action, Context, Create, Delete, Emit, Requeue, Update
from kplan.model.objects import EMPTY, Object, finalizers_of, name_of, ref_of
from kplan.store.view import View

TRACKING = "batch.kubernetes.io/job-tracking"
MOST_PER_SYNC = 500

Managed = Generator[Action, Outcome, Status | None]


@dataclass(slots=True)
class Sync:
    """What one sync of a Job works on."""

    job: Object
    view: View
    ctx: Context
    pods: list[Object]
    active_pods: list[Object]
    status: dict[str, Any]
    """A private draft of the status."""
    active: int = 0
    ready: int = 0
    terminating: int = 0
    succeeded: int = 0
    failed: int = 0
    backoff: Backoff = field(default_factory=Backoff)
    finished: Condition | None = None
    previously_succeeded: Intervals = field(default_factory=list)
    succeeded_indexes: Intervals = field(default_factory=list)
    failed_indexes: Intervals | None = None
    delayed: dict[int, Object] = field(default_factory=dict)
    """By index the failed pod that stays until its replacement has taken over its failure count."""
    written: Object | None = None

    @property
    def is_indexed(self) -> bool:
        """Whether the Job's completions are told apart by index."""
        return bool(self.job["spec"].get("completionMode") == "Indexed")

    @property
    def counts_per_index(self) -> bool:
        """Whether failures are limited index by index."""
        return self.job["spec"].get("backoffLimitPerIndex") is not None

    @property
    def is_suspended(self) -> bool:
        """``spec.suspend``."""
        return bool(self.job["spec"].get("suspend"))


def has_tracking_finalizer(pod: Object) -> bool:
    """Whether the pod has not been counted for good yet."""
    return TRACKING in finalizers_of(pod)


def without_tracking_finalizer(pod: Object) -> Object:
    """The pod without the finalizer that keeps it until it is counted."""
    left = [f for f in finalizers_of(pod) if f != TRACKING]
    meta = {k: v for k, v in pod["metadata"].items() if k != "finalizers"}
    if left:
        meta["finalizers"] = left
    return {**pod, "metadata": meta}


def delete_pods(s: Sync, pods: Sequence[Object], because: str, *, release: bool) -> Managed:
    """Delete pods; with ``release`` their finalizers go first. The counts follow."""
    error = None
    for pod in pods:
        if release and has_tracking_finalizer(pod):
            outcome = yield Update(without_tracking_finalizer(pod), because=because)
            if outcome.error is not None and outcome.error.code != 404:
                error = error or outcome.error
                continue
        outcome = yield Delete(ref_of(pod), because=because)
        if outcome.error is None:
            yield Emit(ref_of(s.job), "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")
        elif outcome.error.code != 404:
            error = error or outcome.error
            yield Emit(ref_of(s.job), "FailedDelete", f"Error deleting: {outcome.error.message}", "Warning")
            continue
        s.active -= 1
        s.terminating += 1
        s.ready -= is_ready(pod)
    return error


def manage_job(s: Sync) -> Managed:
    """Create or delete pods as the Job wants it now; gives back the first refusal."""
    if s.is_suspended:
        return (yield from delete_pods(s, _for_removal(s, s.active), "job-suspended", release=True))
    wanted = _wanted_active(s)
    surplus = _for_removal(s, max(0, s.active - wanted))[:MOST_PER_SYNC]
    if surplus:
        return (yield from delete_pods(s, surplus, "too-many-active-pods", release=True))
    waiting = s.terminating if only_replaces_failed(s.job) else 0
    missing = wanted - waiting - s.active
    return (yield from _create_missing(s, missing)) if missing > 0 else None


def _wanted_active(s: Sync) -> int:
    parallelism, completions = int(s.job["spec"]["parallelism"]), s.job["spec"].get("completions")
    if completions is None:
        return s.active if s.succeeded > 0 else parallelism
    return max(0, min(parallelism, int(completions) - s.succeeded))


def _for_removal(s: Sync, at_least: int) -> list[Object]:
    """Active pods to remove: those with a wrong or a repeated index, and then the least advanced."""
    remove: list[Object] = []
    left = list(s.active_pods)
    if s.is_indexed:
        remove, left = duplicates(left, s.job["spec"]["completions"])
    if len(remove) < at_least:
        remove += sort_active(left)[: at_least - len(remove)]
    return remove


def _create_missing(s: Sync, missing: int) -> Managed:
    now = s.ctx.now
    if not s.counts_per_index and (remaining := s.backoff.remaining(now)) > 0:
        yield from _wait(s, remaining)
        return None
    missing = min(missing, MOST_PER_SYNC)
    indexes: list[int | None] = [None] * missing
    if s.is_indexed:
        pending = _pending_indexes(s, missing)
        if s.counts_per_index:
            delays = {i: remaining_for_index(s.delayed.get(i), now) for i in pending}
            pending = [i for i in pending if not delays[i]]
            if not pending and any(delays.values()):
                yield from _wait(s, min(delays.values()))
                return None
        indexes = list(pending)
    return (yield from _create_pods(s, indexes))


def _wait(s: Sync, seconds: float) -> Generator[Action, Outcome, None]:
    s.active = 0
    yield Requeue(after=max(1.0, seconds), note=f"a failed pod of {name_of(s.job)} is replaced (back-off)")


def _pending_indexes(s: Sync, count: int) -> list[int]:
    taken = merge(s.succeeded_indexes, singles(indexes_of(s.active_pods)))
    if only_replaces_failed(s.job):
        taken = merge(taken, singles(indexes_of(filter(is_terminating, s.pods))))
    if s.failed_indexes is not None:
        taken = merge(taken, s.failed_indexes)
    return first_pending(count, s.job["spec"]["completions"], taken)


def _create_pods(s: Sync, indexes: Sequence[int | None]) -> Managed:
    """Create pods in batches of 1, 2, 4 …; a batch that meets a refusal is the last."""
    template = _template(s)
    error = None
    done, batch = 0, 1
    while done < len(indexes) and error is None:
        for index in indexes[done : done + batch]:
            outcome = yield Create(_pod(s, template, index), because="too-few-active-pods")
            if outcome.error is None:
                assert outcome.object is not None
                s.active += 1
                yield Emit(ref_of(s.job), "SuccessfulCreate", f"Created pod: {name_of(outcome.object)}")
            elif not is_namespace_terminating(outcome.error):
                error = error or outcome.error
                yield Emit(ref_of(s.job), "FailedCreate", f"Error creating: {outcome.error.message}", "Warning")
            else:
                s.active += 1
        done, batch = done + batch, batch * 2
    return error


def _template(s: Sync) -> dict[str, Any]:
    template = s.job["spec"]["template"]
    meta = template.get("metadata") or EMPTY
    finalizers = list(meta.get("finalizers") or ())
    if TRACKING not in finalizers:
        finalizers.append(TRACKING)
    spec = with_index_environment(template["spec"]) if s.is_indexed else template["spec"]
    return {**template, "metadata": {**meta, "finalizers": finalizers}, "spec": spec}


def _pod(s: Sync, template: dict[str, Any], index: int | None) -> dict[str, Any]:
    if index is None:
        return pod_from_template(template, s.job)
    name = name_of(s.job)
    extra = _failure_counts(s, s.delayed.get(index)) if s.counts_per_index else {}
    return pod_from_template(with_index(template, index, f"{name}-{index}", extra), s.job, generateName=generate_name(name, index))


def _failure_counts(s: Sync, replaced: Object | None) -> dict[str, str]:
    """What a new pod of an index is told of the failures before it."""
    if replaced is None:
        return {FAILURE_COUNT: "0"}
    failures, ignored = failure_count(replaced), ignored_failure_count(replaced)
    if match_failure_policy(s.job, replaced).counts:
        failures += 1
    else:
        ignored += 1
    return {FAILURE_COUNT: str(failures)} | ({IGNORED_FAILURE_COUNT: str(ignored)} if ignored else {})
