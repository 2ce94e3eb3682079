"""What a format is given: everything that was loaded and judged, and what was asked of the output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kplan.load.documents import Document, Loaded
from kplan.model.diagnostics import Diagnostic, Severity
from kplan.validation import ERROR, INVALID, SKIPPED, VALID, Verdict, summary_line


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one ``kplan validate``."""

    loaded: Loaded
    verdicts: Sequence[Verdict]
    version: str = ""
    color: bool = False
    verbose: bool = False
    quiet: bool = False
    stdin: bool = False

    def findings(self) -> Iterator[Diagnostic]:
        """All findings: of files first, then of objects in their order."""
        yield from self.loaded.diagnostics
        for verdict in self.verdicts:
            yield from verdict.diagnostics

    @property
    def all_well(self) -> bool:
        """Whether nothing was refused."""
        return all(v.status in (VALID, SKIPPED) for v in self.verdicts)

    def closing(self) -> str:
        """kubeconform's summary line."""
        return summary_line(self.verdicts, self.loaded.skipped, self.loaded.files, errors=self.errors, stdin=self.stdin)

    @property
    def errors(self) -> int:
        """How many files could not be read."""
        return sum(d.severity is Severity.ERROR for d in self.loaded.diagnostics)

    def counts(self) -> dict[str, int]:
        """Resources by status; files that could not be read are errors, what was left out is skipped."""
        n = Counter(v.status for v in self.verdicts)
        return {
            "valid": n[VALID],
            "invalid": n[INVALID],
            "errors": n[ERROR] + self.errors,
            "skipped": n[SKIPPED] + len(self.loaded.skipped),
        }


def excerpt_of(d: Diagnostic) -> list[str]:
    """The line of the source a finding is about, with a caret; nothing of a Secret, whose lines are nobody's business."""
    if not isinstance(d.origin, Document) or d.at is None or not d.at.line or d.origin.object.get("kind") == "Secret":
        return []
    return d.origin.excerpt(d.at, around=0).splitlines()


def subject_of(d: Diagnostic) -> str:
    """``Deployment shop/web: `` where a finding is about an object with a name, else ""."""
    return f"{d.ref}: " if d.ref and d.ref.name else ""
