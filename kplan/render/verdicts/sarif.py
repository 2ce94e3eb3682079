"""SARIF 2.1.0, as code scanning reads it: rules with names and help, results with line and column."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson

from kplan.engine.discovery import discover
from kplan.model.codes import CODES, Code
from kplan.model.diagnostics import Diagnostic, Severity
from kplan.render.report import Report, subject_of

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def rules() -> list[tuple[str, Code]]:
    """Every code kplan can emit: those of the registry, and those of the checks, which name themselves."""
    checks = {c.code: Code(_camel(c.run.__module__), f"{c.title[:1].upper()}{c.title[1:]}.") for c in discover("kplan.checks", "CHECK")}
    return sorted((CODES | checks).items())


def _camel(module: str) -> str:
    return "".join(word.capitalize() for word in module.rpartition(".")[2].split("_"))


def render(report: Report) -> str:
    """One run; all rules are listed, so that a rule without results is known to be clean."""
    known = rules()
    numbers = {code: i for i, (code, _) in enumerate(known)}
    driver = {
        "name": "kplan",
        "version": report.version or "0",
        "informationUri": "https://github.com/kplan/kplan",
        "rules": [_rule(code, words) for code, words in known],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": [_result(d, numbers[d.code]) for d in report.findings()]}
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _rule(code: str, words: Code) -> dict[str, Any]:
    return {"id": code, "name": words.name, "shortDescription": {"text": words.about}, "help": {"text": words.about}}


def _result(d: Diagnostic, number: int) -> dict[str, Any]:
    out: dict[str, Any] = {
        "ruleId": d.code,
        "ruleIndex": number,
        "level": _LEVELS[d.severity],
        "message": {"text": subject_of(d) + d.message + (f" ({d.hint})" if d.hint else "")},
    }
    if d.at is not None:
        region = {"startLine": max(1, d.at.line), "startColumn": max(1, d.at.column)}
        out["locations"] = [{"physicalLocation": {"artifactLocation": {"uri": _uri(d.at.file)}, "region": region}}]
    return out


def _uri(file: str) -> str:
    """A path as a URI reference: relative ones stay relative, so that code scanning finds the file in the repository."""
    return ("file://" if file.startswith("/") else "") + quote(file.replace("\\", "/").removeprefix("./"))
