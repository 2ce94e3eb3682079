"""Nominated pods count as if they were there already, for pods that are not more important.

A node must do both with the nominated pods on it and without them.

Mirrors: pkg/scheduler/framework/runtime/framework.go RunFilterPluginsWithNominatedPods (1.36)
Differs: a plugin that had nothing to say about the cluster as it is may still object to the nominated pods.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kplan.model.objects import Object, Ref, ref_of
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.evaluation import Evaluation
from kplan.scheduler.framework import Mask, Refusal
from kplan.scheduler.pods import priority_of
from kplan.scheduler.queue import Nominator


class Nominees:
    """The nominated pods, as filters see them."""

    def __init__(self, cluster: Cluster, nominator: Nominator) -> None:
        self._cluster = cluster
        self._nominator = nominator

    def _on(self, node: str, pod: Object) -> list[tuple[Ref, Object]]:
        """Nominated pods of equal or higher priority than a pod, itself excluded."""
        own = ref_of(pod)
        found = []
        for ref in self._nominator.by_node.get(node, ()):
            nominee = self._cluster.view.get(ref)
            if ref != own and nominee is not None and priority_of(nominee) >= priority_of(pod):
                found.append((ref, nominee))
        return found

    @contextmanager
    def _placed(self, nominees: list[tuple[Ref, Object]], row: int) -> Iterator[None]:
        nodes = self._cluster.nodes
        for ref, nominee in nominees:
            nodes.add(ref, self._cluster.placed(nominee), row)
        try:
            yield
        finally:
            for ref, _ in nominees:
                nodes.remove(ref, row)

    def refusal(self, evaluation: Evaluation, pod: Object, row: int) -> Refusal | None:
        """Why a node will not do; None where it will."""
        nominees = self._on(evaluation.nodes.names[row], pod)
        if nominees:
            with self._placed(nominees, row):
                evaluation.refresh()
                refused = evaluation.first_refusal(row)
            if refused is not None:
                evaluation.refresh()
                return refused[1]
        evaluation.refresh()
        refused = evaluation.first_refusal(row)
        return refused[1] if refused is not None else None

    def overrule(self, evaluation: Evaluation, pod: Object, feasible: Mask) -> dict[int, tuple[str, Refusal]]:
        """Take nodes out of ``feasible`` on which there is no room besides their nominated pods; tells why."""
        overruled: dict[int, tuple[str, Refusal]] = {}
        for node in list(self._nominator.by_node):
            row = evaluation.nodes.row_of.get(node)
            nominees = self._on(node, pod) if row is not None else []
            if row is None or not nominees:
                continue
            with self._placed(nominees, row):
                evaluation.refresh()
                refused = evaluation.first_refusal(row)
            if refused is not None:
                overruled[row] = refused
                feasible[row] = False
        if overruled:
            evaluation.refresh()
        return overruled
