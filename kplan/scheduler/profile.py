"""A scheduler profile: which plugins run, in which order, with which weights.

Mirrors: pkg/scheduler/profile/profile.go, pkg/scheduler/apis/config/v1/default_plugins.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kplan.catalog.gates import Gates
from kplan.scheduler.framework import PreFilterPlugin, PreScorePlugin

DEFAULT_SCHEDULER = "default-scheduler"


@dataclass(frozen=True, slots=True)
class Profile:
    """The plugins that serve one ``spec.schedulerName``."""

    scheduler_name: str
    filters: tuple[PreFilterPlugin, ...]
    scorers: tuple[tuple[PreScorePlugin, int], ...]
    pre_enqueue: frozenset[str] = frozenset(("SchedulingGates", "DynamicResources", "DefaultPreemption"))
    post_filters: tuple[str, ...] = ("DynamicResources", "DefaultPreemption")
    binds_volumes: bool = True
    percentage_of_nodes_to_score: int | None = None
    args: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def default_profile(gates: Gates) -> Profile:
    """The profile of a scheduler that was given no configuration."""
    from kplan.scheduler.configuration import profiles_of

    return profiles_of(None, gates)[DEFAULT_SCHEDULER]
