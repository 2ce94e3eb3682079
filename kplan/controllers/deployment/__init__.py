"""Deployments: a new template becomes a new ReplicaSet, and the pods go over from the old ones to it.

Mirrors: pkg/controller/deployment/deployment_controller.go (1.36)
Differs: reads are never stale; a refused ReplicaSet is tried again when what refused it changes; a sync waits until
         the ReplicaSets it has scaled have acted, where the real one is merely slower than they are.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.controllers.deployment.conditions import FAILED_RS_CREATE, conditions_of
from kplan.controllers.deployment.progress import check_paused_conditions
from kplan.controllers.deployment.recreate import rollout_recreate
from kplan.controllers.deployment.rollback import rollback, rollback_to
from kplan.controllers.deployment.rolling import rollout_rolling
from kplan.controllers.deployment.scaling import sync
from kplan.controllers.deployment.sync import (
    Rollout,
    Sync,
    get_all_replica_sets_and_sync_revision,
    is_scaling_event,
    status_with,
    sync_deployment_status,
    update_status,
)
from kplan.controllers.ownership import SyncFailed, claim, owned_and_orphans, owner_or_matching, retries
from kplan.controllers.templates import hasher
from kplan.engine.contract import Context, Emit, Key, Noop, Steps, Watch, own_key
from kplan.model.objects import EMPTY, Object, Ref, controller_of, is_deleting, ref_of
from kplan.model.selectors import Selector, from_label_selector
from kplan.store.journal import Write
from kplan.store.view import View


def selector_of(d: Object) -> Selector:
    """The ReplicaSets a Deployment selects."""
    return from_label_selector(d["spec"].get("selector"))


def _was_refused(d: Object) -> bool:
    return any(c.get("reason") == FAILED_RS_CREATE for c in conditions_of(d))


def _waiting_for_old_pods(write: Write, view: View) -> Iterable[Key]:
    """A pod is gone: wakes the Recreate Deployment its ReplicaSet belongs to."""
    if write.after is not None or write.before is None:
        return ()
    owner = controller_of(write.before)
    if owner is None or owner["kind"] != "ReplicaSet":
        return ()
    rs = view.get(Ref("ReplicaSet.apps", write.ref.namespace, owner["name"]))
    above = controller_of(rs) if rs is not None else None
    if above is None or above["kind"] != "Deployment":
        return ()
    d = view.get(Ref("Deployment.apps", write.ref.namespace, above["name"]))
    return (ref_of(d),) if d is not None and (d["spec"].get("strategy") or EMPTY).get("type") == "Recreate" else ()


class DeploymentController:
    """The loop; the key is a Deployment."""

    name = "deployment-controller"
    priority = 0
    watches = (
        Watch("Deployment.apps", own_key, "its own spec and status"),
        Watch("ReplicaSet.apps", owner_or_matching("Deployment.apps", selector_of), "its ReplicaSets, and orphans it may adopt"),
        Watch("Pod", _waiting_for_old_pods, "an old pod is gone (Recreate)"),
        *retries("Deployment.apps", _was_refused),
    )

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Take one step of the rollout, or of scaling, pausing or rolling back."""
        assert isinstance(key, Ref)
        d = view.get(key)
        if d is None:
            return
        seq = view.seq
        try:
            yield from _sync_deployment(d, view, ctx)
        except SyncFailed as failure:
            yield Noop(f"refused: {failure.error.reason}")
            return
        if view.seq == seq:
            yield Noop("rollout-paused" if d["spec"].get("paused") else "nothing-to-do-or-not-yet")


def _sync_deployment(d: Object, view: View, ctx: Context) -> Sync:
    r = Rollout(d, [], view, ctx, hasher(ctx.minor))
    if selector_of(d).empty:
        yield from _report_selecting_all(r)
        return
    r.replica_sets = yield from claim(d, owned_and_orphans(view, d, "ReplicaSet.apps"), selector_of(d))
    if any(map(_is_unobserved, r.replica_sets)):
        yield Noop("replica-sets-are-being-scaled")
        return
    if is_deleting(d):
        yield from get_all_replica_sets_and_sync_revision(r, create=False)
        if not r.stopped:
            yield from sync_deployment_status(r)
        return
    yield from check_paused_conditions(r)
    if r.d["spec"].get("paused"):
        yield from sync(r)
        return
    if rollback_to(r.d) is not None:
        yield from rollback(r)
        return
    yield from get_all_replica_sets_and_sync_revision(r, create=False)
    if r.stopped:
        return
    if is_scaling_event(r):
        yield from sync(r)
    elif r.d["spec"]["strategy"]["type"] == "Recreate":
        yield from rollout_recreate(r)
    else:
        yield from rollout_rolling(r)


def _is_unobserved(rs: Object) -> bool:
    """Whether the ReplicaSet's own controller has not acted on its size yet; it will write the status when it has."""
    seen = (rs.get("status") or EMPTY).get("observedGeneration") or 0
    return not is_deleting(rs) and seen < (rs["metadata"].get("generation") or 0)


def _report_selecting_all(r: Rollout) -> Sync:
    said = "This deployment is selecting all pods. A non-empty selector is required."
    yield Emit(ref_of(r.d), "SelectingAll", said, "Warning")
    generation = r.d["metadata"].get("generation") or 0
    if ((r.d.get("status") or EMPTY).get("observedGeneration") or 0) < generation:
        yield from update_status(r, {**r.d, "status": status_with(r.d, observedGeneration=generation)}, "status")


CONTROLLER = DeploymentController
