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
from kplan.controllers.nodelifecycle.zones import (
    Zone,
    counts,
    every_zone_is_disrupted,
    seconds_between,
    zone_of,
    zones_of,
)
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
from kplan.engine.contract import Context, Key, Noop, Requeue, Steps, Update, Watch
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
        self._all_disrupted = False
        self._next: dict[Zone, float] = {}
        """When the next node of a zone may be tainted."""
        self.watches = (Watch("Node", self._nodes, "a node, and the readiness of its zone"),)

    def start(self, view: View, ctx: Context) -> None:
        """See how it is with the zones."""
        self._heartbeats.start(ctx.now)
        self._all_disrupted = every_zone_is_disrupted(zones_of(view))

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

    def _taint_to_evict(self, node: Object, view: View, ctx: Context) -> Steps:
        status = ready_status(node)
        if status is None:
            yield Noop("kubelet-never-posted")
        elif status == "True":
            self._unready.pop(ref_of(node), None)
            if counts(node):
                self._all_disrupted = False
            if (rest := without_taints(node, _EVICTING)) is not node:
                yield Update(rest, because="node-is-ready")
        else:
            self._unready[ref_of(node)] = None
            yield from self._taint_unready(node, status, view, ctx)

    def _taint_unready(self, node: Object, status: str, view: View, ctx: Context) -> Steps:
        wanted, opposite = _EVICTING if status == "False" else _EVICTING[::-1]
        zones = zones_of(view)
        disrupted, self._all_disrupted = self._all_disrupted, every_zone_is_disrupted(zones)
        if self._all_disrupted and not disrupted:
            for other in view.objects("Node"):
                if (rest := without_taints(other, _EVICTING)) is not other:
                    yield Update(rest, because="no-zone-is-ready")
            return
        if has_taint(node, opposite):
            yield from swap_taints(node, [wanted], [opposite], ctx.now, "node-is-not-ready")
        elif has_taint(node, wanted):
            yield Noop("node-is-tainted")
        elif self._all_disrupted:
            yield Noop("no-zone-is-ready")
        else:
            yield from self._taint_in_turn(node, wanted, zones, ctx)

    def _taint_in_turn(self, node: Object, wanted: TaintKey, zones: dict[Zone, list[bool]], ctx: Context) -> Steps:
        zone = zone_of(node)
        between = seconds_between(zones.get(zone, []))
        if between is None:
            yield Noop("too-many-nodes-of-the-zone-are-not-ready")
            return
        at = self._next.get(zone, ctx.now)
        if at > ctx.now:
            yield Requeue(at=at, note=f"node {name_of(node)} is tainted {wanted[0]}:{wanted[1]}")
            return
        self._next[zone] = ctx.now + between
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
