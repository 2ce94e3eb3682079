"""The Go structs behind the definitions: what error messages say and what is written when a field is empty.

A server does not publish this; it was read from the types' sources (see schemas/PROVENANCE.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import orjson


@dataclass(frozen=True, slots=True)
class GoField:
    """One field of a Go struct, as JSON sees it."""

    name: str
    type: str
    """As reflection prints it, without the pointer: ``string``, ``v1.PullPolicy``, ``[]v1.Container``."""
    pointer: bool = False
    omit: str = ""
    """``empty`` or ``zero`` where an empty value is not written, else ""."""
    embedded: str = ""
    """The embedded structs it comes through: ``ProbeHandler``, "" mostly."""


class GoStructs:
    """The structs of one minor by definition name; each is parsed when it is first asked for."""

    __slots__ = ("_lines", "_parsed")

    def __init__(self, text: bytes) -> None:
        self._lines: dict[bytes, bytes] = {}
        self._parsed: dict[str, tuple[GoField, ...]] = {}
        for line in text.split(b"\n"):
            name, colon, body = line.partition(b":")
            if colon:
                self._lines[name] = body

    def __getitem__(self, name: str) -> tuple[GoField, ...]:
        found = self._parsed.get(name)
        if found is None:
            body = self._lines.get(b'"' + name.encode() + b'"', b"[]")
            found = self._parsed[name] = tuple(map(_field, orjson.loads(body.rstrip(b","))))
        return found


_OMIT = {"o": "empty", "z": "zero"}


def _field(text: str) -> GoField:
    name, kind, *rest = text.split(" ")
    omit = next((_OMIT[r] for r in rest if r in _OMIT), "")
    return GoField(name, kind.lstrip("*"), kind.startswith("*"), omit, _embedded(rest))


def _embedded(rest: Iterable[str]) -> str:
    return next((r[1:] for r in rest if r.startswith("@")), "")
