"""Changes field by field: one block an object, one line a leaf."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from kplan.plan.diff import ABSENT
from kplan.plan.masking import LAST_APPLIED, masked, masked_fields
from kplan.plan.plan import Change, Plan, Symbol
from kplan.render.canvas import Canvas

_STYLES = {"+": "green", "~": "yellow", "-": "red", "-/+": "magenta", "!": "bold red"}


def render_fields(plan: Plan, *, color: bool = False) -> str:
    """The user's changes; nothing where there are none."""
    canvas = Canvas(color)
    for change in plan.changes:
        if change.symbol is not Symbol.UNCHANGED:
            canvas.row(change.symbol.value, _STYLES[change.symbol.value], str(change.ref), "", "")
            _block(canvas, change)
    return canvas.text()


def _block(canvas: Canvas, change: Change) -> None:
    if change.message:
        canvas.note(change.message, "red")
    if change.before is None and change.after is not None:
        for path, value in _leaves(masked(change.after) or {}, ""):
            canvas.note(f"+ {path}: {value}", "green")
        return
    for shown in masked_fields(change):
        if shown.path[0] == "status":
            continue
        if shown.before is not ABSENT:
            canvas.note(f"- {shown.text}: {_text(shown.before)}", "red")
        if shown.after is not ABSENT:
            canvas.note(f"+ {shown.text}: {_text(shown.after)}", "green")


_SERVERS_OWN = frozenset((LAST_APPLIED, "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "status"))


def _leaves(value: Any, path: str) -> list[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        return [x for k, v in value.items() if k not in _SERVERS_OWN for x in _leaves(v, f"{path}.{k}" if path else k)]
    if isinstance(value, list) and value:
        return [x for i, v in enumerate(value) for x in _leaves(v, f"{path}[{i}]")]
    return [(path, _text(value))]


def _text(value: Any) -> str:
    return value if isinstance(value, str) and "\n" not in value else orjson.dumps(value).decode()
