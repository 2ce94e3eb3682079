"""Workflow commands: annotations at the lines of a pull request.

Mirrors: the toolkit's escaping of workflow commands (actions/toolkit packages/core/src/command.ts)
"""

from __future__ import annotations

from kplan.model.diagnostics import Severity
from kplan.render.report import Report, subject_of

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report) -> str:
    """``::error file=…,line=…,col=…,title=…::message``, one a finding."""
    lines = []
    for d in report.findings():
        where = {"file": d.at.file, "line": d.at.line, "col": d.at.column} if d.at else {}
        properties = ",".join(f"{k}={_property(str(v))}" for k, v in {**where, "title": f"kplan {d.code}"}.items() if v)
        lines.append(f"::{_LEVELS[d.severity]} {properties}::{_message(subject_of(d) + d.message)}")
    return "".join(f"{line}\n" for line in lines)


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
