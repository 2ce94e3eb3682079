"""Evicts pods from nodes with NoExecute taints: at once those that do not tolerate them, the others when their time is up.

Mirrors: pkg/controller/tainteviction/taint_eviction.go (1.36)
Differs: a toleration of more than a few seconds is listed under "Later" and ends only within ``--for``; an eviction that
         was due before the cluster was read is due as of the taint's ``timeAdded``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kplan.controllers.nodetaints import NO_EXECUTE, Taint, taints_of
from kplan.controllers.pods import created
from kplan.engine.contract import SHORT_SECONDS, Context, Delete, Emit, Key, Noop, Requeue, Steps, Update, Watch
from kplan.model.disruptiontarget import as_disruption_target
from kplan.model.instants import read_instant
from kplan.model.nodeaffinity import tolerates
from kplan.model.objects import Object, Ref, ref_of, uid_of
from kplan.store.journal import Write
from kplan.store.view import View, pods_on

_REASON, _MESSAGE = "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint"


def _no_execute(node: Object | None) -> list[Taint]:
    return [t for t in taints_of(node) if t.get("effect") == NO_EXECUTE] if node is not None else []


def _pods_of_node(write: Write, view: View) -> Iterable[Key]:
    if write.seq == 0 or _no_execute(write.before) == _no_execute(write.after):
        return ()
    return [ref_of(p) for p in pods_on(view, write.ref.name)]


def _pod(write: Write, view: View) -> Iterable[Key]:
    before, after = write.before, write.after
    if after is None:
        return (write.ref,)
    if not (node := after["spec"].get("nodeName")):
        return ()
    if before is not None and before["spec"].get("nodeName") == node and before["spec"].get("tolerations") == after["spec"].get("tolerations"):
        return ()
    return (write.ref,) if _no_execute(view.get(Ref("Node", "", node))) else ()


class TaintEviction:
    """The key is a pod."""

    name = "taint-eviction-controller"
    priority = 0
    watches = (Watch("Pod", _pod, "a pod on a tainted node"), Watch("Node", _pods_of_node, "the taints of its node"))

    def __init__(self) -> None:
        self._scheduled: dict[Ref, tuple[str, float, float]] = {}
        """The pod's UID, since when it is to be evicted, and when it will be."""
        self._started_at = 0.0

    def start(self, _: View, ctx: Context) -> None:
        """Note the present: what was tainted before was noticed before."""
        self._started_at = ctx.now

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Evict the pod, or plan it, or call it off; what is planned is not put off by other tolerations."""
        assert isinstance(key, Ref)
        pod = view.get(key)
        scheduled = self._scheduled.get(key)
        if pod is None or (scheduled is not None and scheduled[0] != uid_of(pod)):
            yield from self._call_off(key)
            scheduled = None
        if pod is None:
            return
        node = view.get(Ref("Node", "", pod["spec"].get("nodeName") or ""))
        if node is not None:
            taints = _no_execute(node)
            tolerated, seconds = _tolerated(taints, pod["spec"].get("tolerations") or ())
            if seconds is None:
                yield from self._call_off(key)
                yield Noop("taints-are-tolerated")
                return
            if not tolerated:
                yield from self._call_off(key)
                scheduled = None
            if scheduled is None:
                since = self._since(pod, taints, ctx)
                scheduled = self._scheduled[key] = (uid_of(pod), since, since + seconds)
        if scheduled is None:
            return
        if scheduled[2] > ctx.now:
            background = scheduled[2] - ctx.now > SHORT_SECONDS
            yield Requeue(at=scheduled[2], background=background, note=f"pod {key.name} is evicted from node {pod['spec']['nodeName']}")
            return
        del self._scheduled[key]
        yield from _evict(pod, ctx)

    def _call_off(self, key: Ref) -> Steps:
        if self._scheduled.pop(key, None) is not None:
            yield Emit(key, "TaintManagerEviction", f"Cancelling deletion of Pod {key.namespace}/{key.name}")

    def _since(self, pod: Object, taints: Sequence[Taint], ctx: Context) -> float:
        """Since when pod and taints have met: now, or as far back as they tell where they met before the beginning."""
        if ctx.now > self._started_at:
            return ctx.now
        added = max((read_instant(t.get("timeAdded")) or ctx.now for t in taints), default=ctx.now)
        return min(ctx.now, max(added, created(pod) or ctx.now))


def _tolerated(taints: Iterable[Taint], tolerations: Sequence[Mapping[str, Any]]) -> tuple[bool, float | None]:
    """(whether the pod tolerates all the taints, for how long; None for ever)."""
    used = []
    for taint in taints:
        toleration = next((t for t in tolerations if tolerates(t, taint)), None)
        if toleration is None:
            return False, 0.0
        used.append(toleration)
    limits = [max(float(t["tolerationSeconds"]), 0.0) for t in used if t.get("tolerationSeconds") is not None]
    return True, min(limits, default=None)


def _evict(pod: Object, ctx: Context) -> Steps:
    ref = ref_of(pod)
    yield Emit(ref, "TaintManagerEviction", f"Marking for deletion Pod {ref.namespace}/{ref.name}")
    if (marked := as_disruption_target(pod, _REASON, _MESSAGE, ctx.now, tracking=ctx.gates.on("PodObservedGenerationTracking"))) is not pod:
        yield Update(marked, because="node-is-tainted", subresource="status")
    yield Delete(ref, because="node-is-tainted")


CONTROLLER = TaintEviction
