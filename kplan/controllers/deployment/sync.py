"""One sync of a Deployment: its ReplicaSets and their revisions, scaling, cleaning up, the status.

Mirrors: pkg/controller/deployment/sync.go (1.36)
Differs: a sync that has written the Deployment goes on with the answer, where the real one meets a conflict and starts
         over; the outcome is the same.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from kplan.apiserver.outcome import Outcome
from kplan.controllers.deployment.conditions import (
    AVAILABLE,
    FAILED_RS_CREATE,
    FOUND_NEW_RS,
    NEW_REPLICA_SET,
    PROGRESSING,
    Conditions,
    conditions_of,
    get_condition,
    new_condition,
    set_condition,
)
from kplan.controllers.deployment.fenceposts import (
    active,
    counted,
    history_limit,
    max_unavailable,
    new_rs_new_replicas,
    progress_deadline,
    replicas_of,
    wanted,
)
from kplan.controllers.deployment.revisions import (
    DESIRED_REPLICAS,
    HASH_LABEL,
    REVISION,
    equal_ignore_hash,
    find_new_replica_set,
    max_revision,
    new_replica_set_annotations,
    number_in,
    replicas_annotations,
    revision_of,
)
from kplan.controllers.ownership import SyncFailed, is_controlled_by, is_namespace_terminating, stored
from kplan.controllers.pods import by_creation
from kplan.engine.contract import Action, Context, Create, Delete, Emit, Update
from kplan.model.hashing import TemplateHasher
from kplan.model.objects import (
    EMPTY,
    Object,
    annotations_of,
    is_deleting,
    name_of,
    namespace_of,
    owner_ref,
    ref_of,
    uid_of,
)
from kplan.store.view import View

Sync = Generator[Action, Outcome, None]
_LONGEST_NAME = 253


@dataclass(slots=True)
class Rollout:
    """What one sync works on. The Deployment and the ReplicaSets are replaced by the answers to its writes."""

    d: Object
    replica_sets: list[Object]
    view: View
    ctx: Context
    hasher: TemplateHasher
    new: Object | None = None
    old: list[Object] = field(default_factory=list)
    stopped: bool = False
    """Whether the sync must end here: what was written wakes the next one."""

    @property
    def all(self) -> list[Object]:
        """Old ReplicaSets and the new one."""
        return [*self.old, self.new] if self.new is not None else list(self.old)

    def replaced(self, rs: Object) -> None:
        """Take over a ReplicaSet as it is after a write."""
        uid = uid_of(rs)
        if self.new is not None and uid_of(self.new) == uid:
            self.new = rs
        self.old = [rs if uid_of(o) == uid else o for o in self.old]
        self.replica_sets = [rs if uid_of(o) == uid else o for o in self.replica_sets]


def status_with(d: Object, **changes: Any) -> dict[str, Any]:
    """The Deployment's status with some fields replaced."""
    return {**(d.get("status") or EMPTY), **changes}


def update_status(r: Rollout, d: Object, because: str) -> Sync:
    """Write the Deployment's status (and the annotations that go with it)."""
    r.d = stored((yield Update(d, because=because, subresource="status")))


# -- revisions ---------------------------------------------------------------------------------------------------------


def get_all_replica_sets_and_sync_revision(r: Rollout, *, create: bool) -> Sync:
    """Tell the new ReplicaSet from the old ones, number it, and create it where that is asked."""
    r.new = find_new_replica_set(r.d, r.replica_sets)
    r.old = [rs for rs in sorted(r.replica_sets, key=by_creation) if r.new is None or uid_of(rs) != uid_of(r.new)]
    if r.new is not None:
        yield from _sync_existing(r, r.new)
    elif create:
        yield from _create_new(r)


def _sync_existing(r: Rollout, rs: Object) -> Sync:
    notes = new_replica_set_annotations(r.d, annotations_of(rs), max_revision(r.old) + 1, exists=True)
    seconds = r.d["spec"].get("minReadySeconds") or 0
    if notes != annotations_of(rs) or (rs["spec"].get("minReadySeconds") or 0) != seconds:
        spec = {k: v for k, v in rs["spec"].items() if k != "minReadySeconds"} | ({"minReadySeconds": seconds} if seconds else {})
        changed = {**rs, "metadata": {**rs["metadata"], "annotations": notes}, "spec": spec}
        yield Update(changed, because="revision")
        r.stopped = True
        return
    yield from _set_revision(r, notes.get(REVISION, ""), _found(r, rs))


