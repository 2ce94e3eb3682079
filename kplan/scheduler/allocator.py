"""Finds devices for the requests of claims on one node: an exhaustive search, the first solution wins.

Claims, requests and devices are tried in order; devices in order of pool, slice and place in the slice.  Of a request
with alternatives the first that works is taken.

Mirrors: staging/src/k8s.io/dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go (1.36)
Differs: see ``deviceconstraints``; the gates of other minors count, but all use the allocator of 1.36.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kplan.catalog.gates import Gates
from kplan.model.objects import EMPTY, Object, name_of, namespace_of
from kplan.model.quantity import Quantity
from kplan.scheduler.allocation import Choice, Request, allocation_result
from kplan.scheduler.capacity import Shares, has_room, taken_by
from kplan.scheduler.claims import requests_of
from kplan.scheduler.counters import Counters
from kplan.scheduler.deviceconstraints import Constraint
from kplan.scheduler.devices import InUse, repelled, selected
from kplan.scheduler.framework import FilterError
from kplan.scheduler.pools import Device, DeviceID, Pool, gather_pools, usable_from

MOST_RESULTS = 32
"""Devices a claim may have."""

ClassLister = Callable[[str], Object | None]


class _TooMany(Exception):
    """The claim would have more devices than it may; other devices for the requests before would not help."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A request of a claim with its alternatives, of which one is to be met."""

    claim: int
    requests: tuple[Request, ...]
    has_alternatives: bool


