"""Deletion: grace periods, finalizers, propagation.

Mirrors: staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go,
         staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go (Delete, deletionFinalizersForGarbageCollection),
         pkg/registry/core/{pod,namespace}/strategy.go, pkg/registry/core/namespace/storage/storage.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.apiserver.strategy import Strategy
from kplan.model.instants import write_instant
from kplan.model.objects import Object, finalizers_of, get_in, is_deleting

ORPHAN, FOREGROUND = "Orphan", "Foreground"
_FINALIZER = {ORPHAN: "orphan", FOREGROUND: "foregroundDeletion"}


def mark(obj: Object, strategy: Strategy, *, propagation: str, grace: int | None, now: float) -> Object | None:
    """The object as a delete leaves it: marked, unchanged (the same object), or None where it goes at once."""
    finalizers = _finalizers(finalizers_of(obj), propagation)
    seconds = _grace(obj, strategy, grace)
    held = bool(finalizers) or bool(get_in(obj, ("spec", "finalizers")) and obj["kind"] == "Namespace") or seconds > 0
    if not held:
        return None
    meta = dict(obj["metadata"])
    if finalizers != finalizers_of(obj):
        meta["finalizers"] = finalizers
    if is_deleting(obj):
        current = meta.get("deletionGracePeriodSeconds") or 0
        if grace is not None and seconds < current:
            meta["deletionGracePeriodSeconds"] = seconds
            meta["deletionTimestamp"] = write_instant(now + seconds)
            if seconds == 0 and not finalizers:
                return None
        return {**obj, "metadata": meta} if meta != obj["metadata"] else obj
    meta["deletionTimestamp"] = write_instant(now + seconds)
    meta["deletionGracePeriodSeconds"] = seconds
    if "generation" in meta:
        meta["generation"] += 1
    marked: dict[str, Any] = {**obj, "metadata": meta}
    if obj["kind"] == "Namespace":
        marked["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}
    return marked


def is_complete(obj: Object) -> bool:
    """Whether a marked object has nothing left to wait for, so that the update which freed it also removes it."""
    if not is_deleting(obj) or finalizers_of(obj):
        return False
    if obj["kind"] == "Namespace":
        return not get_in(obj, ("spec", "finalizers"))
    return not obj["metadata"].get("deletionGracePeriodSeconds")


def _grace(obj: Object, strategy: Strategy, grace: int | None) -> int:
    default = strategy.default_grace_period(obj)
    if default is None:
        return 0
    seconds = default if grace is None else max(0, grace)
    if obj["kind"] == "Pod":
        phase = get_in(obj, ("status", "phase"))
        if not get_in(obj, ("spec", "nodeName")) or phase in ("Failed", "Succeeded"):
            return 0
    return seconds


def _finalizers(current: list[str], propagation: str) -> list[str]:
    if not propagation:
        return current
    kept = [f for f in current if f not in _FINALIZER.values()]
    if propagation in _FINALIZER:
        kept.append(_FINALIZER[propagation])
    return kept if kept != current else current
