"""A changed template that pods do not take on, because the workload is told to wait, or is of a kind that never updates its pods."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Path, Ref, controller_of, get_in, ref_of
from kplan.model.wording import count
from kplan.plan.plan import Change, Symbol

_STRATEGY: Path = ("spec", "updateStrategy")
_PARTITION: Path = (*_STRATEGY, "rollingUpdate", "partition")
_NEVER = ("ReplicaSet.apps", "ReplicationController")
_BY_HAND = "delete the pods one by one: the new ones have the new template"


def run(subject: Subject) -> Iterator[Finding]:
    """Every workload whose template the user changes, where old pods stay as they are."""
    for change in subject.plan.changes:
        if change.symbol is not Symbol.UPDATE or not any(f.at[:2] == ("spec", "template") for f in change.fields):
            continue
        workload = subject.view.get(change.ref)
        if workload is not None and (stays := _pods(subject, change)):
            yield from _held(change.ref, workload, stays)


def _held(ref: Ref, workload: Object, pods: int) -> Iterator[Finding]:
    keep = f"{count(pods, 'pod')} keep{'s' if pods == 1 else ''} the old template"
    if ref.kind == "Deployment.apps" and get_in(workload, ("spec", "paused")):
        yield Finding(ref, f"is paused: {keep} until it is resumed", f"kubectl rollout resume deployment/{ref.name}", ("spec", "paused"))
    elif ref.kind in _NEVER:
        yield Finding(ref, f"{keep}: a {ref.short_kind} never updates the pods it has", f"{_BY_HAND}; a Deployment does so by itself", ("spec", "template"))
    elif get_in(workload, (*_STRATEGY, "type")) == "OnDelete":
        yield Finding(ref, f"{keep}: its updateStrategy is OnDelete", _BY_HAND, (*_STRATEGY, "type"))
    elif ref.kind == "StatefulSet.apps" and (partition := get_in(workload, _PARTITION)):
        yield Finding(ref, f"only pods from ordinal {partition} on are updated", "lower the partition step by step", _PARTITION)


def _pods(subject: Subject, change: Change) -> int:
    """How many pods were there before and still are, of the workload or its ReplicaSets."""
    assert change.before is not None
    uid = change.before["metadata"].get("uid")
    uids = {uid} | {r["metadata"].get("uid") for r in subject.view.objects("ReplicaSet.apps", change.ref.namespace) if _owner(r) == uid}
    return sum(_owner(p) in uids and ref_of(p) in subject.before for p in subject.view.objects("Pod", change.ref.namespace))


def _owner(obj: Object) -> object:
    owner = controller_of(obj)
    return owner.get("uid") if owner is not None else None


CHECK = Check("KP606", "a changed template that old pods do not take on", Severity.INFO, run)