@dataclass(slots=True)
class Allocator:
    """One attempt on one node."""

    node: Object
    claims: Sequence[Object]
    in_use: InUse
    class_named: ClassLister
    slices: Sequence[Object]
    gates: Gates
    _pools: list[Pool] = field(default_factory=list)
    _lines: list[_Line] = field(default_factory=list)
    _constraints: list[list[Constraint]] = field(default_factory=list)
    _counters: Counters = field(default_factory=lambda: Counters(()))
    _shares: Shares = field(default_factory=Shares)
    _chosen: list[list[Choice]] = field(default_factory=list)
    _allocating: dict[DeviceID, set[int]] = field(default_factory=dict)
    _selectable: dict[tuple[int, DeviceID], bool] = field(default_factory=dict)

    def allocate(self) -> list[dict[str, Any]] | None:
        """An AllocationResult for every claim; None where there is no solution.

        Raises: FilterError where a claim or a class makes no sense.
        """
        self._pools = gather_pools(self.slices, self.node, self.gates)
        self._counters = Counters(self.in_use.whole | self.in_use.shared)
        for i, claim in enumerate(self.claims):
            self._prepare(i, claim)
        try:
            done = self._meet(0)
        except _TooMany:
            raise FilterError("allocation max size exceeded") from None
        if not done:
            return None
        return [allocation_result(claim, chosen, name_of(self.node)) for claim, chosen in zip(self.claims, self._chosen, strict=True)]

    def is_spoilt(self) -> bool:
        """Whether a pool could not be used because it makes no sense."""
        return any(p.invalid for p in self._pools)

    # -- requests ------------------------------------------------------------------------------------------------

    def _prepare(self, index: int, claim: Object) -> None:
        lines = [self._line(index, r) for r in requests_of(claim)]
        least = sum(min(r.number for r in line.requests) for line in lines)
        if least > MOST_RESULTS:
            why = f"number of requested devices {least} exceeds the claim limit of {MOST_RESULTS}"
            raise FilterError(f"{self._whose(index)}: {why}")
        self._lines += lines
        self._chosen.append([])
        constraints = (claim["spec"].get("devices") or EMPTY).get("constraints") or []
        for i, constraint in enumerate(constraints):
            if not constraint.get("matchAttribute") and not constraint.get("distinctAttribute"):
                raise FilterError(f"{self._whose(index)}, constraint #{i}: empty constraint (unsupported constraint type?)")
        self._constraints.append([Constraint(c) for c in constraints])

    def _line(self, claim: int, spec: Mapping[str, Any]) -> _Line:
        alternatives = spec.get("firstAvailable") or []
        if not alternatives:
            return _Line(claim, (self._request(claim, spec["name"], spec.get("exactly") or EMPTY),), False)
        if not self.gates.on("DRAPrioritizedList"):
            raise self._nonsense(claim, spec["name"], "has subrequests, but the DRAPrioritizedList feature is disabled")
        return _Line(claim, tuple(self._request(claim, a["name"], a, spec["name"]) for a in alternatives), True)

    def _request(self, claim: int, name: str, spec: Mapping[str, Any], parent: str = "") -> Request:
        if spec.get("capacity") is not None and not self.gates.on("DRAConsumableCapacity"):
            why = "has capacity requests, but the DRAConsumableCapacity feature is disabled"
            raise FilterError(f"{self._whose(claim)}, {'subrequest' if parent else 'request'} {name}: {why}")
        if spec.get("adminAccess") is not None and not self.gates.on("DRAAdminAccess"):
            raise self._nonsense(claim, name, "admin access is requested, but the feature is disabled")
        class_name = spec.get("deviceClassName") or ""
        found = self.class_named(class_name)
        if found is None:
            why = f'could not retrieve device class {class_name}: deviceclass.resource.k8s.io "{class_name}" not found'
            raise self._nonsense(claim, name, why)
        request = Request(claim, name, spec, found, parent)
        return request if spec.get("allocationMode") != "All" else Request(claim, name, spec, found, parent, self._all(request))

    def _all(self, request: Request) -> tuple[Device, ...]:
        """All devices a request may have; nobody knows them while a pool is in flux."""
        for pool in self._pools:
            if not pool.is_usable:
                state = "being updated" if pool.incomplete else "invalid"
                why = f"asks for all devices, but resource pool {pool.driver}/{pool.name} is currently {state}"
                raise self._nonsense(request.claim, request.name, why)
        devices = (d for pool in self._pools for d in pool.devices)
        return tuple(d for d in devices if self._is_selectable(request, d) and self._has_room(request, d))

    def _nonsense(self, claim: int, request: str, why: str) -> FilterError:
        return FilterError(f"{self._whose(claim)}, request {request}: {why}")

    def _whose(self, claim: int) -> str:
        obj = self.claims[claim]
        return f"claim {namespace_of(obj)}/{name_of(obj)}"

    # -- search --------------------------------------------------------------------------------------------------

    def _meet(self, at: int) -> bool:
        """Meet the requests from the line ``at`` on."""
        if at == len(self._lines):
            return True
        first_of_claim = at > 0 and self._lines[at].claim != self._lines[at - 1].claim
        try:
            return self._meet_line(at)
        except _TooMany:
            if first_of_claim:
                return False
            raise

    def _meet_line(self, at: int) -> bool:
        line = self._lines[at]
        if not line.has_alternatives:
            return self._choose(at, line.requests[0], 0, 0)
        too_many = True
        for request in line.requests:
            try:
                if self._choose(at, request, 0, 0):
                    return True
                too_many = False
            except _TooMany:
                continue
        if too_many:
            raise _TooMany
        return False

    def _choose(self, at: int, request: Request, number: int, start: int) -> bool:
        """Choose devices from ``start`` on for a request that has ``number`` of them, then go on with the next line."""
        if request.wanted == ():
            return False
        if number >= request.number:
            return self._meet(at + 1)
        if len(self._chosen[request.claim]) + request.number - number > MOST_RESULTS:
            raise _TooMany
        if request.wanted is not None:
            return self._try(at, request, number, request.wanted[number], 0)
        candidates = self._candidates()
        return any(
            self._try(at, request, number, candidates[i], i + 1) for i in range(start, len(candidates)) if self._is_worth_trying(request, candidates[i])
        )

    def _candidates(self) -> list[Device]:
        return [d for p in self._pools if p.is_usable for d in p.devices]

    def _try(self, at: int, request: Request, number: int, device: Device, start: int) -> bool:
        choice = self._take(request, device)
        if choice is None:
            return False
        try:
            done = self._choose(at, request, number + 1, start)
        except _TooMany:
            self._give_back(choice)
            raise
        if not done:
            self._give_back(choice)
        return done

    def _is_worth_trying(self, request: Request, device: Device) -> bool:
        return self._is_free(request, device, even_shared=True) and self._is_selectable(request, device) and self._has_room(request, device)

    def _is_free(self, request: Request, device: Device, *, even_shared: bool) -> bool:
        allocating = self._allocating.get(device.id, ())
        if request.admin:
            return request.claim not in allocating or not (even_shared or not self._shares_out(device))
        return device.id not in self.in_use.whole and not allocating

    def _is_selectable(self, request: Request, device: Device) -> bool:
        key = (id(request.spec), device.id)
        known = self._selectable.get(key)
        if known is None:
            known = self._selectable[key] = self._judge(request, device)
        return known

    def _judge(self, request: Request, device: Device) -> bool:
        awaits = self.gates.on("DRADeviceBindingConditions") and self.gates.on("DRAResourceClaimDeviceStatus")
        if device.spec.get("bindingConditions") and not awaits:
            return False
        class_selectors = (request.device_class.get("spec") or EMPTY).get("selectors") or ()
        if not selected(device, class_selectors, f"class {name_of(request.device_class)}"):
            return False
        if not selected(device, request.spec.get("selectors") or (), self._whose(request.claim)):
            return False
        return not device.slice.get("perDeviceNodeSelection") or usable_from(self.node, device.spec)

    def _has_room(self, request: Request, device: Device) -> bool:
        if not self.gates.on("DRAConsumableCapacity"):
            return True
        return has_room(request.spec, device.spec, self.in_use.shares.of(device.id), self._shares.of(device.id))

    def _shares_out(self, device: Device) -> bool:
        return device.is_shared and self.gates.on("DRAConsumableCapacity")

    # -- one device ----------------------------------------------------------------------------------------------

    def _take(self, request: Request, device: Device) -> Choice | None:
        """Choose a device, if nothing speaks against it. What taints and constraints refuse has drawn on the counters for good."""
        if not self._is_free(request, device, even_shared=False) or not self._draw(device):
            return None
        if self.gates.on("DRADeviceTaints") and repelled(device, request.spec.get("tolerations") or ()):
            return None
        if not self._agree(request, device):
            return None
        allocating = self._allocating.setdefault(device.id, set())
        if not self._shares_out(device):
            allocating.add(request.claim)
        if not self._has_room(request, device):
            return None
        taken: dict[str, Quantity] | None = None
        if self._shares_out(device):
            taken = taken_by(request.spec, device.spec)
            self._shares.add(device.id, taken)
        choice = Choice(request, device, taken)
        self._chosen[request.claim].append(choice)
        return choice

    def _draw(self, device: Device) -> bool:
        if not device.spec.get("consumesCounters"):
            return True
        if not self.gates.on("DRAPartitionableDevices"):
            return False
        if self._shares_out(device) and (device.id in self.in_use.shares or device.id in self._shares):
            return True
        return self._counters.draw(device, next(p for p in self._pools if (p.driver, p.name) == device.id[:2]))

    def _agree(self, request: Request, device: Device) -> bool:
        constraints = self._constraints[request.claim]
        for i, constraint in enumerate(constraints):
            if constraint.add(request.base_name, request.full_name, device):
                continue
            if request.wanted is not None:
                why = f"cannot add device {'/'.join(device.id)} because a claim constraint would not be satisfied"
                raise self._nonsense(request.claim, request.name, why)
            for earlier in constraints[:i]:
                earlier.remove(request.base_name, request.full_name, device)
            return False
        return True

    def _give_back(self, choice: Choice) -> None:
        request, device = choice.request, choice.device
        for constraint in self._constraints[request.claim]:
            constraint.remove(request.base_name, request.full_name, device)
        self._allocating[device.id].discard(request.claim)
        if choice.taken:
            self._shares.remove(device.id, choice.taken)
        elif choice.taken is None and device.spec.get("consumesCounters"):
            self._counters.give_back(device)
        self._chosen[request.claim].pop()
