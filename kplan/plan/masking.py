"""Secrets are never shown: their values become ``***``, and say only whether they changed.

The last-applied annotation of a Secret holds its values a second time and is masked as well.
"""

from __future__ import annotations

from typing import Any

from kplan.model.objects import Object, annotations_of
from kplan.plan.diff import FieldChange

MASK = "***"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def masked(obj: Object | None) -> Object | None:
    """The object as it may be shown; the object itself where there is nothing to hide."""
    if obj is None or obj.get("kind") != "Secret":
        return obj
    out: dict[str, Any] = dict(obj)
    for field in ("data", "stringData"):
        if obj.get(field):
            out[field] = dict.fromkeys(obj[field], MASK)
    if LAST_APPLIED in annotations_of(obj):
        notes = {**annotations_of(obj), LAST_APPLIED: MASK}
        out["metadata"] = {**obj["metadata"], "annotations": notes}
    return out


def mask_change(kind: str, change: FieldChange) -> FieldChange:
    """A field change as it may be shown: ``*** (before)`` and ``*** (after)`` for what a Secret holds."""
    if kind != "Secret" or change.path[:1] not in (("data",), ("stringData",)):
        return change
    return FieldChange(change.path, _side(change.before, "before"), _side(change.after, "after"))


def _side(value: Any, which: str) -> Any:
    if isinstance(value, (str, bytes)):
        return f"{MASK} ({which})"
    if isinstance(value, dict):
        return dict.fromkeys(value, f"{MASK} ({which})")
    return value
