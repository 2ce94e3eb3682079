"""Nodes to JSON values: merge keys, aliases with a bound, keys as strings, duplicate keys noted.

Mirrors: go.yaml.in/yaml/v2 decode.go: decoder, sigs.k8s.io/yaml/yaml.go: convertToJSONableObject (1.36)
Differs: of keys that are equal only as strings (``1`` and ``"1"``) the last wins; which one wins in Go is left to chance.
"""

from __future__ import annotations

import math
import struct
from typing import Any

from kplan.load.cursor import YAMLError
from kplan.load.nodes import Node
from kplan.load.resolve import MERGE, ResolveError, resolve_plain, resolve_tagged
from kplan.model.gotext import go_syntax
from kplan.model.objects import Path

_RATIO_LOW, _RATIO_HIGH = 400_000, 4_000_000
_ANY = "interface {}"
"""What go-yaml decodes keys to."""


class ConversionError(Exception):
    """A document that is YAML but has no JSON form, in Go's words; ``node`` is where."""

    def __init__(self, problem: str, node: Node) -> None:
        super().__init__(problem)
        self.node = node


class Constructor:
    """Builds the value of one document; ``duplicates`` lists the paths of keys that were given more than once."""

    def __init__(self) -> None:
        self.duplicates: list[tuple[Path, Node]] = []
        self._path: list[str | int] = []
        self._open: set[int] = set()
        self._known: dict[int, tuple[Any, int]] = {}
        self._decoded = 1
        self._from_aliases = 0
        self._alias_depth = 0

    def value(self, node: Node) -> Any:
        """The JSON value of a node.

        Raises: YAMLError or ConversionError where kubectl would refuse it.
        """
        self._count(1)
        if node.kind == "scalar":
            return _scalar(node)
        if node.kind == "mapping":
            return self._mapping(node, {})
        if node.kind == "sequence":
            return self._sequence(node)
        return self._alias(node)

    def _count(self, nodes: int) -> None:
        self._decoded += nodes
        if self._alias_depth:
            self._from_aliases += nodes
            if self._from_aliases > 100 and self._decoded > 1000:
                if self._from_aliases / self._decoded > _allowed_ratio(self._decoded):
                    raise YAMLError("document contains excessive aliasing")

    def _sequence(self, node: Node) -> list[Any]:
        values = []
        self._path.append(0)
        for index, child in enumerate(node.children):
            self._path[-1] = index
            values.append(self.value(child))
        self._path.pop()
        return values

    def _mapping(self, node: Node, into: dict[str, Any]) -> dict[str, Any]:
        own: set[str] = set()
        children = iter(node.children)
        for key_node, value_node in zip(children, children, strict=True):
            if is_merge(key_node):
                self._merge(value_node, into)
                continue
            found = self.value(key_node)
            key = found if type(found) is str else _key(found, key_node, value_node, self)
            self._path.append(key)
            if key in own and not self._alias_depth:
                self.duplicates.append((tuple(self._path), key_node))
            own.add(key)
            into[key] = self.value(value_node)
            self._path.pop()
        return into

    def _merge(self, node: Node, into: dict[str, Any]) -> None:
        if node.kind == "sequence":
            for child in reversed(node.children):
                self._merge_mapping(child, into)
        else:
            self._merge_mapping(node, into)

    def _merge_mapping(self, node: Node, into: dict[str, Any]) -> None:
        if target_of(node).kind != "mapping":
            raise YAMLError("map merge requires map or sequence of maps as the value", node.line, node.column)
        into.update(self.value(node))

    def _alias(self, node: Node) -> Any:
        target = node.children[0]
        if id(target) in self._open:
            raise YAMLError(f"anchor '{node.value}' value contains itself", node.line, node.column)
        self._alias_depth += 1
        if id(target) in self._known:
            value, size = self._known[id(target)]
            self._count(size)
        else:
            before = self._decoded
            self._open.add(id(target))
            value = self.value(target)
            self._open.discard(id(target))
            self._known[id(target)] = value, self._decoded - before
        self._alias_depth -= 1
        return value


def _allowed_ratio(decoded: int) -> float:
    if decoded <= _RATIO_LOW:
        return 0.99
    if decoded >= _RATIO_HIGH:
        return 0.10
    return 0.99 - 0.89 * ((decoded - _RATIO_LOW) / (_RATIO_HIGH - _RATIO_LOW))


def target_of(node: Node) -> Node:
    """The node an alias stands for; any other node itself."""
    return node.children[0] if node.kind == "alias" else node


def is_merge(node: Node) -> bool:
    """Whether a key is the merge key."""
    return node.kind == "scalar" and node.value == "<<" and (node.plain or node.tag == MERGE)


def _scalar(node: Node) -> Any:
    if node.tag:
        try:
            value = resolve_tagged(node.tag, node.value)
        except ResolveError as refused:
            raise YAMLError(str(refused), node.line, node.column) from None
    else:
        value = resolve_plain(node.value) if node.plain else node.value
    if type(value) is float and not math.isfinite(value):
        raise ConversionError(f"json: unsupported value: {_go_float(value)}", node)
    return value


def key_of(node: Node) -> str:
    """The string a mapping's key becomes; for keys that were already constructed once."""
    target = target_of(node)
    value = _scalar(target)
    return value if isinstance(value, str) else _key(value, target, target, Constructor())


def _key(found: Any, key_node: Node, value_node: Node, constructor: Constructor) -> str:
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, int):
        return str(found)
    if isinstance(found, float):
        return _float32(found)
    if isinstance(found, dict | list):
        raise YAMLError(f"invalid map key: {go_syntax(found, _ANY)}", key_node.line, key_node.column)
    value = go_syntax(constructor.value(value_node), _ANY)
    raise ConversionError(f"unsupported map key of type: %!s(<nil>), key: <nil>, value: {value}", key_node)


def _float32(value: float) -> str:
    """The shortest text that is the same 32-bit float."""
    single = struct.pack("f", value)
    return next(text for digits in range(1, 18) if struct.pack("f", float(text := f"{value:.{digits}g}")) == single)


def _go_float(value: float) -> str:
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
