"""One sync of a StatefulSet: pods in order of their ordinals up, in reverse order down, from the top when updating.

Mirrors: pkg/controller/statefulset/stateful_set_control.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.outcome import Outcome
from kplan.controllers.ownership import SyncFailed
from kplan.controllers.pods import is_available, is_ready, is_terminal, phase_of
from kplan.controllers.statefulset.identity import (
    identity_matches,
    new_pod,
    ordinal_of,
    ordinals,
    replicas_of,
    revision_of,
    start_ordinal,
    storage_matches,
)
from kplan.controllers.statefulset.podcontrol import (
    claim_is_stale,
    claims_match_policy,
    create_missing_claims,
    create_pod,
    delete_pod,
    update_claims_for_policy,
    update_pod,
)
from kplan.controllers.statefulset.revisions import Revisions
from kplan.controllers.templates import template_in
from kplan.engine.contract import Action, Context
from kplan.model.intstr import scaled_value
from kplan.model.objects import EMPTY, Object, is_deleting, name_of
from kplan.store.view import View

Step = Generator[Action, Outcome, bool]
"""Yields actions; True ends the sync here."""
_BATCH = 500


@dataclass(slots=True)
class Status:
    """The counts of a StatefulSet's status."""

    replicas: int = 0
    ready: int = 0
    available: int = 0
    current: int = 0
    updated: int = 0


@dataclass(slots=True)
class Work:
    """What one sync works on: the set, its revisions, the pods by ordinal, and those beyond."""

    s: Object
    view: View
    ctx: Context
    revisions: Revisions
    pods: list[Object]
    replicas: list[Object]
    condemned: list[Object]
    first_unavailable: Object | None = None

    @property
    def monotonic(self) -> bool:
        """Whether pods come and go one at a time."""
        return bool(self.s["spec"].get("podManagementPolicy") != "Parallel")

    @property
    def min_ready(self) -> int:
        """``spec.minReadySeconds``."""
        return self.s["spec"].get("minReadySeconds") or 0


def is_created(pod: Object) -> bool:
    """Whether the API server knows the pod."""
    return bool(phase_of(pod) or pod["metadata"].get("uid"))


def _is_running_and_ready(pod: Object) -> bool:
    return phase_of(pod) == "Running" and is_ready(pod)


def _is_unavailable(w: Work, pod: Object) -> bool:
    return not is_available(pod, w.min_ready, w.ctx.now) or is_deleting(pod)


def prepare(s: Object, pods: list[Object], revisions: Revisions, view: View, ctx: Context) -> Work:
    """Sort the pods into those of the set's ordinals, missing ones made up, and those to go."""
    start = start_ordinal(s)
    by_ordinal = {ordinal_of(p): p for p in pods if ordinal_of(p) in ordinals(s)}
    condemned = [p for p in pods if ordinal_of(p) >= 0 and ordinal_of(p) not in ordinals(s)]
    condemned.sort(key=ordinal_of, reverse=True)
    replicas = [by_ordinal.get(i) or _new_versioned_pod(s, revisions, i) for i in range(start, start + replicas_of(s))]
    w = Work(s, view, ctx, revisions, pods, replicas, condemned)
    w.first_unavailable = next((p for p in [*replicas, *reversed(condemned)] if _is_unavailable(w, p)), None)
    return w


def _new_versioned_pod(s: Object, revisions: Revisions, ordinal: int) -> Object:
    """A pod below the partition is made from the current revision, any other from the update one."""
    strategy = s["spec"].get("updateStrategy") or EMPTY
    revision = revisions.update
    if strategy.get("type") == "RollingUpdate":
        rolling = strategy.get("rollingUpdate")
        if rolling is None:
            kept = (s.get("status") or EMPTY).get("currentReplicas") or 0
        else:
            kept = rolling.get("partition") or 0
        if ordinal < start_ordinal(s) + kept:
            revision = revisions.current
    return new_pod(s, template_in(revision), name_of(revision), ordinal)


def count(w: Work, *lists: Sequence[Object]) -> Status:
    """Count pods for the status."""
    out = Status()
    current, update = name_of(w.revisions.current), name_of(w.revisions.update)
    for pod in (p for pods in lists for p in pods):
        out.replicas += is_created(pod)
        if _is_running_and_ready(pod):
            out.ready += 1
            out.available += is_available(pod, w.min_ready, w.ctx.now)
        if is_created(pod) and not is_deleting(pod):
            out.current += revision_of(pod) == current
            out.updated += revision_of(pod) == update
    return out


def update_stateful_set(w: Work) -> Generator[Action, Outcome, tuple[Status, SyncFailed | None]]:
    """Create, mend and delete pods as far as the order allows; gives back the counts, and what failed."""
    status = count(w, w.pods)
    if is_deleting(w.s):
        return status, None
    try:
        for pods, work in ((w.replicas, _process_replica), (w.condemned, _fix_claims), (w.condemned, _process_condemned)):
            if (yield from _run_for_all(w, pods, work)):
                return count(w, w.replicas, w.condemned), None
    except SyncFailed as failure:
        return count(w, w.replicas, w.condemned), failure
    status = count(w, w.replicas, w.condemned)
    if (w.s["spec"].get("updateStrategy") or EMPTY).get("type") == "OnDelete":
        return status, None
    try:
        if w.ctx.gates.on("MaxUnavailableStatefulSet"):
            yield from _update_within_max_unavailable(w, status)
        else:
            yield from _update_next(w, status)
    except SyncFailed as failure:
        return status, failure
    return status, None


