"""What a device is like: its attributes, whether expressions select it, whether its taints keep a request away; which are in use.

Mirrors: staging/src/k8s.io/dynamic-resource-allocation/cel/compile.go DeviceMatches, resourceclaim/devicetoleration.go,
         pkg/scheduler/framework/plugins/dynamicresources/allocateddevices.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kplan.apiserver.cel.devices import compile_selector
from kplan.apiserver.cel.program import CompilationError
from kplan.apiserver.cel.values import EvaluationError, Semver
from kplan.model.objects import EMPTY, Object
from kplan.model.quantity import Quantity
from kplan.scheduler.capacity import Shares
from kplan.scheduler.framework import FilterError
from kplan.scheduler.pools import Device, DeviceID

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?")


class _Domains(dict[str, Any]):
    """Attributes by domain; a domain nobody uses is empty rather than an error."""

    def __missing__(self, key: str) -> Mapping[str, Any]:
        return EMPTY

    def __contains__(self, key: object) -> bool:
        return True


# -- attributes ----------------------------------------------------------------------------------------------------


def attribute(device: Device, name: str) -> tuple[str, Any] | None:
    """(type, value) of an attribute by its full name; those without a domain are the driver's."""
    attributes = device.spec.get("attributes") or EMPTY
    found = attributes.get(name)
    if found is None:
        domain, _, short = name.partition("/")
        found = attributes.get(short) if domain == device.id[0] else None
    if not found:
        return None
    kind = next(iter(found))
    return kind, found[kind]


def _native(value: Mapping[str, Any]) -> Any:
    if "version" in value:
        return _semver(value["version"])
    return next(iter(value.values()), None)


def _semver(text: str) -> Any:
    match = _VERSION.fullmatch(text)
    if match is None:
        return text
    pre = tuple(match[4].split(".")) if match[4] else ()
    return Semver((int(match[1]), int(match[2]), int(match[3])), pre, match[5] or "")


def _by_domain(values: Iterable[tuple[str, Any]], driver: str) -> _Domains:
    found = _Domains()
    for name, value in values:
        domain, slash, short = name.rpartition("/")
        dict.setdefault(found, domain if slash else driver, {})[short if slash else name] = value
    return found


def _binding(device: Device) -> Mapping[str, Any]:
    attributes = device.spec.get("attributes") or EMPTY
    capacity = device.spec.get("capacity") or EMPTY
    driver = device.id[0]
    return {
        "driver": driver,
        "allowMultipleAllocations": bool(device.spec.get("allowMultipleAllocations")),
        "attributes": _by_domain(((n, _native(v)) for n, v in attributes.items()), driver),
        "capacity": _by_domain(((n, Quantity.parse(v["value"])) for n, v in capacity.items()), driver),
    }


def selected(device: Device, selectors: Iterable[Mapping[str, Any]], whose: str) -> bool:
    """Whether all CEL selectors select the device.

    Raises: FilterError where an expression does not compile or fails.
    """
    for i, selector in enumerate(selectors):
        program = compile_selector((selector.get("cel") or EMPTY).get("expression") or "")
        if isinstance(program, CompilationError):
            raise FilterError(f"{whose}: selector #{i}: CEL compile error: {program.text}")
        try:
            if not program.evaluate({"device": _binding(device)}):
                return False
        except EvaluationError as error:
            raise FilterError(f"{whose}: selector #{i}: CEL runtime error: {error}") from error
    return True


def repelled(device: Device, tolerations: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a taint of the device keeps a request away."""
    return any(
        taint.get("effect") in ("NoSchedule", "NoExecute") and not any(_tolerates(t, taint) for t in tolerations)
        for taint in device.spec.get("taints") or ()
    )


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("key") and toleration["key"] != taint.get("key"):
        return False
    operator = toleration.get("operator") or "Equal"
    if operator == "Exists":
        return True
    return operator == "Equal" and (toleration.get("value") or "") == (taint.get("value") or "")


@dataclass(slots=True)
class InUse:
    """The devices that claims have: whole ones, shared ones, and how much of these."""

    whole: set[DeviceID] = field(default_factory=set)
    shared: set[DeviceID] = field(default_factory=set)
    shares: Shares = field(default_factory=Shares)


def devices_in_use(claims: Iterable[Object], *, shareable: bool) -> InUse:
    """The devices that claims have; those looked at by administrators are not taken."""
    found = InUse()
    for claim in claims:
        allocation = (claim.get("status") or EMPTY).get("allocation") or EMPTY
        for result in (allocation.get("devices") or EMPTY).get("results") or ():
            device = result["driver"], result["pool"], result["device"]
            if result.get("adminAccess"):
                continue
            if not shareable or result.get("shareID") is None:
                found.whole.add(device)
                continue
            found.shared.add(device)
            if result.get("consumedCapacity") is not None:
                found.shares.add(device, {n: Quantity.parse(v) for n, v in result["consumedCapacity"].items()})
    return found
