"""Runs the tables of ``tests/cases/allocator``: slices and claims in, the devices that are given out on node n1.

A slice is on n1, in the pool p of one driver, complete, unless it says otherwise; of a device ``size``, ``numa`` and ``consumes``
are short for attributes and counters.  A request asks for one device of the class gpu.  ``gives`` tells request and device,
and what is taken of it; ``in_use`` and ``shares`` what other claims have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kplan.catalog.catalog import Catalog
from kplan.catalog.gates import Gates
from kplan.model.quantity import Quantity
from kplan.scheduler.allocator import Allocator
from kplan.scheduler.devices import InUse
from kplan.scheduler.framework import SchedulingError
from tests.tables import rows

KEYS = "slices claims gives in_use spoilt gates shares error from constraints"
DRIVER = "gpu.example.com"
NODE = {"metadata": {"name": "n1", "labels": {"zone": "a"}}}
CLASS = {"metadata": {"name": "gpu"}, "spec": {"selectors": [{"cel": {"expression": f"device.driver == '{DRIVER}'"}}]}}
GATES = Catalog.at("1.36").gates


def device(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    made = {"name": name, "attributes": {}, **row}
    for short in ("size", "numa"):
        if short in made:
            made["attributes"][short] = {"int": made.pop(short)}
    if "capacity" in made:
        made["capacity"] = {n: v if isinstance(v, dict) else {"value": v} for n, v in made["capacity"].items()}
    if "consumes" in made:
        made["consumesCounters"] = [{"counterSet": s, "counters": counters(c)} for s, c in made.pop("consumes").items()]
    if "shared" in made:
        made["allowMultipleAllocations"] = made.pop("shared")
    return made


def counters(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {"value": str(v)} for name, v in row.items()}


def piece(name: str, row: Mapping[str, Any], count: int) -> dict[str, Any]:
    pool = row.get("pool", "p")
    spec: dict[str, Any] = {"driver": DRIVER, "pool": {"name": pool, "generation": 1, "resourceSliceCount": count} if isinstance(pool, str) else {"generation": 1, "resourceSliceCount": 1, **pool}}
    if "counters" in row:
        spec["sharedCounters"] = [{"name": s, "counters": counters(c)} for s, c in row["counters"].items()]
    if "devices" in row:
        spec["devices"] = [device(n, d) for n, d in row["devices"].items()]
    if "everywhere" in row:
        spec["allNodes"] = True
    elif "selector" in row:
        expressions = [{"key": k, "operator": "In", "values": [v]} for k, v in row["selector"].items()]
        spec["nodeSelector"] = {"nodeSelectorTerms": [{"matchExpressions": expressions}]}
    elif "each" in row:
        spec["perDeviceNodeSelection"] = True
    else:
        spec["nodeName"] = row.get("node", "n1")
    return {"metadata": {"name": name}, "spec": spec}


def request(row: Mapping[str, Any]) -> dict[str, Any]:
    made = {"deviceClassName": "gpu", "allocationMode": "All" if row.get("all") else "ExactCount", **row}
    if made.pop("all", None) is None:
        made.setdefault("count", 1)
    if "least" in made:
        made["selectors"] = [{"cel": {"expression": f"device.attributes['{DRIVER}'].size >= {made.pop('least')}"}}]
    if "capacity" in made:
        made["capacity"] = {"requests": made["capacity"]}
    return made


def claim(name: str, row: Mapping[str, Any], constraints: Any) -> dict[str, Any]:
    requests = []
    for r, spec in row.items():
        if "firstAvailable" in spec:
            requests.append({"name": r, "firstAvailable": [{"name": n, **request(s)} for n, s in spec["firstAvailable"].items()]})
        else:
            requests.append({"name": r, "exactly": request(spec)})
    return {"metadata": {"name": name, "namespace": "default"}, "spec": {"devices": {"requests": requests, "constraints": constraints}}}


def told(result: Mapping[str, Any]) -> str:
    taken = [f"{n}={v}" for n, v in result.get("consumedCapacity", {}).items()]
    return " ".join([result["request"], result["device"], *taken, *(["admin"] if result.get("adminAccess") else [])])


def reachable_from(result: Mapping[str, Any]) -> Any:
    if "nodeSelector" not in result:
        return "anywhere"
    (term,) = result["nodeSelector"]["nodeSelectorTerms"]
    if "matchFields" in term:
        return term["matchFields"][0]["values"][0]
    return {e["key"]: e["values"][0] for e in term["matchExpressions"]}


@pytest.mark.parametrize("case", rows("allocator", KEYS))
def test_case(case: dict[str, Any]) -> None:
    pools = [s.get("pool", "p") for s in case["slices"].values()]
    slices = [piece(n, s, pools.count(s.get("pool", "p"))) for n, s in case["slices"].items()]
    place = {d["name"]: (DRIVER, s["spec"]["pool"]["name"], d["name"]) for s in slices for d in s["spec"].get("devices", ())}
    in_use = InUse(whole={place[d] for d in case.get("in_use", ())}, shared={place[d] for d in case.get("shares", {})})
    for name, amounts in case.get("shares", {}).items():
        in_use.shares.add(place[name], {n: Quantity.parse(v) for n, v in amounts.items()})
    claims = [claim(n, c, case.get("constraints", [])) for n, c in case["claims"].items()]
    gates = Gates({**GATES.enabled, **case.get("gates", {})})
    allocator = Allocator(NODE, claims, in_use, {"gpu": CLASS}.get, slices, gates)
    if "error" in case:
        with pytest.raises(SchedulingError) as raised:
            allocator.allocate()
        assert case["error"] in str(raised.value)
        return
    results = allocator.allocate()
    if case["gives"] is None:
        assert results is None
    else:
        assert results is not None
        assert {n: [told(d) for d in r["devices"]["results"]] for n, r in zip(case["claims"], results, strict=True)} == case["gives"]
        if "from" in case:
            assert reachable_from(results[0]) == case["from"]
    assert allocator.is_spoilt() == case.get("spoilt", allocator.is_spoilt())