def _run_for_all(w: Work, pods: list[Object], work: Callable[[Work, list[Object], int], Step]) -> Step:
    """In order until one says stop; with Parallel all of them, in batches of 1, 2, 4 … of which a failing one is the last."""
    if w.monotonic:
        for i in range(len(pods)):
            if (yield from work(w, pods, i)):
                return True
        return False
    done, batch = 0, 1
    while done < len(pods):
        failure = None
        for i in range(done, min(done + batch, len(pods))):
            try:
                yield from work(w, pods, i)
            except SyncFailed as f:
                failure = f
        if failure is not None:
            raise failure
        done, batch = done + batch, min(2 * batch, _BATCH)
    return False


def _process_replica(w: Work, replicas: list[Object], i: int) -> Step:
    pod = replicas[i]
    if is_terminal(pod):
        if not is_deleting(pod):
            yield from delete_pod(w.s, pod, "pod-has-finished")
        return True
    if not is_created(pod):
        if claim_is_stale(w.view, w.s, pod):
            return True
        yield from create_pod(w.view, w.s, pod)
        if w.monotonic:
            return True
    if phase_of(pod) == "Pending":
        yield from create_missing_claims(w.view, w.s, pod)
    if w.monotonic:
        blocks = is_deleting(pod) or not _is_running_and_ready(pod) or not is_available(pod, w.min_ready, w.ctx.now)
        if blocks:
            return True
    if identity_matches(w.s, pod) and storage_matches(w.s, pod) and claims_match_policy(w.view, w.s, pod):
        return False
    if is_created(pod):
        yield from update_pod(w.view, w.s, pod)
    return False


def _fix_claims(w: Work, condemned: list[Object], i: int) -> Step:
    if not claims_match_policy(w.view, w.s, condemned[i]):
        yield from update_claims_for_policy(w.view, w.s, condemned[i])
    return False


def _process_condemned(w: Work, condemned: list[Object], i: int) -> Step:
    pod = condemned[i]
    if is_deleting(pod):
        return w.monotonic
    if w.monotonic and pod is not w.first_unavailable:
        if not _is_running_and_ready(pod) or not is_available(pod, w.min_ready, w.ctx.now):
            return True
    yield from delete_pod(w.s, pod, "scaled-down")
    return True


def _partition(s: Object) -> int:
    return ((s["spec"].get("updateStrategy") or EMPTY).get("rollingUpdate") or EMPTY).get("partition") or 0


def _update_next(w: Work, status: Status) -> Generator[Action, Outcome, None]:
    """Delete the highest pod of another revision, unless one above it is not available yet."""
    update = name_of(w.revisions.update)
    for target in range(len(w.replicas) - 1, _partition(w.s) - 1, -1):
        pod = w.replicas[target]
        if revision_of(pod) != update and not is_deleting(pod):
            yield from delete_pod(w.s, pod, "new-revision")
            status.current -= 1
            return
        if _is_unavailable(w, pod):
            return


def _update_within_max_unavailable(w: Work, status: Status) -> Generator[Action, Outcome, None]:
    """Delete pods of another revision from the top, as many at a time as may be unavailable."""
    rolling = (w.s["spec"].get("updateStrategy") or EMPTY).get("rollingUpdate") or EMPTY
    most = max(1, scaled_value(rolling.get("maxUnavailable") or 1, replicas_of(w.s), round_up=False))
    room = most - sum(_is_unavailable(w, p) for p in w.replicas)
    update = name_of(w.revisions.update)
    for target in range(len(w.replicas) - 1, _partition(w.s) - 1, -1):
        if room <= 0:
            return
        pod = w.replicas[target]
        if revision_of(pod) != update and not is_deleting(pod):
            yield from delete_pod(w.s, pod, "new-revision")
            status.current -= 1
            room -= 1


def status_of(w: Work, counts: Status) -> dict[str, Any]:
    """The status as it is written; an update that is complete makes the update revision the current one."""
    s, current = w.s, name_of(w.revisions.current)
    desired = replicas_of(s)
    rolling = (s["spec"].get("updateStrategy") or EMPTY).get("type") == "RollingUpdate"
    if rolling and counts.updated == counts.ready == counts.replicas == desired:
        counts.current, current = counts.updated, name_of(w.revisions.update)
    numbers = {"readyReplicas": counts.ready, "currentReplicas": counts.current, "updatedReplicas": counts.updated}
    return {
        "observedGeneration": s["metadata"].get("generation") or 0,
        "replicas": counts.replicas,
        "availableReplicas": counts.available,
        "currentRevision": current,
        "updateRevision": name_of(w.revisions.update),
        "collisionCount": w.revisions.collision_count,
        **{k: n for k, n in numbers.items() if n},
    }


def is_inconsistent(s: Object, status: dict[str, Any]) -> bool:
    """Whether the status says something else than the set's does."""
    old = s.get("status") or EMPTY
    fields = ("replicas", "currentReplicas", "readyReplicas", "updatedReplicas", "availableReplicas", "currentRevision", "updateRevision")
    if (status["observedGeneration"] or 0) > (old.get("observedGeneration") or 0):
        return True
    return any((status.get(f) or 0) != (old.get(f) or 0) for f in fields)
