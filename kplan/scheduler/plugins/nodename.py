"""NodeName: a pod that names its node goes there or nowhere.

Mirrors: pkg/scheduler/framework/plugins/nodename/node_name.go (1.36)
"""

from __future__ import annotations

import numpy as np

from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import SKIP, ConstantState, FilterState, Refusal, Skip
from kplan.scheduler.pods import PodInfo


class NodeName:
    """Refuses all nodes but the one named in ``spec.nodeName``."""

    name = "NodeName"
    REFUSAL = Refusal(("node(s) didn't match the requested node name",), resolvable=False)

    def pre_filter(self, pod: PodInfo, cluster: Cluster) -> Skip | FilterState:
        """Judge all nodes."""
        wanted = pod.node_name
        if not wanted:
            return SKIP
        refused = np.ones(cluster.nodes.size, dtype=bool)
        if (row := cluster.nodes.row_of.get(wanted)) is not None:
            refused[row] = False
        return ConstantState(refused, self.REFUSAL)
