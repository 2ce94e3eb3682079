"""What the columns say of every node is what the rules say that are read one node at a time."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kplan.catalog.catalog import Catalog
from kplan.scheduler.batch import verdict
from kplan.scheduler.configuration import configuration_of, default_profile
from kplan.scheduler.profile import Profile
from tests.reference.scheduler.clusters import clusters, pods
from tests.reference.scheduler.filters import FILTERS
from tests.reference.scheduler.scores import SCORES, fit, least_allocated, most_allocated, ratio
from tests.reference.scheduler.world import Object, World

GATES = Catalog.at("1.36").gates
PROFILE = default_profile(GATES)


def first_refusal(pod: Object, node: Object, world: World) -> tuple[str, list[str]] | None:
    """The first twin that refuses a node."""
    return next(((name, reasons) for name, judge in FILTERS.items() if (reasons := judge(pod, node, world))), None)


SHAPES = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 10)), min_size=1, max_size=4, unique_by=lambda point: point[0]).map(sorted)
WEIGHTS = st.dictionaries(st.sampled_from(["cpu", "memory", "example.com/gpu"]), st.integers(1, 5), min_size=1)


def configured(strategy: str, weights: dict[str, int], **more: Any) -> Profile:
    """A profile with another scoring strategy."""
    stated = {"type": strategy, "resources": [{"name": n, "weight": w} for n, w in weights.items()], **more}
    plugin = {"name": "NodeResourcesFit", "args": {"scoringStrategy": stated}}
    return configuration_of({"profiles": [{"pluginConfig": [plugin]}]}, GATES).profiles["default-scheduler"]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(clusters(), pods("new"), SHAPES, WEIGHTS)
def test_strategies_agree_with_scalar_twins(objects: list[Object], pod: Object, shape: list[tuple[int, int]], weights: dict[str, int]) -> None:
    world = World.of(objects)
    points = {"requestedToCapacityRatio": {"shape": [{"utilization": x, "score": y} for x, y in shape]}}
    for profile, strategy, rounded in (
        (configured("LeastAllocated", weights), least_allocated, False),
        (configured("MostAllocated", weights), most_allocated, False),
        (configured("RequestedToCapacityRatio", weights, **points), ratio(shape), True),
    ):
        answer = verdict(objects, pod, profile, GATES)
        said = {n["node"]: n["scores"]["NodeResourcesFit"] for n in answer["nodes"] if "scores" in n}
        nodes = [n for n in world.nodes if n["metadata"]["name"] in said]
        assert list(zip((n["metadata"]["name"] for n in nodes), fit(pod, nodes, world, strategy, weights, rounded=rounded), strict=True)) == [
            (n["metadata"]["name"], said[n["metadata"]["name"]]) for n in nodes
        ]


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

