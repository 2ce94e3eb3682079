"""Collects pods nobody else will: those of nodes that are gone, unscheduled ones being deleted, and too many finished ones.

Mirrors: pkg/controller/podgc/gc_controller.go (1.36)
Differs: it is woken by what it collects, and waits as long as a round and the quarantine of a missing node take.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.controllers.nodetaints import OUT_OF_SERVICE, taints_of
from kplan.controllers.pods import created, is_terminal, node_of, phase_of
from kplan.engine.contract import Context, Delete, Key, Noop, Requeue, Steps, Update, Watch
from kplan.model.disruptiontarget import as_disruption_target
from kplan.model.objects import EMPTY, Object, Ref, get_in, is_deleting, name_of, ref_of
from kplan.store.journal import Write
from kplan.store.view import View, pods_on

ROUND_SECONDS, QUARANTINE_SECONDS = 20.0, 40.0
MOST_TERMINATED = 12500
_TERMINATED = "terminated pods"
_RUNNING_PHASES = ("Pending", "Running", "Unknown")
_ORPHANED = "DeletionByPodGC", "PodGC: node no longer exists"


def _is_terminated(pod: Object) -> bool:
    return phase_of(pod) not in _RUNNING_PHASES


class PodGC:
    """The key is a node that may be missing, a pod being deleted, or the finished pods as a whole."""

    name = "pod-garbage-collector-controller"
    priority = 0

    def __init__(self) -> None:
        self._missing_since: dict[Ref, float] = {}
        self._deleting_since: dict[Ref, float] = {}
        self._terminated = 0
        self.watches = (
            Watch("Pod", self._pod, "a pod whose node is gone, or that is being deleted, or has finished"),
            Watch("Node", _node, "a node went or is out of service"),
        )

    def start(self, view: View, _: Context) -> None:
        """Count the finished pods."""
        self._terminated = sum(map(_is_terminated, view.objects("Pod")))

    def observe(self, write: Write) -> None:
        """Follow the number of finished pods."""
        if write.ref.kind == "Pod":
            after, before = write.after is not None and _is_terminated(write.after), write.before is not None and _is_terminated(write.before)
            self._terminated += after - before

    def _pod(self, write: Write, view: View) -> Iterable[Key]:
        pod = write.after
        if pod is None:
            return
        node = node_of(pod)
        if node and view.get(Ref("Node", "", node)) is None:
            yield Ref("Node", "", node)
        if is_deleting(pod):
            yield write.ref
        if self._terminated >= MOST_TERMINATED:
            yield _TERMINATED

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Collect what there is to collect about the key."""
        if not isinstance(key, Ref):
            yield from self._collect_terminated(view, ctx)
        elif key.kind == "Node":
            yield from self._collect_orphaned(key, view, ctx)
        elif (pod := view.get(key)) is not None and is_deleting(pod):
            yield from self._collect_terminating(pod, view, ctx)
        else:
            self._deleting_since.pop(key, None)

    def _collect_orphaned(self, key: Ref, view: View, ctx: Context) -> Steps:
        pods = list(pods_on(view, key.name))
        if view.get(key) is not None or not pods:
            self._missing_since.pop(key, None)
            return
        due = self._missing_since.setdefault(key, ctx.now) + QUARANTINE_SECONDS
        if ctx.now < due:
            yield Requeue(at=due, note=f"pods of the missing node {key.name} are deleted")
            return
        for pod in pods:
            yield from _mark_failed_and_delete(pod, ctx, "node-is-gone", orphaned=True)

    def _collect_terminating(self, pod: Object, view: View, ctx: Context) -> Steps:
        node = view.get(Ref("Node", "", node_of(pod)))
        if node_of(pod) and not (node is not None and _is_out_of_service(node)):
            return
        if is_terminal(pod) and not pod["metadata"].get("deletionGracePeriodSeconds"):
            yield Noop("held-by-finalizers")
            return
        due = self._deleting_since.setdefault(ref_of(pod), ctx.now) + ROUND_SECONDS
        if ctx.now < due:
            yield Requeue(at=due, note=f"pod {name_of(pod)} is deleted by force")
            return
        yield from _mark_failed_and_delete(pod, ctx, "node-is-out-of-service" if node_of(pod) else "unscheduled-and-deleted")

    def _collect_terminated(self, view: View, ctx: Context) -> Steps:
        pods = [p for p in view.objects("Pod") if _is_terminated(p)]
        for pod in sorted(pods, key=_by_eviction_and_creation)[: max(len(pods) - MOST_TERMINATED, 0)]:
            yield from _mark_failed_and_delete(pod, ctx, "too-many-finished-pods")


def _node(write: Write, view: View) -> Iterable[Key]:
    if write.after is None:
        yield write.ref
    elif write.seq and _is_out_of_service(write.after):
        yield from (ref_of(p) for p in pods_on(view, write.ref.name) if is_deleting(p))


def _is_out_of_service(node: Object) -> bool:
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in get_in(node, ("status", "conditions")) or ())
    return not ready and any(t["key"] == OUT_OF_SERVICE for t in taints_of(node))


def _by_eviction_and_creation(pod: Object) -> tuple[bool, float, str]:
    evicted = phase_of(pod) == "Failed" and get_in(pod, ("status", "reason")) == "Evicted"
    return not evicted, created(pod) or 0.0, name_of(pod)


def _mark_failed_and_delete(pod: Object, ctx: Context, because: str, *, orphaned: bool = False) -> Steps:
    if not is_terminal(pod):
        tracking = ctx.gates.on("PodObservedGenerationTracking")
        marked = as_disruption_target(pod, *_ORPHANED, ctx.now, tracking=tracking) if orphaned else pod
        status = {**(marked.get("status") or EMPTY), "phase": "Failed"}
        if (tracking or status.get("observedGeneration")) and (generation := pod["metadata"].get("generation")):
            status["observedGeneration"] = generation
        yield Update({**pod, "status": status}, because=because, subresource="status")
    yield Delete(ref_of(pod), because=because, grace=0)


CONTROLLER = PodGC
