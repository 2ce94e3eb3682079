"""Spread constraints as the scheduler reads them, and who counts towards them.

Mirrors: pkg/scheduler/framework/plugins/podtopologyspread/common.go (1.36)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from kplan.model.selectors import Labels, Selector, from_label_selector, from_labels
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import Mask
from kplan.scheduler.groups import PodGroup, Tally
from kplan.scheduler.nodes import NodeTable
from kplan.scheduler.pods import PodInfo
from kplan.scheduler.taints import untolerated

HOSTNAME = "kubernetes.io/hostname"
DO_NOT_SCHEDULE, SCHEDULE_ANYWAY = "DoNotSchedule", "ScheduleAnyway"
SYSTEM_DEFAULTS: tuple[Mapping[str, Any], ...] = (
    {"topologyKey": HOSTNAME, "whenUnsatisfiable": SCHEDULE_ANYWAY, "maxSkew": 3},
    {"topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": SCHEDULE_ANYWAY, "maxSkew": 5},
)


@dataclass(frozen=True, slots=True)
class Constraint:
    """One topology spread constraint."""

    max_skew: int
    key: str
    selector: Selector
    min_domains: int
    honor_affinity: bool
    honor_taints: bool


def constraints_of(pod: PodInfo, cluster: Cluster, defaults: Sequence[Mapping[str, Any]], action: str) -> list[Constraint]:
    """The constraints of a pod with this ``whenUnsatisfiable``; the defaults where it states none at all."""
    own = pod.spec.get("topologySpreadConstraints")
    if own:
        return [_constraint(c, _selector(c, pod.labels)) for c in own if c.get("whenUnsatisfiable") == action]
    wanted = [c for c in defaults if c.get("whenUnsatisfiable") == action]
    selector = cluster.default_selector(pod) if wanted else Selector()
    return [] if selector.empty else [_constraint(c, selector) for c in wanted]


def _constraint(c: Mapping[str, Any], selector: Selector) -> Constraint:
    minimum = c.get("minDomains")
    return Constraint(
        c.get("maxSkew") or 0,
        c.get("topologyKey") or "",
        selector,
        1 if minimum is None else minimum,
        (c.get("nodeAffinityPolicy") or "Honor") == "Honor",
        (c.get("nodeTaintsPolicy") or "Ignore") == "Honor",
    )


def _selector(c: Mapping[str, Any], labels: Labels) -> Selector:
    selector = from_label_selector(c.get("labelSelector"))
    pinned = {k: labels[k] for k in c.get("matchLabelKeys") or () if k in labels}
    if not pinned or selector.nothing:
        return selector
    return Selector(from_labels(pinned).requirements + selector.requirements)


def has_all_keys(constraints: Sequence[Constraint], nodes: NodeTable) -> Mask:
    """Nodes that have every topology key."""
    mask = np.ones(nodes.size, dtype=bool)
    for c in constraints:
        mask &= nodes.label(c.key).ids >= 0
    return mask


def included(constraint: Constraint, pod: PodInfo, cluster: Cluster) -> Mask:
    """Nodes the constraint's inclusion policies let count."""
    nodes = cluster.nodes
    mask = np.ones(nodes.size, dtype=bool)
    if constraint.honor_affinity and (required := nodes.required_by(pod)) is not None:
        mask &= required
    if constraint.honor_taints:
        comparison = cluster.gates.on("TaintTolerationComparisonOperators")
        mask &= nodes.by_taints(lambda ts: not untolerated(ts, pod.tolerations, comparison=comparison)).astype(bool)
    return mask


class ConstraintTally:
    """How many pods that a constraint selects are where; takes in groups that appear later."""

    def __init__(self, constraint: Constraint, namespace: str, nodes: NodeTable, eligible: Mask | None) -> None:
        column = nodes.label(constraint.key)
        self.constraint = constraint
        self.tally = Tally(column.ids, len(column.values), eligible)
        self._namespace = namespace
        self._groups = nodes.groups
        if not constraint.selector.empty:
            for group in self._groups.matching(namespace, constraint.selector):
                self.tally.add(group.live)
        self._seen = len(self._groups.every)

    def refresh(self, rows: Sequence[int]) -> None:
        """Count again on these rows."""
        self.tally.refresh(rows)
        every = self._groups.every
        while self._seen < len(every):
            if self._selects(every[self._seen]):
                self.tally.add(every[self._seen].live)
            self._seen += 1

    def _selects(self, group: PodGroup) -> bool:
        selector = self.constraint.selector
        return group.namespace == self._namespace and not selector.empty and selector.matches(group.labels)


_L = (
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
)
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10


@lru_cache(maxsize=4096)
def natural_logarithm(x: float) -> float:
    """Go's math.Log, bit for bit, so that scores round the same way.

    Mirrors: FreeBSD's e_log.c, as Go's math/log.go has it
    """
    fraction, exponent = math.frexp(x)
    if fraction < math.sqrt(2) / 2:
        fraction *= 2
        exponent -= 1
    f, k = fraction - 1, float(exponent)
    s = f / (2 + f)
    s2 = s * s
    s4 = s2 * s2
    t1 = s2 * (_L[0] + s4 * (_L[2] + s4 * (_L[4] + s4 * _L[6])))
    t2 = s4 * (_L[1] + s4 * (_L[3] + s4 * _L[5]))
    rest = t1 + t2
    half_square = 0.5 * f * f
    return k * _LN2_HIGH - ((half_square - (s * (half_square + rest) + k * _LN2_LOW)) - f)
