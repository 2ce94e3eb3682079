"""How the endpoints of a Service are shared out among zones, and how many fit into Endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.controllers.endpoints import truncate
from kplan.controllers.endpointslice.topology import (
    Allocation,
    _giving_and_receiving,
    _hints_by_zone,
    _is_overloaded,
    _redistribute,
    add_topology_hints,
    cpu_ratios,
)
from kplan.store.store import Store


def endpoint(zone: str | None, hint: str | None = None, ready: bool | None = True) -> dict[str, Any]:
    made: dict[str, Any] = {"addresses": ["10.0.0.1"], "conditions": {} if ready is None else {"ready": ready}}
    made |= {"zone": zone} if zone else {}
    return made | ({"hints": {"forZones": [{"name": hint}]}} if hint else {})


def hints(pieces: list[dict[str, Any]]) -> list[str | None]:
    return [e["hints"]["forZones"][0]["name"] if e.get("hints") else None for p in pieces for e in p["endpoints"]]


def node(i: int, zone: str, cpu: str, ready: str = "True", **labels: str) -> dict[str, Any]:
    meta = {"name": f"n{i}", "uid": f"n{i}", "labels": {"topology.kubernetes.io/zone": zone, **labels}}
    status = {"conditions": [{"type": "Ready", "status": ready}], "allocatable": {"cpu": cpu}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": meta, "status": status}


def cluster(*nodes: tuple[Any, ...]) -> Store:
    made = []
    for i, (zone, cpu, *rest) in enumerate(nodes):
        control_plane = {"node-role.kubernetes.io/control-plane": ""} if "control-plane" in rest else {}
        made.append(node(i, zone, cpu, "False" if "unready" in rest else "True", **control_plane))
    return Store(made)


@pytest.mark.parametrize(
    ("nodes", "ratios"),
    [
        ([], {}),
        ([("a", "1")], {}),
        ([("a", "1"), ("a", "1")], {}),
        ([("a", "1"), ("b", "1")], {"a": 0.5, "b": 0.5}),
        ([("a", "1", "unready"), ("b", "1")], {}),
        ([("a", "1"), ("b", "1", "control-plane")], {}),
        ([("a", "1"), ("b", "1"), ("b", "1", "unready")], {"a": 0.5, "b": 0.5}),
        ([("a", "1"), ("b", "1"), ("b", "1", "control-plane")], {"a": 0.5, "b": 0.5}),
        ([("a", "1"), ("a", "1"), ("a", "1"), ("a", "2"), ("b", "3"), ("b", "1500m"), ("c", "500m")], {"a": 0.5, "b": 0.45, "c": 0.05}),
        ([("a", "1"), ("b", "1"), ("", "1")], {}),
        ([("a", "1"), ("b", "0")], {}),
    ],
)
def test_the_shares_of_the_zones(nodes: list[tuple[Any, ...]], ratios: dict[str, float]) -> None:
    assert cpu_ratios(cluster(*nodes)) == ratios


@pytest.mark.parametrize(
    ("desired", "have", "giving", "receiving"),
    [
        ({}, {}, {}, {}),
        ({"a": 1.2, "b": 1.1, "c": 1.0}, {"a": 1, "b": 1, "c": 1}, {}, {}),
        ({"a": 5.1, "b": 5.1, "c": 5.8}, {"a": 16}, {"a": 10}, {"b": 5, "c": 5}),
        ({"a": 5.0, "b": 5.6, "c": 5.4}, {"a": 16}, {"a": 11}, {"b": 6, "c": 5}),
        ({"a": 5.0, "b": 5.6, "c": 5.4}, {"b": 8, "c": 8}, {"b": 2, "c": 3}, {"a": 5}),
        ({"a": 5.0, "b": 5.0, "c": 5.0}, {"a": 6, "b": 6, "c": 6}, {}, {}),
        ({"a": 5.0, "b": 5.0, "c": 5.0}, {"a": -40, "b": 20, "c": 20}, {"b": 15, "c": 15}, {"a": 30}),
    ],
)
def test_zones_with_too_many_give_to_those_with_too_few(
    desired: dict[str, float], have: dict[str, int], giving: dict[str, int], receiving: dict[str, int]
) -> None:
    allocations = {zone: Allocation(0, 0, number) for zone, number in desired.items()}
    assert _giving_and_receiving(allocations, have) == (giving, receiving)


def test_endpoints_of_one_zone_are_lent_to_two_others() -> None:
    piece = {"endpoints": [endpoint("a", "a"), endpoint("a", "a", ready=False), endpoint("a", "a"), endpoint("a", "a")]}
    _redistribute([piece], {"a": 2}, {"b": 1, "c": 1})
    assert hints([piece]) == ["b", "a", "c", "a"]


@pytest.mark.parametrize(
    ("endpoints", "kept", "maximum", "found"),
    [
        ([], {}, {}, {}),
        ([endpoint("a", "a")], {"a": 1}, {"a": 3}, {"a": 1}),
        ([endpoint("a", "a"), endpoint("a", "a", False), endpoint("a", "a", None)], {"a": 1}, {"a": 3}, {"a": 1}),
        ([endpoint("a", "a"), endpoint("a", "b"), endpoint("b", "b")], {"a": 1, "b": 1, "c": 1}, {"a": 3, "b": 3, "c": 3}, {"a": 1, "b": 2}),
        ([endpoint("a", "nowhere")], {"a": 1}, {"a": 3}, None),
        ([endpoint("a")], {}, {"a": 3}, None),
        ([endpoint("a", "a"), endpoint("a", "a")], {"a": 1}, {"a": 2}, None),
    ],
)
def test_hints_that_may_stay(endpoints: list[Any], kept: dict[str, int], maximum: dict[str, int], found: dict[str, int] | None) -> None:
    assert _hints_by_zone({"endpoints": endpoints}, kept, {z: Allocation(0, m, 0) for z, m in maximum.items()}) == found


@pytest.mark.parametrize(
    ("have", "ratios", "overloaded"),
    [
        ({}, {"a": 0.5, "b": 0.5}, False),
        ({"a": 1}, {}, True),
        ({"a": 1, "b": 1}, {"a": 0.5, "b": 0.5}, False),
        ({"a": 1}, {"a": 0.5, "b": 0.5}, True),
        ({"a": 2, "b": 5}, {"a": 0.5, "b": 0.5}, True),
        ({"a": 5, "b": 6}, {"a": 0.5, "b": 0.5}, False),
    ],
)
def test_a_zone_with_too_few_endpoints_is_overloaded(have: dict[str, int], ratios: dict[str, float], overloaded: bool) -> None:
    assert _is_overloaded(have, ratios) is overloaded


SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default"}}


@pytest.mark.parametrize(
    ("nodes", "zones", "wanted", "said"),
    [
        ([], ["a"], [None], "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes, addressType: IPv4"),
        ([("a", "3"), ("b", "4"), ("c", "3")], ["a", "b"], [None, None], "Insufficient number of endpoints (2 endpoints, 3 zones), addressType: IPv4"),
        ([("a", "45"), ("b", "55")], ["a", "b"], ["a", "b"], "Topology Aware Hints has been enabled, addressType: IPv4"),
        ([("a", "1"), ("b", "1")], ["a", "b", None, "a"], [None] * 4, "One or more endpoints do not have a zone specified, addressType: IPv4"),
        (
            [("a", "35"), ("b", "35"), ("c", "30")],
            ["a", "b", "c", "c", "a", "a", "a", "b", "c", "a"],
            ["b", "b", "c", "c", "a", "a", "a", "b", "c", "a"],
            "Topology Aware Hints has been enabled, addressType: IPv4",
        ),
        (
            [("a", "20"), ("b", "30"), ("c", "50")],
            ["a", "b"] * 4 + ["c", "c"],
            ["c", "c", "c", "b", "a", "b", "a", "b", "c", "c"],
            "Topology Aware Hints has been enabled, addressType: IPv4",
        ),
        (
            [("a", "5"), ("b", "5"), ("c", "90")],
            ["a", "b", "c"],
            [None, None, None],
            "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 3 zones), addressType: IPv4",
        ),
    ],
)
def test_hints_for_new_slices(nodes: list[tuple[str, str]], zones: list[str | None], wanted: list[str | None], said: str) -> None:
    piece = {"endpoints": [endpoint(zone) for zone in zones]}
    events = add_topology_hints(SERVICE, "IPv4", [piece], [], [], cluster(*nodes))
    assert hints([piece]) == wanted
    assert [event.message for event in events] == [said]


@pytest.mark.parametrize(
    ("ready", "not_ready", "ready_left", "not_ready_left"),
    [
        ([], [], [], []),
        ([50, 100, 100, 100, 100], [50, 100, 100, 100, 100], [50, 100, 100, 100, 100], [50, 100, 100, 100, 100]),
        ([100] * 5, [100] * 5, [100] * 5, [100] * 5),
        ([90, 110, 50, 10, 20], [101, 200, 200, 201, 298], [90, 110, 50, 10, 20], [73, 144, 144, 145, 214]),
        ([205, 400, 402, 400, 693], [100, 200, 200, 200, 300], [98, 191, 192, 191, 328], [0] * 5),
    ],
)
def test_a_thousand_addresses_fit_and_ready_ones_go_first(
    ready: list[int], not_ready: list[int], ready_left: list[int], not_ready_left: list[int]
) -> None:
    subsets: list[dict[str, Any]] = [
        {"addresses": [{"ip": "10.0.0.1"}] * a, "notReadyAddresses": [{"ip": "10.0.0.2"}] * b} for a, b in zip(ready, not_ready, strict=True)
    ]
    assert truncate(subsets) is (sum(ready) + sum(not_ready) > 1000)
    assert [len(s.get("addresses") or ()) for s in subsets] == ready_left
    assert [len(s.get("notReadyAddresses") or ()) for s in subsets] == not_ready_left
