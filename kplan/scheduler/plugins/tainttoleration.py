"""TaintToleration: keeps pods off nodes whose taints they do not tolerate, and prefers nodes with fewer soft ones.

    raw score = intolerable PreferNoSchedule taints; normalised to 0…100, fewest best

Mirrors: pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go (1.36)
"""

from __future__ import annotations

from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import SKIP, ConstantState, FilterState, Refusal, ScoreState, Skip
from kplan.scheduler.nodes import Taint
from kplan.scheduler.pods import PodInfo
from kplan.scheduler.scores import StaticScore
from kplan.scheduler.taints import PREFER_NO_SCHEDULE, tolerated, untolerated


class TaintToleration:
    """Refuses NoSchedule and NoExecute, scores PreferNoSchedule."""

    name = "TaintToleration"
    REFUSAL = Refusal(("node(s) had untolerated taint(s)",), resolvable=False)

    def pre_filter(self, pod: PodInfo, cluster: Cluster) -> Skip | FilterState:
        """Judge all nodes."""
        return cluster.nodes.once(("TaintToleration", "filter", pod.tolerations_key), lambda: self._filter(pod, cluster))

    def _filter(self, pod: PodInfo, cluster: Cluster) -> Skip | FilterState:
        comparison = cluster.gates.on("TaintTolerationComparisonOperators")
        refused = cluster.nodes.by_taints(lambda ts: bool(untolerated(ts, pod.tolerations, comparison=comparison)))
        return ConstantState(refused.astype(bool), self.REFUSAL) if refused.any() else SKIP

    def pre_score(self, pod: PodInfo, cluster: Cluster) -> ScoreState:
        """Count what is not tolerated of soft taints."""
        return cluster.nodes.once(("TaintToleration", "score", pod.tolerations_key), lambda: self._score(pod, cluster))

    def _score(self, pod: PodInfo, cluster: Cluster) -> ScoreState:
        comparison = cluster.gates.on("TaintTolerationComparisonOperators")
        soft = [t for t in pod.tolerations if (t.get("effect") or PREFER_NO_SCHEDULE) == PREFER_NO_SCHEDULE]

        def intolerable(taints: tuple[Taint, ...]) -> int:
            return sum(t[2] == PREFER_NO_SCHEDULE and not tolerated(soft, t, comparison=comparison) for t in taints)

        return StaticScore(cluster.nodes.by_taints(intolerable), reverse=True)
