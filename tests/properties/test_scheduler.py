"""What the columns say of every node is what the rules say that are read one node at a time."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from kplan.catalog.catalog import Catalog
from kplan.scheduler.batch import verdict
from kplan.scheduler.configuration import default_profile
from tests.reference.scheduler.clusters import clusters, pods
from tests.reference.scheduler.filters import FILTERS
from tests.reference.scheduler.scores import SCORES
from tests.reference.scheduler.world import Object, World

GATES = Catalog.at("1.36").gates
PROFILE = default_profile(GATES)


def first_refusal(pod: Object, node: Object, world: World) -> tuple[str, list[str]] | None:
    """The first twin that refuses a node."""
    return next(((name, reasons) for name, judge in FILTERS.items() if (reasons := judge(pod, node, world))), None)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(clusters(), pods("new"))
def test_columns_agree_with_scalar_twins(objects: list[Object], pod: Object) -> None:
    world = World.of(objects)
    answer = verdict(objects, pod, PROFILE, GATES)
    said = {n["node"]: n for n in answer["nodes"]}
    feasible = []
    for node in world.nodes:
        own = said[node["metadata"]["name"]]
        if own.get("plugin") == "PreFilterResult":
            continue
        refusal = first_refusal(pod, node, world)
        assert (own.get("plugin"), own.get("reasons")) == (refusal or (None, None))
        if refusal is None:
            feasible.append(node)
    for plugin, (score, weight) in SCORES.items():
        twin = {n["metadata"]["name"]: weight * s for n, s in zip(feasible, score(pod, feasible, world), strict=True)}
        assert {name: said[name]["scores"].get(plugin, 0) for name in twin} == twin, plugin
    for node in feasible:
        own = said[node["metadata"]["name"]]
        assert own["total"] == sum(own["scores"].values())

