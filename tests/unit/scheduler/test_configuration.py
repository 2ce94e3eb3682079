"""KubeSchedulerConfiguration: which plugins run, in which order, with which weights."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.catalog.catalog import Catalog
from kplan.scheduler.configuration import configuration_of, default_profile
from kplan.scheduler.profile import Profile

GATES = Catalog.at("1.36").gates
DEFAULT_SCORES = {
    "TaintToleration": 3,
    "NodeAffinity": 2,
    "NodeResourcesFit": 1,
    "VolumeBinding": 1,
    "PodTopologySpread": 2,
    "InterPodAffinity": 2,
    "DynamicResources": 2,
    "NodeResourcesBalancedAllocation": 1,
    "ImageLocality": 1,
}


def profile_of(**stated: Any) -> Profile:
    (profile,) = configuration_of({"profiles": [stated]}, GATES).profiles.values()
    return profile


def scores(profile: Profile) -> dict[str, int]:
    return {plugin.name: weight for plugin, weight in profile.scorers}


def test_the_default_profile_runs_all_plugins_in_order() -> None:
    profile = default_profile(GATES)
    assert scores(profile).items() <= DEFAULT_SCORES.items()
    assert [p.name for p in profile.filters][:6] == ["NodeUnschedulable", "NodeName", "TaintToleration", "NodeAffinity", "NodePorts", "NodeResourcesFit"]
    assert profile.post_filters == ("DynamicResources", "DefaultPreemption")
    assert set(profile.pre_enqueue) == {"SchedulingGates", "DynamicResources"}


def test_a_weight_at_the_extension_point_wins_over_multi_point() -> None:
    plugins = {"multiPoint": {"enabled": [{"name": "ImageLocality", "weight": 7}]}, "score": {"enabled": [{"name": "NodeAffinity", "weight": 9}]}}
    changed = scores(profile_of(plugins=plugins))
    assert (changed["ImageLocality"], changed["NodeAffinity"]) == (7, 9)
    assert next(iter(changed)) == "NodeAffinity"


def test_disabling_at_one_point_leaves_the_others() -> None:
    profile = profile_of(plugins={"score": {"disabled": [{"name": "TaintToleration"}]}})
    assert "TaintToleration" not in scores(profile)
    assert "TaintToleration" in profile.filtering


def test_a_star_disables_all_that_is_not_enabled() -> None:
    profile = profile_of(plugins={"score": {"disabled": [{"name": "*"}], "enabled": [{"name": "ImageLocality", "weight": 5}]}})
    assert scores(profile) == {"ImageLocality": 5}
    bare = profile_of(plugins={"multiPoint": {"disabled": [{"name": "*"}], "enabled": [{"name": "NodeName"}]}})
    assert [p.name for p in bare.filters] == ["NodeName"]
    assert bare.post_filters == () and not bare.scorers


def test_plugins_and_extenders_that_are_not_modelled_are_told() -> None:
    stated = {"profiles": [{"plugins": {"filter": {"enabled": [{"name": "Coscheduling"}]}}}], "extenders": [{"urlPrefix": "http://e"}]}
    assert configuration_of(stated, GATES).unmodelled == ("extender http://e", "scheduler plugin Coscheduling")


@pytest.mark.parametrize(("nodes", "percentage", "found"), [(50, 0, 50), (1000, 0, 420), (5000, 0, 500), (15000, 0, 750), (1000, 100, 1000), (200, 10, 100)])
def test_how_many_nodes_the_real_scheduler_looks_for(nodes: int, percentage: int, found: int) -> None:
    configuration = configuration_of({"percentageOfNodesToScore": percentage}, GATES)
    assert configuration.nodes_to_find(default_profile(GATES), nodes) == found
