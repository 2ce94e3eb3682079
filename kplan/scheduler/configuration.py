"""KubeSchedulerConfiguration: profiles, the plugins each enables, their weights and arguments.

A profile starts from the default plugins; ``multiPoint`` and every extension point may disable some (``*``: all), enable
others, or give one another weight.

Mirrors: pkg/scheduler/apis/config/v1/{defaults,default_plugins}.go, pkg/scheduler/framework/runtime/framework.go
         expandMultiPointPlugins (1.36)
Differs: plugins that are not in the tree are left out, and extenders are not called; both are listed in ``unmodelled``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kplan.catalog.gates import Gates
from kplan.model.objects import Object
from kplan.scheduler.claims import ClaimMissing, claims_of_pod
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import Plugin, PreFilterPlugin, PreScorePlugin
from kplan.scheduler.plugins.dynamicresources import DynamicResources
from kplan.scheduler.plugins.imagelocality import ImageLocality
from kplan.scheduler.plugins.interpodaffinity import InterPodAffinity
from kplan.scheduler.plugins.nodeaffinity import NodeAffinity
from kplan.scheduler.plugins.nodedeclaredfeatures import NodeDeclaredFeatures
from kplan.scheduler.plugins.nodename import NodeName
from kplan.scheduler.plugins.nodeports import NodePorts
from kplan.scheduler.plugins.noderesourcesbalancedallocation import NodeResourcesBalancedAllocation
from kplan.scheduler.plugins.noderesourcesfit import NodeResourcesFit
from kplan.scheduler.plugins.nodeunschedulable import NodeUnschedulable
from kplan.scheduler.plugins.nodevolumelimits import NodeVolumeLimits
from kplan.scheduler.plugins.podtopologyspread import PodTopologySpread
from kplan.scheduler.plugins.tainttoleration import TaintToleration
from kplan.scheduler.plugins.volumebinding import VolumeBinding
from kplan.scheduler.plugins.volumerestrictions import VolumeRestrictions
from kplan.scheduler.plugins.volumezone import VolumeZone
from kplan.scheduler.profile import DEFAULT_SCHEDULER, Gate, Profile

Args = Mapping[str, Any]
Enabled = list[tuple[str, int]]
"""(plugin, weight); weight 0 where none is given."""

PRE_ENQUEUE, PRE_FILTER, FILTER, POST_FILTER, SCORE = "preEnqueue", "preFilter", "filter", "postFilter", "score"
MIN_FEASIBLE_NODES, MIN_PERCENTAGE = 100, 5


@dataclass(frozen=True, slots=True)
class InTree:
    """A plugin of the tree: the extension points it has, and how to make it."""

    points: frozenset[str]
    make: Callable[[Args], Plugin] | None = None
    gate: str = ""
    """The feature gate without which it does not exist."""


def _in_tree(points: str, make: Callable[[Args], Plugin] | None = None, gate: str = "") -> InTree:
    return InTree(frozenset(points.split()), make, gate)


def _gated(pod: Object, cluster: Cluster) -> bool:
    return bool(pod["spec"].get("schedulingGates"))


def _lacks_claims(pod: Object, cluster: Cluster) -> bool:
    try:
        claims_of_pod(pod, cluster.view)
    except ClaimMissing:
        return True
    return False


PLUGINS: dict[str, InTree] = {
    "SchedulingGates": _in_tree("preEnqueue"),
    "PrioritySort": _in_tree(""),
    "NodeUnschedulable": _in_tree("filter", lambda _: NodeUnschedulable()),
    "NodeName": _in_tree("filter", lambda _: NodeName()),
    "TaintToleration": _in_tree("filter score", lambda _: TaintToleration()),
    "NodeAffinity": _in_tree("preFilter filter score", lambda args: NodeAffinity(args.get("addedAffinity"))),
    "NodePorts": _in_tree("preFilter filter", lambda _: NodePorts()),
    "NodeResourcesFit": _in_tree("preFilter filter score", NodeResourcesFit),
    "VolumeRestrictions": _in_tree("preFilter filter", lambda _: VolumeRestrictions()),
    "NodeVolumeLimits": _in_tree("preFilter filter", lambda _: NodeVolumeLimits()),
    "VolumeBinding": _in_tree("preFilter filter", lambda _: VolumeBinding()),
    "VolumeZone": _in_tree("preFilter filter", lambda _: VolumeZone()),
    "PodTopologySpread": _in_tree("preFilter filter score", PodTopologySpread),
    "InterPodAffinity": _in_tree("preFilter filter score", InterPodAffinity),
    "DynamicResources": _in_tree("preEnqueue preFilter filter postFilter score", lambda _: DynamicResources()),
    "DefaultPreemption": _in_tree("postFilter"),
    "NodeResourcesBalancedAllocation": _in_tree("score", NodeResourcesBalancedAllocation),
    "ImageLocality": _in_tree("score", lambda _: ImageLocality()),
    "DefaultBinder": _in_tree(""),
    "NodeDeclaredFeatures": _in_tree("preFilter filter", lambda _: NodeDeclaredFeatures(), gate="NodeDeclaredFeatures"),
}
"""In the order of the default configuration."""

DEFAULT_WEIGHTS = {
    "TaintToleration": 3,
    "NodeAffinity": 2,
    "NodeResourcesFit": 1,
    "PodTopologySpread": 2,
    "InterPodAffinity": 2,
    "DynamicResources": 2,
    "NodeResourcesBalancedAllocation": 1,
    "ImageLocality": 1,
}

GATES: dict[str, Gate] = {"SchedulingGates": _gated, "DynamicResources": _lacks_claims}


@dataclass(frozen=True, slots=True)
class Configuration:
    """All profiles by scheduler name, and how much of a large cluster the real scheduler would look at."""

    profiles: Mapping[str, Profile]
    percentage_of_nodes_to_score: int = 0
    unmodelled: tuple[str, ...] = ()

    def nodes_to_find(self, profile: Profile, nodes: int) -> int:
        """How many feasible nodes the real scheduler looks for before it stops.

        Mirrors: pkg/scheduler/schedule_one.go numFeasibleNodesToFind
        """
        if nodes < MIN_FEASIBLE_NODES:
            return nodes
        percentage = profile.percentage_of_nodes_to_score
        if percentage is None:
            percentage = self.percentage_of_nodes_to_score
        if percentage == 0:
            percentage = max(50 - nodes // 125, MIN_PERCENTAGE)
        return max(nodes * percentage // 100, MIN_FEASIBLE_NODES)


def configuration_of(config: Args | None, gates: Gates) -> Configuration:
    """The configuration of a KubeSchedulerConfiguration object; the default one of None."""
    config = config or {}
    stated = config.get("profiles") or [{}]
    unmodelled = [f"extender {e.get('urlPrefix', '')}" for e in config.get("extenders") or ()]
    profiles = {}
    for stated_profile in stated:
        profile, unknown = _profile(stated_profile, gates)
        profiles[profile.scheduler_name] = profile
        unmodelled += [f"scheduler plugin {name}" for name in unknown]
    return Configuration(profiles, int(config.get("percentageOfNodesToScore") or 0), tuple(dict.fromkeys(unmodelled)))


def default_profile(gates: Gates) -> Profile:
    """The profile of a scheduler that was given no configuration."""
    return configuration_of(None, gates).profiles[DEFAULT_SCHEDULER]


def _profile(stated: Args, gates: Gates) -> tuple[Profile, list[str]]:
    points = stated.get("plugins") or {}
    known = {name: p for name, p in PLUGINS.items() if not p.gate or gates.on(p.gate)}
    multi, _ = _merge([(name, DEFAULT_WEIGHTS.get(name, 0)) for name in known], points.get("multiPoint") or {})
    args = {c["name"]: c.get("args") or {} for c in stated.get("pluginConfig") or ()}
    chosen = {point: _expand(point, multi, points.get(point) or {}, known) for point in (PRE_ENQUEUE, PRE_FILTER, FILTER, POST_FILTER, SCORE)}
    made: dict[str, Plugin] = {}
    for name in dict.fromkeys(n for point in (FILTER, PRE_FILTER, SCORE) for n in chosen[point]):
        make = known[name].make
        if make is not None:
            made[name] = make(args.get(name) or {})
    weights = _weights(points.get(SCORE) or {}, multi)
    spread = made.get("PodTopologySpread")
    profile = Profile(
        stated.get("schedulerName") or DEFAULT_SCHEDULER,
        tuple(p for name, p in made.items() if name in {*chosen[FILTER], *chosen[PRE_FILTER]} and isinstance(p, PreFilterPlugin)),
        tuple((p, weights.get(n, 1)) for n in chosen[SCORE] if isinstance(p := made.get(n), PreScorePlugin)),
        frozenset(chosen[FILTER]),
        {name: GATES[name] for name in chosen[PRE_ENQUEUE] if name in GATES},
        tuple(chosen[POST_FILTER]),
        args,
        stated.get("percentageOfNodesToScore"),
        getattr(spread, "defaults", ()),
    )
    named = {e["name"] for point in points.values() for e in point.get("enabled") or ()}
    return profile, sorted(named - set(PLUGINS))


def _merge(defaults: Enabled, custom: Args) -> tuple[Enabled, frozenset[str]]:
    """The default plugins without those disabled, those configured anew in their place, the others behind."""
    disabled = frozenset(p["name"] for p in custom.get("disabled") or ())
    stated = {p["name"]: int(p.get("weight") or 0) for p in custom.get("enabled") or ()}
    kept = [] if "*" in disabled else [(n, stated.get(n, w)) for n, w in defaults if n not in disabled]
    names = {n for n, _ in kept}
    return kept + [(n, w) for n, w in stated.items() if n not in names], disabled


def _expand(point: str, multi: Enabled, custom: Args, known: Mapping[str, InTree]) -> list[str]:
    """The plugins of an extension point, in order."""
    explicit = [p["name"] for p in custom.get("enabled") or () if p["name"] in known]
    disabled = {p["name"] for p in custom.get("disabled") or ()}
    if "*" in disabled:
        return explicit
    general = [n for n, _ in multi if n in known and point in known[n].points and n not in disabled]
    first = [n for n in explicit if n in general]
    return list(_unique([*first, *(n for n in general if n not in explicit), *explicit]))


def _unique(names: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(names)


def _weights(score: Args, multi: Enabled) -> dict[str, int]:
    """The weight of every score plugin: what its extension point says, else multiPoint; 0 means 1."""
    stated: Sequence[tuple[str, int]] = [(p["name"], int(p.get("weight") or 0)) for p in score.get("enabled") or ()]
    weights: dict[str, int] = {}
    for name, weight in (*stated, *multi):
        weights.setdefault(name, weight or 1)
    return weights
