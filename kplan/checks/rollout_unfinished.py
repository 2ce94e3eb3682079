"""A rollout that does not come to its end: pods of the new template are missing, and the plan knows why."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject, root_of
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Ref, get_in, ref_of
from kplan.plan.plan import Symbol

_WANTED = ("spec", "replicas")
_COUNTS = {
    "Deployment.apps": (_WANTED, "updatedReplicas", "availableReplicas"),
    "StatefulSet.apps": (_WANTED, "updatedReplicas", "availableReplicas"),
    "DaemonSet.apps": (("status", "desiredNumberScheduled"), "updatedNumberScheduled", "numberAvailable"),
}
"""By kind: where it says how many pods there shall be, and its counts of new and of available ones."""


def run(subject: Subject) -> Iterator[Finding]:
    """Every workload whose template or size the plan changes."""
    touched = {c.ref: c for c in subject.plan.changes if c.symbol not in (Symbol.REFUSED, Symbol.UNCHANGED, Symbol.DELETE)}
    for ref, change in touched.items():
        workload = subject.view.get(ref)
        if ref.kind not in _COUNTS or workload is None or get_in(workload, ("spec", "paused")):
            continue
        if change.before is not None and not any(f.path[0] == "spec" for f in change.fields):
            continue
        if said := _unfinished(workload, ref.kind):
            reason = _reason(subject, ref)
            if reason or not _refused(subject, workload):
                yield Finding(ref, f"the rollout does not finish: {said}{reason}")


def _unfinished(workload: Object, kind: str) -> str:
    """How many pods are new and available, where not all of them are; of what is deliberately held back, nothing."""
    wanted_at, updated_field, available_field = _COUNTS[kind]
    wanted = int(get_in(workload, wanted_at) or 0)
    updated, available = (int(get_in(workload, ("status", f)) or 0) for f in (updated_field, available_field))
    held = get_in(workload, ("spec", "updateStrategy", "type")) == "OnDelete" or get_in(workload, ("spec", "updateStrategy", "rollingUpdate", "partition"))
    if updated < wanted and not held:
        return f"{updated} of {wanted} pods are updated"
    return f"{available} of {wanted} pods are available" if available < wanted else ""


def _reason(subject: Subject, workload: Ref) -> str:
    """What stands in the way of the first of its pods that has a problem."""
    for stuck, word in ((subject.plan.unscheduled, "stays Pending"), (subject.plan.waiting, "cannot start")):
        for pod in stuck:
            obj = subject.view.get(pod.ref)
            if obj is not None and root_of(subject.view, obj) == workload:
                words = f"{pod.reason}: {pod.message}" if pod in subject.plan.waiting and pod.message else pod.message or pod.reason
                return f"; {pod.ref} {word}: {words.partition('. ')[0]}"
    return ""


def _refused(subject: Subject, workload: Object) -> bool:
    """Whether the API server refuses its pods, which is another check's finding."""
    if any(c.get("reason") == "ReplicaSetCreateError" for c in get_in(workload, ("status", "conditions")) or []):
        return True
    owners = (subject.view.get(e.ref) for e in subject.plan.events if e.reason == "FailedCreate")
    return any(root_of(subject.view, o) == ref_of(workload) for o in owners if o is not None)


CHECK = Check("KP601", "a rollout that does not finish", Severity.WARNING, run)
