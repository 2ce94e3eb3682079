"""What the user is told: one value a finding, located at the edge.

Families: KP1 load · KP2 schema · KP3 API validation · KP4 references · KP5 admission · KP6 controllers · KP7 scheduling ·
KP8 plan risk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from kplan.model.objects import Path, Ref


class Severity(IntEnum):
    """How much a finding matters; ordered."""

    INFO = 0
    WARNING = 1
    ERROR = 2

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Location:
    """A place in an input: file as given by the user, line and column counted from 1 (0: unknown)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file] + [str(n) for n in (self.line, self.column) if n]
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: a stable code, what it is about, where, and what to do."""

    code: str
    severity: Severity
    message: str
    ref: Ref | None = None
    path: Path = ()
    origin: object | None = None
    """The loaded document it speaks of (``kplan.load.Document``), which can locate ``path``."""
    hint: str = ""
    at: Location | None = None
    related: tuple[Diagnostic, ...] = field(default=())
