"""DaemonSets: one pod on every node that is eligible.

Mirrors: pkg/controller/daemon/daemon_controller.go (1.36)
Differs: reads are never stale; where pods were created or deleted an update waits for the next sync, as the real one
         waits for its expectations.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kplan.apiserver.outcome import Outcome, Status
from kplan.controllers.daemonset.pods import (
    HASH_LABEL,
    Eligibility,
    by_node,
    daemon_template,
    is_updated,
    oldest_first,
    pod_on,
    surge_count,
    template_generation,
)
from kplan.controllers.daemonset.revisions import cleanup_history, construct_history
from kplan.controllers.daemonset.update import Changes, rolling_update
from kplan.controllers.history import KIND as REVISION
from kplan.controllers.ownership import (
    SyncFailed,
    claim,
    is_namespace_terminating,
    owned_and_orphans,
    owner_or_matching,
    retries,
)
from kplan.controllers.pods import is_available, is_ready, next_availability, node_of, phase_of
from kplan.engine.contract import (
    Action,
    Context,
    Create,
    Delete,
    Emit,
    Key,
    Noop,
    Requeue,
    Steps,
    Update,
    Watch,
)
from kplan.model.objects import EMPTY, Object, Ref, controller_of, is_deleting, labels_of, name_of, ref_of, uid_of
from kplan.model.selectors import Selector, from_label_selector
from kplan.store.journal import Write
from kplan.store.view import View, pods_on

KIND = "DaemonSet.apps"
BURST = 250
FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 15 * 60.0


def selector_of(ds: Object) -> Selector:
    """The pods a DaemonSet selects."""
    return from_label_selector(ds["spec"].get("selector"))


def _lacks_pods(ds: Object) -> bool:
    status = ds.get("status") or EMPTY
    return bool((status.get("currentNumberScheduled") or 0) < (status.get("desiredNumberScheduled") or 0))


def _node_changed(write: Write, view: View) -> Iterable[Key]:
    """A node came, or changed labels or taints: wakes the DaemonSets for which that makes a difference there."""
    node = write.after
    if node is None or (write.before is not None and _place(write.before) == _place(node)):
        return []
    there: dict[Ref, bool] = {}
    for pod in pods_on(view, name_of(node)):
        owner = controller_of(pod)
        if owner is not None and owner["kind"] == "DaemonSet":
            there[Ref(KIND, ref_of(pod).namespace, owner["name"])] = True
    found = []
    for ds in view.objects(KIND):
        runs, stays = Eligibility(ds).of(node)
        has_pod = ref_of(ds) in there
        misplaced = (ds.get("status") or EMPTY).get("numberMisscheduled") or 0
        if (runs and not has_pod) or (has_pod and (not stays or misplaced > 0)):
            found.append(ref_of(ds))
    return found


def _itself(write: Write, view: View) -> Iterable[Key]:
    """Wakes the DaemonSet itself; of those found at the start only the ones that are not in step.

    A taint that only keeps new pods away wakes no DaemonSet, so the status of a running cluster may be out of date and
    stays so: looking at every DaemonSet at the start would bring it up to date.
    """
    ds = write.after
    return () if write.seq == 0 and ds is not None and _is_in_step(ds, view) else (write.ref,)


def _is_in_step(ds: Object, view: View) -> bool:
    status = ds.get("status") or EMPTY
    if status.get("observedGeneration") != ds["metadata"].get("generation"):
        return False
    owned = [p for p in view.lookup("owner", uid_of(ds)) if p["kind"] == "Pod" and not is_deleting(p)]
    pods, eligible = by_node(owned), Eligibility(ds)
    if sum(map(is_ready, owned)) != (status.get("numberReady") or 0):
        return False
    for node in view.objects("Node"):
        (runs, stays), there = eligible.of(node), name_of(node) in pods
        if (runs and not there) or (there and not stays):
            return False
    return True


def _later(keys: Callable[[Write, View], Iterable[Key]]) -> Callable[[Write, View], Iterable[Key]]:
    """The keys of a watch, but not of what was there at the start."""
    return lambda write, view: keys(write, view) if write.seq else ()


def _place(node: Object) -> tuple[Any, Any]:
    return labels_of(node), (node.get("spec") or EMPTY).get("taints") or ()


@dataclass(slots=True)
class Sync:
    """What one sync works on."""

    ds: Object
    view: View
    ctx: Context
    selector: Selector
    eligible: Eligibility
    nodes: list[Object]
    digest: str = ""

    def pods(self) -> list[Object]:
        """The DaemonSet's pods as they are now."""
        owned = (o for o in self.view.lookup("owner", uid_of(self.ds)) if o["kind"] == "Pod")
        return [p for p in owned if self.selector.matches(labels_of(p)) and (controller_of(p) or EMPTY).get("uid") == uid_of(self.ds)]


