"""KubeSchedulerConfiguration: profiles, their plugins and arguments.

Mirrors: pkg/scheduler/apis/config/v1/{defaults,default_plugins}.go, pkg/scheduler/framework/runtime/framework.go
         expandMultiPointPlugins (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kplan.catalog.gates import Gates
from kplan.scheduler.framework import Plugin, PreFilterPlugin, PreScorePlugin
from kplan.scheduler.plugins.imagelocality import ImageLocality
from kplan.scheduler.plugins.interpodaffinity import InterPodAffinity
from kplan.scheduler.plugins.nodeaffinity import NodeAffinity
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
from kplan.scheduler.profile import DEFAULT_SCHEDULER, Profile

Args = Mapping[str, Any]

FACTORIES: dict[str, Callable[[Args], Plugin]] = {
    "NodeUnschedulable": lambda _: NodeUnschedulable(),
    "NodeName": lambda _: NodeName(),
    "TaintToleration": lambda _: TaintToleration(),
    "NodeAffinity": lambda args: NodeAffinity(args.get("addedAffinity")),
    "NodePorts": lambda _: NodePorts(),
    "NodeResourcesFit": NodeResourcesFit,
    "VolumeRestrictions": lambda _: VolumeRestrictions(),
    "NodeVolumeLimits": lambda _: NodeVolumeLimits(),
    "VolumeBinding": lambda _: VolumeBinding(),
    "VolumeZone": lambda _: VolumeZone(),
    "PodTopologySpread": PodTopologySpread,
    "InterPodAffinity": InterPodAffinity,
    "NodeResourcesBalancedAllocation": NodeResourcesBalancedAllocation,
    "ImageLocality": lambda _: ImageLocality(),
}

DEFAULT_PLUGINS: tuple[tuple[str, int], ...] = (
    ("NodeUnschedulable", 0),
    ("NodeName", 0),
    ("TaintToleration", 3),
    ("NodeAffinity", 2),
    ("NodePorts", 0),
    ("NodeResourcesFit", 1),
    ("VolumeRestrictions", 0),
    ("NodeVolumeLimits", 0),
    ("VolumeBinding", 0),
    ("VolumeZone", 0),
    ("PodTopologySpread", 2),
    ("InterPodAffinity", 2),
    ("NodeResourcesBalancedAllocation", 1),
    ("ImageLocality", 1),
)


def profiles_of(config: Args | None, gates: Gates) -> dict[str, Profile]:
    """The profiles by scheduler name."""
    plugins = [(FACTORIES[name]({}), weight) for name, weight in DEFAULT_PLUGINS]
    return {
        DEFAULT_SCHEDULER: Profile(
            DEFAULT_SCHEDULER,
            tuple(p for p, _ in plugins if isinstance(p, PreFilterPlugin)),
            tuple((p, w or 1) for p, w in plugins if isinstance(p, PreScorePlugin)),
        )
    }
