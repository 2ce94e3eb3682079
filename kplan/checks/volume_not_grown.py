"""A claim asks for more than it has, and nobody in the cluster is known to grow its volume."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Path, get_in, ref_of
from kplan.model.quantity import Quantity, parse_or_zero

_REQUEST, _CAPACITY = ("spec", "resources", "requests", "storage"), ("status", "capacity", "storage")
_GROWING = ("status", "allocatedResourceStatuses", "storage")
_HINT = "the cluster has no CSIDriver object of that name: see that the driver and its resizer run"


def run(subject: Subject) -> Iterator[Finding]:
    """Every bound claim that asks for more than before, and whose growth has not begun."""
    for claim in subject.view.objects("PersistentVolumeClaim"):
        before, wanted, has = subject.before.get(ref_of(claim)), _size(claim, _REQUEST), _size(claim, _CAPACITY)
        begun = get_in(claim, _GROWING) is not None or get_in(claim, ("status", "phase")) != "Bound"
        if before is None or begun or wanted <= has or wanted <= _size(before, _REQUEST):
            continue
        volume = subject.view.objects("PersistentVolume")
        driver = next((get_in(v, ("spec", "csi", "driver")) for v in volume if v["metadata"]["name"] == claim["spec"].get("volumeName")), None)
        who = f"driver {driver}" if driver else "an external controller"
        yield Finding(ref_of(claim), f"asks for {wanted}, but stays at {has} until {who} grows its volume", _HINT if driver else "", _REQUEST)


def _size(claim: Object, path: Path) -> Quantity:
    return parse_or_zero(get_in(claim, path))


CHECK = Check("KP607", "a claim that asks for more and does not grow", Severity.WARNING, run)
