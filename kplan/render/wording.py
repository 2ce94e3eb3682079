"""How the plan's facts are put into few words: fields, values, names, counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from kplan.model.objects import Path, Ref
from kplan.plan.diff import ABSENT, FieldChange
from kplan.plan.masking import masked_fields
from kplan.plan.plan import Change

STYLES = {"+": "green", "~": "yellow", "-": "red", "-/+": "magenta", "!": "bold red", "=": "dim"}
FIELDS_SHOWN = 6
VALUE_WIDTH = 40
_QUOTED = re.compile(r'(Invalid value: )(\{.{80,}\}|"map\[.{80,}\]"|\[.{80,}\])(: )', re.DOTALL)
"""Whole objects that the server quotes, in Go's words."""
_OWN = frozenset((("metadata", "uid"), ("metadata", "creationTimestamp"), ("metadata", "deletionTimestamp"), ("metadata", "deletionGracePeriodSeconds"), ("metadata", "annotations", "deprecated.daemonset.template.generation")))


def told(path: Path) -> bool:
    """Whether a changed field says more than that there was a change: status, UIDs and times do not."""
    return path[0] != "status" and path not in _OWN and not str(path[-1]).endswith("controller-uid")


def of_consequence(path: Path) -> bool:
    """Whether a field that a controller changed is worth a word: its own bookkeeping is not."""
    return told(path) and path[:2] != ("metadata", "annotations")


def fields(change: Change, tells: Any = told) -> str:
    """``[~spec.replicas 4→6  +metadata.labels.tier]``."""
    shown = [f for f in masked_fields(change) if tells(f.path)]
    parts = [_field(f) for f in shown[:FIELDS_SHOWN]]
    if len(shown) > FIELDS_SHOWN:
        parts.append(f"… {len(shown) - FIELDS_SHOWN} more")
    return f"[{'  '.join(parts)}]" if parts else ""


def _field(change: FieldChange) -> str:
    if change.before is ABSENT:
        return f"+{change.text} {_value(change.after)}"
    if change.after is ABSENT:
        return f"-{change.text}"
    return f"~{change.text} {_value(change.before)}→{_value(change.after)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, Mapping | list):
        text = orjson.dumps(value).decode()
    else:
        text = "null" if value is None else str(value).replace("\n", "⏎")
    return text if len(text) <= VALUE_WIDTH else text[: VALUE_WIDTH - 1] + "…"


def brief(message: str) -> str:
    """A message without what the server quotes at length."""
    return _QUOTED.sub(r"\1…\3", message)


def alike(pairs: Iterable[tuple[str, Ref]]) -> list[tuple[str, list[Ref]]]:
    """Objects of which the same is said, together."""
    groups: dict[str, list[Ref]] = {}
    for words, ref in pairs:
        groups.setdefault(words, []).append(ref)
    return list(groups.items())


def names(refs: list[Ref]) -> str:
    """Up to three names, and how many more there are."""
    shown = ", ".join(str(r) for r in refs[:3])
    return shown if len(refs) <= 3 else f"{shown} and {len(refs) - 3} more"
