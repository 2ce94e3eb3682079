"""SARIF 2.1.0, as code scanning reads it: rules with names and help, results with line and column."""

from __future__ import annotations

from typing import Any

import orjson

from kplan.model.diagnostics import Diagnostic, Severity
from kplan.render.verdicts.report import Report, subject_of

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
RULES = {
    "KP101": ("UnreadablePath", "A path that cannot be read."),
    "KP102": ("SyntaxError", "A syntax error in YAML or JSON."),
    "KP103": ("NotText", "A file that is not text."),
    "KP105": ("DuplicateKey", "A key given twice; kubectl takes the last one."),
    "KP106": ("WithoutKind", "A document without apiVersion or kind."),
    "KP107": ("NotAManifest", "A file named explicitly that holds no Kubernetes object."),
    "KP108": ("NothingToLoad", "There is nothing to load."),
    "KP109": ("MetadataType", "Metadata of a wrong type."),
    "KP201": ("UnknownField", "A field the API does not know, or one given twice."),
    "KP202": ("WrongType", "A value of a wrong type."),
    "KP203": ("RequiredField", "A required field is missing."),
    "KP204": ("UnsupportedValue", "A value outside a closed set."),
    "KP205": ("WrongFormat", "A text of a wrong format."),
    "KP206": ("OutOfRange", "A number out of range."),
    "KP210": ("UnknownKind", "A kind that the chosen Kubernetes does not serve."),
    "KP301": ("Invalid", "A value the API server refuses."),
    "KP302": ("ServerWarning", "A warning the API server would send."),
    "KP401": ("DefinedTwice", "An object given twice."),
    "KP501": ("Refused", "A request the API server refuses."),
}


def render(report: Report) -> str:
    """One run."""
    findings = list(report.findings())
    codes = sorted({d.code for d in findings})
    driver = {
        "name": "kplan",
        "version": report.version or "0",
        "informationUri": "https://github.com/kplan/kplan",
        "rules": [_rule(code) for code in codes],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": [_result(d, codes) for d in findings]}
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _rule(code: str) -> dict[str, Any]:
    name, words = RULES.get(code, (code, "A finding of kplan."))
    return {"id": code, "name": name, "shortDescription": {"text": words}, "help": {"text": words}}


def _result(d: Diagnostic, codes: list[str]) -> dict[str, Any]:
    out: dict[str, Any] = {
        "ruleId": d.code,
        "ruleIndex": codes.index(d.code),
        "level": _LEVELS[d.severity],
        "message": {"text": subject_of(d) + d.message + (f" ({d.hint})" if d.hint else "")},
    }
    if d.at is not None:
        region = {"startLine": max(1, d.at.line), "startColumn": max(1, d.at.column)}
        out["locations"] = [{"physicalLocation": {"artifactLocation": {"uri": d.at.file}, "region": region}}]
    return out
