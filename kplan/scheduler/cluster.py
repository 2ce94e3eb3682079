"""What the scheduler sees of the cluster: nodes and the pods on them as columns, everything else through the view.

Fed by :meth:`Cluster.start` with the cluster as it is and by :meth:`Cluster.observe` with every write since.

Mirrors: pkg/scheduler/backend/cache/cache.go, pkg/scheduler/framework/plugins/helper/spread.go (1.36)
Differs: nothing is assumed and then confirmed; a binding is written before the next pod is looked at.
"""

from __future__ import annotations

from typing import Any

from kplan.catalog.gates import Gates
from kplan.model.objects import EMPTY, Object, Ref, labels_of, name_of, ref_of
from kplan.model.selectors import Labels, Selector, from_label_selector, from_labels
from kplan.scheduler.nodes import NodeTable, Placed
from kplan.scheduler.order import NodeTree
from kplan.scheduler.pods import PodInfo, PodInfos, is_finished, usage_of
from kplan.scheduler.resources import has_status_resources
from kplan.store.deviceclasses import device_class_of
from kplan.store.journal import Write
from kplan.store.view import View

_OWNERS = {
    ("v1", "ReplicationController"): "ReplicationController",
    ("apps/v1", "ReplicaSet"): "ReplicaSet.apps",
    ("apps/v1", "StatefulSet"): "StatefulSet.apps",
}



def node_of(pod: Object) -> str:
    """The node a pod is bound to, "" while it is bound to none."""
    return pod["spec"].get("nodeName") or ""


