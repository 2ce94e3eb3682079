"""The kubelets of all nodes: pods start, wait for what is missing, end, and go when they are deleted.

Mirrors: pkg/kubelet/kubelet.go (syncPod), pkg/kubelet/pod_workers.go (1.36)
Differs: one participant for all nodes; images are there, probes succeed, containers do what is assumed of them; nodes
         never refuse a pod that was bound to them. A kubelet that is lost (``model/kubelets.py``) does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.engine.contract import Context, Delete, Emit, Key, Noop, Requeue, Steps, Update, Watch
from kplan.kubelet.attachments import missing_attachments, with_volumes_in_use
from kplan.kubelet.expansion import expand
from kplan.kubelet.needs import Missing, missing_for_containers, missing_for_volumes
from kplan.kubelet.posting import posted_again, ready_again
from kplan.kubelet.stages import OUTCOME, OUTCOMES, STAGES, Stage, main_of, outcome_of, status_at
from kplan.model.kubelets import is_lost, ready_status
from kplan.model.objects import Object, Ref, annotations_of, get_in, is_deleting, ref_of, uid_of
from kplan.store.attachment import is_managed, reported
from kplan.store.claimstatus import NODE_PENDING, allocation_state
from kplan.store.journal import Write
from kplan.store.view import View, pods_on

START_SECONDS = 1.0
STOP_SECONDS = 1.0
_FINAL = ("Succeeded", "Failed")


def _pod(write: Write, _: View) -> Iterable[Key]:
    """The pod; when it has finished or gone, the node, whose kubelet may be done with its volumes."""
    pod = write.after or write.before
    assert pod is not None
    node = get_in(pod, ("spec", "nodeName"))
    if not node:
        return
    if write.after is not None:
        yield write.ref
    if write.seq and pod["spec"].get("volumes") and (write.after is None or get_in(pod, ("status", "phase")) in _FINAL):
        yield Ref("Node", "", node)


def _node(write: Write, view: View) -> Iterable[Key]:
    """The node whose kubelet comes, or comes back, and its pods; those that wait, when a volume is attached."""
    if write.after is None or is_lost(write.after):
        return
    if write.before is None:
        yield from (ref_of(p) for p in pods_on(view, write.ref.name) if write.seq)
        return
    if is_lost(write.before):
        yield write.ref
    if _is_silent(write.before):
        yield from (ref_of(p) for p in pods_on(view, write.ref.name))
    elif len(reported(write.after)) > len(reported(write.before)):
        yield from (ref_of(p) for p in pods_on(view, write.ref.name) if get_in(p, ("status", "phase")) in (None, "Pending"))


def _claim(write: Write, view: View) -> Iterable[Key]:
    """Pods that wait, and those that use a claim whose file system is to grow."""
    yield from _waiting_in_namespace(write, view)
    if write.after is not None and allocation_state(write.after) == NODE_PENDING:
        yield from (ref_of(p) for p in view.lookup("claim", (write.ref.namespace, write.ref.name)))


def _waiting_in_namespace(write: Write, view: View) -> Iterable[Key]:
    """Pods of the namespace that are held back by something missing."""
    return [
        ref_of(p)
        for p in view.objects("Pod", write.ref.namespace)
        if get_in(p, ("spec", "nodeName")) and get_in(p, ("status", "phase")) in (None, "Pending")
    ]


class Kubelet:
    """All kubelets at once; the key is a pod, or a node whose kubelet comes back."""

    name = "kubelet"
    priority = 2
    watches = (
        Watch("Pod", _pod, "a pod bound to the node"),
        Watch("Node", _node, "its kubelet comes, or comes back"),
        Watch("ConfigMap", _waiting_in_namespace, "a pod waits for it"),
        Watch("Secret", _waiting_in_namespace, "a pod waits for it"),
        Watch("PersistentVolumeClaim", _claim, "a pod waits for it, or for its volume to grow"),
    )

    def __init__(self) -> None:
        self._ready_at: dict[tuple[str, str], float] = {}
        self._addresses = 1
        self._taken: set[str] = set()

    def start(self, view: View, _: Context) -> None:
        """Learn which addresses pods have already."""
        self._taken = {get_in(p, ("status", "podIP")) for p in view.objects("Pod")}

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Bring one pod to its next stage."""
        assert isinstance(key, Ref)
        if key.kind == "Node":
            yield from _tend(view.get(key), view, ctx)
            return
        pod = view.get(key)
        if pod is None or not (node_name := get_in(pod, ("spec", "nodeName"))):
            return
        node = view.get(Ref("Node", "", node_name))
        if node is None:
            yield Noop("node-does-not-exist")
            return
        if _is_silent(node):
            yield Noop("node-is-unreachable")
            return
        if is_deleting(pod):
            yield from self._stop(pod, ctx)
            return
        phase = get_in(pod, ("status", "phase"), "Pending")
        if phase in _FINAL:
            yield Noop("pod-has-finished")
            return
        if not self._due(pod, "start", START_SECONDS, ctx) and phase == "Pending" and not get_in(pod, ("status", "startTime")):
            yield Requeue(at=self._ready_at[(uid_of(pod), "start")])
            return
        yield from self._run(pod, node, view, ctx)

    def _run(self, pod: Object, node: Object, view: View, ctx: Context) -> Steps:
        if get_in(pod, ("status", "phase")) == "Running":
            yield from expand(view, pod)
        else:
            yield from _report_volumes(node, view)
        stage, blocked, missing = self._next_stage(pod, view, ctx)
        if not self._moves(pod, stage):
            if (posted := ready_again(pod, ctx.now)) is not None:
                yield Update(posted, because="kubelet-came-back", subresource="status")
            yield Noop(f"pod-is-{stage.name}")
            return
        address = self._address(node)
        status = status_at(pod, stage, now=ctx.now, blocked=blocked, host_ip=_host_ip(node), pod_ip=address)
        for m in missing:
            if m.told:
                continue
            reason = "Failed" if m.container else "FailedMount"
            yield Emit(ref_of(pod), reason, f"Error: {m.words}" if m.container else f"MountVolume.SetUp failed: {m.words}", "Warning")
        yield Update({**pod, "status": status}, because=stage.name, subresource="status")

    def _next_stage(self, pod: Object, view: View, ctx: Context) -> tuple[Stage, frozenset[str], list[Missing]]:
        if get_in(pod, ("status", "phase")) == "Running":
            return self._stage_of_running(pod, ctx), frozenset(), []
        if missing := missing_for_volumes(view, pod) or missing_attachments(view, pod):
            return STAGES["waiting-for-volumes"], frozenset(), missing
        if missing := missing_for_containers(view, pod, "initContainers"):
            return STAGES["init-config-error"], frozenset(m.container for m in missing), missing
        if missing := missing_for_containers(view, pod, "containers"):
            return STAGES["config-error"], frozenset(m.container for m in missing), missing
        return STAGES[outcome_of(pod, ctx.options.assume)], frozenset(), []

    def _stage_of_running(self, pod: Object, ctx: Context) -> Stage:
        """A running pod stays as it is unless its annotation has come to say otherwise."""
        return STAGES[outcome_of(pod, "running")]

    def _moves(self, pod: Object, stage: Stage) -> bool:
        status = pod.get("status") or {}
        if status.get("phase") == "Running" and status.get("containerStatuses"):
            return annotations_of(pod).get(OUTCOME) in OUTCOMES and not _is_at(status, stage)
        if status.get("phase") != stage.phase or not status.get("startTime"):
            return True
        waits = [get_in(s, ("state", "waiting", "reason")) for s in status.get("containerStatuses") or []]
        return get_in(main_of(pod, stage)("").state, ("waiting", "reason")) not in waits

    def _stop(self, pod: Object, ctx: Context) -> Steps:
        if not pod["metadata"].get("deletionGracePeriodSeconds"):
            yield Noop("held-by-finalizers")
            return
        if not self._due(pod, "stop", STOP_SECONDS, ctx):
            yield Requeue(at=self._ready_at[(uid_of(pod), "stop")])
            return
        yield Delete(ref_of(pod), because="containers-stopped", grace=0, uid=uid_of(pod))

    def _due(self, pod: Object, what: str, seconds: float, ctx: Context) -> bool:
        at = self._ready_at.setdefault((uid_of(pod), what), ctx.now + seconds)
        return ctx.now >= at

    def _address(self, node: Object) -> str:
        while True:
            self._addresses += 1
            third, fourth = divmod(self._addresses, 250)
            address = f"10.{244 + third // 256}.{third % 256}.{fourth + 2}"
            if address not in self._taken:
                return address