class DaemonSetController:
    """The loop; the key is a DaemonSet."""

    name = "daemonset-controller"
    priority = 0
    watches = (
        Watch(KIND, _itself, "its own spec and status"),
        Watch("Pod", _later(owner_or_matching(KIND, selector_of)), "its pods, and orphans it may adopt"),
        Watch(REVISION, _later(owner_or_matching(KIND, selector_of)), "its history"),
        Watch("Node", _later(_node_changed), "a node came, or changed labels or taints"),
        *(Watch(w.kind, _later(w.keys), w.why) for w in retries(KIND, _lacks_pods)),
    )

    def __init__(self) -> None:
        self._backoff: dict[tuple[str, int, str], tuple[float, float]] = {}
        """(delay, since when) of nodes on which pods fail."""

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Create and delete pods node by node, then update, then write the status."""
        assert isinstance(key, Ref)
        ds = view.get(key)
        if ds is None or is_deleting(ds):
            return
        selector = selector_of(ds)
        if selector.empty:
            said = "This daemon set is selecting all pods. A non-empty selector is required."
            yield Emit(ref_of(ds), "SelectingAll", said, "Warning")
            return
        s = Sync(ds, view, ctx, selector, Eligibility(ds), view.objects("Node"))
        seq = view.seq
        try:
            yield from self._sync(s)
        except SyncFailed as failure:
            yield Noop(f"refused: {failure.error.reason}")
            return
        if view.seq == seq:
            yield Noop("as-desired-or-waits-for-pods")

    def _sync(self, s: Sync) -> Steps:
        pods = yield from claim(s.ds, owned_and_orphans(s.view, s.ds, "Pod"), s.selector)
        current, old = yield from construct_history(s.ds, s.selector, pods, s.view, s.ctx.minor)
        s.digest = labels_of(current).get(HASH_LABEL, "")
        failure = None
        try:
            yield from self._update_daemon_set(s, old)
        except SyncFailed as f:
            failure = f
        yield from self._update_status(s)
        if failure is not None:
            raise failure

    def _update_daemon_set(self, s: Sync, old: list[Object]) -> Steps:
        changed = yield from self._manage(s)
        strategy = (s.ds["spec"].get("updateStrategy") or EMPTY).get("type")
        if not changed and strategy == "RollingUpdate":
            pods = by_node(s.pods())
            yield from self._sync_nodes(s, rolling_update(s.ds, s.nodes, pods, s.eligible, s.digest, s.ctx.now), "new-revision")
        yield from cleanup_history(s.ds, old, s.pods())

    # -- managing ------------------------------------------------------------------------------------------------------

    def _manage(self, s: Sync) -> Generator[Action, Outcome, bool]:
        """Bring every node to the pods it is to have; tells whether anything had to be done."""
        pods = by_node(s.pods())
        changes = Changes()
        for node in s.nodes:
            yield from self._manage_node(s, node, pods.get(name_of(node), []), changes)
        known = {name_of(n) for n in s.nodes}
        for node_name, there in pods.items():
            if node_name not in known:
                changes.delete += [p for p in there if not node_of(p)]
        yield from self._sync_nodes(s, changes, "daemon-pod")
        return bool(changes.create or changes.delete)

    def _manage_node(self, s: Sync, node: Object, pods: list[Object], changes: Changes) -> Steps:
        runs, stays = s.eligible.of(node)
        if runs and not pods:
            changes.create.append(name_of(node))
        elif stays:
            running = yield from self._drop_ended(s, node, pods, changes)
            running.sort(key=oldest_first)
            if surge_count(s.ds, 1) <= 0:
                changes.delete += running[1:]
            elif running or not runs:
                changes.delete += _superfluous(s, running)
            else:
                changes.create.append(name_of(node))
        else:
            changes.delete += [p for p in pods if not is_deleting(p)]

    def _drop_ended(self, s: Sync, node: Object, pods: list[Object], changes: Changes) -> Generator[Action, Outcome, list[Object]]:
        """Delete pods that have ended; failing ones no faster than a growing delay allows. Gives back those that run."""
        running = []
        for pod in (p for p in pods if not is_deleting(p)):
            where = f"daemon pod {ref_of(pod).namespace}/{name_of(pod)} on node {name_of(node)}"
            if phase_of(pod) == "Succeeded":
                yield Emit(ref_of(s.ds), "SucceededDaemonPod", f"Found succeeded {where}, will try to delete it")
                changes.delete.append(pod)
            elif phase_of(pod) == "Failed":
                key = (uid_of(s.ds), (s.ds.get("status") or EMPTY).get("observedGeneration") or 0, name_of(node))
                delay, since = self._backoff.get(key, (0.0, 0.0))
                if s.ctx.now - since < delay:
                    yield Requeue(at=since + delay, note=f"the failed pod of {name_of(s.ds)} on {name_of(node)} is replaced")
                    continue
                fresh = delay == 0 or s.ctx.now - since > 2 * LONGEST_BACKOFF
                self._backoff[key] = (FIRST_BACKOFF if fresh else min(2 * delay, LONGEST_BACKOFF), s.ctx.now)
                yield Emit(ref_of(s.ds), "FailedDaemonPod", f"Found failed {where}, will try to kill it", "Warning")
                changes.delete.append(pod)
            else:
                running.append(pod)
        return running

    def _sync_nodes(self, s: Sync, changes: Changes, because: str) -> Steps:
        """Create pods in batches of 1, 2, 4 …, a failing one the last, and delete pods.

        Raises: SyncFailed with the first refusal.
        """
        error: Status | None = None
        template = daemon_template(s.ds, s.digest)
        create = changes.create[:BURST]
        done, batch = 0, 1
        while done < len(create) and error is None:
            for node in create[done : done + batch]:
                outcome = yield Create(pod_on(template, s.ds, node), because=because)
                if outcome.error is None and outcome.object is not None:
                    yield Emit(ref_of(s.ds), "SuccessfulCreate", f"Created pod: {name_of(outcome.object)}")
                elif outcome.error is not None and not is_namespace_terminating(outcome.error):
                    error = error or outcome.error
                    yield Emit(ref_of(s.ds), "FailedCreate", f"Error creating: {outcome.error.message}", "Warning")
            done, batch = done + batch, batch * 2
        for pod in changes.delete[:BURST]:
            outcome = yield Delete(ref_of(pod), because=because)
            if outcome.error is None:
                yield Emit(ref_of(s.ds), "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")
            elif outcome.error.code != 404:
                error = error or outcome.error
                yield Emit(ref_of(s.ds), "FailedDelete", f"Error deleting: {outcome.error.message}", "Warning")
        if error is not None:
            raise SyncFailed(error)

    # -- status --------------------------------------------------------------------------------------------------------

    def _update_status(self, s: Sync) -> Steps:
        ds = s.view.get(ref_of(s.ds))
        if ds is None:
            return
        pods = s.pods()
        status = _count(s, by_node(pods))
        old = ds.get("status") or EMPTY
        generation = ds["metadata"].get("generation") or 0
        seen = (old.get("observedGeneration") or 0) >= generation
        if not seen or any((old.get(k) or 0) != n for k, n in status.items()):
            kept = {k: v for k, v in old.items() if k not in status}
            written = {k: n for k, n in status.items() if n or k in _ALWAYS}
            yield Update({**ds, "status": {**kept, **written, "observedGeneration": generation}}, because="status", subresource="status")
        at = next_availability(pods, ds["spec"].get("minReadySeconds") or 0, s.ctx.now)
        if at is not None:
            yield Requeue(at=at, note=f"pods of {name_of(ds)} become available (minReadySeconds)")


_ALWAYS = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")


def _superfluous(s: Sync, running: Sequence[Object]) -> list[Object]:
    """While surging: all but the oldest new and the oldest old pod, and that too once the new one can take over."""
    if len(running) <= 1:
        return []
    new = [p for p in running if labels_of(p).get(HASH_LABEL) == s.digest]
    old = [p for p in running if labels_of(p).get(HASH_LABEL) != s.digest]
    out = [p for p in running if p not in (*new[:1], *old[:1])]
    if new and old:
        min_ready = s.ds["spec"].get("minReadySeconds") or 0
        if not is_ready(old[0]) or is_available(new[0], min_ready, s.ctx.now):
            out.append(old[0])
    return out


def _count(s: Sync, pods: dict[str, list[Object]]) -> dict[str, int]:
    generation, min_ready = template_generation(s.ds), s.ds["spec"].get("minReadySeconds") or 0
    counts = dict.fromkeys((*_ALWAYS, "updatedNumberScheduled", "numberAvailable"), 0)
    for node in s.nodes:
        there = sorted(pods.get(name_of(node), ()), key=oldest_first)
        if not s.eligible.of(node)[0]:
            counts["numberMisscheduled"] += bool(there)
            continue
        counts["desiredNumberScheduled"] += 1
        if there:
            pod = there[0]
            counts["currentNumberScheduled"] += 1
            counts["numberReady"] += is_ready(pod)
            counts["numberAvailable"] += is_available(pod, min_ready, s.ctx.now)
            counts["updatedNumberScheduled"] += is_updated(pod, s.digest, generation)
    counts["numberUnavailable"] = counts["desiredNumberScheduled"] - counts["numberAvailable"]
    return counts


CONTROLLER = DaemonSetController
