"""A HorizontalPodAutoscaler and a manifest disagree about ``spec.replicas``: every apply starts the dispute again."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import get_in
from kplan.store.journal import Write

_AUTOSCALER = "horizontal-pod-autoscaler-controller"


def run(subject: Subject) -> Iterator[Finding]:
    """Every object whose replicas the user and then an autoscaler wrote; where autoscalers quarrel among themselves, KP603 says it."""
    written = {c.ref for c in subject.plan.changes if c.after is not None} - {o.ref for o in subject.plan.oscillations}
    last: dict[object, list[Write]] = {}
    for write in subject.plan.journal.writes:
        if write.ref in written and _replicas(write.before) != _replicas(write.after) and write.after is not None:
            last.setdefault(write.ref, []).append(write)
    for ref in sorted(written):
        writes = last.get(ref, [])
        if len(writes) > 1 and writes[-1].actor == _AUTOSCALER and any(w.actor == "kubectl" for w in writes[:-1]):
            quoted = ", then ".join(f"{w.actor}: {'' if w.before is None else _replicas(w.before)}→{_replicas(w.after)}" for w in writes[-2:])
            yield Finding(ref, f"the manifest and an autoscaler disagree on spec.replicas ({quoted})", "leave spec.replicas out of the manifest", ("spec", "replicas"))


def _replicas(obj: object) -> object:
    return get_in(obj, ("spec", "replicas"))


CHECK = Check("KP802", "a manifest and an autoscaler disagree on spec.replicas", Severity.WARNING, run)
