"""Test Anything Protocol: one test a resource, with kubeconform's descriptions."""

from __future__ import annotations

from kplan.model.diagnostics import Severity
from kplan.render.report import Report, subject_of
from kplan.validation.verdict import SKIPPED, VALID


def render(report: Report) -> str:
    """TAP version 13."""
    broken = [(d.at.file if d.at else "input", d.message) for d in report.loaded.diagnostics if d.severity is Severity.ERROR]
    lines = ["TAP version 13", f"1..{len(report.verdicts) + len(broken)}"]
    for n, v in enumerate(report.verdicts, start=1):
        what = f"{v.file} ({v.api_version}/{v.kind}//{v.name})"
        if v.status == SKIPPED:
            lines.append(f"ok {n} - {what} # SKIP {v.message}".rstrip())
        elif v.status == VALID:
            lines.append(f"ok {n} - {what}")
        else:
            lines.append(f"not ok {n} - {what}: {'; '.join(d.message for d in v.diagnostics) or v.message}")
            lines += [f"# {d.at}: {subject_of(d)}{d.message} [{d.code}]" for d in v.diagnostics if d.at]
    lines += [f"not ok {n} - {file}: {message}" for n, (file, message) in enumerate(broken, start=len(report.verdicts) + 1)]
    return "".join(f"{' '.join(line.splitlines())}\n" for line in lines)
