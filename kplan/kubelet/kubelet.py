"""The kubelets of all nodes: pods start, wait for what is missing, end, and go when they are deleted.

Mirrors: pkg/kubelet/kubelet.go (syncPod), pkg/kubelet/pod_workers.go (1.36)
Differs: one participant for all nodes; images are there, probes succeed, containers do what is assumed of them. A kubelet
         that is lost (``model/kubelets.py``) does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.engine.contract import SHORT_SECONDS, Context, Delete, Emit, Key, Noop, Requeue, Steps, Update
from kplan.kubelet.admission import refusal, refused
from kplan.kubelet.attachments import missing_attachments, with_volumes_in_use
from kplan.kubelet.deadlines import MESSAGE, REASON, deadline_of, ended
from kplan.kubelet.expansion import expand
from kplan.kubelet.mounts import missing_for_volumes
from kplan.kubelet.needs import CONFIG_ERROR, Missing, first_by_container, missing_for_containers
from kplan.kubelet.phase import FINAL
from kplan.kubelet.posting import host_ips, posted_again, ready_again
from kplan.kubelet.stages import OUTCOME, OUTCOMES, WAITING_FOR_VOLUMES, Stage, outcome_of, stage_of, status_at
from kplan.kubelet.wakes import WATCHES, is_silent
from kplan.model.kubelets import is_lost
from kplan.model.objects import EMPTY, Object, Ref, annotations_of, get_in, is_deleting, ref_of, uid_of
from kplan.store.attachment import is_managed
from kplan.store.view import View

START_SECONDS = 1.0
STOP_SECONDS = 1.0


class Kubelet:
    """All kubelets at once; the key is a pod, a node, or a node whose kubelet comes back."""

    name = "kubelet"
    priority = 2
    watches = WATCHES

    def __init__(self) -> None:
        self._ready_at: dict[tuple[str, str], float] = {}
        self._addresses = 1
        self._taken: set[str] = set()

    def start(self, view: View, _: Context) -> None:
        """Learn which addresses pods have already."""
        self._taken = {get_in(p, ("status", "podIP")) for p in view.objects("Pod")}

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Bring one pod to its next stage."""
        if not isinstance(key, Ref):
            assert isinstance(key, tuple)
            yield from _come_back(view.get(key[1]), view, ctx)
            return
        if key.kind == "Node":
            yield from _tend(view.get(key), view)
            return
        pod = view.get(key)
        if pod is None or not (node_name := get_in(pod, ("spec", "nodeName"))):
            return
        node = view.get(Ref("Node", "", node_name))
        if node is None or is_silent(node):
            yield Noop("node-does-not-exist" if node is None else "node-is-unreachable")
        elif is_deleting(pod):
            yield from self._stop(pod, ctx)
        elif get_in(pod, ("status", "phase")) in FINAL:
            yield Noop("pod-has-finished")
        elif get_in(pod, ("status", "startTime")) or get_in(pod, ("status", "phase")) == "Running":
            yield from self._keep(pod, node, view, ctx)
        elif not self._due(pod, "start", START_SECONDS, ctx):
            yield Requeue(at=self._ready_at[(uid_of(pod), "start")])
        elif (why := refusal(view, node, pod)) is not None:
            yield Emit(ref_of(pod), why.reason, why.message, "Warning")
            yield Update(refused(pod, why, now=ctx.now, tracking=_tracking(ctx)), because="node-refuses-the-pod", subresource="status")
        else:
            yield from self._run(pod, node, view, ctx)

    def _keep(self, pod: Object, node: Object, view: View, ctx: Context) -> Steps:
        """Go on with a pod that has started, as long as it may run."""
        deadline = deadline_of(pod)
        if deadline is not None and ctx.now >= deadline:
            yield Emit(ref_of(pod), REASON, MESSAGE)
            yield Update(ended(pod, now=ctx.now, tracking=_tracking(ctx)), because="deadline-exceeded", subresource="status")
            return
        if deadline is not None:
            note = f"pod {ref_of(pod).name} has run as long as it may"
            yield Requeue(at=deadline, background=deadline - ctx.now > SHORT_SECONDS, note=note)
        yield from self._run(pod, node, view, ctx)

    def _run(self, pod: Object, node: Object, view: View, ctx: Context) -> Steps:
        if get_in(pod, ("status", "phase")) == "Running":
            yield from expand(view, pod)
        else:
            yield from _report_volumes(node, view)
        outcome, stage, missing = _next_stage(pod, view, ctx)
        if _is_settled(pod):
            if (posted := ready_again(pod, now=ctx.now, tracking=_tracking(ctx))) is not None:
                yield Update(posted, because="readiness-has-changed", subresource="status")
            yield Noop(f"pod-is-{stage.name}")
            return
        status = status_at(pod, stage, outcome, now=ctx.now, host_ips=host_ips(node), pod_ip=self._address, tracking=_tracking(ctx))
        if _is_at(pod.get("status") or EMPTY, status):
            yield Noop(f"pod-is-{stage.name}")
            return
        for m in missing:
            if m.told:
                yield Emit(ref_of(pod), m.reason, m.told, "Warning")
        yield Update({**pod, "status": status}, because=stage.name, subresource="status")

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

    def _address(self) -> str:
        while True:
            self._addresses += 1
            third, fourth = divmod(self._addresses, 250)
            address = f"10.{244 + third // 256}.{third % 256}.{fourth + 2}"
            if address not in self._taken:
                return address


