"""NodeResourcesBalancedAllocation: prefers nodes whose resources the pod makes more evenly used.

    balance = (1 − standard deviation of the fractions used) × 100;  score = 50 + (50 + with pod − without) ÷ 2

Mirrors: pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kplan.scheduler import resources
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import ALL, MAX_NODE_SCORE, SKIP, Ints, Locality, Rows, Skip, truncate
from kplan.scheduler.nodes import NodeTable
from kplan.scheduler.pods import PodInfo
from kplan.scheduler.resources import CPU, MEMORY

_HALF = MAX_NODE_SCORE // 2
Floats = NDArray[np.float64]


class BalanceState:
    """Scores rows by the change of their balance."""

    locality: Locality = "row"

    def __init__(self, nodes: NodeTable, wanted: list[tuple[str, int]]) -> None:
        self.raw: Ints = np.zeros(nodes.size, dtype=np.int64)
        self._wanted = [(*nodes.columns(name), amount) for name, amount in wanted]
        self.score(ALL)

    def score(self, rows: Rows) -> None:
        """Compare the balance with and without the pod."""
        have = [(allocatable[rows], requested[rows], amount) for allocatable, requested, amount in self._wanted]
        after = balance([(capacity, used + amount) for capacity, used, amount in have])
        before = balance([(capacity, used) for capacity, used, _ in have])
        self.raw[rows] = _HALF + (_HALF + after - before) // 2


def balance(used: list[tuple[Ints, Ints]]) -> Ints:
    """0…100, of (allocatable, used) by resource; resources a node does not have are left out."""
    shares, present = [], []
    for capacity, amount in used:
        there = capacity != 0
        shares.append(np.where(there, np.minimum(amount / np.maximum(capacity, 1), 1.0), 0.0))
        present.append(there)
    deviation = _two(shares, present) if len(used) == 2 else _many(shares, present)
    return truncate((1 - deviation) * float(MAX_NODE_SCORE))


def _two(shares: list[Floats], present: list[NDArray[np.bool_]]) -> Floats:
    return np.where(present[0] & present[1], np.abs((shares[0] - shares[1]) / 2), 0.0)


def _many(shares: list[Floats], present: list[NDArray[np.bool_]]) -> Floats:
    """The standard deviation of the shares that are present; half their distance where there are two, 0 for fewer."""
    if not shares:
        return np.zeros(0)
    there = np.array(present)
    count = there.sum(axis=0)
    total = np.zeros_like(shares[0])
    for share in shares:
        total = total + share
    mean = total / np.maximum(count, 1)
    squares = np.zeros_like(mean)
    for share, has in zip(shares, present, strict=True):
        squares = squares + np.where(has, (share - mean) * (share - mean), 0.0)
    deviation = np.sqrt(squares / np.maximum(count, 1))
    stacked = np.array(shares)
    high = np.where(there, stacked, -np.inf).max(axis=0)
    low = np.where(there, stacked, np.inf).min(axis=0)
    with np.errstate(invalid="ignore"):
        half = np.abs((high - low) / 2)
    return np.where(count > 2, deviation, np.where(count == 2, half, 0.0))


class NodeResourcesBalancedAllocation:
    """Scores by balance."""

    name = "NodeResourcesBalancedAllocation"

    def __init__(self, args: Mapping[str, Any] | None = None) -> None:
        self._resources = [r["name"] for r in (args or {}).get("resources") or ()] or [CPU, MEMORY]

    def pre_score(self, pod: PodInfo, cluster: Cluster) -> Skip | BalanceState:
        """Score all nodes; pods that ask for nothing are left to the other plugins."""
        asked = [(name, pod.request_for_score(name, non_missing=False)) for name in self._resources]
        if not any(amount for _, amount in asked):
            return SKIP
        return BalanceState(cluster.nodes, [(n, a) for n, a in asked if a or not resources.is_scalar(n)])
