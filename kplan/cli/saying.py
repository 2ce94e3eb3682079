"""What kplan says beside its output, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kplan.load.documents import Loaded
    from kplan.model.diagnostics import Diagnostic


def say(line: str) -> None:
    """One line."""
    sys.stderr.write(f"{line}\n")


def say_findings(findings: Iterable[Diagnostic]) -> None:
    """Findings, a line each."""
    for d in findings:
        say(f"{f'{d.at}: ' if d.at else ''}{d.severity}: {d.message} [{d.code}]")


def say_no_such_object(target: str) -> None:
    """That what was asked for is not there."""
    say(f"error: {target}: no such object in the planned cluster")


def say_skipped(loaded: Loaded) -> None:
    """What was passed over."""
    for skipped in loaded.skipped:
        say(f"skipped {skipped.file}{f':{skipped.line}' if skipped.line else ''}: {skipped.reason}")


def say_nothing_found(filenames: Iterable[str]) -> None:
    """That there is nothing to work on."""
    say(f"error: no Kubernetes objects in {', '.join(filenames)}")