def _next_stage(pod: Object, view: View, ctx: Context) -> tuple[str, Stage, list[Missing]]:
    """What the pod is assumed to do, where it comes to, and what holds it back."""
    if get_in(pod, ("status", "phase")) == "Running":
        outcome = outcome_of(pod, "running")
        return outcome, Stage(outcome), []
    outcome = outcome_of(pod, ctx.options.assume)
    if missing := missing_for_volumes(view, pod) or missing_attachments(view, pod):
        return outcome, Stage(WAITING_FOR_VOLUMES), missing
    init, main = missing_for_containers(view, pod, "initContainers"), missing_for_containers(view, pod, "containers")
    stage = stage_of(outcome, first_by_container(init), first_by_container(main))
    return outcome, stage, [m for m in (*init, *main) if m.container in stage.held]


def _is_settled(pod: Object) -> bool:
    """Whether a running pod stays as it is: so it does unless its annotation has come to say otherwise."""
    status = pod.get("status") or EMPTY
    if status.get("phase") != "Running" or not status.get("containerStatuses"):
        return False
    return annotations_of(pod).get(OUTCOME) not in OUTCOMES


def _is_at(status: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a pod has come where it shall: it has started, and phase, readiness and what its containers wait for are as they shall be."""
    return bool(status.get("startTime")) and _outline(status) == _outline(wanted)


def _outline(status: Mapping[str, Any]) -> tuple[Any, ...]:
    ready = next((c["status"] for c in status.get("conditions") or [] if c["type"] == "Ready"), "False")
    waits = {s["name"]: get_in(s, ("state", "waiting", "reason")) for s in status.get("containerStatuses") or []}
    held = [s["name"] for s in status.get("initContainerStatuses") or [] if get_in(s, ("state", "waiting", "reason")) == CONFIG_ERROR]
    return status.get("phase"), ready, waits, held


def _tracking(ctx: Context) -> bool:
    return ctx.gates.on("PodObservedGenerationTracking")


def _come_back(node: Object | None, view: View, ctx: Context) -> Steps:
    """Post a node's health again, now that its kubelet is there."""
    if node is None or is_lost(node):
        return
    if (posted := posted_again(node, ctx.now)) is not None:
        outcome = yield Update(posted, because="kubelet-came-back", subresource="status")
        node = outcome.object or posted
    yield from _tend(node, view)


def _tend(node: Object | None, view: View) -> Steps:
    """Post which volumes a node uses."""
    if node is not None and not is_silent(node):
        yield from _report_volumes(node, view)


def _report_volumes(node: Object, view: View) -> Steps:
    if is_managed(node) and (changed := with_volumes_in_use(view, node)) is not node:
        yield Update(changed, because="volumes-are-used-or-no-longer", subresource="status")
