"""What was chosen for a claim, and how its status tells it.

Mirrors: staging/src/k8s.io/dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go Allocate, createNodeSelector (1.36)
Differs: who writes the result adds the IDs of shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kplan.model.objects import EMPTY, Object, name_of
from kplan.model.quantity import Quantity
from kplan.scheduler.claims import requests_of
from kplan.scheduler.pools import Device


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
    def base_name(self) -> str:
        """The name of the request, without the alternative's."""
        return self.parent or self.name

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


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A device chosen for a request."""

    request: Request
    device: Device
    taken: Mapping[str, Quantity] | None
    """What is taken of a shared device; None for a whole one."""


def allocation_result(claim: Object, chosen: Sequence[Choice], node: str) -> dict[str, Any]:
    """The AllocationResult of a claim."""
    devices: dict[str, Any] = {"results": [_device_result(c) for c in chosen]}
    config = [*_class_config(claim, chosen), *_claim_config(claim, chosen)]
    if config:
        devices["config"] = config
    result: dict[str, Any] = {"devices": devices}
    selector = _node_selector(chosen, node)
    if selector is not None:
        result["nodeSelector"] = selector
    return result


def _device_result(choice: Choice) -> dict[str, Any]:
    driver, pool, device = choice.device.id
    result: dict[str, Any] = {"request": choice.request.full_name, "driver": driver, "pool": pool, "device": device}
    if choice.request.admin:
        result["adminAccess"] = True
    if choice.request.spec.get("tolerations"):
        result["tolerations"] = choice.request.spec["tolerations"]
    for field_name in ("bindingConditions", "bindingFailureConditions"):
        if choice.device.spec.get(field_name):
            result[field_name] = choice.device.spec[field_name]
    if choice.taken is not None:
        result["shareID"] = ""
    if choice.taken:
        result["consumedCapacity"] = {name: str(amount) for name, amount in choice.taken.items()}
    return result


def _class_config(claim: Object, chosen: Sequence[Choice]) -> Iterator[dict[str, Any]]:
    """Configuration from classes, each once for all its requests."""
    by_class: dict[str, list[Request]] = {}
    for request in dict.fromkeys(c.request for c in chosen):
        by_class.setdefault(name_of(request.device_class), []).append(request)
    for same in by_class.values():
        for config in (same[0].device_class.get("spec") or EMPTY).get("config") or ():
            yield {"source": "FromClass", "requests": [r.full_name for r in same], **config}


def _claim_config(claim: Object, chosen: Sequence[Choice]) -> Iterator[dict[str, Any]]:
    """Configuration from the claim, once for every request it is meant for."""
    taken = {c.request.base_name: c.request.full_name for c in chosen}
    for config in (claim["spec"].get("devices") or EMPTY).get("config") or ():
        meant = config.get("requests") or []
        if not meant:
            yield {"source": "FromClaim", **config}
        for request in requests_of(claim):
            if request["name"] in meant or taken.get(request["name"]) in meant:
                yield {"source": "FromClaim", **config}


def _node_selector(chosen: Sequence[Choice], node: str) -> dict[str, Any] | None:
    """The nodes from which all devices can be used; None for all nodes."""
    term: dict[str, list[Any]] = {"matchFields": [], "matchExpressions": []}
    for choice in chosen:
        where = choice.device.selection
        if where.get("nodeName") is not None or choice.device.spec.get("bindsToNode"):
            return {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}]}
        for stated in (where.get("nodeSelector") or EMPTY).get("nodeSelectorTerms") or ():
            for part, known in term.items():
                known += [r for r in stated.get(part) or () if not any(_same_requirement(r, k) for k in known)]
    filled = {part: requirements for part, requirements in term.items() if requirements}
    return {"nodeSelectorTerms": [filled]} if filled else None


def _same_requirement(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return (a["key"], a["operator"], set(a.get("values") or ())) == (b["key"], b["operator"], set(b.get("values") or ()))
