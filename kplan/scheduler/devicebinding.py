"""Devices that are ready only once their driver says so: the conditions a pod waits for before it is bound.

Mirrors: pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go isClaimReadyForBinding, isClaimTimeout (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.catalog.gates import Gates
from kplan.model.instants import read_instant
from kplan.model.objects import EMPTY, Object, name_of

TIMEOUT = 600.0
"""Seconds."""


def are_awaited(gates: Gates) -> bool:
    """Whether this cluster knows such conditions."""
    return gates.on("DRADeviceBindingConditions") and gates.on("DRAResourceClaimDeviceStatus")


def has_conditions(claim: Object) -> bool:
    """Whether devices of an allocated claim have conditions to wait for."""
    return any(r.get("bindingConditions") for r in _results(claim))


def not_ready(claim: Object) -> tuple[bool, str]:
    """(whether the claim has to be waited for, why that is in vain)."""
    for result in _results(claim):
        if not result.get("bindingConditions"):
            continue
        conditions = _conditions(claim, result)
        if conditions is None:
            return True, ""
        for failure in result.get("bindingFailureConditions") or ():
            found = conditions.get(failure)
            if found is not None and found.get("status") == "True":
                said = f'reason={found.get("reason") or ""}, message="{found.get("message") or ""}"'
                return True, f"device binding failed: claim={name_of(claim)}, {said}"
        if any(conditions.get(c, EMPTY).get("status") != "True" for c in result["bindingConditions"]):
            return True, ""
    return False, ""


def is_lost(claim: Object, now: float, timeout: float = TIMEOUT) -> bool:
    """Whether an allocated claim will never be ready: its binding failed, or took too long."""
    waits, failure = not_ready(claim)
    if not waits or failure:
        return bool(failure)
    made = read_instant(claim["status"]["allocation"].get("allocationTimestamp"))
    return made is not None and made + timeout < now


def _results(claim: Object) -> Iterator[Mapping[str, Any]]:
    allocation = (claim.get("status") or EMPTY).get("allocation") or EMPTY
    yield from (allocation.get("devices") or EMPTY).get("results") or ()


def _conditions(claim: Object, result: Mapping[str, Any]) -> dict[str, Mapping[str, Any]] | None:
    """What the driver said of a device; None where it said nothing yet."""
    for device in claim["status"].get("devices") or ():
        if all(device.get(k) == result.get(k) for k in ("driver", "pool", "device")):
            return {c["type"]: c for c in device.get("conditions") or ()}
    return None
