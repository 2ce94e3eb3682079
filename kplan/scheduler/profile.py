"""A scheduler profile: which plugins run, in which order, with which weights.

Mirrors: pkg/scheduler/profile/profile.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kplan.engine.contract import Delete, Update
from kplan.model.objects import Object
from kplan.scheduler.framework import PreFilterPlugin, PreScorePlugin, SchedulingError

if TYPE_CHECKING:
    from kplan.scheduler.cluster import Cluster
    from kplan.scheduler.evaluation import Evaluation
    from kplan.scheduler.pods import PodInfo

DEFAULT_SCHEDULER = "default-scheduler"

Gate = Callable[[Object, "Cluster"], bool]
"""PreEnqueue: whether a pod is kept out of the queue."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The plugins that serve one ``spec.schedulerName``."""

    scheduler_name: str
    filters: tuple[PreFilterPlugin, ...]
    scorers: tuple[tuple[PreScorePlugin, int], ...]
    filtering: frozenset[str]
    """Of the filters, those that look at nodes; the others only look at the pod before."""
    pre_enqueue: Mapping[str, Gate]
    post_filters: tuple[str, ...]
    args: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    percentage_of_nodes_to_score: int | None = None
    default_constraints: Sequence[Mapping[str, Any]] = ()
    """What pods are spread by that do not say."""

    def asks_for_devices(self, pod: PodInfo, cluster: Cluster) -> bool:
        """Whether a pod asks for resources that device classes offer."""
        return any(getattr(plugin, "is_asked_by", _never)(pod, cluster) for plugin in self.filters)

    def deallocate(self, evaluation: Evaluation) -> tuple[str, list[Update | Delete]]:
        """DynamicResources' PostFilter: its reason, and a claim to give up.

        It fails where its own PreFilter was never reached, and what comes after it is not tried then.
        """
        if "DynamicResources" not in evaluation.asked:
            raise SchedulingError("not found")
        state = evaluation.state("DynamicResources")
        if state is None:
            return "no new claims to deallocate", []
        reason, updates = state.deallocate()
        return str(reason), list(updates)


def _never(pod: PodInfo, cluster: Cluster) -> bool:
    return False
