"""Nodes whose kubelets fall silent: their conditions become Unknown and their pods are no longer ready.

Mirrors: pkg/controller/nodelifecycle/node_lifecycle_controller.go: monitorNodeHealth, tryUpdateNodeHealth,
         pkg/controller/util/node/controller_utils.go: MarkPodsNotReady (1.36)
Differs: a kubelet falls silent only where the user says so (``model/kubelets.py``), at once after a heartbeat; Leases and
         ``lastHeartbeatTime`` are not read. A node that was there without conditions before the plan stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.controllers.pods import is_ready
from kplan.engine.contract import Context, Emit, Requeue, Steps, Update
from kplan.model.instants import read_instant, write_instant
from kplan.model.kubelets import is_lost, ready_status
from kplan.model.objects import Object, Ref, get_in, name_of, ref_of
from kplan.store.view import View, pods_on

GRACE_SECONDS, STARTUP_GRACE_SECONDS = 50.0, 60.0
_POSTED = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
"""The conditions that kubelets post; NetworkUnavailable is the control plane's."""
_STOPPED = {"status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
_NEVER = {"status": "Unknown", "reason": "NodeStatusNeverUpdated", "message": "Kubelet never posted node status."}

Condition = Mapping[str, Any]


class Heartbeats:
    """Since when which nodes are silent."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._started_at = 0.0

    def start(self, now: float) -> None:
        """Note the present: of what was there before nobody knows when it last posted."""
        self._started_at = now

    def due(self, node: Object, now: float) -> float | None:
        """When the node counts as silent; None where its kubelet posts, or the node is known to be silent."""
        status = ready_status(node)
        if status is None:
            made = read_instant(node["metadata"].get("creationTimestamp"))
            return made + STARTUP_GRACE_SECONDS if made is not None and made >= self._started_at else None
        if status == "Unknown" or not is_lost(node):
            self._last.pop(name_of(node), None)
            return None
        return self._last.setdefault(name_of(node), now) + GRACE_SECONDS

    def watch(self, node: Object, ctx: Context) -> Steps:
        """Look again when the node counts as silent."""
        due = self.due(node, ctx.now)
        if due is not None:
            background = ready_status(node) is None
            key = ("heartbeats", name_of(node))
            yield Requeue(at=max(due, ctx.now), background=background, note=f"node {name_of(node)} becomes Unknown", key=key)

    def check(self, view: View, ctx: Context) -> Steps:
        """Mark all nodes that have been silent for too long, and the pods on them."""
        for node in list(view.objects("Node")):
            due = self.due(node, ctx.now)
            if due is None or due > ctx.now:
                continue
            was_ready = ready_status(node) == "True"
            outcome = yield Update(_silent(node, ctx.now), because="kubelet-stopped-posting", subresource="status")
            if outcome.error is None and was_ready:
                yield Emit(ref_of(node), "NodeNotReady", f"Node {name_of(node)} status is now: NodeNotReady")
                yield from mark_pods_not_ready(view, ref_of(node), ctx)


def _silent(node: Object, now: float) -> Object:
    status = node.get("status") or {}
    conditions: list[Condition] = list(status.get("conditions") or ())
    moment = write_instant(now)
    for kind in _POSTED:
        at = next((i for i, c in enumerate(conditions) if c["type"] == kind), None)
        if at is None:
            made = node["metadata"].get("creationTimestamp")
            conditions.append({"type": kind, **_NEVER, "lastHeartbeatTime": made, "lastTransitionTime": moment})
        elif conditions[at]["status"] != "Unknown":
            conditions[at] = {**conditions[at], **_STOPPED, "lastTransitionTime": moment}
    return {**node, "status": {**status, "conditions": conditions}}


def mark_pods_not_ready(view: View, node: Ref, ctx: Context) -> Steps:
    """Take the condition Ready from the pods of a node, so that Services leave them out."""
    for pod in [p for p in pods_on(view, node.name) if is_ready(p)]:
        conditions = [
            {**c, "status": "False", "lastTransitionTime": write_instant(ctx.now)} if c["type"] == "Ready" else c
            for c in get_in(pod, ("status", "conditions"))
        ]
        yield Update({**pod, "status": {**pod["status"], "conditions": conditions}}, because="node-is-not-ready", subresource="status")
        yield Emit(ref_of(pod), "NodeNotReady", "Node is not ready", "Warning")
