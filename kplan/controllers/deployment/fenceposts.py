"""How far a rollout may go: surge, unavailability, and how many pods the ReplicaSets have.

>>> resolve_fenceposts("25%", "25%", 2)
(1, 0)
>>> resolve_fenceposts(0, "1%", 2)
(0, 1)

Mirrors: pkg/controller/deployment/util/deployment_util.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kplan.model.intstr import scaled_value
from kplan.model.objects import EMPTY, Object

_NEVER = 2**31 - 1


def replicas_of(obj: Object) -> int:
    """``spec.replicas``; 1 where it is absent."""
    count = obj["spec"].get("replicas")
    return 1 if count is None else int(count)


def is_rolling_update(d: Object) -> bool:
    """Whether the strategy is RollingUpdate."""
    return bool((d["spec"].get("strategy") or EMPTY).get("type") == "RollingUpdate")


def resolve_fenceposts(surge: int | str | None, unavailable: int | str | None, desired: int) -> tuple[int, int]:
    """(pods that may surge, pods that may be unavailable); where both come out as 0, one may be unavailable."""
    up = scaled_value(surge or 0, desired, round_up=True)
    down = scaled_value(unavailable or 0, desired, round_up=False)
    return (up, down) if up or down else (0, 1)


def _rolling(d: Object) -> Any:
    return (d["spec"].get("strategy") or EMPTY).get("rollingUpdate") or EMPTY


def max_unavailable(d: Object) -> int:
    """How many pods a rolling Deployment may do without."""
    desired = replicas_of(d)
    if not is_rolling_update(d) or desired == 0:
        return 0
    return min(desired, resolve_fenceposts(_rolling(d).get("maxSurge"), _rolling(d).get("maxUnavailable"), desired)[1])


def max_surge(d: Object) -> int:
    """How many pods a rolling Deployment may have beyond its replicas."""
    if not is_rolling_update(d):
        return 0
    return resolve_fenceposts(_rolling(d).get("maxSurge"), _rolling(d).get("maxUnavailable"), replicas_of(d))[0]


def min_available(d: Object) -> int:
    """How many pods of a rolling Deployment must stay available."""
    return replicas_of(d) - max_unavailable(d) if is_rolling_update(d) else 0


def new_rs_new_replicas(d: Object, total: int, current: int) -> int:
    """The size the new ReplicaSet may have, of ``current`` and the size of all ReplicaSets together."""
    if not is_rolling_update(d):
        return replicas_of(d)
    most = replicas_of(d) + scaled_value(_rolling(d).get("maxSurge") or 0, replicas_of(d), round_up=True)
    if total >= most:
        return current
    return current + min(most - total, replicas_of(d) - current)


def wanted(replica_sets: Iterable[Object | None]) -> int:
    """Pods the ReplicaSets are to have."""
    return sum(replicas_of(rs) for rs in replica_sets if rs is not None)


def counted(replica_sets: Iterable[Object | None], field: str) -> int:
    """Pods the ReplicaSets report under a field of their status."""
    return sum((rs.get("status") or EMPTY).get(field) or 0 for rs in replica_sets if rs is not None)


def active(replica_sets: Iterable[Object | None]) -> list[Object]:
    """The ReplicaSets that are to have pods."""
    return [rs for rs in replica_sets if rs is not None and replicas_of(rs) > 0]


def progress_deadline(d: Object) -> int | None:
    """``spec.progressDeadlineSeconds`` where it means anything."""
    seconds = d["spec"].get("progressDeadlineSeconds")
    return None if seconds is None or seconds == _NEVER else int(seconds)


def history_limit(d: Object) -> int | None:
    """``spec.revisionHistoryLimit`` where it means anything."""
    limit = d["spec"].get("revisionHistoryLimit")
    return None if limit is None or limit == _NEVER else int(limit)
