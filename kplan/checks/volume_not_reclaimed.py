"""A volume is released and was to be deleted or recycled, but nobody in the cluster can do it."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import get_in, ref_of

_HINT = "its data stays where it is: see to it by hand, or set persistentVolumeReclaimPolicy to Retain"


def run(subject: Subject) -> Iterator[Finding]:
    """Every volume that fails because of the plan."""
    for volume in subject.view.objects("PersistentVolume"):
        before = subject.before.get(ref_of(volume))
        if get_in(volume, ("status", "phase")) != "Failed" or (before is not None and get_in(before, ("status", "phase")) == "Failed"):
            continue
        policy = get_in(volume, ("spec", "persistentVolumeReclaimPolicy"))
        yield Finding(ref_of(volume), f"is released, and its reclaim policy is {policy}, but {get_in(volume, ('status', 'message'))}", _HINT)


CHECK = Check("KP605", "a released volume that nobody reclaims", Severity.WARNING, run)
