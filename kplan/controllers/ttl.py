"""Tells the kubelets how long they may cache Secrets and ConfigMaps: an annotation on every node, by the cluster's size.

Mirrors: pkg/controller/ttl/ttl_controller.go (1.36)
Differs: when the cluster outgrows a size all nodes are told at once, not with the next heartbeat of each.
"""

from __future__ import annotations

import re

from kplan.engine.contract import Context, Key, Noop, Requeue, Steps, Update, Watch, own_key
from kplan.model.objects import Ref, annotations_of, ref_of
from kplan.store.journal import Write
from kplan.store.view import View

ANNOTATION = "node.alpha.kubernetes.io/ttl"
_BOUNDARIES = ((0, 100, 0), (90, 500, 15), (450, 1000, 30), (900, 2000, 60), (1800, 2**31 - 1, 300))
"""(fewest nodes, most nodes, seconds); they overlap, so that a size at a boundary does not flap."""
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)


class TTLController:
    """The key is a node."""

    name = "ttl-controller"
    priority = 0
    watches = (Watch("Node", own_key, "a node"),)

    def __init__(self) -> None:
        self._nodes = 0
        self._step = 0
        self._told = 0
        """The step of which all nodes were told."""

    def start(self, view: View, _: Context) -> None:
        """Count the nodes."""
        for _node in view.objects("Node"):
            self._count(1)
        self._told = self._step

    def observe(self, write: Write) -> None:
        """Follow the number of nodes."""
        if write.ref.kind == "Node" and (write.before is None or write.after is None):
            self._count(1 if write.after is not None else -1)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Set the annotation where it is another."""
        assert isinstance(key, Ref)
        if self._told != self._step:
            self._told = self._step
            for other in view.objects("Node"):
                yield Requeue(after=0.0, key=ref_of(other))
        node = view.get(key)
        if node is None:
            return
        wanted = _BOUNDARIES[self._step][2]
        current = annotations_of(node).get(ANNOTATION, "")
        if _INTEGER.fullmatch(current) and int(current) == wanted:
            yield Noop("annotation-is-current")
            return
        notes = {**annotations_of(node), ANNOTATION: str(wanted)}
        yield Update({**node, "metadata": {**node["metadata"], "annotations": notes}}, because="cluster-size")

    def _count(self, change: int) -> None:
        self._nodes += change
        if change > 0 and self._nodes > _BOUNDARIES[self._step][1]:
            self._step += 1
        elif change < 0 and self._nodes < _BOUNDARIES[self._step][0]:
            self._step -= 1


CONTROLLER = TTLController
