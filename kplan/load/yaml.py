"""YAML as Kubernetes reads it: the everyday subset quickly, everything else exactly.

Two readers, one meaning: ``lines`` takes only what it surely understands and declines the rest; ``scanner``, ``nodes``
and ``construct`` read everything go-yaml reads and refuse, in its words, what it refuses.

Mirrors: sigs.k8s.io/yaml/yaml.go: YAMLToJSON (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.load.construct import Constructor, ConversionError
from kplan.load.cursor import YAMLError
from kplan.load.lines import Declined, read_lines
from kplan.load.nodes import parse_document
from kplan.model.objects import Path

Duplicate = tuple[Path, int, int]
"""A repeated key: its path, line and column (from 0)."""


class YAMLRefused(Exception):
    """A document kubectl does not read: its words, and line and column from 0 (-1 when nowhere)."""

    def __init__(self, problem: str, line: int, column: int) -> None:
        super().__init__(problem)
        self.problem, self.line, self.column = problem, line, column


def read_yaml(text: str) -> tuple[Any, tuple[Duplicate, ...]]:
    """The JSON value of a YAML document, and the keys it gives more than once (the last one won).

    Raises: YAMLRefused where kubectl would not read it.
    """
    try:
        return read_lines(text), ()
    except Declined:
        return read_exactly(text)


def read_exactly(text: str) -> tuple[Any, tuple[Duplicate, ...]]:
    """What :func:`read_yaml` returns, by the exact reader alone."""
    constructor = Constructor()
    try:
        node = parse_document(text)
        value = None if node is None else constructor.value(node)
    except YAMLError as refused:
        raise YAMLRefused(str(refused), refused.line, refused.column) from None
    except ConversionError as refused:
        raise YAMLRefused(str(refused), refused.node.line, refused.node.column) from None
    return value, tuple((path, key.line, key.column) for path, key in constructor.duplicates)
