"""Secrets are never shown: their values become ``***``, and say only whether they changed.

The last-applied annotation of a Secret holds its values a second time and is masked as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from kplan.model.objects import Object
from kplan.model.secrets import LAST_APPLIED as LAST_APPLIED
from kplan.model.secrets import MASK, OPEN, mask_secret, values_of, without_values
from kplan.plan.diff import ABSENT, FieldChange
from kplan.plan.plan import Change


def masked(obj: Object | None) -> Object | None:
    """The object as it may be shown; the object itself where there is nothing to hide."""
    if obj is None or obj.get("kind") != "Secret":
        return obj
    return mask_secret(obj)


def masked_fields(change: Change) -> Iterator[FieldChange]:
    """The fields of a change as they may be shown: ``*** (before)`` and ``*** (after)`` for what a Secret holds."""
    if change.ref.kind != "Secret":
        yield from change.fields
        return
    values = values_of(change.before, change.after)
    for f in change.fields:
        if f.path[0] in OPEN:
            hidden = values if f.path[:2] == ("metadata", "annotations") else ()
            yield replace(f, before=without_values(f.before, hidden), after=without_values(f.after, hidden))
        else:
            whole = len(f.path) == 1
            yield replace(f, before=_side(f.before, "before", whole), after=_side(f.after, "after", whole))


def _side(value: Any, which: str, whole: bool) -> Any:
    """What stands for a value: of all values together their keys are told, of one of them nothing."""
    if value is ABSENT:
        return value
    if whole and isinstance(value, Mapping):
        return dict.fromkeys(value, f"{MASK} ({which})")
    return f"{MASK} ({which})"
