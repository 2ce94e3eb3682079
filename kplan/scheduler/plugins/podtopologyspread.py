"""PodTopologySpread: pods a constraint selects are spread evenly over its topology domains.

    hard: pods in the domain + this one if it matches − fewest in any domain ≤ maxSkew, else the node is refused
    soft: raw = Σ pods in the domain × ln(domains + 2) + maxSkew − 1; 100 × (max + min − raw) ÷ max

Pods that state no constraint, but belong to a Service or a controller, are softly spread by hostname and zone.

Mirrors: pkg/scheduler/framework/plugins/podtopologyspread/{plugin,filtering,scoring}.go (1.36)
Differs: a victim that is already terminating is not subtracted again when preemption is tried out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import (
    ALL,
    MAX_NODE_SCORE,
    SKIP,
    Ids,
    Ints,
    Locality,
    Mask,
    Refusal,
    Rows,
    Skip,
    round_half_away,
)
from kplan.scheduler.pods import PodInfo
from kplan.scheduler.topology import (
    DO_NOT_SCHEDULE,
    HOSTNAME,
    SCHEDULE_ANYWAY,
    SYSTEM_DEFAULTS,
    Constraint,
    ConstraintTally,
    constraints_of,
    has_all_keys,
    included,
    natural_logarithm,
)

_NOT_MATCHED = "node(s) didn't match pod topology spread constraints"


class SpreadFilter:
    """1: the node lacks a topology key; 2: the skew would grow too large."""

    locality: Locality = "domain"
    REFUSALS = (
        Refusal(()),
        Refusal((f"{_NOT_MATCHED} (missing required label)",), resolvable=False),
        Refusal((_NOT_MATCHED,)),
    )

    def __init__(self, pod: PodInfo, cluster: Cluster, constraints: Sequence[Constraint]) -> None:
        nodes = cluster.nodes
        self.codes: Ids = np.zeros(nodes.size, dtype=np.int32)
        everywhere = has_all_keys(constraints, nodes)
        self._parts = []
        for c in constraints:
            eligible = everywhere & included(c, pod, cluster)
            column = nodes.label(c.key)
            present = np.bincount(column.ids[eligible], minlength=len(column.values)).astype(bool)
            self._parts.append((ConstraintTally(c, pod.namespace, nodes, eligible), present, int(c.selector.matches(pod.labels))))
        self.filter(ALL)

    def filter(self, rows: Rows) -> None:
        """Compare every domain's skew."""
        touched = [] if isinstance(rows, slice) else rows.tolist()
        codes = np.zeros(len(self.codes), dtype=np.int32)
        for counted, present, own in self._parts:
            counted.refresh(touched)
            c, tally = counted.constraint, counted.tally
            sums = tally.sums[:-1]
            enough = int(np.count_nonzero(present)) >= c.min_domains
            least = int(sums.min(initial=2**31 - 1, where=present)) if enough else 0
            by_domain = np.where(sums + own - least > c.max_skew, 2, 0).astype(np.int32)
            verdict = np.append(by_domain, np.int32(1))[tally.ids]
            codes = np.where(codes == 0, verdict, codes)
        self.codes[:] = codes

    def refusal(self, code: int) -> Refusal:
        """The words of a code."""
        return self.REFUSALS[code]


class SpreadScore:
    """Scores depend on which nodes are feasible, so all is worked out in ``normalize``."""

    locality: Locality = "domain"

    def __init__(self, pod: PodInfo, cluster: Cluster, constraints: Sequence[Constraint], *, require_all: bool) -> None:
        nodes = cluster.nodes
        self.raw: Ints = np.zeros(nodes.size, dtype=np.int64)
        self._everywhere = has_all_keys(constraints, nodes) if require_all else None
        if self._everywhere is not None and self._everywhere.all():
            self._everywhere = None
        self._parts = []
        for c in constraints:
            eligible = included(c, pod, cluster)
            if self._everywhere is not None:
                eligible &= self._everywhere
            self._parts.append(ConstraintTally(c, pod.namespace, nodes, eligible))
        self._weights: list[float] = []
        self._weighed_for: Mask | None = None

    def score(self, rows: Rows) -> None:
        """Count again on the rows that were touched."""
        touched = [] if isinstance(rows, slice) else rows.tolist()
        for part in self._parts:
            part.refresh(touched)

    def normalize(self, feasible: Mask, count: int) -> Ints | int:
        """The fewer pods in a node's domains, the better."""
        scored = feasible if self._everywhere is None else feasible & self._everywhere
        self._weigh(scored)
        total = None
        for part, weight in zip(self._parts, self._weights, strict=True):
            term = self._term(part, weight)
            total = term if total is None else total + term
        assert total is not None
        raw = self.raw = round_half_away(total)
        greatest = int(raw.max(initial=0, where=scored))
        least = int(raw.min(initial=2**62, where=scored))
        if greatest == 0:
            normalized: Ints | int = MAX_NODE_SCORE
        else:
            normalized = MAX_NODE_SCORE * (greatest + least - raw) // greatest
        return normalized if self._everywhere is None else np.where(scored, normalized, 0)

    def _term(self, part: ConstraintTally, weight: float) -> Any:
        c, tally = part.constraint, part.tally
        if c.key == HOSTNAME:
            there = tally.ids >= 0
            score = tally.by_row * weight + float(c.max_skew - 1)
            return score if there.all() else np.where(there, score, 0.0)
        by_domain = tally.sums * weight + float(c.max_skew - 1)
        by_domain[-1] = 0.0
        return by_domain[tally.ids]

    def _weigh(self, scored: Mask) -> None:
        if self._weighed_for is not None and np.array_equal(self._weighed_for, scored):
            return
        self._weighed_for = scored.copy()
        nodes = int(np.count_nonzero(scored))
        self._weights = []
        for part in self._parts:
            if part.constraint.key == HOSTNAME:
                size = nodes
            else:
                size = int(np.count_nonzero(np.bincount(part.tally.ids[scored] + 1)))
            self._weights.append(natural_logarithm(float(size + 2)))


class PodTopologySpread:
    """Filters by hard constraints, scores by soft ones."""

    name = "PodTopologySpread"

    def __init__(self, args: Mapping[str, Any] | None = None) -> None:
        args = args or {}
        self._system = (args.get("defaultingType") or "System") == "System"
        self.defaults: Sequence[Mapping[str, Any]] = SYSTEM_DEFAULTS if self._system else args.get("defaultConstraints") or ()

    def pre_filter(self, pod: PodInfo, cluster: Cluster) -> Skip | SpreadFilter:
        """Judge all nodes."""
        constraints = constraints_of(pod, cluster, self.defaults, DO_NOT_SCHEDULE)
        return SpreadFilter(pod, cluster, constraints) if constraints else SKIP

    def pre_score(self, pod: PodInfo, cluster: Cluster) -> Skip | SpreadScore:
        """Score all nodes."""
        constraints = constraints_of(pod, cluster, self.defaults, SCHEDULE_ANYWAY)
        if not constraints:
            return SKIP
        own = bool(pod.spec.get("topologySpreadConstraints"))
        return SpreadScore(pod, cluster, constraints, require_all=own or not self._system)
