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
    said = {n["node"]: n.get("reasons", []) for n in answer["nodes"]}
    assert said == {n["metadata"]["name"]: [] if satisfiable(pod, n, world) else ["cannot allocate all claims"] for n in world.nodes}
