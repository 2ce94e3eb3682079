"""What became of a document, and the closing line over all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kplan.load.documents import Document, Skipped
from kplan.model.diagnostics import Diagnostic, Severity
from kplan.model.objects import Ref

VALID, INVALID, ERROR, SKIPPED = "valid", "invalid", "error", "skipped"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one document; of one without findings the document itself may have been let go."""

    document: Document | None
    file: str
    status: str
    diagnostics: tuple[Diagnostic, ...] = ()
    kind: str = ""
    name: str = ""
    api_version: str = ""
    message: str = ""
    ref: Ref | None = None
    """The object as it would be stored; None of one that is not, and of one whose name the server draws."""

    @property
    def is_well(self) -> bool:
        """Whether nothing was refused."""
        return self.status in (VALID, SKIPPED)


def counted(verdicts: Iterable[Verdict], skipped: Iterable[Skipped], diagnostics: Iterable[Diagnostic]) -> dict[str, int]:
    """Resources by status; files that could not be read are errors, what was left out is skipped."""
    n = Counter(v.status for v in verdicts)
    return {
        "valid": n[VALID],
        "invalid": n[INVALID],
        "errors": n[ERROR] + sum(d.severity is Severity.ERROR for d in diagnostics),
        "skipped": n[SKIPPED] + sum(1 for _ in skipped),
    }


def summary_line(counts: dict[str, int], files: int, *, stdin: bool = False) -> str:
    """kubeconform's closing line, which people grep for.

    Mirrors: kubeconform pkg/output/text.go
    """
    total = sum(counts.values())
    where = "parsing stdin" if stdin else f"in {files} file{'s' * (files > 1)}"
    said = ", ".join(f"{name.capitalize()}: {n}" for name, n in counts.items())
    return f"Summary: {total} resource{'s' * (total > 1)} found {where} - {said}"


def words_of(names: Sequence[str]) -> frozenset[str]:
    """The kinds that ``--skip`` and ``--reject`` name: each a comma-separated list."""
    return frozenset(word.strip() for names_ in names for word in names_.split(",") if word.strip())
