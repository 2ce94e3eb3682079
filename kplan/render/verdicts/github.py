"""What is wrong with manifests, as annotations of a pull request."""

from __future__ import annotations

from kplan.render.annotations import annotation
from kplan.render.report import Report, subject_of


def render(report: Report) -> str:
    """One annotation a finding."""
    return "".join(annotation(d, subject_of(d) + d.message) for d in report.findings())
