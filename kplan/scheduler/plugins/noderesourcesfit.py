"""NodeResourcesFit: what the pod asks for must be free; scores by how much is.

    LeastAllocated           Σ weight × (free after placement × 100 ÷ allocatable) ÷ Σ weight, all in integers
    MostAllocated            the same with what is used
    RequestedToCapacityRatio a broken line over the percentage used, rounded

Scores reckon with 100m cpu and 200Mi for containers that ask for nothing.

Mirrors: pkg/scheduler/framework/plugins/noderesources/{fit,resource_allocation,least_allocated,most_allocated,
         requested_to_capacity_ratio}.go (1.36)
Differs: several missing extended resources are named in alphabetical order (Go's map order is random).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kplan.scheduler import resources
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import (
    ALL,
    MAX_NODE_SCORE,
    Ids,
    Ints,
    Locality,
    Mask,
    Refusal,
    Rows,
    quotient,
    round_half_away,
)
from kplan.scheduler.nodes import NodeTable
from kplan.scheduler.pods import PodInfo
from kplan.scheduler.resources import CPU, EPHEMERAL, MEMORY, PODS

_MAX_CUSTOM_SCORE = 10
_FIRST = (CPU, MEMORY, EPHEMERAL)
DEFAULT_RESOURCES = ((CPU, 1), (MEMORY, 1))


class FitState:
    """Bit 0 of a code: too many pods; bit 1: more than the node has in all; from bit 2 on: the resources that lack."""

    locality: Locality = "row"

    def __init__(self, nodes: NodeTable, wanted: list[tuple[str, int, Mask | None]]) -> None:
        self.codes: Ids = np.zeros(nodes.size, dtype=np.int32)
        self._nodes = nodes
        self._allowed = nodes.allocatable[PODS]
        self._names = [name for name, _, _ in wanted]
        self._wanted = [(amount, *nodes.columns(name), exempt) for name, amount, exempt in wanted]
        self.filter(ALL)

    def filter(self, rows: Rows) -> None:
        """Compare what is asked with what is free."""
        codes = (self._nodes.pod_count[rows] >= self._allowed[rows]).astype(np.int32)
        for bit, (amount, allocatable, requested, exempt) in enumerate(self._wanted, 2):
            capacity = allocatable[rows]
            lacking = amount > capacity - requested[rows]
            if exempt is not None:
                lacking &= ~exempt[rows]
            if lacking.any():
                codes |= lacking.astype(np.int32) << bit
                codes |= (lacking & (amount > capacity)).astype(np.int32) << 1
        self.codes[rows] = codes

    def refusal(self, code: int) -> Refusal:
        """The words for the bits that are set."""
        reasons = ["Too many pods"] if code & 1 else []
        reasons += [f"Insufficient {name}" for bit, name in enumerate(self._names, 2) if code >> bit & 1]
        return Refusal(tuple(reasons), resolvable=not code & 2)


class AllocationScore:
    """Scores rows by an allocation strategy."""

    locality: Locality = "row"

    def __init__(self, nodes: NodeTable, wanted: list[tuple[str, int, int]], strategy: Strategy) -> None:
        self.raw: Ints = np.zeros(nodes.size, dtype=np.int64)
        self._wanted = [(nodes.columns(name)[0], _allocated(nodes, name), weight, amount) for name, weight, amount in wanted]
        self._strategy = strategy
        self.score(ALL)

    def score(self, rows: Rows) -> None:
        """Weigh the resources of these rows."""
        total: Ints | int = 0
        weights: Ints | int = 0
        for capacity, allocated, weight, amount in self._wanted:
            here = capacity[rows]
            score = self._strategy.score(allocated[rows] + amount, here)
            counts = self._strategy.counts(score, here)
            if counts.all():
                total = total + score * weight
                weights = weights + weight
            else:
                total = total + np.where(counts, score * weight, 0)
                weights = weights + np.where(counts, weight, 0)
        self.raw[rows] = self._strategy.mean(np.asarray(total), np.asarray(weights))


def _allocated(nodes: NodeTable, name: str) -> Ints:
    if name == CPU:
        return nodes.non_zero_cpu
    if name == MEMORY:
        return nodes.non_zero_memory
    return nodes.columns(name)[1]


class Strategy:
    """LeastAllocated: the emptier the better."""

    def score(self, used: Ints, capacity: Ints) -> Ints:
        """0…100 for one resource."""
        return np.maximum(quotient((capacity - used) * MAX_NODE_SCORE, np.maximum(capacity, 1)), 0)

    def counts(self, score: Ints, capacity: Ints) -> Mask:
        """Which rows' scores enter the mean."""
        return np.not_equal(capacity, 0)

    def mean(self, total: Ints, weights: Ints) -> Ints:
        """The weighted mean, 0 where nothing counts."""
        return quotient(total, np.maximum(weights, 1))


