"""Finds devices for the requests of claims on one node: an exhaustive search, the first solution wins.

Claims, requests and devices are tried in order; devices in order of pool, slice and place in the slice.  Of a request
with alternatives the first that works is taken.

Mirrors: staging/src/k8s.io/dynamic-resource-allocation/structured/internal/experimental/allocator_experimental.go (1.36)
Differs: see ``devices``; capacity requests are compared with what the device has, without rounding by its policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kplan.model.objects import EMPTY, Object, name_of, namespace_of
from kplan.model.quantity import Quantity
from kplan.scheduler.claims import requests_of
from kplan.scheduler.devices import Device, DeviceID, Pool, attribute, gather_pools, repelled, selected, usable_from
from kplan.scheduler.framework import SchedulingError

MOST_RESULTS = 32
"""Devices a claim may have."""

ClassLister = Callable[[str], Object | None]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One request of a claim, or one alternative of a request."""

    claim: int
    name: str
    spec: Mapping[str, Any]
    device_class: Object
    parent: str = ""
    wanted: tuple[Device, ...] | None = None
    """All devices, where all are asked for."""

    @property
    def full_name(self) -> str:
        """``request`` or ``request/alternative``."""
        return f"{self.parent}/{self.name}" if self.parent else self.name

    @property
    def number(self) -> int:
        """How many devices."""
        return len(self.wanted) if self.wanted is not None else int(self.spec.get("count") or 1)

    @property
    def admin(self) -> bool:
        """Whether it only looks at devices, which then stay free for others."""
        return bool(self.spec.get("adminAccess"))


@dataclass(slots=True)
class _Choice:
    """A device chosen for a request."""

    request: Request
    device: Device


