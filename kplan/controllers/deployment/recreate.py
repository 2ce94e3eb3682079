"""Recreate: all old pods go before the first new one comes.

Mirrors: pkg/controller/deployment/recreate.go (1.36)
"""

from __future__ import annotations

from kplan.controllers.deployment.fenceposts import active, counted, replicas_of
from kplan.controllers.deployment.progress import is_complete, sync_rollout_status
from kplan.controllers.deployment.sync import (
    Rollout,
    Sync,
    cleanup_deployment,
    get_all_replica_sets_and_sync_revision,
    scale_replica_set,
)
from kplan.controllers.ownership import owned
from kplan.controllers.pods import is_terminal
from kplan.model.objects import EMPTY, uid_of


def rollout_recreate(r: Rollout) -> Sync:
    """Take one step: old ReplicaSets to 0, wait for their pods to be gone, then the new one at full size."""
    yield from get_all_replica_sets_and_sync_revision(r, create=False)
    if r.stopped:
        return
    scaled = False
    for rs in active(r.old):
        scaled = (yield from scale_replica_set(r, rs, 0, "recreate")) or scaled
    if not scaled and not _old_pods_running(r):
        if r.new is None:
            yield from get_all_replica_sets_and_sync_revision(r, create=True)
        if r.new is not None:
            yield from scale_replica_set(r, r.new, replicas_of(r.d), "old-pods-are-gone")
        if is_complete(r.d, r.d.get("status") or EMPTY):
            yield from cleanup_deployment(r)
    yield from sync_rollout_status(r)


def _old_pods_running(r: Rollout) -> bool:
    """Whether an old ReplicaSet still has, or thinks it has, pods that have not ended."""
    if counted(r.old, "replicas") > 0:
        return True
    sets = [rs for rs in r.replica_sets if r.new is None or uid_of(rs) != uid_of(r.new)]
    return any(not is_terminal(p) for rs in sets for p in owned(r.view, rs, "Pod"))