def _found(r: Rollout, rs: Object) -> Conditions:
    conditions = conditions_of(r.d)
    if progress_deadline(r.d) is None or get_condition(conditions, PROGRESSING) is not None:
        return conditions
    return set_condition(
        conditions, new_condition(PROGRESSING, "True", FOUND_NEW_RS, f'Found new replica set "{name_of(rs)}"', r.ctx.now)
    )


def _set_revision(r: Rollout, revision: str, conditions: Conditions) -> Sync:
    if annotations_of(r.d).get(REVISION, "") == revision and conditions == conditions_of(r.d):
        return
    notes = {**annotations_of(r.d), REVISION: revision}
    changed = {**r.d, "metadata": {**r.d["metadata"], "annotations": notes}, "status": status_with(r.d, conditions=list(conditions))}
    yield from update_status(r, changed, "revision")


def replica_set_name(deployment: str, digest: str) -> str:
    """The name of a Deployment's ReplicaSet; the Deployment's is cut where the whole would be too long."""
    return f"{deployment[: _LONGEST_NAME - 1 - len(digest)]}-{digest}"


def _create_new(r: Rollout) -> Sync:
    d = r.d
    digest = r.hasher.hash(d["spec"]["template"], (d.get("status") or EMPTY).get("collisionCount"))
    rs = _new_replica_set(r, digest)
    outcome = yield Create(rs, because="new-template")
    if outcome.error is not None:
        if outcome.error.reason != "AlreadyExists":
            yield from _report_create_error(r, name_of(rs), outcome)
            raise SyncFailed(outcome.error)
        existing = r.view.get(ref_of(rs))
        if existing is None or not is_controlled_by(existing, d) or not equal_ignore_hash(d["spec"]["template"], existing["spec"]["template"]):
            count = ((d.get("status") or EMPTY).get("collisionCount") or 0) + 1
            yield from update_status(r, {**d, "status": status_with(d, collisionCount=count)}, "hash-collision")
            raise SyncFailed(outcome.error)
        r.new = existing
        yield from _set_revision(r, rs["metadata"]["annotations"][REVISION], conditions_of(d))
        return
    r.new = stored(outcome)
    r.replica_sets = [*r.replica_sets, r.new]
    if count := replicas_of(rs):
        yield Emit(ref_of(d), "ScalingReplicaSet", f"Scaled up replica set {name_of(rs)} from 0 to {count}")
    conditions = conditions_of(d)
    if progress_deadline(d) is not None:
        message = f'Created new replica set "{name_of(rs)}"'
        conditions = set_condition(conditions, new_condition(PROGRESSING, "True", NEW_REPLICA_SET, message, r.ctx.now))
    yield from _set_revision(r, rs["metadata"]["annotations"][REVISION], conditions)


def _new_replica_set(r: Rollout, digest: str) -> dict[str, Any]:
    d = r.d
    template = d["spec"]["template"]
    labels = {**((template.get("metadata") or EMPTY).get("labels") or EMPTY), HASH_LABEL: digest}
    selector = d["spec"]["selector"]
    spec: dict[str, Any] = {
        "replicas": new_rs_new_replicas(d, wanted(r.old), 0),
        "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or EMPTY), HASH_LABEL: digest}},
        "template": {**template, "metadata": {**(template.get("metadata") or EMPTY), "labels": labels}},
    }
    if seconds := d["spec"].get("minReadySeconds"):
        spec["minReadySeconds"] = seconds
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": replica_set_name(name_of(d), digest),
            "namespace": namespace_of(d),
            "labels": labels,
            "annotations": new_replica_set_annotations(d, {}, max_revision(r.old) + 1, exists=False),
            "ownerReferences": [owner_ref(d)],
        },
        "spec": spec,
    }


def _report_create_error(r: Rollout, name: str, outcome: Outcome) -> Sync:
    assert outcome.error is not None
    if is_namespace_terminating(outcome.error):
        return
    message = f'Failed to create new replica set "{name}": {outcome.error.message}'
    if progress_deadline(r.d) is not None:
        conditions = set_condition(conditions_of(r.d), new_condition(PROGRESSING, "False", FAILED_RS_CREATE, message, r.ctx.now))
        if conditions != conditions_of(r.d):
            yield from update_status(r, {**r.d, "status": status_with(r.d, conditions=list(conditions))}, "replica-set-refused")
    yield Emit(ref_of(r.d), FAILED_RS_CREATE, message, "Warning")


