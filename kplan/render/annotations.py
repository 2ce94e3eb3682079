"""Workflow commands: annotations at the lines of a pull request.

Mirrors: the toolkit's escaping of workflow commands (actions/toolkit packages/core/src/command.ts)
"""

from __future__ import annotations

from kplan.model.diagnostics import Diagnostic, Severity

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def annotation(d: Diagnostic, message: str) -> str:
    """``::error file=…,line=…,col=…,title=…::message`` of one finding."""
    where = {"file": d.at.file, "line": d.at.line, "col": d.at.column} if d.at else {}
    properties = ",".join(f"{k}={_property(str(v))}" for k, v in {**where, "title": f"kplan {d.code}"}.items() if v)
    return f"::{_LEVELS[d.severity]} {properties}::{_message(message)}\n"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
