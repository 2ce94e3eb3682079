"""Scaling a Deployment that is paused or in the middle of a rollout: each ReplicaSet gets its share.

A Deployment of 10 with 3 surge pods (8 old, 5 new) is scaled to 15: 5 more pods are to be shared out in proportion, the
old ReplicaSet becomes 11, the new one 7.

Mirrors: pkg/controller/deployment/sync.go (scale), util/deployment_util.go (GetReplicaSetProportion) (1.36)
"""

from __future__ import annotations

import math

from kplan.controllers.deployment.fenceposts import active, counted, is_rolling_update, max_surge, replicas_of, wanted
from kplan.controllers.deployment.revisions import DESIRED_REPLICAS, MAX_REPLICAS, number_in
from kplan.controllers.deployment.sync import (
    Rollout,
    Sync,
    cleanup_deployment,
    get_all_replica_sets_and_sync_revision,
    scale_replica_set,
    sync_deployment_status,
)
from kplan.controllers.pods import created
from kplan.model.objects import EMPTY, Object, annotations_of, name_of


def sync(r: Rollout) -> Sync:
    """Reconcile a Deployment that was scaled or is paused; no rollout goes on meanwhile."""
    yield from get_all_replica_sets_and_sync_revision(r, create=False)
    if r.stopped:
        return
    yield from scale(r)
    if r.d["spec"].get("paused"):
        yield from cleanup_deployment(r)
    yield from sync_deployment_status(r)


def scale(r: Rollout) -> Sync:
    """Give the one active ReplicaSet all, or share among several in proportion."""
    only = _active_or_latest(r)
    if only is not None:
        yield from scale_replica_set(r, only, replicas_of(r.d), "deployment-scaled")
    elif not active(r.all):
        return
    elif _is_saturated(r.d, r.new):
        for old in active(r.old):
            yield from scale_replica_set(r, old, 0, "new-replica-set-is-saturated")
    elif is_rolling_update(r.d):
        yield from _scale_proportionally(r)


def _active_or_latest(r: Rollout) -> Object | None:
    found = active(r.all)
    if len(found) > 1 or not r.all:
        return None
    if found:
        return found[0]
    return r.new if r.new is not None else max(r.old, key=lambda rs: (created(rs) or 0.0, name_of(rs)))


def _is_saturated(d: Object, rs: Object | None) -> bool:
    """Whether the new ReplicaSet has all pods of the Deployment, available, and knows it."""
    if rs is None:
        return False
    desired = annotations_of(rs).get(DESIRED_REPLICAS, "")
    same = replicas_of(rs) == replicas_of(d) == counted([rs], "availableReplicas")
    return same and desired == str(replicas_of(d))


def _scale_proportionally(r: Rollout) -> Sync:
    d = r.d
    most = replicas_of(d) + max_surge(d) if replicas_of(d) > 0 else 0
    to_add = most - wanted(active(r.all))
    newer_first = -1 if to_add > 0 else 1
    sets = active(r.all)
    sets.sort(key=name_of, reverse=to_add > 0)
    sets.sort(key=lambda rs: (-replicas_of(rs), newer_first * (created(rs) or 0.0)))
    added, sizes = 0, []
    for rs in sets:
        share = _proportion(rs, d, to_add, added)
        added += share
        sizes.append(replicas_of(rs) + share)
    if to_add:
        sizes[0] = max(0, sizes[0] + to_add - added)
    for rs, size in zip(sets, sizes, strict=True):
        yield from scale_replica_set(r, rs, size, "proportional-scaling", force=True)


def _proportion(rs: Object, d: Object, to_add: int, added: int) -> int:
    if not replicas_of(rs) or not to_add or to_add == added:
        return 0
    share = fraction(rs, d)
    return min(share, to_add - added) if to_add > 0 else max(share, to_add - added)


def fraction(rs: Object, d: Object) -> int:
    """What a ReplicaSet gains (or loses) when it keeps its share of the Deployment's greatest size."""
    size = replicas_of(rs)
    if replicas_of(d) == 0:
        return -size
    before = number_in(rs, MAX_REPLICAS) or (d.get("status") or EMPTY).get("replicas") or 0
    if not before:
        return 0
    return _round(size * (replicas_of(d) + max_surge(d)) / before) - size


def _round(x: float) -> int:
    """Half away from zero."""
    return math.ceil(x - 0.5) if x < 0 else math.floor(x + 0.5)
