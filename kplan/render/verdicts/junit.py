"""JUnit XML: a suite a file, a case a resource."""

from __future__ import annotations

from xml.etree import ElementTree

from kplan.render.verdicts.report import Report
from kplan.validation import SKIPPED, VALID


def render(report: Report) -> str:
    """As CI systems read it."""
    counts = report.counts()
    root = ElementTree.Element(
        "testsuites", name="kplan", tests=str(len(report.verdicts) + report.errors), failures=str(counts["invalid"]), errors=str(counts["errors"])
    )
    for file in dict.fromkeys([v.file for v in report.verdicts] + [d.at.file for d in report.loaded.diagnostics if d.at]):
        _suite(root, report, file)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(root: ElementTree.Element, report: Report, file: str) -> None:
    verdicts = [v for v in report.verdicts if v.file == file]
    broken = [d for d in report.loaded.diagnostics if d.at and d.at.file == file]
    suite = ElementTree.SubElement(root, "testsuite", name=file, tests=str(len(verdicts) + len(broken)))
    for v in verdicts:
        case = ElementTree.SubElement(suite, "testcase", name=f"{v.kind} {v.name}", classname=f"{v.kind}@{v.api_version}", file=file)
        if v.status == SKIPPED:
            ElementTree.SubElement(case, "skipped", message=v.message)
        elif v.status != VALID:
            said = [f"{d.at}: {d.message} [{d.code}]" for d in v.diagnostics] or [v.message]
            tag = "failure" if v.status == "invalid" else "error"
            ElementTree.SubElement(case, tag, message=_clean(said[0])).text = _clean("\n".join(said))
    for d in broken:
        case = ElementTree.SubElement(suite, "testcase", name=f"{file}:{d.at.line if d.at else 0}", classname=d.code, file=file)
        ElementTree.SubElement(case, "error", message=_clean(d.message)).text = _clean(f"{d.at}: {d.message} [{d.code}]")


def _clean(text: str) -> str:
    """Without the characters XML cannot carry."""
    return "".join(c if c in "\t\n" or ord(c) >= 0x20 else "�" for c in text)
