"""StatefulSets: pods with names that stay, claims that stay with them, and never two of one name.

Mirrors: pkg/controller/statefulset/stateful_set.go (1.36)
Differs: reads are never stale; what was refused is tried again when what refused it changes, not after a growing delay.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.controllers.history import adopt_orphans
from kplan.controllers.ownership import SyncFailed, claim, owned_and_orphans, owner_or_matching, retries
from kplan.controllers.pods import next_availability
from kplan.controllers.statefulset.control import is_inconsistent, prepare, status_of, update_stateful_set
from kplan.controllers.statefulset.identity import claim_templates, is_member, parent_and_ordinal, replicas_of
from kplan.controllers.statefulset.revisions import get_revisions, truncate_history
from kplan.engine.contract import Context, Key, Noop, Requeue, Steps, Update, Watch, own_key
from kplan.model.objects import EMPTY, Object, Ref, name_of
from kplan.model.selectors import Selector, from_label_selector
from kplan.store.journal import Write
from kplan.store.view import View

KIND = "StatefulSet.apps"


def selector_of(s: Object) -> Selector:
    """The pods a StatefulSet selects."""
    return from_label_selector(s["spec"].get("selector"))


def _was_refused(s: Object) -> bool:
    return bool(((s.get("status") or EMPTY).get("replicas") or 0) < replicas_of(s))


def _claim_changed(write: Write, view: View) -> Iterable[Key]:
    """A claim has gone, or changed owners: wakes the set whose pod may wait for that."""
    set_and_ordinal = parent_and_ordinal({"metadata": {"name": write.ref.name}})[0]
    found = []
    for s in view.objects(KIND, write.ref.namespace):
        if any(set_and_ordinal == f"{t['metadata']['name']}-{name_of(s)}" for t in claim_templates(s)):
            found.append(Ref(KIND, write.ref.namespace, name_of(s)))
    return found


def _name_is_free(write: Write, view: View) -> Iterable[Key]:
    """A pod has gone: wakes the set whose pod is to have its name, whoever the pod that is gone belonged to."""
    if write.after is not None:
        return ()
    key = Ref(KIND, write.ref.namespace, parent_and_ordinal({"metadata": {"name": write.ref.name}})[0])
    return (key,) if view.get(key) is not None else ()


class StatefulSetController:
    """The loop; the key is a StatefulSet."""

    name = "statefulset-controller"
    priority = 0
    watches = (
        Watch(KIND, own_key, "its own spec and status"),
        Watch("Pod", owner_or_matching(KIND, selector_of), "its pods, and orphans it may adopt"),
        Watch("Pod", _name_is_free, "a pod had the name of one of its own"),
        Watch("PersistentVolumeClaim", _claim_changed, "a claim one of its pods waits for"),
        *retries(KIND, _was_refused),
    )

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Take the next steps the order allows, then write the status."""
        assert isinstance(key, Ref)
        s = view.get(key)
        if s is None:
            return
        try:
            yield from self._sync(s, view, ctx)
        except SyncFailed as failure:
            yield Noop(f"refused: {failure.error.reason}")

    def _sync(self, s: Object, view: View, ctx: Context) -> Steps:
        selector = selector_of(s)
        yield from adopt_orphans(view, s, selector)
        pods = yield from claim(s, owned_and_orphans(view, s, "Pod"), selector, accepts=lambda p: is_member(s, p))
        revisions = yield from get_revisions(s, view, ctx)
        work = prepare(s, pods, revisions, view, ctx)
        counts, failure = yield from update_stateful_set(work)
        status = status_of(work, counts)
        if is_inconsistent(s, status):
            yield Update({**s, "status": status}, because="status", subresource="status")
        elif failure is None:
            yield Noop("waits-for-pods" if work.first_unavailable is not None else "as-desired")
        yield from truncate_history(s, pods, revisions)
        if failure is not None:
            raise failure
        at = next_availability(pods, work.min_ready, ctx.now)
        if at is not None:
            yield Requeue(at=at, note=f"pods of {name_of(s)} become available (minReadySeconds)")


CONTROLLER = StatefulSetController
