"""The scheduler: takes pending pods by priority and age, and binds each to the best node, or says why there is none.

Mirrors: pkg/scheduler/scheduler.go, schedule_one.go, eventhandlers.go (1.36)
Differs: a pod is bound before the next is looked at; scheduling hints, backoff and nominations are kept, the periodic
         flush of unschedulable pods is not; extenders are not called.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from kplan.engine.contract import Bind, Context, Delete, Emit, Key, Requeue, Steps, Update, Watch
from kplan.model.objects import EMPTY, Object, Ref, is_deleting, name_of, namespace_of, ref_of, uid_of
from kplan.scheduler import binding, conditions
from kplan.scheduler.blame import blamed
from kplan.scheduler.cluster import Cluster, node_of
from kplan.scheduler.configuration import Configuration, configuration_of
from kplan.scheduler.diagnosis import NO_NODES, Diagnosis, diagnose
from kplan.scheduler.evaluation import Choice, Evaluation
from kplan.scheduler.events import DELETE, OTHER_KINDS, POD, UPDATE, ClusterEvent, events_of, nominated, pod_changes
from kplan.scheduler.framework import Mask, SchedulingError
from kplan.scheduler.hints import Waiting
from kplan.scheduler.nominated import Nominees
from kplan.scheduler.pods import PodInfo, is_finished, priority_of
from kplan.scheduler.preemption import Preempted, Preemption
from kplan.scheduler.profile import Profile
from kplan.scheduler.queue import Nominator, QueuedPod, SchedulingQueue
from kplan.scheduler.ties import tied
from kplan.store.journal import Write
from kplan.store.view import View

QUEUE = "queue"
"""The one key: all pods that wait."""
_ROWS_REMEMBERED = 2_000_000


def _wake(write: Write, view: View) -> Iterable[Key]:
    return (QUEUE,)


class Scheduler:
    """kube-scheduler as a participant of the engine."""

    name = "default-scheduler"
    priority = 1
    watches = (
        Watch("Pod", _wake, "pending pods, and the room placed ones take or free"),
        Watch("Node", _wake, "where pods can go"),
        *(Watch(kind, _wake, "what pending pods may wait for") for kind in OTHER_KINDS),
    )

    def __init__(self) -> None:
        self._cluster: Cluster | None = None
        self._configuration: Configuration | None = None
        self._now = 0.0
        self._nominator = Nominator()
        self._queue = SchedulingQueue(self._gate, self._waiting)
        self._evaluations: OrderedDict[tuple[str, PodInfo], Evaluation] = OrderedDict()
        self._bindings: dict[Ref, binding.Pending] = {}
        self._next_start = 0

    # -- the cluster ---------------------------------------------------------------------------------------------

    def start(self, view: View, ctx: Context) -> None:
        """Take in the cluster as it is."""
        self._now = ctx.now
        self._configuration = configuration_of(ctx.options.scheduler_config, ctx.gates)
        self._cluster = Cluster(view, ctx.gates)
        self._cluster.start()
        pending = [p for p in view.objects("Pod") if self._is_pending(p)]
        for pod in sorted(pending, key=lambda p: p["metadata"].get("creationTimestamp") or ""):
            self._nominator.nominate(ref_of(pod), nominated(pod))
            known = conditions.unschedulable_message(pod)
            if known is None:
                self._queue.add(ref_of(pod), pod, ctx.now)
            else:
                self._queue.add_waiting(ref_of(pod), pod, ctx.now, blamed(known))

    @property
    def cluster(self) -> Cluster:
        """The cluster as the scheduler sees it."""
        assert self._cluster is not None
        return self._cluster

    def observe(self, write: Write) -> None:
        """Take in one write: keep the columns, the queue and the nominations right."""
        if self._cluster is None:
            return
        self._now = max(self._now, write.at)
        self._cluster.observe(write)
        if write.ref.kind == POD:
            self._observe_pod(write)
        if self._queue.anybody_waits():
            for event in events_of(write):
                self._queue.move_all(event, self._now, _no_more_important(event))

    def _observe_pod(self, write: Write) -> None:
        before, after, ref = write.before, write.after, write.ref
        if after is None or not self._is_pending(after):
            if before is not None and self._is_pending(before):
                self._queue.remove(ref)
                self._nominator.forget(ref)
            return
        if before is None or not self._is_pending(before):
            self._queue.add(ref, after, self._now)
            self._nominator.nominate(ref, nominated(after))
            return
        if ref not in self._bindings:
            if nominated(before) or nominated(after):
                self._nominator.nominate(ref, nominated(after))
            changes = pod_changes(before, after)
            self._queue.update(ref, after, [ClusterEvent(POD, c, before, after) for c in changes], self._now)

    def _is_pending(self, pod: Object) -> bool:
        return not node_of(pod) and not is_finished(pod) and self._profile(pod) is not None

    def _profile(self, pod: Object) -> Profile | None:
        assert self._configuration is not None
        return self._configuration.profiles.get(pod["spec"].get("schedulerName") or self.name)

    def _waiting(self, pod: Object) -> Waiting:
        profile = self._profile(pod)
        return Waiting(pod, self.cluster.infos.of(pod), self.cluster, profile.default_constraints if profile else ())

    def _gate(self, pod: Object) -> str:
        profile = self._profile(pod)
        for name, keeps_out in (profile.pre_enqueue if profile else {}).items():
            if keeps_out(pod, self.cluster):
                return name
        return ""

    # -- scheduling ----------------------------------------------------------------------------------------------

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Schedule all pods that wait."""
        self._now = self.cluster.now = ctx.now
        yield from self._finish_bindings()
        while (queued := self._queue.pop()) is not None:
            yield from self._schedule(queued, ctx)
        if self._bindings:
            yield Requeue(at=min(p.since + p.timeout for p in self._bindings.values()), background=True, note="", key=QUEUE)

    def _schedule(self, queued: QueuedPod, ctx: Context) -> Steps:
        pod = queued.pod
        profile = self._profile(pod)
        if profile is None or queued.ref in self._bindings:
            return
        if is_deleting(pod):
            yield Emit(queued.ref, "FailedScheduling", f"skip schedule deleting pod: {namespace_of(pod)}/{name_of(pod)}", "Warning")
            return
        if not self.cluster.nodes.size:
            yield from self._fail(queued, NO_NODES, Preempted(""), frozenset())
            return
        try:
            evaluation = self.evaluate(profile, pod)
            choice = self._choose(evaluation, pod, ctx)
            if isinstance(choice, Choice):
                yield from self._place(queued, evaluation, choice, ctx)
                return
        except SchedulingError as error:
            yield from self._fail(queued, str(error), Preempted(""), frozenset(), reason="SchedulerError")
            return
        yield from self._post_filter(queued, evaluation, choice, profile)

    def evaluate(self, profile: Profile, pod: Object) -> Evaluation:
        """The evaluation of a pod, taken from an earlier one alike where there is one."""
        cluster = self.cluster
        info = cluster.infos.of(pod)
        if info.touches_other_objects or profile.asks_for_devices(info, cluster):
            return Evaluation(profile, info, cluster)
        key = (profile.scheduler_name, info)
        known = self._evaluations.get(key)
        if known is not None and known.is_current():
            self._evaluations.move_to_end(key)
            known.refresh()
            return known
        self._evaluations[key] = evaluation = Evaluation(profile, info, cluster)
        self._evaluations.move_to_end(key)
        while len(self._evaluations) > max(32, _ROWS_REMEMBERED // cluster.nodes.size):
            self._evaluations.popitem(last=False)
        return evaluation

    def _choose(self, evaluation: Evaluation, pod: Object, ctx: Context) -> Choice | Diagnosis:
        if evaluation.refused is not None:
            return diagnose(evaluation)
        feasible = evaluation.feasible()
        overruled = Nominees(self.cluster, self._nominator).overrule(evaluation, pod, feasible) if self._nominator.by_node else {}
        row = evaluation.nodes.row_of.get(nominated(pod))
        if row is not None and feasible[row]:
            return Choice(row, np.array([row], dtype=np.intp), 1)
        if ctx.options.extra.get("emulate_sampling"):
            feasible = self._sample(evaluation, feasible)
        return evaluation.choose(feasible) or diagnose(evaluation, overruled)

    def _sample(self, evaluation: Evaluation, feasible: Mask) -> Mask:
        """Only as many feasible nodes as the real scheduler looks for, going on from where it left off."""
        size = evaluation.nodes.size
        assert self._configuration is not None
        wanted = self._configuration.nodes_to_find(evaluation.profile, size)
        order = np.roll(np.arange(size), -self._next_start)
        found = np.cumsum(feasible[order])
        looked_at = order[: int(np.searchsorted(found, wanted)) + 1] if found[-1] > wanted else order
        sampled = np.zeros(size, dtype=bool)
        sampled[looked_at] = feasible[looked_at]
        self._next_start = (self._next_start + len(looked_at)) % size
        return sampled

    # -- success -------------------------------------------------------------------------------------------------

    def _place(self, queued: QueuedPod, evaluation: Evaluation, choice: Choice, ctx: Context) -> Steps:
        names = evaluation.nodes.names
        node = names[choice.row]
        equals = tied(names, choice.tied)
        devices = evaluation.state("DynamicResources")
        if devices is not None and devices.needs_work(choice.row):
            error = yield from devices.pre_bind(choice.row, ctx)
            if error:
                yield from self._fail(queued, binding.failed("DynamicResources", error), Preempted(""), frozenset(), reason="SchedulerError")
                return
        pending = binding.pending(queued.ref, queued.pod, evaluation, choice.row, node, equals, self._now)
        if pending is None:
            yield from self._bind(queued.ref, node, equals)
            return
        self.cluster.assume(queued.ref, queued.pod, node)
        self._bindings[queued.ref] = pending
        self._nominator.forget(queued.ref)
        if nominated(queued.pod) != node:
            yield Update(conditions.with_nomination(queued.pod, node), "about-to-be-bound", "status")
        for update in pending.updates:
            outcome = yield update
            if outcome.error is not None:
                yield from self._give_up(pending, binding.failed("VolumeBinding", outcome.error.message))
                return
        if pending.devices:
            yield Emit(queued.ref, "BindingConditionsPending", f"waiting for binding conditions for device on node {node}")
        yield from self._finish_bindings()

    def _bind(self, ref: Ref, node: str, equals: Sequence[str]) -> Steps:
        outcome = yield Bind(ref, node, "scheduled", equals)
        if outcome.error is not None:
            self.cluster.forget(ref)
            queued = self._queue.pods.get(ref)
            if queued is not None:
                message = f'running Bind plugin "DefaultBinder": {outcome.error.message}'
                yield from self._fail(queued, message, Preempted(""), frozenset(), reason="SchedulerError")
            return
        yield Emit(ref, "Scheduled", f"Successfully assigned {ref.namespace}/{ref.name} to {node}")

    def _finish_bindings(self) -> Steps:
        """Bind the pods whose volumes and devices have arrived."""
        for ref, pending in list(self._bindings.items()):
            pod = self.cluster.view.get(ref)
            if pod is None or node_of(pod) or is_deleting(pod):
                del self._bindings[ref]
                self.cluster.forget(ref)
                continue
            verdict = pending.ready(self.cluster, self._now)
            if verdict == "":
                del self._bindings[ref]
                yield from self._bind(ref, pending.node, pending.tied)
            elif verdict is not None:
                yield from self._give_up(pending, verdict)

    def _give_up(self, pending: binding.Pending, message: str) -> Steps:
        del self._bindings[pending.ref]
        self.cluster.forget(pending.ref)
        queued = self._queue.pods.get(pending.ref)
        if queued is not None:
            yield from self._fail(queued, message, Preempted(""), frozenset(), reason="SchedulerError")

    # -- failure -------------------------------------------------------------------------------------------------

    def _post_filter(self, queued: QueuedPod, evaluation: Evaluation, diagnosis: Diagnosis, profile: Profile) -> Steps:
        """See whether something can be done about it: a claim given up, pods of lower priority evicted."""
        result, reasons = Preempted("" if not profile.post_filters else None), []
        meanwhile: list[ClusterEvent] = []
        for plugin in profile.post_filters:
            if plugin == "DefaultPreemption":
                result = self._preempt(queued.pod, evaluation, diagnosis, profile)
                reasons.append(f"preemption: {result.message}")
                if result.victims:
                    break
                continue
            try:
                reason, actions = profile.deallocate(evaluation)
            except SchedulingError as error:
                reasons = [str(error)]
                break
            reasons.append(reason)
            for action in actions:
                ref = action.ref if isinstance(action, Delete) else ref_of(action.object)
                before = self.cluster.view.get(ref)
                yield action
                after = self.cluster.view.get(ref)
                meanwhile.append(ClusterEvent("ResourceClaim", UPDATE if after is not None else DELETE, before, after))
        if not result.victims:
            diagnosis.post_filter_message = ", ".join(reasons)
        yield from self._fail(queued, diagnosis.message(), result, diagnosis.plugins, diagnosis.pending_plugins)
        for event in meanwhile:
            self._queue.move_all(event, self._now)
        yield from self._evict(queued.pod, result)

    def _preempt(self, pod: Object, evaluation: Evaluation, diagnosis: Diagnosis, profile: Profile) -> Preempted:
        args = profile.args.get("DefaultPreemption") or EMPTY
        nominees = Nominees(self.cluster, self._nominator)
        return Preemption(self.cluster, evaluation, nominees, pod, self._now, args).preempt(diagnosis.resolvable)

    def _fail(
        self,
        queued: QueuedPod,
        message: str,
        result: Preempted,
        plugins: frozenset[str],
        pending: frozenset[str] = frozenset(),
        *,
        reason: str = "Unschedulable",
    ) -> Steps:
        """Put the pod back and say why on it."""
        self._queue.add_unschedulable(queued, self._now, plugins, pending)
        if result.node is not None:
            self._nominator.nominate(queued.ref, result.node)
        yield Emit(queued.ref, "FailedScheduling", conditions.truncated(message), "Warning")
        pod = self.cluster.view.get(queued.ref) or queued.pod
        changed = conditions.refused(pod, reason, message, result.node, self._now)
        if changed is not None:
            yield Update(changed, "unschedulable", "status")

    def _evict(self, preemptor: Object, result: Preempted) -> Steps:
        if not result.node:
            return
        yield from self._withdraw_nominations(preemptor, result.node)
        scheduler = preemptor["spec"].get("schedulerName") or self.name
        for ref, _ in result.victims:
            victim = self.cluster.view.get(ref)
            if victim is None or is_deleting(victim):
                continue
            marked = conditions.disrupted(victim, scheduler, self._now)
            if marked is not None:
                yield Update(marked, "preempted", "status")
            yield Delete(ref, "preempted", uid=uid_of(victim))
            yield Emit(ref, "Preempted", f"Preempted by pod {uid_of(preemptor)} on node {result.node}")

    def _withdraw_nominations(self, preemptor: Object, node: str) -> Steps:
        """Less important pods nominated to the node may no longer fit there."""
        for ref in list(self._nominator.by_node.get(node, ())):
            other = self.cluster.view.get(ref)
            if other is not None and ref != ref_of(preemptor) and priority_of(other) < priority_of(preemptor):
                yield Update(conditions.with_nomination(other, ""), "nomination-withdrawn", "status")


def _no_more_important(event: ClusterEvent) -> Any:
    """A nomination that ended helps only pods that are not more important than the nominated one was."""
    old = event.old
    if event.kind != POD or event.action != DELETE or old is None or node_of(old):
        return None
    return lambda pod: priority_of(pod) <= priority_of(old)


CONTROLLER = Scheduler
