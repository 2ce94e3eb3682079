"""Devices that drivers offer in ResourceSlices, gathered into pools as seen from one node.

Mirrors: staging/src/k8s.io/dynamic-resource-allocation/structured/internal/experimental/pools_experimental.go,
         staging/src/k8s.io/dynamic-resource-allocation/cel/compile.go DeviceMatches (1.36)
Differs: a device that several claims may share is given to one claim at a time; shared counters are not counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kplan.apiserver.cel.devices import compile_selector
from kplan.apiserver.cel.program import CompilationError
from kplan.apiserver.cel.values import EvaluationError, Semver
from kplan.model.objects import EMPTY, Object, name_of
from kplan.model.quantity import Quantity
from kplan.scheduler.framework import SchedulingError
from kplan.scheduler.matching import matches_terms

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?")
DeviceID = tuple[str, str, str]
"""(driver, pool, device)."""


@dataclass(frozen=True, slots=True, eq=False)
class Device:
    """One device of a slice."""

    id: DeviceID
    spec: Mapping[str, Any]
    slice: Mapping[str, Any]

    @property
    def selection(self) -> Mapping[str, Any]:
        """Where the nodes it can be used from are named: on itself or on its slice."""
        return self.spec if self.slice.get("perDeviceNodeSelection") else self.slice


@dataclass(slots=True)
class Pool:
    """The devices of a pool a node can use; ``why_not`` where none of them may be allocated."""

    driver: str
    name: str
    devices: list[Device] = field(default_factory=list)
    incomplete: bool = False
    invalid: bool = False


class _Domains(dict[str, Any]):
    """Attributes by domain; a domain nobody uses is empty rather than an error."""

    def __missing__(self, key: str) -> Mapping[str, Any]:
        return EMPTY

    def __contains__(self, key: object) -> bool:
        return True


def usable_from(node: Object, selection: Mapping[str, Any]) -> bool:
    """Whether a node is among those a slice or a device names."""
    if selection.get("nodeName"):
        return bool(selection["nodeName"] == name_of(node))
    if selection.get("allNodes"):
        return True
    selector = selection.get("nodeSelector")
    return selector is not None and matches_terms(selector.get("nodeSelectorTerms") or [], node)


def _is_relevant(spec: Mapping[str, Any], node: Object) -> bool:
    if spec.get("nodeName") or spec.get("allNodes") or spec.get("nodeSelector") is not None:
        return usable_from(node, spec)
    return bool(spec.get("perDeviceNodeSelection")) and any(usable_from(node, d) for d in spec.get("devices") or ())


def gather_pools(slices: Sequence[Object], node: Object) -> list[Pool]:
    """The pools with devices for a node, in order of driver and name; those that need binding conditions come last."""
    newest: dict[tuple[str, str], list[Object]] = {}
    for obj in slices:
        spec = obj.get("spec") or EMPTY
        if not _is_relevant(spec, node):
            continue
        key = (spec.get("driver") or "", (spec.get("pool") or EMPTY).get("name") or "")
        known = newest.setdefault(key, [])
        if known and _generation(obj) != _generation(known[0]):
            if _generation(obj) < _generation(known[0]):
                continue
            known.clear()
        known.append(obj)
    pools = [p for key in sorted(newest) if (p := _pool(key, newest[key], slices)) is not None]
    return sorted(pools, key=lambda p: any(d.spec.get("bindingConditions") for d in p.devices))


def _generation(obj: Object) -> int:
    return int((obj["spec"].get("pool") or EMPTY).get("generation") or 0)


def _pool(key: tuple[str, str], found: list[Object], every: Sequence[Object]) -> Pool | None:
    driver, name = key
    wanted = (found[0]["spec"].get("pool") or EMPTY).get("resourceSliceCount") or 0
    if len(found) != wanted:
        same = [s for s in every if s["spec"].get("driver") == driver and (s["spec"].get("pool") or EMPTY).get("name") == name]
        if any(_generation(s) > _generation(found[0]) for s in same):
            return None
        if len([s for s in same if _generation(s) == _generation(found[0])]) != wanted:
            return Pool(driver, name, incomplete=True)
    pool = Pool(driver, name)
    for obj in sorted(found, key=name_of):
        for spec in obj["spec"].get("devices") or ():
            pool.devices.append(Device((driver, name, spec["name"]), spec, obj["spec"]))
    if len({d.id for d in pool.devices}) != len(pool.devices):
        return Pool(driver, name, invalid=True)
    return pool


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
    return next(iter(value.values()))


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

    Raises: SchedulingError where an expression does not compile or fails.
    """
    for i, selector in enumerate(selectors):
        program = compile_selector((selector.get("cel") or EMPTY).get("expression") or "")
        if isinstance(program, CompilationError):
            raise SchedulingError(f"{whose}: selector #{i}: CEL compile error: {program.text}")
        try:
            if not program.evaluate({"device": _binding(device)}):
                return False
        except EvaluationError as error:
            raise SchedulingError(f"{whose}: selector #{i}: CEL runtime error: {error}") from error
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


def allocated_devices(claims: Iterable[Object]) -> set[DeviceID]:
    """The devices that claims have; those looked at by administrators are not taken."""
    found = set()
    for claim in claims:
        allocation = (claim.get("status") or EMPTY).get("allocation") or EMPTY
        for result in (allocation.get("devices") or EMPTY).get("results") or ():
            if not result.get("adminAccess"):
                found.add((result["driver"], result["pool"], result["device"]))
    return found