# -- scaling -----------------------------------------------------------------------------------------------------------


def scale_replica_set(r: Rollout, rs: Object, size: int, because: str, *, force: bool = False) -> Generator[Action, Outcome, bool]:
    """Give a ReplicaSet a size; tells whether that changed it. ``force`` also brings its annotations up to date."""
    before = replicas_of(rs)
    notes = {**annotations_of(rs), **replicas_annotations(r.d)}
    if before == size and (not force or notes == annotations_of(rs)):
        return False
    changed = {**rs, "metadata": {**rs["metadata"], "annotations": notes}, "spec": {**rs["spec"], "replicas": size}}
    r.replaced(stored((yield Update(changed, because=because))))
    if before == size:
        return False
    way = "up" if before < size else "down"
    yield Emit(ref_of(r.d), "ScalingReplicaSet", f"Scaled {way} replica set {name_of(rs)} from {before} to {size}")
    return True


def is_scaling_event(r: Rollout) -> bool:
    """Whether the Deployment's replicas have changed since its ReplicaSets were last scaled."""
    desired = (number_in(rs, DESIRED_REPLICAS) for rs in active(r.all))
    return any(n is not None and n != replicas_of(r.d) for n in desired)


# -- cleaning up -------------------------------------------------------------------------------------------------------


def cleanup_deployment(r: Rollout) -> Sync:
    """Delete the oldest ReplicaSets beyond the history limit."""
    limit = history_limit(r.d)
    if limit is None:
        return
    cleanable = [rs for rs in r.old if not is_deleting(rs)]
    cleanable.sort(key=lambda rs: (revision_of(rs) or 0, *by_creation(rs)))
    for rs in cleanable[: max(0, len(cleanable) - limit)]:
        status = rs.get("status") or EMPTY
        seen = (rs["metadata"].get("generation") or 0) <= (status.get("observedGeneration") or 0)
        if not status.get("replicas") and not replicas_of(rs) and seen:
            outcome = yield Delete(ref_of(rs), because="revision-history-limit")
            if outcome.error is not None and outcome.error.code != 404:
                raise SyncFailed(outcome.error)


# -- status ------------------------------------------------------------------------------------------------------------


def sync_deployment_status(r: Rollout) -> Sync:
    """Write the status where it has changed."""
    yield from write_status(r, calculate_status(r))


def write_status(r: Rollout, status: dict[str, Any]) -> Sync:
    """Write a status where it is not what the Deployment has."""
    if status != (r.d.get("status") or EMPTY):
        yield from update_status(r, {**r.d, "status": status}, "status")


def calculate_status(r: Rollout) -> dict[str, Any]:
    """The status the ReplicaSets give."""
    d = r.d
    available = counted(r.all, "availableReplicas")
    counts = {
        "observedGeneration": d["metadata"].get("generation") or 0,
        "replicas": counted(r.all, "replicas"),
        "updatedReplicas": counted([r.new], "replicas"),
        "readyReplicas": counted(r.all, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, wanted(r.all) - available),
    }
    status: dict[str, Any] = {k: n for k, n in counts.items() if n}
    if r.ctx.gates.on("DeploymentReplicaSetTerminatingReplicas") and (n := terminating(r.all)) is not None:
        status["terminatingReplicas"] = n
    if (d.get("status") or EMPTY).get("collisionCount") is not None:
        status["collisionCount"] = d["status"]["collisionCount"]
    if available >= replicas_of(d) - max_unavailable(d):
        said = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        said = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    status["conditions"] = list(set_condition(conditions_of(d), new_condition(AVAILABLE, *said, r.ctx.now)))
    return status


def terminating(replica_sets: Sequence[Object]) -> int | None:
    """Terminating pods of all; None where a ReplicaSet that has been looked after does not say."""
    total = 0
    for rs in replica_sets:
        status = rs.get("status") or EMPTY
        if status.get("terminatingReplicas") is not None:
            total += status["terminatingReplicas"]
        elif status.get("observedGeneration"):
            return None
    return total


