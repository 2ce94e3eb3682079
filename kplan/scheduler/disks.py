"""Disks that cannot be mounted by two pods at a time.

Mirrors: pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go isVolumeConflict (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Source = Mapping[str, Any]


def _both_read_only(a: Source, b: Source) -> bool:
    return bool(a.get("readOnly")) and bool(b.get("readOnly"))


def _gce(a: Source, b: Source) -> bool:
    return a.get("pdName") == b.get("pdName") and not _both_read_only(a, b)


def _ebs(a: Source, b: Source) -> bool:
    return bool(a.get("volumeID") == b.get("volumeID"))


def _iscsi(a: Source, b: Source) -> bool:
    return a.get("iqn") == b.get("iqn") and not _both_read_only(a, b)


def _rbd(a: Source, b: Source) -> bool:
    if set(a.get("monitors") or ()).isdisjoint(b.get("monitors") or ()) or _both_read_only(a, b):
        return False
    return (a.get("pool") or "rbd", a.get("image")) == (b.get("pool") or "rbd", b.get("image"))


_CONFLICTS: dict[str, Callable[[Source, Source], bool]] = {
    "gcePersistentDisk": _gce,
    "awsElasticBlockStore": _ebs,
    "iscsi": _iscsi,
    "rbd": _rbd,
}


def is_disk(volume: Mapping[str, Any]) -> bool:
    """Whether a volume is such a disk."""
    return any(kind in volume for kind in _CONFLICTS)


def disks_conflict(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether two volumes are one disk that cannot be mounted twice."""
    return any(kind in a and kind in b and conflict(a[kind], b[kind]) for kind, conflict in _CONFLICTS.items())
