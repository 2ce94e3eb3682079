"""The contract of checks: findings about a plan that is otherwise fine.

A check is one module in this folder, named after what it finds, with a constant ``CHECK``; nothing lists them.  It sees
the plan, the cluster as it will be, and the cluster as it was, and yields diagnostics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kplan.model.diagnostics import Diagnostic, Location, Severity
from kplan.model.objects import Object, Path, Ref
from kplan.plan.plan import Plan
from kplan.store.view import View


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked. ``before`` is the cluster before the user's first write; ``origins`` where the user wrote what."""

    plan: Plan
    view: View
    before: Mapping[Ref, Object]
    origins: Mapping[Ref, Location]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of a check."""

    ref: Ref
    message: str
    hint: str = ""
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its stable code, what it is about in a line, how much it matters."""

    code: str
    title: str
    severity: Severity
    run: Callable[[Subject], Iterable[Finding]]


def run_checks(checks: Iterable[Check], subject: Subject) -> list[Diagnostic]:
    """The findings of all checks, by code."""
    found = []
    for check in sorted(checks, key=lambda c: c.code):
        for f in check.run(subject):
            at = subject.origins.get(f.ref)
            found.append(Diagnostic(check.code, check.severity, f"{f.ref}: {f.message}", f.ref, f.path, None, f.hint, at))
    return found
