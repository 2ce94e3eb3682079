"""A volume goes with its data: its claim is deleted, and its reclaim policy is Delete."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import get_in
from kplan.plan.plan import Symbol

_HINT = "to keep the data, set the volume's persistentVolumeReclaimPolicy to Retain before"


def run(subject: Subject) -> Iterator[Finding]:
    """Every PersistentVolume that is there before and not after."""
    for change in (*subject.plan.changes, *subject.plan.consequences):
        if change.ref.kind == "PersistentVolume" and change.symbol is Symbol.DELETE and change.before is not None:
            claim = get_in(change.before, ("spec", "claimRef")) or {}
            size = get_in(change.before, ("spec", "capacity", "storage"), "")
            if get_in(change.before, ("spec", "persistentVolumeReclaimPolicy")) == "Delete" and claim:
                yield Finding(change.ref, f"is deleted with its data ({size} of PersistentVolumeClaim {claim['namespace']}/{claim['name']})", _HINT)


CHECK = Check("KP804", "a volume that is deleted with its data", Severity.WARNING, run)
