"""Where a value stands in a YAML text."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from kplan.load.construct import ConversionError, is_merge, key_of, target_of
from kplan.load.cursor import YAMLError
from kplan.load.nodes import Node, parse_document
from kplan.load.scanner import Scanner
from kplan.model.objects import Path

_PREAMBLE = frozenset(("version", "tag-directive", "document-start"))


class Place(NamedTuple):
    """Where a value's key begins and where the value does, lines and columns from 0.

    A list's item is its own key. ``missing``: the value is not there, this is its nearest parent.
    """

    key_line: int
    key_column: int
    line: int
    column: int
    missing: bool = False


def find_place(text: str, path: Path) -> Place:
    """The place of the value at a path, or of its nearest parent that exists."""
    if not path and (place := _beginning(text)) is not None:
        return place
    node = _nodes(text)
    if node is None:
        return Place(0, 0, 0, 0, missing=True)
    place = Place(node.line, node.column, node.line, node.column)
    for step in path:
        found = _step(target_of(node), step)
        if found is None:
            return place._replace(missing=True)
        key, node = found
        place = Place(key.line, key.column, node.line, node.column)
    return place


def _beginning(text: str) -> Place | None:
    """Where a mapping or a list that is a whole document begins: the rest need not be read for that."""
    tokens = Scanner(text)
    try:
        while (token := tokens.peek()).kind in _PREAMBLE:
            tokens.skip()
    except YAMLError:
        return None
    begins = token.kind in ("block-mapping", "block-sequence")
    return Place(token.line, token.column, token.line, token.column) if begins else None


@lru_cache(maxsize=8)
def _nodes(text: str) -> Node | None:
    try:
        return parse_document(text)
    except YAMLError:
        return None


def _step(node: Node, step: str | int) -> tuple[Node, Node] | None:
    if node.kind == "sequence":
        if isinstance(step, int) and 0 <= step < len(node.children):
            return node.children[step], node.children[step]
        return None
    if node.kind != "mapping":
        return None
    pairs = list(zip(node.children[::2], node.children[1::2], strict=True))
    merges = [value for key, value in pairs if is_merge(key)]
    for key, value in reversed(pairs):
        if not is_merge(key) and _name(key) == step:
            return key, value
    return next((found for value in merges if (found := _in_merge(target_of(value), step))), None)


def _in_merge(node: Node, step: str | int) -> tuple[Node, Node] | None:
    if node.kind == "mapping":
        return _step(node, step)
    return next((found for child in node.children if (found := _step(target_of(child), step))), None)


def _name(key: Node) -> str | None:
    try:
        return key_of(key)
    except (YAMLError, ConversionError):
        return None
