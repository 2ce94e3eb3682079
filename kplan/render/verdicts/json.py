"""One versioned JSON document: ``resources`` with their findings, ``findings`` of files, ``skipped``, ``summary``."""

from __future__ import annotations

from typing import Any

import orjson

from kplan.model.diagnostics import Diagnostic
from kplan.render.report import Report

FORMAT_VERSION = "1.0"


def render(report: Report) -> str:
    """For machines."""
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
                "findings": [_finding(d) for d in v.diagnostics],
            }
            for v in report.verdicts
        ],
        "findings": [_finding(d) for d in report.loaded.diagnostics],
        "skipped": [{"filename": s.file, "line": s.line, "reason": s.reason} for s in report.loaded.skipped],
        "summary": {"resources": len(report.verdicts), "files": report.loaded.files, **report.counts()},
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _finding(d: Diagnostic) -> dict[str, Any]:
    at = {"file": d.at.file, "line": d.at.line, "column": d.at.column} if d.at else None
    return {"code": d.code, "severity": str(d.severity), "message": d.message, "path": list(d.path), "hint": d.hint, "at": at}
