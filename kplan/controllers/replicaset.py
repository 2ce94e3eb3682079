"""ReplicaSets: as many pods as asked for, no more and no fewer.  ReplicationControllers work the same way.

Mirrors: pkg/controller/replicaset/replica_set.go, replica_set_utils.go, pkg/controller/replication (1.36)
Differs: reads are never stale, so there are no expectations to wait for; what was refused is tried again when what
         refused it changes, not after a growing delay; a sync that has deleted pods leaves the status to the next one,
         where the real one first counts them once more, and a Deployment may or may not be quick enough to see that.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from kplan.apiserver.outcome import Outcome, Status
from kplan.controllers.ownership import claim, is_namespace_terminating, owned_and_orphans, owner_or_matching, retries
from kplan.controllers.pods import (
    is_active,
    is_available,
    is_ready,
    is_terminating,
    next_availability,
    pod_from_template,
    rank_for_deletion,
)
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
    own_key,
)
from kplan.model.instants import write_instant
from kplan.model.objects import EMPTY, Object, Ref, controller_of, is_deleting, labels_of, name_of, ref_of
from kplan.model.selectors import Selector, from_label_selector
from kplan.store.view import View, select

BURST = 500
"""Most pods created or deleted in one sync."""
FAILURE = "ReplicaFailure"

Manage = Generator[Action, Outcome, Status | None]


def selector_of(rs: Object) -> Selector:
    """The pods a ReplicaSet selects."""
    return from_label_selector(rs["spec"].get("selector"))


def was_refused(rs: Object) -> bool:
    """Whether the API server refused a ReplicaSet its pods."""
    return any(c["type"] == FAILURE for c in (rs.get("status") or EMPTY).get("conditions") or ())


class ReplicaSetController:
    """The loop of one kind; the key is a ReplicaSet."""

    name = "replicaset-controller"
    priority = 0
    kind = "ReplicaSet.apps"
    reports_terminating = True
    selector_of: Callable[[Object], Selector] = staticmethod(selector_of)
    watches = (
        Watch("ReplicaSet.apps", own_key, "its own spec and status"),
        Watch("Pod", owner_or_matching("ReplicaSet.apps", selector_of), "its pods, and orphans it may adopt"),
        *retries("ReplicaSet.apps", was_refused),
    )

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Adopt and release, create or delete what is missing or too much, and say so in the status."""
        assert isinstance(key, Ref)
        rs = view.get(key)
        if rs is None:
            return
        selector = self.selector_of(rs)
        everything = owned_and_orphans(view, rs, "Pod")
        active = yield from claim(rs, filter(is_active, everything), selector)
        terminating = [p for p in everything if is_terminating(p) and controller_of(p) and selector.matches(labels_of(p))]
        error = None
        if not is_deleting(rs):
            error = yield from self._manage_replicas(rs, active, view, ctx)
        current = view.get(key)
        if current is None or (error is None and _has_shrunk(rs, active, view)):
            return
        status = self._status(rs, active, len(terminating), error, ctx)
        if _is_same(rs, status):
            yield Noop("status-is-current" if error is None else "pods-are-refused")
        else:
            yield Update({**current, "status": status}, because="status", subresource="status")
        at = next_availability(active, rs["spec"].get("minReadySeconds") or 0, ctx.now)
        if at is not None:
            yield Requeue(at=at, note=f"pods of {name_of(rs)} become available (minReadySeconds)")

    def _manage_replicas(self, rs: Object, active: list[Object], view: View, ctx: Context) -> Manage:
        diff = len(active) - replicas_of(rs)
        if diff < 0:
            return (yield from self._create_pods(rs, min(-diff, BURST)))
        if diff > 0:
            count = min(diff, BURST)
            victims = active
            if count < len(active):
                victims = rank_for_deletion(active, self._related_pods(rs, view), ctx.now)
            return (yield from self._delete_pods(rs, victims[:count]))
        return None

    def _create_pods(self, rs: Object, count: int) -> Manage:
        """Create pods in batches of 1, 2, 4, 8 …; a batch that meets a refusal is the last."""
        pod = pod_from_template(rs["spec"]["template"], rs)
        batch, ref = 1, ref_of(rs)
        first_error = None
        while count > 0:
            batch = min(batch, count)
            for _ in range(batch):
                outcome = yield Create({**pod, "metadata": {**pod["metadata"]}}, because="too-few-replicas")
                if outcome.error is None:
                    assert outcome.object is not None
                    yield Emit(ref, "SuccessfulCreate", f"Created pod: {name_of(outcome.object)}")
                elif not is_namespace_terminating(outcome.error):
                    first_error = first_error or outcome.error
                    yield Emit(ref, "FailedCreate", f"Error creating: {outcome.error.message}", "Warning")
            if first_error is not None:
                return first_error
            count -= batch
            batch *= 2
        return None

    def _delete_pods(self, rs: Object, victims: list[Object]) -> Manage:
        first_error = None
        for pod in victims:
            outcome = yield Delete(ref_of(pod), because="too-many-replicas")
            if outcome.error is None:
                yield Emit(ref_of(rs), "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")
            elif outcome.error.code != 404:
                first_error = first_error or outcome.error
                yield Emit(ref_of(rs), "FailedDelete", f"Error deleting: {outcome.error.message}", "Warning")
        return first_error

    def _related_pods(self, rs: Object, view: View) -> list[Object]:
        """The pods selected by any ReplicaSet that has the same controller; none for a ReplicaSet without one."""
        owner = controller_of(rs)
        if owner is None:
            return []
        found = {}
        for other in view.lookup("owner", owner["uid"]):
            if other["kind"] == rs["kind"] and (controller_of(other) or EMPTY).get("uid") == owner["uid"]:
                for pod in select(view, "Pod", ref_of(other).namespace, self.selector_of(other)):
                    found[ref_of(pod)] = pod
        return list(found.values())

    def _status(self, rs: Object, active: list[Object], terminating: int, error: Status | None, ctx: Context) -> dict[str, Any]:
        labels = (rs["spec"]["template"].get("metadata") or EMPTY).get("labels") or EMPTY
        min_ready = rs["spec"].get("minReadySeconds") or 0
        labelled = sum(1 for p in active if labels.items() <= labels_of(p).items())
        available = sum(1 for p in active if is_available(p, min_ready, ctx.now))
        counts = {"fullyLabeledReplicas": labelled, "readyReplicas": sum(map(is_ready, active)), "availableReplicas": available}
        status: dict[str, Any] = {"replicas": len(active), **{k: n for k, n in counts.items() if n}}
        if self.reports_terminating and ctx.gates.on("DeploymentReplicaSetTerminatingReplicas"):
            status["terminatingReplicas"] = terminating
        if generation := rs["metadata"].get("generation"):
            status["observedGeneration"] = generation
        if conditions := _conditions(rs, len(active), error, ctx):
            status["conditions"] = conditions
        return status


