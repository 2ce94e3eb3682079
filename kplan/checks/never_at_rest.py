"""An object that never comes to rest: two parties, or one with itself, disagree about it and take turns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.plan.diff import changes
from kplan.store.journal import CREATE, Write

_AUTOSCALER = "horizontal-pod-autoscaler-controller"
_SHOWN = 2


def run(subject: Subject) -> Iterator[Finding]:
    """Every oscillation, with its last writes quoted."""
    for found in subject.plan.oscillations:
        yield Finding(found.ref, f"never comes to rest: {', then '.join(_said(w) for w in found.last)}", _hint(found.last))


def _hint(last: Sequence[Write]) -> str:
    if any(w.verb == CREATE for w in last):
        return "what the one makes the other deletes: change what makes it, or what deletes it"
    rescaled = any(w.actor == _AUTOSCALER for w in last)
    return "let one autoscaler alone scale it" if rescaled else "let one of them alone set this field"


def _said(write: Write) -> str:
    who = f"{write.actor} for {write.about}" if write.about is not None and write.about != write.ref else write.actor
    if write.verb == CREATE:
        return f"{who} ({write.because}, creates {write.ref})"
    changed = changes(write.before, write.after, status=write.subresource == "status")
    what = "; ".join(f"{c.text} {c.before}→{c.after}" for c in changed[:_SHOWN])
    return f"{who} ({what or write.because})"


CHECK = Check("KP603", "an object that never comes to rest", Severity.WARNING, run)