class Cluster:
    """The cluster as the scheduler knows it."""

    def __init__(self, view: View, gates: Gates) -> None:
        self.view = view
        self.gates = gates
        self.infos = PodInfos()
        self.now = 0.0
        self.epoch = 0
        """Rises when anything changes besides which pods are on which nodes."""
        self._tree = NodeTree()
        self._nodes: dict[str, Object] = {}
        self._assigned: dict[str, dict[Ref, Object]] = {}
        self._assumed: dict[Ref, Object] = {}
        self._table: NodeTable | None = None
        self._services_changed: dict[str, int] = {}
        self._selectors: dict[PodInfo, tuple[int, Any, Selector]] = {}
        self._namespaces: dict[str, Labels] | None = None

    def start(self) -> None:
        """Take in the cluster as the view shows it."""
        for node in self.view.objects("Node"):
            self._add_node(node)
        for pod in self.view.objects("Pod"):
            if node_of(pod) and not is_finished(pod):
                self._assigned.setdefault(node_of(pod), {})[ref_of(pod)] = pod

    # -- writes --------------------------------------------------------------------------------------------------

    def observe(self, write: Write) -> None:
        """Take in one write."""
        match write.ref.kind:
            case "Pod":
                if write.ref in self._assumed and (write.after is None or node_of(write.after)):
                    self.forget(write.ref)
                self._observe_pod(write.ref, write.before, write.after)
            case "Node":
                self._observe_node(write.before, write.after)
            case "Namespace":
                self._observe_namespace(write.before, write.after)
            case "Service":
                self._observe_service(write)

    def _observe_pod(self, ref: Ref, before: Object | None, after: Object | None) -> None:
        was = node_of(before) if before is not None and not is_finished(before) else ""
        now = node_of(after) if after is not None and not is_finished(after) else ""
        if was == now and was and before is not None and after is not None and _same_to_scheduler(before, after):
            self._assigned[was][ref] = after
            return
        if was:
            self._assigned[was].pop(ref, None)
            row = self._table.row_of.get(was) if self._table is not None else None
            if row is not None and self._table is not None:
                self._table.remove(ref, row)
        if now and after is not None:
            self._assigned.setdefault(now, {})[ref] = after
            row = self._table.row_of.get(now) if self._table is not None else None
            if row is not None and self._table is not None:
                self._table.add(ref, self.placed(after), row)

    def _observe_node(self, before: Object | None, after: Object | None) -> None:
        if before is not None and after is not None and name_of(before) in self._nodes:
            self._nodes[name_of(after)] = after
            moved = self._tree.update(before, after)
            if moved or not _same_node(before, after):
                self._forget_table()
            return
        if before is not None and self._nodes.pop(name_of(before), None) is not None:
            self._tree.remove(before)
        if after is not None:
            self._add_node(after)
        self._forget_table()

    def _add_node(self, node: Object) -> None:
        self._nodes[name_of(node)] = node
        self._tree.add(node)

    def _forget_table(self) -> None:
        self._table = None
        self.epoch += 1

    def _observe_namespace(self, before: Object | None, after: Object | None) -> None:
        if before is None or after is None or labels_of(before) != labels_of(after):
            self._namespaces = None
            self.epoch += 1

    def _observe_service(self, write: Write) -> None:
        old, new = ((o.get("spec") or EMPTY).get("selector") if o is not None else None for o in (write.before, write.after))
        if old != new:
            self._services_changed[write.ref.namespace] = write.seq

    # -- nodes and pods ------------------------------------------------------------------------------------------

    @property
    def nodes(self) -> NodeTable:
        """The nodes as columns, in list order."""
        if self._table is None:
            self._table = NodeTable([self._nodes[name] for name in self._tree.names()])
            for name, row in self._table.row_of.items():
                for ref, pod in self._assigned.get(name, {}).items():
                    self._table.add(ref, self.placed(pod), row)
            self._table.log.clear()
        return self._table

    def assume(self, ref: Ref, pod: Object, node: str) -> None:
        """Count a pod on a node to which it will be bound."""
        assumed = {**pod, "spec": {**pod["spec"], "nodeName": node}}
        self._assumed[ref] = assumed
        self._observe_pod(ref, None, assumed)

    def forget(self, ref: Ref) -> None:
        """An assumed pod is bound, or will not be."""
        assumed = self._assumed.pop(ref, None)
        if assumed is not None:
            self._observe_pod(ref, assumed, None)

    def placed(self, pod: Object) -> Placed:
        """A pod as a node counts it."""
        info = self.infos.of(pod)
        return Placed(pod, info, usage_of(pod) if has_status_resources(pod) else info.usage)

    def node(self, name: str) -> Object | None:
        """A node by name."""
        return self._nodes.get(name)

    def current(self, pod: PodInfo) -> Object:
        """The pod behind an info that no other pod shares, as it is now."""
        return self.view.get(ref_of(pod.pod)) or pod.pod

    # -- other objects -------------------------------------------------------------------------------------------

    @property
    def namespaces(self) -> dict[str, Labels]:
        """The labels of all namespaces."""
        if self._namespaces is None:
            self._namespaces = {name_of(n): labels_of(n) for n in self.view.objects("Namespace")}
        return self._namespaces

    def device_class_of(self, resource: str) -> Object | None:
        """The DeviceClass that offers an extended resource."""
        return device_class_of(self.view, resource)

    def default_selector(self, pod: PodInfo) -> Selector:
        """The selector of the Services and the controller of a pod, by which pods are spread that say nothing.

        The same object as long as nothing about it changed.
        """
        changed = self._services_changed.get(pod.namespace, 0)
        owner = self._owner_selector(pod)
        known = self._selectors.get(pod)
        if known is not None and known[0] == changed and known[1] is owner:
            return known[2]
        selector = self._merge_selectors(pod, owner)
        self._selectors[pod] = (changed, owner, selector)
        return selector

    def _owner_selector(self, pod: PodInfo) -> Any:
        if pod.owner is None or pod.owner[:2] not in _OWNERS:
            return None
        owner = self.view.get(Ref(_OWNERS[pod.owner[:2]], pod.namespace, pod.owner[2]))
        return (owner.get("spec") or EMPTY).get("selector") if owner is not None else None

    def _merge_selectors(self, pod: PodInfo, owner: Any) -> Selector:
        labels: dict[str, str] = {}
        for service in self.view.objects("Service", pod.namespace):
            own = (service.get("spec") or EMPTY).get("selector")
            if own and from_labels(own).matches(pod.labels):
                labels |= own
        if owner is not None and pod.owner is not None and pod.owner[1] == "ReplicationController":
            return from_labels(labels | owner)
        merged = from_labels(labels).requirements
        return Selector(merged + (from_label_selector(owner).requirements if owner is not None else ()))


_NODE_FIELDS = (("spec", "taints"), ("spec", "unschedulable"), ("status", "allocatable"), ("status", "images"), ("status", "declaredFeatures"))


def _same_node(before: Object, after: Object) -> bool:
    if labels_of(before) != labels_of(after):
        return False
    return all((before.get(a) or EMPTY).get(b) == (after.get(a) or EMPTY).get(b) for a, b in _NODE_FIELDS)


def _same_to_scheduler(before: Object, after: Object) -> bool:
    """Whether an update of a placed pod changed nothing a node's columns hold."""
    was, now = before["metadata"], after["metadata"]
    if bool(was.get("deletionTimestamp")) != bool(now.get("deletionTimestamp")) or was.get("labels") != now.get("labels"):
        return False
    if has_status_resources(before) or has_status_resources(after):
        return False
    return bool(before["spec"] is after["spec"] or before["spec"] == after["spec"])
