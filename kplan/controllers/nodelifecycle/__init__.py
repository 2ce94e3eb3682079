"""Watches over nodes: marks those that fall silent, taints them by their conditions, keeps two old labels in step.

A node whose kubelet has not posted for fifty seconds becomes Unknown, and its pods are not ready any more.  A node that
is not ready or not reachable is tainted NoSchedule at once, and NoExecute so that pods leave: one node every ten seconds
in a zone, none in a small zone where most nodes are gone, and none at all where every zone is: then it is the control
plane that is cut off.

Mirrors: pkg/controller/nodelifecycle/node_lifecycle_controller.go (1.36)
Differs: conditions count at once and not at the next look five seconds later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kplan.controllers.nodelifecycle.heartbeats import Heartbeats
from kplan.controllers.nodelifecycle.zones import Limiters, zone_of
from kplan.controllers.nodetaints import (
    NO_EXECUTE,
    NO_SCHEDULE,
    NOT_READY,
    UNREACHABLE,
    UNSCHEDULABLE,
    TaintKey,
    has_taint,
    swap_taints,
    taint_key,
    taints_of,
    without_taints,
)
from kplan.engine.contract import Context, Emit, Key, Noop, Requeue, Steps, Update, Watch
from kplan.model.kubelets import ready_status
from kplan.model.objects import Object, Ref, get_in, labels_of, name_of, ref_of
from kplan.store.journal import Write
from kplan.store.view import View

_TAINTS: Mapping[tuple[str, str], str] = {
    ("Ready", "False"): NOT_READY,
    ("Ready", "Unknown"): UNREACHABLE,
    ("MemoryPressure", "True"): "node.kubernetes.io/memory-pressure",
    ("DiskPressure", "True"): "node.kubernetes.io/disk-pressure",
    ("NetworkUnavailable", "True"): "node.kubernetes.io/network-unavailable",
    ("PIDPressure", "True"): "node.kubernetes.io/pid-pressure",
}
"""(condition, status) → the key of the NoSchedule taint."""
_OURS = {*_TAINTS.values(), UNSCHEDULABLE}
_LABELS = (("kubernetes.io/os", "beta.kubernetes.io/os"), ("kubernetes.io/arch", "beta.kubernetes.io/arch"))
_EVICTING: tuple[TaintKey, TaintKey] = ((NOT_READY, NO_EXECUTE), (UNREACHABLE, NO_EXECUTE))


class NodeLifecycle:
    """The key is a node, or what may be silent of it."""

    name = "node-lifecycle-controller"
    priority = 0

    def __init__(self) -> None:
        self._unready: dict[Ref, None] = {}
        self._heartbeats = Heartbeats()
        self._limiters = Limiters()
        self._known: set[Ref] = set()
        self.watches = (Watch("Node", self._nodes, "a node, and the readiness of its zone"),)

    def start(self, view: View, ctx: Context) -> None:
        """See which nodes there are, and how it is with the zones."""
        self._heartbeats.start(ctx.now)
        self._limiters.follow(view, ctx.now)
        self._known = {ref_of(node) for node in view.objects("Node")}

    def _nodes(self, write: Write, _: View) -> Iterable[Key]:
        before, after = write.before, write.after
        yield write.ref
        if write.seq and (before is None or after is None or ready_status(before) != ready_status(after)):
            yield from (n for n in self._unready if n != write.ref)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Set the taints and labels the node is to have."""
        if not isinstance(key, Ref):
            yield from self._heartbeats.check(view, ctx)
            return
        node = view.get(key)
        yield from self._note(key, node is not None)
        if node is None:
            self._unready.pop(key, None)
            return
        yield from self._heartbeats.watch(node, ctx)
        add, remove = _no_schedule(node)
        if add or remove:
            yield from swap_taints(node, add, remove, ctx.now, "node-conditions")
        elif (labels := _stale_labels(node)) is not None:
            meta = {**node["metadata"], "labels": {**labels_of(node), **labels}}
            yield Update({**node, "metadata": meta}, because="old-labels")
        current = view.get(key)
        if current is not None:
            yield from self._taint_to_evict(current, view, ctx)

    def _note(self, key: Ref, there: bool) -> Steps:
        if there and key not in self._known:
            self._known.add(key)
            yield Emit(key, "RegisteredNode", f"Node {key.name} event: Registered Node {key.name} in Controller")
        elif not there and key in self._known:
            self._known.discard(key)
            yield Emit(key, "RemovingNode", f"Node {key.name} event: Removing Node {key.name} from Controller")

    def _taint_to_evict(self, node: Object, view: View, ctx: Context) -> Steps:
        status = ready_status(node)
        if status is None:
            yield Noop("kubelet-never-posted")
        elif status == "True":
            self._unready.pop(ref_of(node), None)
            if self._limiters.are_slow():
                self._limiters.follow(view, ctx.now)
            if (rest := without_taints(node, _EVICTING)) is not node:
                yield Update(rest, because="node-is-ready")
        else:
            self._unready[ref_of(node)] = None
            yield from self._taint_unready(node, status, view, ctx)

    def _taint_unready(self, node: Object, status: str, view: View, ctx: Context) -> Steps:
        wanted, opposite = _EVICTING if status == "False" else _EVICTING[::-1]
        if self._limiters.follow(view, ctx.now):
            for other in view.objects("Node"):
                if (rest := without_taints(other, _EVICTING)) is not other:
                    yield Update(rest, because="no-zone-is-ready")
            return
        if has_taint(node, opposite):
            yield from swap_taints(node, [wanted], [opposite], ctx.now, "node-is-not-ready")
        elif has_taint(node, wanted):
            yield Noop("node-is-tainted")
        else:
            yield from self._taint_in_turn(node, wanted, ctx)

    def _taint_in_turn(self, node: Object, wanted: TaintKey, ctx: Context) -> Steps:
        limiter = self._limiters.of(zone_of(node), ctx.now)
        at = limiter.free_at(ctx.now)
        if at is None:
            yield Noop("no-zone-is-ready" if self._limiters.all_disrupted else "too-many-nodes-of-the-zone-are-not-ready")
        elif at > ctx.now:
            yield Requeue(at=at, note=f"node {name_of(node)} is tainted {wanted[0]}:{wanted[1]}")
        else:
            limiter.take(ctx.now)
            yield from swap_taints(node, [wanted], [], ctx.now, "node-is-not-ready")


def _no_schedule(node: Object) -> tuple[list[TaintKey], list[TaintKey]]:
    """The NoSchedule taints to add and to remove."""
    conditions = get_in(node, ("status", "conditions")) or ()
    keys = [_TAINTS[c["type"], c["status"]] for c in conditions if (c["type"], c["status"]) in _TAINTS]
    if get_in(node, ("spec", "unschedulable")):
        keys.append(UNSCHEDULABLE)
    wanted = [(k, NO_SCHEDULE) for k in keys]
    have = [taint_key(t) for t in taints_of(node) if t.get("effect") == NO_SCHEDULE and t["key"] in _OURS]
    return [t for t in wanted if t not in have], [t for t in have if t not in wanted]


def _stale_labels(node: Object) -> dict[str, str] | None:
    labels = labels_of(node)
    stale = {old: labels[new] for new, old in _LABELS if new in labels and labels.get(old) != labels[new]}
    return stale or None


CONTROLLER = NodeLifecycle
