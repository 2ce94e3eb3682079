"""Hints by ``service.kubernetes.io/topology-mode: Auto``: every zone gets endpoints in proportion to its nodes' CPUs.

A zone with a third of the CPUs is to have a third of the endpoints, at most 20 % overloaded.  Endpoints serve their own
zone as far as that goes; zones with too many lend some to zones with too few.

Mirrors: staging/src/k8s.io/endpointslice/topologycache/{topologycache,utils,sliceinfo,event}.go (1.36)
Differs: of equal zones the first by name gives or receives, where Go's maps take any.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kplan.controllers.endpointslice.hints import hinted, is_ready_endpoint, remove_hints
from kplan.controllers.slices import endpoints_of
from kplan.model.objects import Object, Ref, annotations_of, get_in, labels_of, namespace_of, ref_of
from kplan.model.quantity import parse_or_zero
from kplan.store.view import View

_MODE, _OLD_MODE = "service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints"
_ZONE = "topology.kubernetes.io/zone"
_OVERLOAD = 0.2
_EXCLUDED = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")

Slice = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TopologyEvent:
    """What is said about a Service's hints."""

    type: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Allocation:
    """How many endpoints a zone needs at least, may have at most, and should have."""

    minimum: int
    maximum: int
    desired: float


def hints_enabled(service: Object) -> bool:
    """Whether the annotation asks for hints; the older one counts first."""
    notes = annotations_of(service)
    return notes.get(_OLD_MODE, notes.get(_MODE)) in ("Auto", "auto")


def add_topology_hints(
    service: Object, address_type: str, create: list[Slice], update: list[Slice], unchanged: list[Object], view: View
) -> list[TopologyEvent]:
    """Give the endpoints hints, or take them all away where they cannot be given fairly."""
    before = any(e.get("hints") for s in _known_slices(service, view) for e in endpoints_of(s))
    ready = sum(is_ready_endpoint(e) for s in (*create, *update, *unchanged) for e in endpoints_of(s))
    allocations = _allocations(cpu_ratios(view), ready)
    if isinstance(allocations, str):
        remove_hints(create, update, unchanged)
        return [_event(allocations, address_type)]
    hints = _kept_hints(unchanged, update, allocations)
    slices = [*create, *update]
    for piece in slices:
        if any(is_ready_endpoint(e) and not e.get("zone") for e in endpoints_of(piece)):
            remove_hints(create, update, [s for s in unchanged if not any(s is u for u in update)])
            return [_event("One or more endpoints do not have a zone specified", address_type)]
        piece["endpoints"] = [_in_own_zone(e, hints) for e in endpoints_of(piece)]
    _redistribute(slices, *_giving_and_receiving(allocations, hints))
    if not hints:
        remove_hints(create, update, [])
        return [_event("No hints allocated for zones", address_type)]
    if before:
        return []
    return [TopologyEvent("Normal", "TopologyAwareHintsEnabled", f"Topology Aware Hints has been enabled, addressType: {address_type}")]


def _known_slices(service: Object, view: View) -> list[Object]:
    return view.lookup("slice", (namespace_of(service), ref_of(service).name))


def _event(message: str, address_type: str) -> TopologyEvent:
    return TopologyEvent("Warning", "TopologyAwareHintsDisabled", f"{message}, addressType: {address_type}")


def _in_own_zone(endpoint: dict[str, Any], hints: dict[str, int]) -> dict[str, Any]:
    if not is_ready_endpoint(endpoint):
        return endpoint
    zone = endpoint["zone"]
    hints[zone] = hints.get(zone, 0) + 1
    return hinted(endpoint, {"forZones": [{"name": zone}]})


# -- shares ------------------------------------------------------------------------------------------------------------


def cpu_ratios(view: View) -> dict[str, float]:
    """The share of each zone in the CPUs of all ready nodes; empty where there are fewer than two, or a node says nothing."""
    cpus: dict[str, int] = {}
    for node in view.objects("Node"):
        labels = labels_of(node)
        if any(label in labels for label in _EXCLUDED) or not _is_ready(node):
            continue
        zone, cpu = labels.get(_ZONE), parse_or_zero(get_in(node, ("status", "allocatable", "cpu"))).milli_value()
        if not zone or not cpu:
            return {}
        cpus[zone] = cpus.get(zone, 0) + cpu
    total = sum(cpus.values())
    return {zone: cpu / total for zone, cpu in cpus.items()} if len(cpus) >= 2 else {}


def _is_ready(node: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in get_in(node, ("status", "conditions")) or ())


