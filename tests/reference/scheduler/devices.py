"""DynamicResources by trying everything: whether any way to hand out devices meets all requests of a pod on a node."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

from tests.reference.scheduler.clusters import HOSTNAME, seldom
from tests.reference.scheduler.world import Object, World

DRIVER = "gpu.example.com"
Device = tuple[str, str]
"""(pool, name)."""


def usable(node: Object, world: World) -> dict[Device, Object]:
    """The devices a node can reach."""
    found: dict[Device, Object] = {}
    for piece in world.all("ResourceSlice"):
        spec = piece["spec"]
        if spec.get("allNodes") or spec.get("nodeName") == node["metadata"]["name"]:
            found |= {(spec["pool"]["name"], d["name"]): d for d in spec["devices"]}
    return found


def taken(world: World) -> set[Device]:
    """The devices that allocated claims have."""
    claims = [c for c in world.all("ResourceClaim") if c.get("status", {}).get("allocation")]
    return {(r["pool"], r["device"]) for c in claims for r in c["status"]["allocation"]["devices"]["results"]}


def serves(device: Object, request: Object) -> bool:
    """Whether a device is one a request may have."""
    model = request.get("model")
    if model is not None and device["attributes"]["model"]["string"] != model:
        return False
    return not device.get("taints") or bool(request["exactly"].get("tolerations"))


def ways(requests: list[Object], free: dict[Device, Object], every: dict[Device, Object]) -> Iterator[list[tuple[Device, ...]]]:
    """All ways to give every request its devices."""
    if not requests:
        yield []
        return
    first, *others = requests
    if first["exactly"]["allocationMode"] == "All":
        wanted = tuple(d for d, device in every.items() if serves({**device, "taints": []}, first))
        options: Any = [wanted] if wanted and all(d in free and serves(every[d], first) for d in wanted) else []
    else:
        options = combinations([d for d, device in free.items() if serves(device, first)], first["exactly"]["count"])
    for option in options:
        rest = {d: device for d, device in free.items() if d not in option}
        for further in ways(others, rest, every):
            yield [option, *further]


def agrees(claim: Object, way: list[tuple[Device, ...]], every: dict[Device, Object]) -> bool:
    """Whether the constraint of a claim holds: the same value of an attribute on all its devices."""
    constraints = claim["spec"]["devices"].get("constraints") or []
    values = [every[d]["attributes"].get("numa") for option in way for d in option]
    return not constraints or (None not in values and all(v == values[0] for v in values))


def satisfiable(pod: Object, node: Object, world: World) -> bool:
    """Whether the claims of a pod, none of them allocated, can be met on a node."""
    every = usable(node, world)
    claims = [c for r in pod["spec"]["resourceClaims"] if (c := world.find("ResourceClaim", r["resourceClaimName"])) is not None]
    requests = [r for c in claims for r in c["spec"]["devices"]["requests"]]
    free = {d: device for d, device in every.items() if d not in taken(world)}
    for way in ways(requests, free, every):
        at = 0
        good = True
        for claim in claims:
            size = len(claim["spec"]["devices"]["requests"])
            good = good and agrees(claim, way[at : at + size], every)
            at += size
        if good:
            return True
    return False


# -- random ones -----------------------------------------------------------------------------------------------------


@st.composite
def slices(draw: st.DrawFn, name: str, where: Object) -> Object:
    """A pool of a few devices."""
    devices = []
    for i in range(draw(st.integers(1, 3))):
        attributes: Object = {"model": {"string": draw(st.sampled_from(["s", "l"]))}}
        if draw(st.integers(0, 4)):
            attributes["numa"] = {"int": draw(st.integers(0, 1))}
        taints: Object = {"taints": [{"key": "worn", "effect": "NoSchedule"}]} if draw(st.integers(0, 4)) == 0 else {}
        devices.append({"name": f"d{i}", "attributes": attributes, **taints})
    spec = {"driver": DRIVER, "pool": {"name": name, "generation": 1, "resourceSliceCount": 1}, "devices": devices, **where}
    return {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice", "metadata": {"name": name}, "spec": spec}


@st.composite
def requests(draw: st.DrawFn, name: str) -> Object:
    """A request; its wish for a model is kept beside the expression."""
    exactly: Object = {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": draw(st.integers(1, 2))}
    if draw(st.integers(0, 5)) == 0:
        exactly = {"deviceClassName": "gpu", "allocationMode": "All"}
    model = draw(st.sampled_from([None, None, "s", "l"]))
    if model is not None:
        exactly["selectors"] = [{"cel": {"expression": f"device.attributes['{DRIVER}'].model == '{model}'"}}]
    if (toleration := draw(seldom(st.just({"key": "worn", "operator": "Exists"})))) is not None:
        exactly["tolerations"] = [toleration]
    return {"name": name, "exactly": exactly, "model": model}


@st.composite
def claims(draw: st.DrawFn, name: str) -> Object:
    """A claim that is to be allocated."""
    devices: Object = {"requests": [draw(requests(f"r{i}")) for i in range(draw(st.integers(1, 2)))]}
    if draw(st.integers(0, 2)) == 0:
        devices["constraints"] = [{"matchAttribute": f"{DRIVER}/numa"}]
    return {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": {"name": name, "namespace": "default", "uid": name}, "spec": {"devices": devices}}


@st.composite
def clusters(draw: st.DrawFn) -> list[Object]:
    """Nodes with devices of their own, seldom some that all can reach, and a claim that has one already."""
    room = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    names = ["n0", "n1"]
    objects: list[Object] = [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": n, "labels": {HOSTNAME: n}}, "spec": {}, "status": {"allocatable": room}} for n in names]
    selectors = [{"cel": {"expression": f"device.driver == '{DRIVER}'"}}]
    objects.append({"apiVersion": "resource.k8s.io/v1", "kind": "DeviceClass", "metadata": {"name": "gpu"}, "spec": {"selectors": selectors}})
    objects += [draw(slices(n, {"nodeName": n})) for n in names]
    if (shared := draw(seldom(slices("shared", {"allNodes": True})))) is not None:
        objects.append(shared)
    if draw(st.booleans()):
        result = {"request": "r0", "driver": DRIVER, "pool": draw(st.sampled_from(names)), "device": "d0"}
        metadata = {"name": "had", "namespace": "default", "uid": "had"}
        objects.append({"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": metadata, "spec": {}, "status": {"allocation": {"devices": {"results": [result]}}}})
    return objects + [draw(claims(f"c{i}")) for i in range(2)]