class MostAllocated(Strategy):
    """The fuller the better."""

    def score(self, used: Ints, capacity: Ints) -> Ints:
        """0…100 for one resource."""
        return quotient(np.minimum(used, capacity) * MAX_NODE_SCORE, np.maximum(capacity, 1))


class RequestedToCapacityRatio(Strategy):
    """A broken line through (percentage used, score) points; resources that score 0 do not count."""

    def __init__(self, shape: list[Mapping[str, Any]]) -> None:
        self._points = [
            (int(p.get("utilization") or 0), int(p.get("score") or 0) * (MAX_NODE_SCORE // _MAX_CUSTOM_SCORE)) for p in shape
        ]

    def score(self, used: Ints, capacity: Ints) -> Ints:
        """0…100 for one resource."""
        percent = np.where((capacity == 0) | (used > capacity), 100, used * 100 // np.maximum(capacity, 1))
        line = np.array([broken_line(self._points, p) for p in range(101)], dtype=np.int64)
        found: Ints = line[np.clip(percent, 0, 100)]
        return found

    def counts(self, score: Ints, capacity: Ints) -> Mask:
        """Which rows' scores enter the mean."""
        counted: Mask = (capacity != 0) & (score > 0)
        return counted

    def mean(self, total: Ints, weights: Ints) -> Ints:
        """The weighted mean, rounded."""
        return round_half_away(total / np.maximum(weights, 1))


def broken_line(points: list[tuple[int, int]], at: int) -> int:
    """The value of a broken line, with Go's integer division towards zero."""
    for i, (x, y) in enumerate(points):
        if at <= x:
            if i == 0:
                return y
            x0, y0 = points[i - 1]
            rise = (y - y0) * (at - x0)
            steps = abs(rise) // (x - x0)
            return y0 + (steps if rise >= 0 else -steps)
    return points[-1][1]


class NodeResourcesFit:
    """Filters and scores by resources."""

    name = "NodeResourcesFit"

    def __init__(self, args: Mapping[str, Any] | None = None) -> None:
        args = args or {}
        self._ignored = frozenset(args.get("ignoredResources") or ())
        self._ignored_groups = frozenset(args.get("ignoredResourceGroups") or ())
        strategy = args.get("scoringStrategy") or {}
        self._resources = [(r["name"], r.get("weight") or 1) for r in strategy.get("resources") or ()] or list(DEFAULT_RESOURCES)
        self._strategy = _strategy(strategy)

    def pre_filter(self, pod: PodInfo, cluster: Cluster) -> FitState:
        """Judge all nodes."""
        asked = pod.requests
        scalars = sorted(name for name in asked if name not in _FIRST and not self._ignores(name))
        wanted = [(name, asked[name], self._exempt(name, cluster)) for name in (*_FIRST, *scalars) if asked.get(name, 0) > 0]
        return FitState(cluster.nodes, wanted)

    def _ignores(self, name: str) -> bool:
        if not resources.is_extended(name):
            return False
        return name in self._ignored or name.partition("/")[0] in self._ignored_groups

    def _exempt(self, name: str, cluster: Cluster) -> Mask | None:
        """Nodes on which a device class, not the kubelet, offers this resource."""
        if name in _FIRST or not cluster.gates.on("DRAExtendedResource") or cluster.device_class_of(name) is None:
            return None
        return cluster.nodes.columns(name)[0] <= 0

    def pre_score(self, pod: PodInfo, cluster: Cluster) -> AllocationScore:
        """Score all nodes."""
        wanted = []
        for name, weight in self._resources:
            amount = pod.request_for_score(name, non_missing=True)
            if amount or not resources.is_scalar(name):
                wanted.append((name, weight, amount))
        return AllocationScore(cluster.nodes, wanted, self._strategy)


def _strategy(args: Mapping[str, Any]) -> Strategy:
    match args.get("type") or "LeastAllocated":
        case "MostAllocated":
            return MostAllocated()
        case "RequestedToCapacityRatio":
            return RequestedToCapacityRatio((args.get("requestedToCapacityRatio") or {}).get("shape") or [])
        case _:
            return Strategy()
