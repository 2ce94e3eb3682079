"""What a node's devices lack for the claims of a pod, request by request, in words.

Each request is looked at by itself; where each could be met alone they get in each other's way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kplan.catalog.gates import Gates
from kplan.model.objects import EMPTY, Object, name_of
from kplan.scheduler.capacity import has_room
from kplan.scheduler.claims import requests_of
from kplan.scheduler.devices import InUse, repelled, selected
from kplan.scheduler.pools import Device, Pool, gather_pools, usable_from


def shortages(
    node: Object, claims: Sequence[Object], in_use: InUse, class_named: Callable[[str], Object | None], slices: Sequence[Object], gates: Gates
) -> Iterator[str]:
    """Why claims that have no devices yet cannot have them on a node."""
    pools = gather_pools(slices, node, gates)
    told = False
    for pool in pools:
        if not pool.is_usable:
            told = True
            yield f"resource pool {pool.driver}/{pool.name} must be {'complete' if pool.incomplete else 'valid'}"
    for claim in claims:
        for request in requests_of(claim):
            lacking = [_lacking(node, option, in_use, class_named, pools) for option in request.get("firstAvailable") or [request.get("exactly") or EMPTY]]
            if all(lacking):
                told = True
                yield f"claim {name_of(claim)}: {request['name']} {' or '.join(lacking)}"
    if not told:
        yield "its requests cannot all be met at once"


def _lacking(node: Object, request: Mapping[str, Any], in_use: InUse, class_named: Callable[[str], Object | None], pools: Sequence[Pool]) -> str:
    """What keeps a request from being met; "" where nothing does."""
    name = request.get("deviceClassName") or ""
    device_class = class_named(name)
    if device_class is None:
        return f"needs the class {name}"
    matching = [d for p in pools if p.is_usable for d in p.devices if _matches(node, request, device_class, d)]
    reasons = [r for r in (_unusable(request, d, in_use) for d in matching) if r]
    everything = request.get("allocationMode") == "All"
    count = int(request.get("count") or 1)
    wanted = "all devices" if everything else "1 device" if count == 1 else f"{count} devices"
    if not matching or (reasons if everything else len(matching) - len(reasons) < count):
        here = ", ".join([f"{len(matching)} here", *(f"{reasons.count(r)} {r}" for r in dict.fromkeys(reasons))])
        return f"needs {wanted} of class {name} ({here})"
    return ""


def _matches(node: Object, request: Mapping[str, Any], device_class: Object, device: Device) -> bool:
    selectors = [*((device_class.get("spec") or EMPTY).get("selectors") or ()), *(request.get("selectors") or ())]
    return selected(device, selectors, "") and (not device.slice.get("perDeviceNodeSelection") or usable_from(node, device.spec))


def _unusable(request: Mapping[str, Any], device: Device, in_use: InUse) -> str:
    if device.id in in_use.whole and not request.get("adminAccess"):
        return "in use"
    if repelled(device, request.get("tolerations") or ()):
        return "tainted"
    return "" if has_room(request, device.spec, in_use.shares.of(device.id), {}) else "without enough capacity"
