"""RollingUpdate: the new ReplicaSet grows as far as the surge allows, then the old ones shrink as far as availability does.

Mirrors: pkg/controller/deployment/rolling.go (1.36)
"""

from __future__ import annotations

from collections.abc import Generator

from kplan.apiserver.outcome import Outcome
from kplan.controllers.deployment.fenceposts import (
    active,
    counted,
    min_available,
    new_rs_new_replicas,
    replicas_of,
    wanted,
)
from kplan.controllers.deployment.progress import is_complete, sync_rollout_status
from kplan.controllers.deployment.sync import (
    Rollout,
    Sync,
    cleanup_deployment,
    get_all_replica_sets_and_sync_revision,
    scale_replica_set,
)
from kplan.controllers.pods import by_creation
from kplan.engine.contract import Action
from kplan.model.objects import EMPTY

Scaled = Generator[Action, Outcome, bool]


def rollout_rolling(r: Rollout) -> Sync:
    """Take one step of a rolling update: up, or else down, or else clean up."""
    yield from get_all_replica_sets_and_sync_revision(r, create=True)
    if r.stopped:
        return
    scaled = yield from reconcile_new_replica_set(r)
    if not scaled:
        scaled = yield from reconcile_old_replica_sets(r)
    if not scaled and is_complete(r.d, r.d.get("status") or EMPTY):
        yield from cleanup_deployment(r)
    yield from sync_rollout_status(r)


def reconcile_new_replica_set(r: Rollout) -> Scaled:
    """Scale the new ReplicaSet up as far as the surge allows, or down to the Deployment's size."""
    assert r.new is not None
    size, desired = replicas_of(r.new), replicas_of(r.d)
    if size == desired:
        return False
    if size > desired:
        return (yield from scale_replica_set(r, r.new, desired, "deployment-scaled"))
    allowed = new_rs_new_replicas(r.d, wanted(r.all), size)
    return (yield from scale_replica_set(r, r.new, allowed, "rollout-goes-on"))


def reconcile_old_replica_sets(r: Rollout) -> Scaled:
    """Scale the old ReplicaSets down: pods that are not available first, then as many as availability allows.

    Of 10 replicas, 3 surge and 2 unavailable pods: with 8 old and 5 new pods of which none is available, 13 - 8 - 5 = 0
    pods may go; each new pod that becomes available lets one old pod go.
    """
    assert r.new is not None
    if not active(r.old):
        return False
    unavailable_new = replicas_of(r.new) - counted([r.new], "availableReplicas")
    most = wanted(r.all) - min_available(r.d) - unavailable_new
    if most <= 0:
        return False
    cleaned = yield from cleanup_unhealthy_replicas(r, most)
    if cleaned is None:
        return False
    down = yield from scale_down_old_replica_sets(r)
    return cleaned + down > 0


def cleanup_unhealthy_replicas(r: Rollout, most: int) -> Generator[Action, Outcome, int | None]:
    """Scale old ReplicaSets down by what of them is not available; it does not count for availability anyway.

    Tells by how many; None where a ReplicaSet still reports more pods than it is to have, and nothing can be said.
    """
    total = 0
    for rs in sorted(active(r.old), key=by_creation):
        if total >= most:
            break
        size, available = replicas_of(rs), counted([rs], "availableReplicas")
        if size == available:
            continue
        count = min(most - total, size - available)
        if count < 0:
            return None
        yield from scale_replica_set(r, rs, size - count, "unhealthy-replicas")
        total += count
    return total


def scale_down_old_replica_sets(r: Rollout) -> Generator[Action, Outcome, int]:
    """Scale old ReplicaSets down, oldest first, by as many pods as are available beyond the minimum."""
    spare = counted(r.all, "availableReplicas") - min_available(r.d)
    total = 0
    for rs in sorted(active(r.old), key=by_creation):
        if total >= spare:
            break
        count = min(replicas_of(rs), spare - total)
        yield from scale_replica_set(r, rs, replicas_of(rs) - count, "new-replicas-are-available")
        total += count
    return total
