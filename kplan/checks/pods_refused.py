"""A workload has fewer pods than it asks for, because the API server refuses the others."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Ref, controller_of, get_in, group_kind, ref_of
from kplan.store.view import View

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
            said.setdefault(_root(subject.view, obj), f"{_missing(obj)} not created: {words}")
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


def _root(view: View, obj: Object) -> Ref:
    """Who stands at the top of the owners."""
    ref = ref_of(obj)
    owner = controller_of(obj)
    if owner is None:
        return ref
    above = view.get(Ref(group_kind(owner["apiVersion"], owner["kind"]), ref.namespace, owner["name"]))
    return _root(view, above) if above is not None else ref


CHECK = Check("KP502", "pods that the API server refuses", Severity.WARNING, run)
