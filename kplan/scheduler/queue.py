"""Pods that wait to be scheduled: the active, those backing off, and those no node would have.

The active queue is ordered by priority, then by when a pod was queued.  An unschedulable pod is moved back by an event
that could help it; while it backs off it is taken only when the active queue is empty.

Mirrors: pkg/scheduler/backend/queue/{scheduling_queue,active_queue,backoff_queue,nominator}.go (1.36)
Differs: nothing happens while a pod is being scheduled but what that itself does, so there are no in-flight events.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from kplan.model.instants import read_instant
from kplan.model.objects import Object, Ref
from kplan.scheduler.events import ClusterEvent
from kplan.scheduler.hints import Waiting, could_help, interested
from kplan.scheduler.pods import priority_of

INITIAL_BACKOFF, MAX_BACKOFF = 1.0, 10.0

Timestamp = tuple[float, str, str]
"""When a pod came, then its namespace and name: pods of one second are taken by name, whatever the order of the input."""


@dataclass(slots=True, eq=False)
class QueuedPod:
    """A pod in the queue and how it fared so far."""

    ref: Ref
    pod: Object
    timestamp: Timestamp
    """Its place among pods of equal priority."""
    queued_at: float = 0.0
    failures: int = 0
    plugins: frozenset[str] = frozenset()
    """The plugins that refused it last."""
    pending_plugins: frozenset[str] = frozenset()
    gated_by: str = ""
    where: str = ""

    def backoff_until(self) -> float:
        """When it has waited long enough: 1 s, doubled with every failure, at most 10 s."""
        if not self.failures:
            return self.queued_at
        return self.queued_at + min(INITIAL_BACKOFF * float(1 << min(self.failures - 1, 10)), MAX_BACKOFF)


_Entry = tuple[float, float, Timestamp, QueuedPod]


@dataclass(slots=True)
class SchedulingQueue:
    """All pending pods this scheduler is responsible for."""

    gate: Callable[[Object], str]
    """PreEnqueue: the plugin that keeps a pod out of the queue, or ""."""
    waiting: Callable[[Object], Waiting]
    """A pod as queueing hints look at it."""
    pods: dict[Ref, QueuedPod] = field(default_factory=dict)
    _active: list[_Entry] = field(default_factory=list)
    _backoff: list[_Entry] = field(default_factory=list)
    _by_plugin: dict[str, dict[Ref, QueuedPod]] = field(default_factory=dict)
    _unattributed: dict[Ref, QueuedPod] = field(default_factory=dict)

    # -- coming and going ----------------------------------------------------------------------------------------

    def add(self, ref: Ref, pod: Object, now: float) -> None:
        """A new pod."""
        queued = self.pods[ref] = QueuedPod(ref, pod, _timestamp(ref, pod, now), now)
        self._activate(queued)

    def add_waiting(self, ref: Ref, pod: Object, now: float, plugins: Iterable[str]) -> None:
        """A pod that was found unschedulable before, by these plugins."""
        queued = self.pods[ref] = QueuedPod(ref, pod, _timestamp(ref, pod, now), now, 1, frozenset(plugins))
        self._park(queued)

    def update(self, ref: Ref, pod: Object, events: Iterable[ClusterEvent], now: float) -> None:
        """A pending pod changed; that alone may make it schedulable."""
        queued = self.pods.get(ref)
        if queued is None:
            self.add(ref, pod, now)
            return
        queued.pod = pod
        if queued.where != "unschedulable":
            return
        for event in events:
            if self._worth_requeuing(queued, event):
                self._requeue(queued, now)
                return

    def remove(self, ref: Ref) -> None:
        """A pod is gone or bound."""
        queued = self.pods.pop(ref, None)
        if queued is not None:
            self._unpark(queued)
            queued.where = "gone"

    def pop(self) -> QueuedPod | None:
        """The next pod to schedule: the active first, then those that back off."""
        for heap, name in ((self._active, "active"), (self._backoff, "backoff")):
            while heap:
                queued = heapq.heappop(heap)[3]
                if queued.where == name:
                    queued.where = "in-flight"
                    return queued
        return None

    def add_unschedulable(self, queued: QueuedPod, now: float, plugins: frozenset[str], pending: frozenset[str]) -> None:
        """A pod comes back: no node would have it. Without plugins to blame it is tried again at the next event."""
        if self.pods.get(queued.ref) is not queued:
            return
        queued.failures += 1
        queued.timestamp = (now, queued.ref.namespace, queued.ref.name)
        queued.queued_at = now
        queued.plugins, queued.pending_plugins = plugins, pending
        self._park(queued)

    # -- events --------------------------------------------------------------------------------------------------

    def move_all(self, event: ClusterEvent, now: float, check: Callable[[Object], bool] | None = None) -> None:
        """Move back the unschedulable pods an event could help."""
        found: dict[Ref, QueuedPod] = dict(self._unattributed)
        for plugin in interested(event.kind, event.action):
            found |= self._by_plugin.get(plugin, {})
        for queued in sorted(found.values(), key=lambda q: q.timestamp):
            if (check is None or check(queued.pod)) and self._worth_requeuing(queued, event):
                self._requeue(queued, now)

    def anybody_waits(self) -> bool:
        """Whether any pod is unschedulable."""
        return bool(self._unattributed) or any(self._by_plugin.values())

    def _worth_requeuing(self, queued: QueuedPod, event: ClusterEvent) -> bool:
        if queued.gated_by and event.action not in _events_of(queued.gated_by, event.kind):
            return False
        blamed = queued.plugins | queued.pending_plugins
        if not blamed:
            return True
        waiting = self.waiting(queued.pod)
        return any(could_help(plugin, waiting, event) for plugin in sorted(blamed))

    # -- inside --------------------------------------------------------------------------------------------------

    def _requeue(self, queued: QueuedPod, now: float) -> None:
        self._unpark(queued)
        if now < queued.backoff_until() and not queued.pending_plugins:
            if self._is_gated(queued):
                return
            queued.where = "backoff"
            heapq.heappush(self._backoff, (queued.backoff_until(), -priority_of(queued.pod), queued.timestamp, queued))
        else:
            self._activate(queued)

    def _activate(self, queued: QueuedPod) -> None:
        if self._is_gated(queued):
            return
        queued.where = "active"
        heapq.heappush(self._active, (-priority_of(queued.pod), 0.0, queued.timestamp, queued))

    def _is_gated(self, queued: QueuedPod) -> bool:
        queued.gated_by = self.gate(queued.pod)
        if queued.gated_by:
            queued.plugins |= {queued.gated_by}
            self._park(queued)
        return bool(queued.gated_by)

    def _park(self, queued: QueuedPod) -> None:
        queued.where = "unschedulable"
        blamed = queued.plugins | queued.pending_plugins
        if not blamed:
            self._unattributed[queued.ref] = queued
        for plugin in blamed:
            self._by_plugin.setdefault(plugin, {})[queued.ref] = queued

    def _unpark(self, queued: QueuedPod) -> None:
        self._unattributed.pop(queued.ref, None)
        for plugin in queued.plugins | queued.pending_plugins:
            self._by_plugin.get(plugin, {}).pop(queued.ref, None)


def _events_of(plugin: str, kind: str) -> frozenset[str]:
    from kplan.scheduler.hints import HINTS

    if plugin == "DefaultPreemption":
        return frozenset(("delete",)) if kind == "Pod" else frozenset()
    return frozenset(action for k, actions, _ in HINTS[plugin] if k == kind for action in actions)


@dataclass(slots=True)
class Nominator:
    """Pods that are to go to a node once their victims have left it."""

    by_node: dict[str, dict[Ref, None]] = field(default_factory=dict)
    _node_of: dict[Ref, str] = field(default_factory=dict)

    def nominate(self, ref: Ref, node: str) -> None:
        """A pod is nominated to a node, or to none with ""."""
        self.forget(ref)
        if node:
            self.by_node.setdefault(node, {})[ref] = None
            self._node_of[ref] = node

    def forget(self, ref: Ref) -> None:
        """A pod is bound, gone, or no longer nominated."""
        node = self._node_of.pop(ref, None)
        if node is not None:
            self.by_node[node].pop(ref, None)
            if not self.by_node[node]:
                del self.by_node[node]


def _timestamp(ref: Ref, pod: Object, now: float) -> Timestamp:
    created = read_instant(pod["metadata"].get("creationTimestamp"))
    return now if created is None else created, ref.namespace, ref.name