@dataclass(slots=True)
class Allocator:
    """One attempt on one node."""

    node: Object
    claims: Sequence[Object]
    taken: set[DeviceID]
    class_named: ClassLister
    slices: Sequence[Object]
    _pools: list[Pool] = field(default_factory=list)
    _chosen: list[_Choice] = field(default_factory=list)
    _selectable: dict[tuple[int, DeviceID], bool] = field(default_factory=dict)

    def allocate(self) -> list[dict[str, Any]] | None:
        """An AllocationResult for every claim; None where there is no solution.

        Raises: SchedulingError where a claim or a class makes no sense.
        """
        self._pools = gather_pools(self.slices, self.node)
        lines = [self._alternatives(i, r) for i, claim in enumerate(self.claims) for r in requests_of(claim)]
        if not self._fill(lines, 0):
            return None
        return [self._result(i, claim) for i, claim in enumerate(self.claims)]

    def is_spoilt(self) -> bool:
        """Whether a pool could not be used because it makes no sense."""
        return any(p.invalid for p in self._pools)

    # -- requests ------------------------------------------------------------------------------------------------

    def _alternatives(self, claim: int, request: Mapping[str, Any]) -> list[Request]:
        if request.get("firstAvailable"):
            return [self._request(claim, r["name"], r, request["name"]) for r in request["firstAvailable"]]
        return [self._request(claim, request["name"], request.get("exactly") or EMPTY)]

    def _request(self, claim: int, name: str, spec: Mapping[str, Any], parent: str = "") -> Request:
        class_name = spec.get("deviceClassName") or ""
        found = self.class_named(class_name)
        if found is None:
            why = f'could not retrieve device class {class_name}: deviceclass.resource.k8s.io "{class_name}" not found'
            raise SchedulingError(f"{self._whose(claim)}, request {name}: {why}")
        request = Request(claim, name, spec, found, parent)
        if spec.get("allocationMode") != "All":
            return request
        for pool in self._pools:
            if pool.incomplete or pool.invalid:
                state = "being updated" if pool.incomplete else "invalid"
                why = f"asks for all devices, but resource pool {pool.driver}/{pool.name} is currently {state}"
                raise SchedulingError(f"{self._whose(claim)}, request {name}: {why}")
        wanted = tuple(d for pool in self._pools for d in pool.devices if self._is_selectable(request, d))
        return Request(claim, name, spec, found, parent, wanted)

    def _whose(self, claim: int) -> str:
        obj = self.claims[claim]
        return f"claim {namespace_of(obj)}/{name_of(obj)}"

    def _is_selectable(self, request: Request, device: Device) -> bool:
        key = (id(request.spec), device.id)
        known = self._selectable.get(key)
        if known is None:
            known = self._selectable[key] = self._judge(request, device)
        return known

    def _judge(self, request: Request, device: Device) -> bool:
        class_selectors = (request.device_class.get("spec") or EMPTY).get("selectors") or ()
        if not selected(device, class_selectors, f"class {name_of(request.device_class)}"):
            return False
        if not selected(device, request.spec.get("selectors") or (), self._whose(request.claim)):
            return False
        if device.slice.get("perDeviceNodeSelection") and not usable_from(self.node, device.spec):
            return False
        capacity = device.spec.get("capacity") or EMPTY
        for name, amount in ((request.spec.get("capacity") or EMPTY).get("requests") or EMPTY).items():
            if name not in capacity or Quantity.parse(amount) > Quantity.parse(capacity[name]["value"]):
                return False
        return True

    # -- search --------------------------------------------------------------------------------------------------

    def _fill(self, lines: list[list[Request]], at: int) -> bool:
        """Satisfy the requests from ``at`` on."""
        if at == len(lines):
            return True
        for request in lines[at]:
            own = sum(c.request.claim == request.claim for c in self._chosen)
            if own + request.number > MOST_RESULTS or (request.wanted is not None and not request.wanted):
                continue
            if self._choose(lines, at, request, request.number, self._candidates(request)):
                return True
        return False

    def _candidates(self, request: Request) -> list[Device]:
        if request.wanted is not None:
            return list(request.wanted)
        return [d for p in self._pools if not p.incomplete and not p.invalid for d in p.devices]

    def _choose(self, lines: list[list[Request]], at: int, request: Request, number: int, candidates: list[Device]) -> bool:
        """Choose so many more devices for a request, then go on with the next."""
        if number == 0:
            return self._fill(lines, at + 1)
        for i, device in enumerate(candidates):
            if self._is_usable(request, device):
                self._chosen.append(_Choice(request, device))
                if self._choose(lines, at, request, number - 1, candidates[i + 1 :]):
                    return True
                self._chosen.pop()
            if request.wanted is not None:
                return False
        return False

    def _is_usable(self, request: Request, device: Device) -> bool:
        if request.admin:
            if any(c.device.id == device.id and c.request.claim == request.claim for c in self._chosen):
                return False
        elif device.id in self.taken or any(c.device.id == device.id and not c.request.admin for c in self._chosen):
            return False
        if not self._is_selectable(request, device) or repelled(device, request.spec.get("tolerations") or ()):
            return False
        constraints = (self.claims[request.claim]["spec"].get("devices") or EMPTY).get("constraints") or ()
        return all(self._allows(c, request, device) for c in constraints)

    def _allows(self, constraint: Mapping[str, Any], request: Request, device: Device) -> bool:
        """``matchAttribute``: all devices have the same value; ``distinctAttribute``: all have different ones."""
        if not _concerns(constraint, request):
            return True
        same = constraint.get("matchAttribute")
        name = same or constraint.get("distinctAttribute") or ""
        value = attribute(device, name)
        if value is None:
            return False
        others = [c for c in self._chosen if c.request.claim == request.claim and _concerns(constraint, c.request)]
        if same:
            return all(attribute(c.device, name) == value for c in others)
        latest = {(c.request.parent or c.request.name): attribute(c.device, name) for c in others}
        return value not in latest.values()

    # -- result --------------------------------------------------------------------------------------------------

    def _result(self, index: int, claim: Object) -> dict[str, Any]:
        chosen = [c for c in self._chosen if c.request.claim == index]
        devices: dict[str, Any] = {"results": [_device_result(c) for c in chosen]}
        config = list(self._config(claim, chosen))
        if config:
            devices["config"] = config
        result: dict[str, Any] = {"devices": devices}
        selector = self._node_selector(chosen)
        if selector is not None:
            result["nodeSelector"] = selector
        return result

    def _config(self, claim: Object, chosen: list[_Choice]) -> Iterator[dict[str, Any]]:
        """Configuration from classes, each once for all its requests, then from the claim."""
        requests = list(dict.fromkeys(c.request for c in chosen))
        by_class: dict[str, list[Request]] = {}
        for request in requests:
            by_class.setdefault(name_of(request.device_class), []).append(request)
        for same in by_class.values():
            for config in (same[0].device_class.get("spec") or EMPTY).get("config") or ():
                yield {"source": "FromClass", "requests": [r.full_name for r in same], **config}
        for config in (claim["spec"].get("devices") or EMPTY).get("config") or ():
            meant = config.get("requests") or []
            if not meant or any({r.parent or r.name, r.full_name} & set(meant) for r in requests):
                yield {"source": "FromClaim", **config}

    def _node_selector(self, chosen: list[_Choice]) -> dict[str, Any] | None:
        term: dict[str, list[Any]] = {}
        for choice in chosen:
            where = choice.device.selection
            if where.get("nodeName") or choice.device.spec.get("bindsToNode"):
                name = {"key": "metadata.name", "operator": "In", "values": [name_of(self.node)]}
                return {"nodeSelectorTerms": [{"matchFields": [name]}]}
            for stated in (where.get("nodeSelector") or EMPTY).get("nodeSelectorTerms") or ():
                for part in ("matchFields", "matchExpressions"):
                    known = term.setdefault(part, [])
                    known += [r for r in stated.get(part) or () if r not in known]
        filled = {part: requirements for part, requirements in term.items() if requirements}
        return {"nodeSelectorTerms": [filled]} if filled else None


def _concerns(constraint: Mapping[str, Any], request: Request) -> bool:
    meant = constraint.get("requests") or ()
    return not meant or (request.parent or request.name) in meant or request.full_name in meant


def _device_result(choice: _Choice) -> dict[str, Any]:
    driver, pool, device = choice.device.id
    result: dict[str, Any] = {"request": choice.request.full_name, "driver": driver, "pool": pool, "device": device}
    if "adminAccess" in choice.request.spec and choice.request.admin:
        result["adminAccess"] = True
    if choice.request.spec.get("tolerations"):
        result["tolerations"] = choice.request.spec["tolerations"]
    for field_name in ("bindingConditions", "bindingFailureConditions"):
        if choice.device.spec.get(field_name):
            result[field_name] = choice.device.spec[field_name]
    return result
