"""NodeDeclaredFeatures: a pod that needs a feature of the kubelet goes only where it is declared.

Mirrors: pkg/scheduler/framework/plugins/nodedeclaredfeatures/nodedeclaredfeatures.go (1.36)
"""

from __future__ import annotations

import numpy as np

from kplan.model.objects import EMPTY
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.features import required_features
from kplan.scheduler.framework import SKIP, ConstantState, FilterState, Refusal, Skip
from kplan.scheduler.pods import PodInfo


class NodeDeclaredFeatures:
    """Refuses nodes that do not declare what the pod needs."""

    name = "NodeDeclaredFeatures"
    REFUSAL = Refusal(("node(s) didn't match Pod's required features",), resolvable=False)

    def pre_filter(self, pod: PodInfo, cluster: Cluster) -> Skip | FilterState:
        """Judge all nodes."""
        wanted = required_features(pod.spec, cluster.gates)
        if not wanted:
            return SKIP
        declared = [frozenset((n.get("status") or EMPTY).get("declaredFeatures") or ()) for n in cluster.nodes.nodes]
        return ConstantState(np.array([not wanted <= d for d in declared], dtype=bool), self.REFUSAL)
