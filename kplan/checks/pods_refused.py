"""A workload has fewer pods than it asks for, because the API server refuses the others."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject, root_of
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Ref, get_in, ref_of
from kplan.model.wording import count
from kplan.plan.faults import remedy

_REFUSED, _CREATED = "FailedCreate", "SuccessfulCreate"
_ELSE = "see which policy refuses, and change the template until it accepts it"


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
            root = root_of(subject.view, obj)
            said.setdefault(root, f"{_missing(obj, subject.view.get(root))} not created: {words}")
    for deployment in subject.view.objects("Deployment.apps"):
        condition = next((c for c in get_in(deployment, ("status", "conditions")) or [] if c.get("reason") == "ReplicaSetCreateError"), None)
        if condition is not None and subject.before.get(ref_of(deployment)) is not deployment:
            said.setdefault(ref_of(deployment), f"its ReplicaSet is not created: {condition['message']}")
    for ref in sorted(said):
        yield Finding(ref, said[ref], remedy(said[ref]) or _ELSE)


def _missing(workload: Object, root: Object | None) -> str:
    """How many pods are missing, where the workload says how many there shall be; of a rollout, that it is the new ones."""
    wanted, there = get_in(workload, ("spec", "replicas")), get_in(workload, ("status", "replicas")) or 0
    if (others := (get_in(root, ("status", "replicas")) or 0) - there) > 0 and root is not workload:
        return f"the rollout does not go on ({count(others, 'old pod')} left): new pods are"
    if wanted is None or wanted <= there:
        return "some of its pods are"
    return f"{wanted - there} of {wanted} pods are"


CHECK = Check("KP502", "pods that the API server refuses", Severity.WARNING, run)
