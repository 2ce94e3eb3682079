"""The contract of checks: findings about a plan that is otherwise fine.

A check is one module in this folder, named after what it finds, with a constant ``CHECK``; nothing lists them.  It sees
the plan, the cluster as it will be, and the cluster as it was, and yields diagnostics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kplan.load.documents import Document
from kplan.model.diagnostics import Diagnostic, Severity
from kplan.model.objects import Object, Path, Ref, controller_of, group_kind, ref_of
from kplan.plan.plan import Plan
from kplan.store.view import View


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked. ``before`` is the cluster before the user's first write; ``manifests`` what the user wrote."""

    plan: Plan
    view: View
    before: Mapping[Ref, Object]
    manifests: Mapping[Ref, Document]


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
            document = subject.manifests.get(f.ref)
            at = None if document is None else document.locate(f.path)
            found.append(Diagnostic(check.code, check.severity, f"{f.ref}: {f.message}", f.ref, f.path, document, f.hint, at))
    return found


def root_of(view: View, obj: Object) -> Ref:
    """Who stands at the top of an object's owners; itself where nobody owns it."""
    ref = ref_of(obj)
    owner = controller_of(obj)
    if owner is None:
        return ref
    above = view.get(Ref(group_kind(owner["apiVersion"], owner["kind"]), ref.namespace, owner["name"]))
    return root_of(view, above) if above is not None else ref
