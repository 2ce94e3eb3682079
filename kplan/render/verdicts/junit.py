"""JUnit XML: a suite a file, a case a resource."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from kplan.model.diagnostics import Diagnostic, Severity
from kplan.render.report import Report, subject_of
from kplan.validation.verdict import ERROR, INVALID, SKIPPED, Verdict

_UNFIT = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters XML cannot carry; a carriage return would come back as a line feed."""
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}

Element = ElementTree.Element


def render(report: Report) -> str:
    """As CI systems read it."""
    root = Element("testsuites", name="kplan")
    suites: dict[str, Element] = {}
    for file, case in _cases(report):
        suite = suites.get(file)
        if suite is None:
            suite = suites[file] = ElementTree.SubElement(root, "testsuite", name=_clean(file))
        suite.append(case)
    for suite in suites.values():
        _count(suite, list(suite))
    _count(root, [case for suite in suites.values() for case in suite])
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _cases(report: Report) -> Iterator[tuple[str, Element]]:
    for v in report.verdicts:
        yield v.file, _judged(v)
    for d in report.loaded.diagnostics:
        if d.severity is Severity.ERROR:
            yield d.at.file if d.at else "", _unread(d)


def _judged(v: Verdict) -> Element:
    case = _case(f"{v.kind} {v.name}", f"{v.kind}@{v.api_version}", v.file)
    said = [f"{d.at}: {d.severity}: {subject_of(d)}{d.message} [{d.code}]" + (f"\n  = {d.hint}" if d.hint else "") for d in v.diagnostics]
    if v.status == SKIPPED:
        ElementTree.SubElement(case, "skipped", message=_clean(v.message))
    elif v.status in (INVALID, ERROR):
        first = next((d.message for d in v.diagnostics if d.severity is Severity.ERROR), v.message)
        ElementTree.SubElement(case, "failure" if v.status == INVALID else "error", message=_clean(first)).text = _clean("\n".join(said))
    elif said:
        ElementTree.SubElement(case, "system-out").text = _clean("\n".join(said))
    return case


def _unread(d: Diagnostic) -> Element:
    file = d.at.file if d.at else ""
    case = _case(f"{file}:{d.at.line if d.at else 0}", d.code, file)
    ElementTree.SubElement(case, "error", message=_clean(d.message)).text = _clean(f"{d.at}: {d.message} [{d.code}]")
    return case


def _case(name: str, classname: str, file: str) -> Element:
    return Element("testcase", name=_clean(name), classname=_clean(classname), file=_clean(file))


def _count(suite: Element, cases: list[Element]) -> None:
    suite.set("tests", str(len(cases)))
    for tag, attribute in _COUNTED.items():
        suite.set(attribute, str(sum(case.find(tag) is not None for case in cases)))


def _clean(text: str) -> str:
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)
