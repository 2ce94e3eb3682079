"""Devices that drivers offer in ResourceSlices, gathered into pools as seen from one node.

Mirrors: staging/src/k8s.io/dynamic-resource-allocation/structured/internal/incubating/pools_incubating.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kplan.catalog.gates import Gates
from kplan.model.objects import EMPTY, Object, name_of
from kplan.scheduler.matching import matches_terms

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

    @property
    def is_shared(self) -> bool:
        """Whether several claims may have it, each a part of its capacity."""
        return bool(self.spec.get("allowMultipleAllocations"))


@dataclass(slots=True)
class Pool:
    """The devices of a pool that a node can use, those it cannot, and the counters they share."""

    driver: str
    name: str
    devices: list[Device] = field(default_factory=list)
    elsewhere: list[Device] = field(default_factory=list)
    counters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    incomplete: bool = False
    invalid: bool = False

    @property
    def is_usable(self) -> bool:
        """Whether devices of it may be given out."""
        return not self.incomplete and not self.invalid


def usable_from(node: Object, selection: Mapping[str, Any]) -> bool:
    """Whether a node is among those a slice or a device names."""
    if selection.get("nodeName"):
        return bool(selection["nodeName"] == name_of(node))
    if selection.get("allNodes"):
        return True
    selector = selection.get("nodeSelector")
    return selector is not None and matches_terms(selector.get("nodeSelectorTerms") or [], node)


def _is_relevant(spec: Mapping[str, Any], node: Object, partitions: bool) -> bool:
    if not partitions and ("perDeviceNodeSelection" in spec or spec.get("sharedCounters")):
        return False
    if spec.get("sharedCounters"):
        return True
    if spec.get("nodeName") or spec.get("allNodes") or spec.get("nodeSelector") is not None:
        return usable_from(node, spec)
    return bool(spec.get("perDeviceNodeSelection")) and any(usable_from(node, d) for d in spec.get("devices") or ())


def gather_pools(slices: Sequence[Object], node: Object, gates: Gates) -> list[Pool]:
    """The pools with devices for a node, in order of driver and name; those that need binding conditions come last."""
    partitions = gates.on("DRAPartitionableDevices")
    newest: dict[tuple[str, str], list[Object]] = {}
    for obj in slices:
        if not _is_relevant(obj.get("spec") or EMPTY, node, partitions):
            continue
        known = newest.setdefault(_key(obj), [])
        if known and _generation(obj) != _generation(known[0]):
            if _generation(obj) < _generation(known[0]):
                continue
            known.clear()
        known.append(obj)
    pools = [p for key in sorted(newest) if (p := _pool(key, newest[key], slices, partitions)) is not None]
    return sorted(pools, key=lambda p: any(d.spec.get("bindingConditions") is not None for d in p.devices))


def _key(obj: Object) -> tuple[str, str]:
    spec = obj["spec"]
    return spec.get("driver") or "", (spec.get("pool") or EMPTY).get("name") or ""


def _generation(obj: Object) -> int:
    return int((obj["spec"].get("pool") or EMPTY).get("generation") or 0)


def _pool(key: tuple[str, str], found: list[Object], every: Sequence[Object], partitions: bool) -> Pool | None:
    """The pool of these slices; None where it is about to be replaced."""
    others: list[Object] = []
    wanted = (found[0]["spec"].get("pool") or EMPTY).get("resourceSliceCount") or 0
    if len(found) != wanted:
        same = [s for s in every if _key(s) == key]
        if any(_generation(s) > _generation(found[0]) for s in same):
            return None
        current = [s for s in same if _generation(s) == _generation(found[0])]
        if len(current) != wanted:
            return Pool(*key, incomplete=True)
        others = [s for s in current if all(name_of(s) != name_of(f) for f in found)]
    return _built(key, sorted(found, key=name_of), others, partitions)


def _built(key: tuple[str, str], found: list[Object], others: list[Object], partitions: bool) -> Pool:
    devices = list(_devices(key, (s for s in found if not s["spec"].get("sharedCounters"))))
    elsewhere = list(_devices(key, others))
    sets = [c for s in found for c in s["spec"].get("sharedCounters") or ()]
    counters = {c["name"]: c.get("counters") or EMPTY for c in sets}
    unique = len({d.id for d in devices}) == len(devices) and len(counters) == len(sets)
    if not unique or (partitions and not all(_counters_exist(d.spec, counters) for d in (*devices, *elsewhere))):
        return Pool(*key, invalid=True)
    return Pool(*key, devices, elsewhere, counters)


def _devices(key: tuple[str, str], slices: Iterable[Object]) -> Iterator[Device]:
    for obj in slices:
        for spec in obj["spec"].get("devices") or ():
            yield Device((*key, spec["name"]), spec, obj["spec"])


def _counters_exist(spec: Mapping[str, Any], counters: Mapping[str, Mapping[str, Any]]) -> bool:
    for consumed in spec.get("consumesCounters") or ():
        if not counters.get(consumed["counterSet"], EMPTY).keys() >= (consumed.get("counters") or EMPTY).keys():
            return False
        if consumed["counterSet"] not in counters:
            return False
    return True
