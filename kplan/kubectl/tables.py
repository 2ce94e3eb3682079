"""Columns of text, padded as kubectl pads them.

Mirrors: staging/src/k8s.io/cli-runtime/pkg/printers/tabwriter.go, text/tabwriter (Go)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def columns(rows: Iterable[Sequence[str]], *, gap: int = 3, minimum: int = 0) -> list[str]:
    """Rows as lines: each column as wide as its widest cell and the gap; the last one is not padded."""
    table = [list(row) for row in rows]
    widths = [0] * max((len(row) for row in table), default=0)
    for row in table:
        for i, cell in enumerate(row[:-1]):
            widths[i] = max(widths[i], len(cell) + gap, minimum)
    return ["".join([cell.ljust(widths[i]) for i, cell in enumerate(row[:-1])] + row[-1:]) for row in table]
