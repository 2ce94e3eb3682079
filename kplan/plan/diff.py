"""What differs between two objects, as a list of leaf changes.

Subtrees that are the very same value (``is``) are skipped, so comparing two pods of one template costs microseconds.
Items of lists that have names are paired by name, as people read them: ``containers[web].image``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.model.objects import Object, Path
from kplan.model.pairing import naming_field, pairing

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "(absent)"})()
"""Stands for a value that is not there; null is a value."""

NOISE = frozenset(
    (
        ("metadata", "resourceVersion"),
        ("metadata", "generation"),
        ("metadata", "managedFields"),
        ("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"),
    )
)
"""Paths that change with every write and tell nobody anything."""


ORDER = "[order]"
"""The last step of the path of a list whose items, paired by name, stand in another order; its values are the names."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One leaf that differs. A side that is missing is ABSENT."""

    path: Path
    before: Any
    after: Any
    at: Path = ()
    """The path in the object as it is after, with the places of items in lists for their names."""

    @property
    def text(self) -> str:
        """The path as people read it."""
        return path_text(self.path)


def path_text(path: Path) -> str:
    """``spec.containers[web].image`` of (spec, containers, [web], image)."""
    out = ""
    for step in path:
        if isinstance(step, int):
            out += f"[{step}]"
        elif step.startswith("["):
            out += step
        elif "." in step or "/" in step:
            out += f"[{step}]"
        else:
            out += f".{step}" if out else step
    return out


def asked(stored: Any, wanted: Any) -> Any:
    """The stored value with everything in it that is asked for; what is not named stays."""
    if isinstance(stored, Mapping) and isinstance(wanted, Mapping):
        return {**stored, **{k: asked(stored.get(k, ABSENT), v) for k, v in wanted.items()}}
    if isinstance(stored, list) and isinstance(wanted, list):
        return [w if j is None else asked(stored[j], w) for j, w in zip(pairing(stored, wanted), wanted, strict=True)]
    return wanted


def changes(before: Object | None, after: Object | None, *, status: bool = False) -> list[FieldChange]:
    """The leaves that differ, noise left out, status only where asked for."""
    walked = _walk(before if before is not None else ABSENT, after if after is not None else ABSENT, (), ())
    return [c for c in walked if not _is_noise(c) and (status or c.path[:1] != ("status",))]


def _is_noise(change: FieldChange) -> bool:
    """Servers before 1.34 write out that a template was created at no time."""
    is_no_time = change.path[-2:] == ("metadata", "creationTimestamp") and all(v in (None, ABSENT) for v in (change.before, change.after))
    return change.path in NOISE or is_no_time


def _walk(a: Any, b: Any, path: Path, at: Path) -> Iterator[FieldChange]:
    if a is b or path in NOISE:
        return
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in [*a, *(k for k in b if k not in a)]:
            yield from _walk(a.get(key, ABSENT), b.get(key, ABSENT), (*path, key), (*at, key))
    elif isinstance(a, list) and isinstance(b, list):
        yield from _walk_lists(a, b, path, at)
    elif a != b or type(a) is not type(b):
        yield FieldChange(path, a, b, at)


def _walk_lists(a: list[Any], b: list[Any], path: Path, at: Path) -> Iterator[FieldChange]:
    name = naming_field(a, b)
    if name is None:
        for i in range(max(len(a), len(b))):
            yield from _walk(a[i] if i < len(a) else ABSENT, b[i] if i < len(b) else ABSENT, (*path, i), (*at, i))
        return
    ours, theirs = {str(x[name]): x for x in a}, {str(x[name]): x for x in b}
    places = {key: i for i, key in enumerate(theirs)}
    for key in [*ours, *(k for k in theirs if k not in ours)]:
        yield from _walk(ours.get(key, ABSENT), theirs.get(key, ABSENT), (*path, f"[{key}]"), (*at, places.get(key, 0)))
    if [k for k in ours if k in theirs] != [k for k in theirs if k in ours]:
        yield FieldChange((*path, ORDER), list(ours), list(theirs), at)
