"""NodeUnschedulable: no new pods on a cordoned node, unless they tolerate its taint.

Mirrors: pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go (1.36)
"""

from __future__ import annotations

from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import SKIP, ConstantState, FilterState, Refusal, Skip
from kplan.scheduler.pods import PodInfo
from kplan.scheduler.taints import UNSCHEDULABLE_TAINT, tolerated


class NodeUnschedulable:
    """Refuses cordoned nodes."""

    name = "NodeUnschedulable"
    REFUSAL = Refusal(("node(s) were unschedulable",), resolvable=False)

    def pre_filter(self, pod: PodInfo, cluster: Cluster) -> Skip | FilterState:
        """Judge all nodes."""
        cordoned = cluster.nodes.unschedulable
        comparison = cluster.gates.on("TaintTolerationComparisonOperators")
        if not cordoned.any() or tolerated(pod.tolerations, UNSCHEDULABLE_TAINT, comparison=comparison):
            return SKIP
        return ConstantState(cordoned, self.REFUSAL)