def replicas_of(rs: Object) -> int:
    """``spec.replicas``; 1 where it is absent."""
    count = rs["spec"].get("replicas")
    return 1 if count is None else int(count)


def _conditions(rs: Object, active: int, error: Status | None, ctx: Context) -> list[dict[str, Any]]:
    known = list((rs.get("status") or EMPTY).get("conditions") or ())
    if error is None:
        return [c for c in known if c["type"] != FAILURE]
    if was_refused(rs):
        return known
    made = {
        "type": FAILURE,
        "status": "True",
        "lastTransitionTime": write_instant(ctx.now),
        "reason": "FailedCreate" if active < replicas_of(rs) else "FailedDelete",
        "message": error.message if active < replicas_of(rs) else f"unable to delete pods: {error.message}",
    }
    return [*known, made]


def _has_shrunk(rs: Object, active: list[Object], view: View) -> bool:
    """Whether this sync has deleted pods. That wakes it again, and only then is there something true to say of them."""
    return len(active) > replicas_of(rs) and not is_deleting(rs) and any(view.get(ref_of(p)) is not p for p in active)


def _is_same(rs: Object, status: dict[str, Any]) -> bool:
    old = rs.get("status") or EMPTY
    return all(old.get(k) == status.get(k) for k in old.keys() | status.keys())


CONTROLLER = ReplicaSetController


