"""Paths to fields as CustomResourceDefinitions write them: ``.spec.hosts['a.b']``.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go (ValidFieldPath) (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kplan.apiserver.customresources.schemas import Schema, has_values, properties_of, values_of
from kplan.apiserver.field import FieldPath

_TOKEN = re.compile(r"'(?:.*?[^\\])??'|[.\[\]]|[^.\[\]']+[^.\[\]]*|'.*", re.DOTALL)
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "'": "'", "\\": "\\"}
_UNKNOWN = "does not refer to a valid field"


class PathRefused(ValueError):
    """A path that leads nowhere; its text is the server's."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a path leads: the steps (name, whether it is a field rather than a map's key) and the schema there."""

    steps: tuple[tuple[str, bool], ...]
    schema: Schema

    def below(self, path: FieldPath) -> FieldPath:
        """The place under a path."""
        for i, (name, is_field) in enumerate(self.steps):
            path = path.child(name if is_field else f"[{name}]") if is_field or i == 0 else path.key(name)
        return path

    @property
    def text(self) -> str:
        """The path as the server writes it."""
        return "".join(f".{name}" if is_field else f"[{name}]" for name, is_field in self.steps).removeprefix(".")


def find_field(path: str, schema: Schema, *, keys: bool = True) -> Found:
    """Follow a path through a schema; ``keys`` allows ``['name']``.

    Raises: PathRefused.
    """
    tokens = _tokens(path)
    steps: list[tuple[str, bool]] = []
    for token in tokens:
        if token == "[":
            name = _key(tokens, keys)
        elif token == ".":
            name = _next(tokens)
        else:
            raise PathRefused(f"expected [ or . but got: {token}")
        is_field, schema = _enter(schema, name)
        steps.append((name, is_field))
        if token == "[" and (end := _next(tokens)) != "]":
            raise PathRefused(f"expected ] but got {end}")
    return Found(tuple(steps), schema)


def _tokens(path: str) -> Iterator[str]:
    return iter(_TOKEN.findall(path))


def _next(tokens: Iterator[str]) -> str:
    token = next(tokens, None)
    if token is None:
        raise PathRefused("unexpected end of JSON path")
    return token


def _key(tokens: Iterator[str], allowed: bool) -> str:
    if not allowed:
        raise PathRefused("array notation is not allowed")
    token = _next(tokens)
    if len(token) < 2 or token[0] != "'" or token[-1] != "'":
        raise PathRefused(f"expected single quoted string but got {token}")
    return re.sub(r"\\(.)", _unescaped, token[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    if match[1] not in _ESCAPES:
        raise PathRefused(f"invalid string literal: invalid escape char {match[0]}")
    return _ESCAPES[match[1]]


def _enter(schema: Schema, name: str) -> tuple[bool, Schema]:
    properties, values = properties_of(schema), values_of(schema)
    if properties:
        if name not in properties:
            raise PathRefused(_UNKNOWN)
        return True, properties[name]
    if not has_values(schema) or values is None:
        raise PathRefused(_UNKNOWN)
    return False, values
