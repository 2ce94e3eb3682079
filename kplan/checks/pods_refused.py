"""A workload has fewer pods than it asks for, because the API server refuses the others."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject, root_of
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Ref, get_in, ref_of

_REFUSED, _CREATED = "FailedCreate", "SuccessfulCreate"
_HINT = "see which quota, limit range, Pod Security Standard or policy refuses, and make room or change the template"


def run(subject: Subject) -> Iterator[Finding]:
    """Every workload whose last attempt to create something, after the user's first change, was refused."""
    begun = min((c.cause for c in subject.plan.changes if c.cause), default=0)
    last: dict[Ref, tuple[str, str]] = {}
    for event in subject.plan.events:
        if event.reason in (_REFUSED, _CREATED) and event.seq >= begun:
            last[event.ref] = (event.reason, event.message)
    said: dict[Ref, str] = {}
    for ref, (reason, message) in last.items():
        if reason == _REFUSED and (obj := subject.view.get(ref)) is not None:
            words = message.removeprefix("Error creating: ")
            said.setdefault(root_of(subject.view, obj), f"{_missing(obj)} not created: {words}")
    for deployment in subject.view.objects("Deployment.apps"):
        condition = next((c for c in get_in(deployment, ("status", "conditions")) or [] if c.get("reason") == "ReplicaSetCreateError"), None)
        if condition is not None and subject.before.get(ref_of(deployment)) is not deployment:
            said.setdefault(ref_of(deployment), f"its ReplicaSet is not created: {condition['message']}")
    for ref in sorted(said):
        yield Finding(ref, said[ref], _HINT)


def _missing(workload: Object) -> str:
    """How many pods are missing, where the workload says how many there shall be."""
    wanted, there = get_in(workload, ("spec", "replicas")), get_in(workload, ("status", "replicas")) or 0
    if wanted is None or wanted <= there:
        return "some of its pods are"
    return f"{wanted - there} of {wanted} pods are"


CHECK = Check("KP502", "pods that the API server refuses", Severity.WARNING, run)
