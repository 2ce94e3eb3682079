"""The nodes that had the same top score, kept small.

Of 30 000 pods each may have thousands of equals; their names would fill gigabytes.  A tie is one bit a node and a
reference to the list of all names, and gives out names when asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

from kplan.scheduler.framework import RowList


class Ties(Sequence[str]):
    """Names of equal nodes, in list order."""

    __slots__ = ("_bits", "_length", "_names")

    def __init__(self, names: Sequence[str], rows: RowList) -> None:
        self._names = names
        self._length = len(rows)
        mask = np.zeros(len(names), dtype=bool)
        mask[rows] = True
        self._bits: NDArray[np.uint8] = np.packbits(mask)

    def _rows(self) -> list[int]:
        found: list[int] = np.flatnonzero(np.unpackbits(self._bits, count=len(self._names))).tolist()
        return found

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._names[row] for row in self._rows()[index]]
        return self._names[self._rows()[index]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


def tied(names: Sequence[str], rows: RowList) -> Sequence[str]:
    """The names of equal nodes: a tuple where they are few."""
    return tuple(names[row] for row in rows.tolist()) if len(rows) <= 64 else Ties(names, rows)
