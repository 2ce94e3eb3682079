"""Devices are found exactly where trying everything finds them, and what is found meets the requests."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kplan.catalog.catalog import Catalog
from kplan.scheduler.batch import verdict
from kplan.scheduler.configuration import default_profile
from tests.reference.scheduler.devices import clusters, satisfiable
from tests.reference.scheduler.world import Object, World

GATES = Catalog.at("1.36").gates
PROFILE = default_profile(GATES)


def wants_all_alike(claim: Object | None) -> bool:
    """Whether a claim asks for all devices and wants something of them together: where they differ it makes no sense."""
    devices = claim["spec"]["devices"] if claim is not None else {}
    return "constraints" in devices and any(r["exactly"]["allocationMode"] == "All" for r in devices["requests"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(clusters(), st.sampled_from([["c0"], ["c0", "c1"]]))
def test_devices_are_found_wherever_there_are_any(objects: list[Object], names: list[str]) -> None:
    wanted = [{"name": name, "resourceClaimName": name} for name in names]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "new", "namespace": "default", "uid": "new"},
        "spec": {"containers": [{"name": "main", "image": "i"}], "resourceClaims": wanted},
        "status": {},
    }
    world = World.of(objects)
    answer = verdict(objects, pod, PROFILE, GATES)
    if "would not be satisfied" in answer.get("message", ""):
        assert any(wants_all_alike(world.find("ResourceClaim", n)) for n in names)
        return
    said = {n["node"]: n.get("reasons", []) for n in answer["nodes"]}
    assert said == {n["metadata"]["name"]: [] if satisfiable(pod, n, world) else ["cannot allocate all claims"] for n in world.nodes}
