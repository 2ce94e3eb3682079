"""Findings with file:line:column and an excerpt each, then the summary line."""

from __future__ import annotations

from collections.abc import Iterable

from kplan.model.diagnostics import Diagnostic, Severity
from kplan.render.canvas import Canvas
from kplan.render.report import Report, excerpt_of, subject_of
from kplan.validation.verdict import SKIPPED, VALID

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "dim"}


def render(report: Report) -> str:
    """For people."""
    canvas = Canvas(report.color)
    for d in report.loaded.diagnostics:
        _finding(canvas, d)
    for s in report.loaded.skipped if report.verbose else ():
        canvas.line(f"{s.file}{f':{s.line}' if s.line else ''}: skipped: {s.reason}", "dim")
    for v in report.verdicts:
        for d in v.diagnostics:
            _finding(canvas, d)
        if report.verbose and v.status == VALID:
            canvas.line(f"{v.file} - {v.kind} {v.name} is valid", "dim")
        elif report.verbose and v.status == SKIPPED:
            canvas.line(f"{v.file} - {v.kind} {v.name} skipped: {v.message.removeprefix('skipped ')}", "dim")
    if not report.quiet or not report.all_well:
        canvas.line(report.closing(), "bold")
    return canvas.text()


def findings_text(findings: Iterable[Diagnostic], *, color: bool) -> str:
    """Only the findings."""
    canvas = Canvas(color)
    for d in findings:
        _finding(canvas, d)
    return canvas.text()


def _finding(canvas: Canvas, d: Diagnostic) -> None:
    where = f"{d.at}: " if d.at else ""
    canvas.line(f"{where}{d.severity}: {subject_of(d)}{d.message} [{d.code}]", _STYLES[d.severity])
    for line in excerpt_of(d):
        canvas.line(f"    {line}", "dim")
    if d.hint:
        canvas.line(f"    = {d.hint}", "cyan")
