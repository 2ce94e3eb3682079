"""What the columns say of volumes is what the rules say that are read one node at a time."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from kplan.catalog.catalog import Catalog
from kplan.scheduler.batch import verdict
from kplan.scheduler.configuration import default_profile
from tests.reference.scheduler.storage import clusters, pods
from tests.reference.scheduler.volumes import VOLUME_FILTERS, refused_at_once
from tests.reference.scheduler.world import Object, World

GATES = Catalog.at("1.36").gates
PROFILE = default_profile(GATES)


def first_refusal(pod: Object, node: Object, world: World) -> tuple[str, list[str]] | None:
    """The first twin that refuses a node."""
    return next(((name, reasons) for name, judge in VOLUME_FILTERS.items() if (reasons := judge(pod, node, world))), None)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(clusters(), pods("new"))
def test_volumes_agree_with_scalar_twins(objects: list[Object], pod: Object) -> None:
    world = World.of(objects)
    answer = verdict(objects, pod, PROFILE, GATES)
    why = refused_at_once(pod, world)
    assert answer.get("preFilter", {}).get("reasons", [None])[0] == why
    if why is not None:
        return
    for node in world.nodes:
        own = next(n for n in answer["nodes"] if n["node"] == node["metadata"]["name"])
        if own.get("plugin") in (None, *VOLUME_FILTERS):
            assert (own.get("plugin"), own.get("reasons")) == (first_refusal(pod, node, world) or (None, None))
