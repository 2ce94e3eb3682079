"""What tables of all kinds are made of.

Mirrors: pkg/printers/internalversion/printers.go, staging/src/k8s.io/apimachinery/pkg/util/duration/duration.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kplan.model.instants import read_instant
from kplan.model.objects import Object, get_in
from kplan.model.selectors import from_label_selector

NONE, UNSET, UNKNOWN = "<none>", "<unset>", "<unknown>"

Cells = Callable[[Object, float], Sequence[Any]]
"""The cells of an object at an instant, those of wide columns included."""
WideCells = Callable[[Object, float, bool], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Columns:
    """The table of a kind. ``heads`` are split at ``|``; a head with ``*`` is shown with ``-o wide`` only."""

    heads: str
    cells: Cells | WideCells
    widens: bool = False
    """Whether cells differ where the table is wide; they are then told."""

    def names(self, wide: bool) -> list[str]:
        """The heads of the columns."""
        return [h.rstrip("*") for h in self.heads.split("|") if wide or not h.endswith("*")]

    def row(self, obj: Object, now: float, wide: bool) -> list[str]:
        """The cells of an object."""
        made: Any = self.cells
        found = made(obj, now, wide) if self.widens else made(obj, now)
        heads = self.heads.split("|")
        return [cell_text(c) for c, h in zip(found, heads, strict=True) if wide or not h.endswith("*")]


def cell_text(value: Any) -> str:
    """A cell as it is printed: on one line."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    for at, char in enumerate(text):
        if char in "\f\n\r":
            return text[:at] + "..."
    return text


def human(seconds: float) -> str:
    """A duration with two figures or three: ``45s``, ``3m20s``, ``5h``, ``2d3h``."""
    s = int(seconds)
    if seconds < -1:
        return "<invalid>"
    if seconds < 0:
        return "0s"
    if s < 120:
        return f"{s}s"
    minutes, hours = s // 60, s // 3600
    if minutes < 10:
        return f"{minutes}m{s % 60}s" if s % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return f"{hours // 24}d{hours % 24}h" if hours % 24 else f"{hours // 24}d"
    days = hours // 24
    if hours < 24 * 365 * 2:
        return f"{days}d"
    if hours < 24 * 365 * 8:
        return f"{days // 365}y{days % 365}d" if days % 365 else f"{days // 365}y"
    return f"{days // 365}y"


def since(instant: str | None, now: float) -> str:
    """How long ago an instant was."""
    then = read_instant(instant)
    return UNKNOWN if then is None else human(now - then)


def age(obj: Object, now: float) -> str:
    """How old an object is."""
    return since(obj["metadata"].get("creationTimestamp"), now)


def name(obj: Object) -> str:
    """An object's name."""
    return str(obj["metadata"].get("name") or "")


def spec(obj: Object, *path: str | int, default: Any = None) -> Any:
    """A field of the spec."""
    found = get_in(obj, ("spec", *path))
    return default if found is None else found


def status(obj: Object, *path: str | int, default: Any = None) -> Any:
    """A field of the status."""
    found = get_in(obj, ("status", *path))
    return default if found is None else found


def labels_text(labels: Mapping[str, str] | None) -> str:
    """``a=b,c=d``, sorted; ``<none>`` where there is none."""
    return ",".join(f"{k}={v}" for k, v in sorted((labels or {}).items())) or NONE


def selector_text(selector: Mapping[str, Any] | None) -> str:
    """A label selector as text."""
    return str(from_label_selector(selector)) or NONE if selector is not None else NONE


def containers_of(template: Mapping[str, Any] | None) -> tuple[str, str]:
    """(names, images) of the containers of a pod template."""
    found = get_in(template or {}, ("spec", "containers")) or []
    return ",".join(c.get("name") or "" for c in found), ",".join(c.get("image") or "" for c in found)


def and_more(items: Iterable[str], most: int = 3) -> str:
    """The first few of a list, and how many more there are."""
    every = list(items)
    shown = ",".join(every[:most])
    return f"{shown} + {len(every) - most} more..." if len(every) > most else shown or UNSET


def condition(obj: Object, kind: str) -> Mapping[str, Any] | None:
    """The condition of a type."""
    return next((c for c in status(obj, "conditions", default=[]) if c.get("type") == kind), None)


def is_true(obj: Object, kind: str) -> bool:
    """Whether a condition holds."""
    found = condition(obj, kind)
    return found is not None and found.get("status") == "True"


def plain(*paths: str, heads: str) -> Columns:
    """A table of the name, fields as they are, and the age; of a field ``len:path`` how many it has."""

    def cells(obj: Object, now: float) -> list[Any]:
        return [name(obj), *(_plain(obj, p) for p in paths), age(obj, now)]

    return Columns(heads, cells)


def _plain(obj: Object, path: str) -> Any:
    counted, _, rest = path.rpartition(":")
    found = get_in(obj, rest.split("."))
    if counted:
        return len(found or ())
    return "" if found is None else found
