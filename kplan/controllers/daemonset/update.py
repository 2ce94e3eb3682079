"""RollingUpdate of a DaemonSet: which old pods may go now, or which nodes may get a second pod.

Mirrors: pkg/controller/daemon/update.go (rollingUpdate) (1.36)
Differs: nodes are taken by name, where the real controller takes them in random order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from kplan.controllers.daemonset.pods import Eligibility, fenceposts, is_updated, template_generation
from kplan.controllers.pods import is_available
from kplan.model.objects import Object, is_deleting, name_of


@dataclass(slots=True)
class Changes:
    """Pods to delete and nodes that are to get a pod."""

    delete: list[Object] = field(default_factory=list)
    create: list[str] = field(default_factory=list)


def rolling_update(
    ds: Object, nodes: Sequence[Object], pods: Mapping[str, list[Object]], eligible: Eligibility, digest: str, now: float
) -> Changes:
    """What an update may do now within maxSurge and maxUnavailable."""
    wanted = [name_of(n) for n in nodes if eligible.of(n)[0]]
    surge, unavailable = fenceposts(ds, len(wanted))
    everywhere = {node: pods.get(node, []) for node in sorted({*pods, *wanted})}
    min_ready = ds["spec"].get("minReadySeconds") or 0

    def available(pod: Object) -> bool:
        return is_available(pod, min_ready, now)

    if surge == 0:
        return _replace(ds, everywhere, digest, unavailable, available)
    return _surge(ds, nodes, everywhere, digest, surge, len(wanted), eligible, available)


def _new_and_old(ds: Object, pods: list[Object], digest: str) -> tuple[Object | None, Object | None] | None:
    """The new and the old pod of a node; None where there are several of a kind."""
    generation = template_generation(ds)
    alive = [p for p in pods if not is_deleting(p)]
    new = [p for p in alive if is_updated(p, digest, generation)]
    old = [p for p in alive if not is_updated(p, digest, generation)]
    if len(new) > 1 or len(old) > 1:
        return None
    return (new[0] if new else None), (old[0] if old else None)


def _replace(
    ds: Object, pods: Mapping[str, list[Object]], digest: str, most: int, available: Callable[[Object], bool]
) -> Changes:
    """Delete old pods: those not available in any case, others while not too many nodes are without."""
    missing, at_once, candidates = 0, [], []
    for on_node in pods.values():
        pair = _new_and_old(ds, on_node, digest)
        if pair is None or (pair[0] is None) == (pair[1] is None):
            missing += 1
            continue
        new, old = pair
        if new is not None:
            missing += not available(new)
        elif old is not None and not available(old):
            at_once.append(old)
            missing += 1
        elif old is not None and missing < most:
            candidates.append(old)
    return Changes(delete=at_once + candidates[: max(0, most - missing)])


def _surge(
    ds: Object,
    nodes: Sequence[Object],
    pods: Mapping[str, list[Object]],
    digest: str,
    most: int,
    desired: int,
    eligible: Eligibility,
    available: Callable[[Object], bool],
) -> Changes:
    """Create new pods beside the old ones; an old one goes when the new one is available."""
    known = {name_of(n): n for n in nodes}
    out = Changes()
    leaving: list[Object] = []
    candidates: list[str] = []
    surging = usable = 0
    for node, on_node in pods.items():
        pair = _new_and_old(ds, on_node, digest)
        if pair is None:
            surging += 1
            continue
        new, old = pair
        current = old if old is not None else new
        usable += current is not None and available(current)
        if old is None:
            continue
        if new is not None:
            if available(new):
                out.delete.append(old)
            else:
                surging += 1
            continue
        runs = node in known and eligible.of(known[node])[0]
        if not available(old):
            if runs:
                out.create.append(node)
            else:
                out.delete.append(old)
        elif not runs:
            leaving.append(old)
        elif surging < most:
            candidates.append(node)
    out.delete += leaving[: max(0, usable - desired)]
    out.create += candidates[: max(0, most - surging)]
    return out
