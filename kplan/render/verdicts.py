"""The verdicts of ``kplan validate``: as text with source excerpts, and as versioned JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

from kplan.load.documents import Document, Loaded
from kplan.model.diagnostics import Diagnostic, Severity
from kplan.render.canvas import Canvas
from kplan.validation import SKIPPED, VALID, Verdict, summary_line

FORMAT_VERSION = "1.0"
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "dim"}


def text(loaded: Loaded, verdicts: Sequence[Verdict], *, color: bool, verbose: bool, quiet: bool, stdin: bool) -> str:
    """Findings with file:line:column and an excerpt each, then the summary line."""
    canvas = Canvas(color)
    for d in loaded.diagnostics:
        _finding(canvas, d)
    for s in loaded.skipped:
        if verbose:
            canvas.line(f"{s.file}{f':{s.line}' if s.line else ''}: skipped: {s.reason}", "dim")
    for v in verdicts:
        for d in v.diagnostics:
            _finding(canvas, d)
        if verbose and v.status in (VALID, SKIPPED):
            canvas.line(f"{v.file} - {v.kind} {v.name} is {v.status}", "dim")
    if not quiet or any(v.status not in (VALID, SKIPPED) for v in verdicts):
        canvas.line(closing(loaded, verdicts, stdin=stdin), "bold")
    return canvas.text()


def closing(loaded: Loaded, verdicts: Sequence[Verdict], *, stdin: bool) -> str:
    """The summary line."""
    errors = sum(d.severity is Severity.ERROR for d in loaded.diagnostics)
    return summary_line(verdicts, loaded.skipped, loaded.files, errors=errors, stdin=stdin)


def _finding(canvas: Canvas, d: Diagnostic) -> None:
    where = f"{d.at}: " if d.at else ""
    what = f"{d.ref}: " if d.ref and d.ref.name else ""
    canvas.line(f"{where}{d.severity}: {what}{d.message} [{d.code}]", _STYLES[d.severity])
    if isinstance(d.origin, Document) and d.at is not None and d.at.line:
        for line in d.origin.excerpt(d.at, around=0).splitlines():
            canvas.line(f"    {line}", "dim")
    if d.hint:
        canvas.line(f"    = {d.hint}", "cyan")


def json(loaded: Loaded, verdicts: Sequence[Verdict]) -> str:
    """One document: ``resources`` with their findings, ``findings`` of files, ``skipped``, ``summary``."""
    counts = Counter(v.status for v in verdicts)
    document = {
        "format_version": FORMAT_VERSION,
        "resources": [
            {
                "filename": v.file,
                "apiVersion": v.api_version,
                "kind": v.kind,
                "name": v.name,
                "status": v.status,
                "message": v.message,
                "findings": [_as_json(d) for d in v.diagnostics],
            }
            for v in verdicts
        ],
        "findings": [_as_json(d) for d in loaded.diagnostics],
        "skipped": [{"filename": s.file, "line": s.line, "reason": s.reason} for s in loaded.skipped],
        "summary": {
            "resources": len(verdicts),
            "files": loaded.files,
            "valid": counts[VALID],
            "invalid": counts["invalid"],
            "errors": counts["error"] + sum(d.severity is Severity.ERROR for d in loaded.diagnostics),
            "skipped": counts[SKIPPED] + len(loaded.skipped),
        },
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _as_json(d: Diagnostic) -> dict[str, Any]:
    at = {"file": d.at.file, "line": d.at.line, "column": d.at.column} if d.at else None
    return {"code": d.code, "severity": str(d.severity), "message": d.message, "path": list(d.path), "hint": d.hint, "at": at}
