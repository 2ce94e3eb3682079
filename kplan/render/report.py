"""What a format is given: everything that was loaded and judged, and what was asked of the output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kplan.load.documents import Document, Loaded
from kplan.model.diagnostics import Diagnostic
from kplan.validation.verdict import Verdict, counted, summary_line


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
        return all(v.is_well for v in self.verdicts)

    def closing(self) -> str:
        """kubeconform's summary line."""
        return summary_line(self.counts(), self.loaded.files, stdin=self.stdin)

    def counts(self) -> dict[str, int]:
        """Resources by status; files that could not be read are errors, what was left out is skipped."""
        return counted(self.verdicts, self.loaded.skipped, self.loaded.diagnostics)


def excerpt_of(d: Diagnostic) -> list[str]:
    """The line of the source a finding is about, with a caret; nothing of a Secret, whose lines are nobody's business."""
    if not isinstance(d.origin, Document) or d.at is None or not d.at.line or d.origin.object.get("kind") == "Secret":
        return []
    return d.origin.excerpt(d.at, around=0).splitlines()


def subject_of(d: Diagnostic) -> str:
    """``Deployment shop/web: `` where a finding is about an object with a name, else ""."""
    return f"{d.ref}: " if d.ref and d.ref.name else ""
