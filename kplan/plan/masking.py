"""Secrets are never shown: their values become ``***``, and say only whether they changed.

The last-applied annotation of a Secret holds its values a second time and is masked as well.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kplan.model.objects import Object
from kplan.model.secrets import LAST_APPLIED as LAST_APPLIED
from kplan.model.secrets import MASK, VALUES, mask_secret
from kplan.plan.diff import FieldChange


def masked(obj: Object | None) -> Object | None:
    """The object as it may be shown; the object itself where there is nothing to hide."""
    if obj is None or obj.get("kind") != "Secret":
        return obj
    return mask_secret(obj)


def mask_change(kind: str, change: FieldChange) -> FieldChange:
    """A field change as it may be shown: ``*** (before)`` and ``*** (after)`` for what a Secret holds."""
    if kind != "Secret" or (not change.path or change.path[0] not in VALUES):
        return change
    return replace(change, before=_side(change.before, "before"), after=_side(change.after, "after"))


def _side(value: Any, which: str) -> Any:
    if isinstance(value, (str, bytes)):
        return f"{MASK} ({which})"
    if isinstance(value, dict):
        return dict.fromkeys(value, f"{MASK} ({which})")
    return value
