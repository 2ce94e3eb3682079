"""JSON in the shape of kubeconform's ``-output json``, for scripts that read that.

Mirrors: kubeconform pkg/output/json.go
Differs: ``validationErrors`` also have the code, the line and the column; the summary is always there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from kplan.model.diagnostics import Diagnostic, Severity
from kplan.render.report import Report
from kplan.validation.verdict import ERROR, INVALID, SKIPPED, VALID, Verdict

_STATUSES = {VALID: "statusValid", INVALID: "statusInvalid", ERROR: "statusError", SKIPPED: "statusSkipped"}


def render(report: Report) -> str:
    """For machines that know kubeconform."""
    document = {"resources": [*_resources(report), *_files(report)], "summary": report.counts()}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _resources(report: Report) -> Iterator[dict[str, Any]]:
    for v in report.verdicts:
        if report.verbose or not v.is_well:
            errors = [d for d in v.diagnostics if d.severity is Severity.ERROR]
            found = [_error(d) for d in errors] if v.status == INVALID else []
            yield {
                **_resource(v.file, _STATUSES[v.status], _message(v, errors), v.kind, v.name, v.api_version),
                **({"validationErrors": found} if found else {}),
            }


def _files(report: Report) -> Iterator[dict[str, Any]]:
    for d in report.loaded.diagnostics:
        if d.severity is Severity.ERROR:
            yield _resource(d.at.file if d.at else "", "statusError", d.message)


def _resource(file: str, status: str, message: str, kind: str = "", name: str = "", version: str = "") -> dict[str, Any]:
    return {"filename": file, "kind": kind, "name": name, "version": version, "status": status, "msg": message}


def _message(v: Verdict, errors: list[Diagnostic]) -> str:
    return "" if v.is_well else v.message or "; ".join(d.message for d in errors)


def _error(d: Diagnostic) -> dict[str, Any]:
    place = {"line": d.at.line, "column": d.at.column} if d.at else {}
    return {"path": "".join(f"/{_escaped(str(step))}" for step in d.path), "msg": d.message, "code": d.code, **place}


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