def _allocations(ratios: dict[str, float], endpoints: int) -> dict[str, Allocation] | str:
    """What each zone gets, or why that cannot be."""
    if not ratios:
        return "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"
    counts = f"({endpoints} endpoints, {len(ratios)} zones)"
    if len(ratios) > endpoints:
        return f"Insufficient number of endpoints {counts}"
    desired = {zone: ratio * endpoints for zone, ratio in ratios.items()}
    least = {zone: math.ceil(d * (1 / (1 + _OVERLOAD))) for zone, d in desired.items()}
    spare = endpoints - sum(least.values())
    if spare < 0:
        return f"Unable to allocate minimum required endpoints to each zone without exceeding overload threshold {counts}"
    return {zone: Allocation(least[zone], least[zone] + spare, max(desired[zone], least[zone])) for zone in ratios}


def _kept_hints(unchanged: list[Object], update: list[Slice], allocations: dict[str, Allocation]) -> dict[str, int]:
    """The hints of unchanged slices, by zone; slices whose hints will not do are updated."""
    kept: dict[str, int] = {}
    for piece in unchanged:
        mine = _hints_by_zone(piece, kept, allocations)
        if mine is None:
            update.append({**piece})
            continue
        for zone, count in mine.items():
            kept[zone] = kept.get(zone, 0) + count
    return kept


def _hints_by_zone(piece: Object, kept: dict[str, int], allocations: dict[str, Allocation]) -> dict[str, int] | None:
    found: dict[str, int] = {}
    for endpoint in endpoints_of(piece):
        if not is_ready_endpoint(endpoint):
            continue
        zones = [z["name"] for z in get_in(endpoint, ("hints", "forZones")) or ()]
        if not zones or any(z not in allocations for z in zones):
            return None
        for zone in zones:
            found[zone] = found.get(zone, 0) + 1
    too_many = any(count + kept.get(zone, 0) > allocations[zone].maximum for zone, count in found.items())
    return None if too_many else found


# -- lending -----------------------------------------------------------------------------------------------------------


def _giving_and_receiving(allocations: dict[str, Allocation], hints: dict[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """How many endpoints each zone gives and receives."""
    surplus = {z: hints.get(z, 0) - allocations[z].desired for z in sorted(allocations)}
    too_many, too_few = {z: s for z, s in surplus.items() if s > 0}, {z: -s for z, s in surplus.items() if s < 0}
    giving: dict[str, int] = {}
    receiving: dict[str, int] = {}
    while True:
        (giver, to_give), (receiver, to_receive) = _most(too_many), _most(too_few)
        if not giver or not receiver or (to_give < 1.0 and to_receive < 1.0) or to_give < 0.5 or to_receive < 0.5:
            return giving, receiving
        giving[giver] = giving.get(giver, 0) + 1
        too_many[giver] -= 1
        receiving[receiver] = receiving.get(receiver, 0) + 1
        too_few[receiver] -= 1


def _most(zones: dict[str, float]) -> tuple[str, float]:
    best, most = "", 0.0
    for zone, number in zones.items():
        if number > most:
            best, most = zone, number
    return best, most


def _redistribute(slices: list[Slice], giving: dict[str, int], receiving: dict[str, int]) -> None:
    for piece in slices:
        for i, endpoint in enumerate(piece["endpoints"]):
            if not giving or not receiving:
                return
            if not is_ready_endpoint(endpoint) or not giving.get(endpoint["zone"]):
                continue
            receiver = min(receiving)
            piece["endpoints"][i] = hinted(endpoint, {"forZones": [{"name": receiver}]})
            _count_down(giving, endpoint["zone"])
            _count_down(receiving, receiver)


def _count_down(zones: dict[str, int], zone: str) -> None:
    zones[zone] -= 1
    if not zones[zone]:
        del zones[zone]


# -- when nodes change -------------------------------------------------------------------------------------------------


def zone_changed(before: Object | None, after: Object | None) -> bool:
    """Whether a write to a node changes the zones' shares: it came, went, changed its zone or its readiness."""
    if before is None or after is None:
        return True
    return _is_ready(before) != _is_ready(after) or labels_of(before).get(_ZONE) != labels_of(after).get(_ZONE)


def overloaded_services(view: View, services: Iterable[Object]) -> Iterator[Ref]:
    """The Services with hints one of whose zones now has too few endpoints."""
    ratios = cpu_ratios(view)
    for service in services:
        by_type: dict[str, dict[str, int]] = {}
        for piece in _known_slices(service, view):
            counts = by_type.setdefault(piece["addressType"], {})
            for endpoint in endpoints_of(piece):
                for zone in get_in(endpoint, ("hints", "forZones")) or ():
                    counts[zone["name"]] = counts.get(zone["name"], 0) + 1
        if any(_is_overloaded(counts, ratios) for counts in by_type.values()):
            yield ref_of(service)


def _is_overloaded(hints: dict[str, int], ratios: dict[str, float]) -> bool:
    total = sum(hints.values())
    if not total:
        return False
    if not ratios:
        return True
    return any(z not in hints or hints[z] < math.ceil(total * r * (1 / (1 + _OVERLOAD))) for z, r in ratios.items())