def _is_at(status: Mapping[str, Any], stage: Stage) -> bool:
    """Whether a running pod already is what its annotation says: phase, readiness, what its containers wait for."""
    ready = next((c["status"] for c in status.get("conditions") or [] if c["type"] == "Ready"), "False")
    waits = {get_in(s, ("state", "waiting", "reason")) for s in status.get("containerStatuses") or []}
    wanted = get_in(stage.main("").state, ("waiting", "reason"))
    return status.get("phase") == stage.phase and ready == stage.conditions[2][0] and waits == {wanted}


def _is_silent(node: Object) -> bool:
    """Whether nothing is heard of the node's kubelet."""
    return is_lost(node) or ready_status(node) == "Unknown"


def _tend(node: Object | None, view: View, ctx: Context) -> Steps:
    """Post what has changed about a node: its health when the kubelet comes back, the volumes it uses."""
    if node is None or is_lost(node):
        return
    if (posted := posted_again(node, ctx.now)) is not None:
        outcome = yield Update(posted, because="kubelet-came-back", subresource="status")
        node = outcome.object or posted
    if not _is_silent(node):
        yield from _report_volumes(node, view)


def _report_volumes(node: Object, view: View) -> Steps:
    if is_managed(node) and (changed := with_volumes_in_use(view, node)) is not node:
        yield Update(changed, because="volumes-are-used-or-no-longer", subresource="status")


def _host_ip(node: Object) -> str:
    for address in get_in(node, ("status", "addresses")) or []:
        if address.get("type") == "InternalIP":
            return str(address["address"])
    return "192.168.0.1"
