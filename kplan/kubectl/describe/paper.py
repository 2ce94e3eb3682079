"""What a description is written on: lines with tabs, which are put in columns when all is written.

Mirrors: staging/src/k8s.io/kubectl/pkg/describe/describe.go: prefixWriter, tabbedString; text/tabwriter (Go)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_GAP = 2

Cells = Sequence[str]


class Paper:
    """Takes text piece by piece. A level is two spaces in front."""

    __slots__ = ("_blocks", "_indent")

    def __init__(self) -> None:
        self._blocks: list[list[str]] = [[]]
        self._indent = 0

    def write(self, level: int, text: str) -> None:
        """Text behind its indentation; what terminals would obey is shown instead."""
        self._blocks[-1].append("  " * (level + self._indent) + text.replace("\x1b", "^[").replace("\r", "\\r"))

    def line(self, level: int, label: str, value: Any = None) -> None:
        """``Label:<tab>value``, or the label alone."""
        shown = "" if value is None else f"\t{value}"
        self.write(level, f"{label}:{shown}\n")

    def flush(self) -> None:
        """What follows has columns of its own."""
        self._blocks.append([])

    def nest(self, levels: int) -> None:
        """Indent everything that follows; with a negative number, less."""
        self._indent += levels

    def raw(self) -> str:
        """The text with its tabs."""
        return "".join("".join(block) for block in self._blocks)

    def text(self) -> str:
        """The text in columns."""
        return "".join(aligned("".join(block)) for block in self._blocks)


def aligned(text: str) -> str:
    """Text in columns: cells end with a tab, and those of neighbouring lines that both have them are equally wide."""
    lines = [line.split("\t") for line in text.split("\n")]
    out: list[str] = []
    _place(lines, 0, len(lines), [], out)
    return "\n".join(out)


def _place(lines: list[list[str]], begin: int, end: int, widths: list[int], out: list[str]) -> None:
    column, at = len(widths), begin
    first = begin
    while at < end:
        if column >= len(lines[at]) - 1:
            at += 1
            continue
        out.extend(_joined(line, widths) for line in lines[first:at])
        first = at
        while at < end and column < len(lines[at]) - 1:
            at += 1
        width = max(len(line[column]) + _GAP for line in lines[first:at])
        _place(lines, first, at, [*widths, width], out)
        first = at
    out.extend(_joined(line, widths) for line in lines[first:end])


def _joined(cells: Cells, widths: Sequence[int]) -> str:
    return "".join(cell.ljust(widths[i]) if i < len(widths) and i < len(cells) - 1 else cell for i, cell in enumerate(cells))
