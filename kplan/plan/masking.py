"""Secrets are never shown: their values become ``***``, and say only whether they changed.

The last-applied annotation of a Secret holds its values a second time and is masked as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kplan.model.objects import Object
from kplan.model.secrets import LAST_APPLIED as LAST_APPLIED
from kplan.model.secrets import MASK, VALUES, mask_secret
from kplan.plan.diff import ABSENT, FieldChange


def masked(obj: Object | None) -> Object | None:
    """The object as it may be shown; the object itself where there is nothing to hide."""
    if obj is None or obj.get("kind") != "Secret":
        return obj
    return mask_secret(obj)


def mask_change(kind: str, change: FieldChange) -> FieldChange:
    """A field change as it may be shown: ``*** (before)`` and ``*** (after)`` for what a Secret holds."""
    if kind != "Secret" or (not change.path or change.path[0] not in VALUES):
        return change
    whole = len(change.path) == 1
    return replace(change, before=_side(change.before, "before", whole), after=_side(change.after, "after", whole))


def _side(value: Any, which: str, whole: bool) -> Any:
    """What stands for a value: of all values together their keys are told, of one of them nothing."""
    if value is ABSENT:
        return value
    if whole and isinstance(value, Mapping):
        return dict.fromkeys(value, f"{MASK} ({which})")
    return f"{MASK} ({which})"
