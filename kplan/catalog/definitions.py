"""Definitions of the API's types: fields, their types, and how a patch merges them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Schema:
    """What one field, list item or map value may hold.

    ``type`` is one of object, array, string, integer, number, boolean, int-or-string, quantity, time, any.  An object with
    ``ref`` has the fields of that definition, one with ``values`` is a map of such values.
    """

    type: str
    format: str = ""
    """``int32 int64 double byte``; of a time ``time`` (seconds) or ``micro-time``."""
    ref: str = ""
    """The definition an object has the fields of; "" where it has none."""
    items: Schema | None = None
    values: Schema | None = None
    enum: tuple[str, ...] = ()
    default: Any = None
    """The default the schema declares; ``{}``, "", 0 and false say that Go's field is no pointer."""
    list_type: str = ""
    list_map_keys: tuple[str, ...] = ()
    merge_key: str = ""
    patch_strategies: tuple[str, ...] = ()
    map_type: str = ""
    preserve_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """A type with named fields."""

    name: str
    fields: Mapping[str, Schema]
    required: tuple[str, ...] = ()
    map_type: str = ""
    """``atomic`` where the fields belong together: whoever sets one owns all."""


class Definitions:
    """The definitions of one minor by name; each is parsed when it is first asked for.

    The text is a JSON object with one definition a line, so finding a definition is splitting lines.
    """

    __slots__ = ("_lines", "_parsed")

    def __init__(self, text: bytes) -> None:
        self._lines: dict[bytes, bytes] = {}
        self._parsed: dict[str, Definition] = {}
        for line in text.split(b"\n"):
            name, colon, body = line.partition(b":")
            if colon:
                self._lines[name] = body

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._lines

    def __getitem__(self, name: str) -> Definition:
        found = self._parsed.get(name)
        if found is None:
            body = self._lines[_key(name)]
            found = self._parsed[name] = definition(name, orjson.loads(body.rstrip(b",")))
        return found

    def names(self) -> tuple[str, ...]:
        """The names of all definitions."""
        return tuple(key[1:-1].decode() for key in self._lines)


def _key(name: str) -> bytes:
    return b'"' + name.encode() + b'"'


def definition(name: str, entry: Mapping[str, Any]) -> Definition:
    """The definition of one entry of ``definitions.json``."""
    fields = {field: _schema(inner) for field, inner in entry["fields"].items()}
    return Definition(name, MappingProxyType(fields), tuple(entry.get("required", ())), entry.get("map_type", ""))


_LISTS = ("enum", "list_map_keys", "patch_strategies")
_PLAIN: dict[str, Schema] = {}


def _schema(entry: dict[str, Any]) -> Schema:
    if len(entry) == 1:
        kind: str = entry["type"]
        return _PLAIN.get(kind) or _PLAIN.setdefault(kind, Schema(kind))
    for inner in ("items", "values"):
        if inner in entry:
            entry[inner] = _schema(entry[inner])
    for many in _LISTS:
        if many in entry:
            entry[many] = tuple(entry[many])
    return Schema(**entry)
