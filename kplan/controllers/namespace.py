"""Empties a namespace that is being deleted, pods first, and then lets it go.

Mirrors: pkg/controller/namespace/{namespace_controller.go,deletion/namespaced_resources_deleter.go,deletion/status_condition_utils.go} (1.36)
Differs: it looks again when something in the namespace goes, not after half of an estimate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from typing import Any

from kplan.apiserver.outcome import Outcome
from kplan.controllers.discovery import KIND as API_SERVICE
from kplan.controllers.discovery import discovery_failure, undiscovered
from kplan.controllers.pods import is_terminal
from kplan.engine.contract import Action, Context, Delete, Key, Noop, Requeue, Steps, Update, Watch
from kplan.model.instants import read_instant, write_instant
from kplan.model.objects import Object, Ref, finalizers_of, get_in, is_deleting, name_of, ref_of
from kplan.store.journal import Write
from kplan.store.view import View

GRACE_SECONDS = 5.0
"""A namespace is left alone for so long after its deletion, for writes that are still under way."""
_TOKEN = "kubernetes"
_OK = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
    "NamespaceDeletionContentFailure": ("ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}

Remaining = dict[str, list[Object]]
"""What is left, by kind."""
_Left = tuple[Remaining, list[str]]
"""What is left, and why some of it could not be deleted; of kinds with an error it is not said how much."""
_Failing = dict[str, tuple[str, str]]
"""The conditions that are True, with reason and message."""


def _content(write: Write, view: View) -> Iterable[Key]:
    if not write.ref.namespace or write.before is None:
        return ()
    if write.after is not None and finalizers_of(write.after) == finalizers_of(write.before):
        return ()
    key = Ref("Namespace", "", write.ref.namespace)
    namespace = view.get(key)
    return (key,) if namespace is not None and is_deleting(namespace) else ()


def _deleting(write: Write, _: View) -> Iterable[Key]:
    return (write.ref,) if write.after is not None and is_deleting(write.after) else ()


def _all_deleting(_: Write, view: View) -> Iterable[Key]:
    return [ref_of(n) for n in view.objects("Namespace") if is_deleting(n)]


class NamespaceController:
    """The key is a namespace."""

    name = "namespace-controller"
    priority = 0
    watches = (
        Watch("Namespace", _deleting, "a namespace being deleted"),
        Watch("*", _content, "something in it went, or is held no more"),
        Watch(API_SERVICE, _all_deleting, "what kinds there are"),
    )

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Delete what is in the namespace, say what is left, and finalize it when nothing is."""
        assert isinstance(key, Ref)
        namespace = view.get(key)
        if namespace is None or not is_deleting(namespace):
            return
        if not get_in(namespace, ("spec", "finalizers")):
            yield Noop("namespace-is-finalized")
            return
        deleted_at = read_instant(namespace["metadata"]["deletionTimestamp"]) or 0.0
        if ctx.now < deleted_at + GRACE_SECONDS:
            yield Requeue(at=deleted_at + GRACE_SECONDS, note=f"namespace {key.name} is emptied")
            return
        yield from self._empty(namespace, deleted_at, view, ctx)

    def _empty(self, namespace: Object, deleted_at: float, view: View, ctx: Context) -> Steps:
        ordered = ctx.gates.on("OrderedNamespaceDeletion")
        seconds = _longest_grace(view.objects("Pod", name_of(namespace)))
        grace_is_over = ctx.now >= deleted_at + seconds
        kinds = ["Pod"] if ordered else []
        remaining, errors = yield from _delete_content(view, ctx, name_of(namespace), kinds)
        pods_first = bool(remaining)
        if not pods_first:
            kinds = [k for k in view.kinds() if k not in kinds]
            remaining, more = yield from _delete_content(view, ctx, name_of(namespace), kinds)
            errors += more
        errors += _unexpected(namespace, remaining, grace_is_over, ctx)
        stale = undiscovered(view)
        failing = _unknown(stale) | ({} if pods_first else _totals(remaining, ctx)) | _failure(errors)
        yield from _say(namespace, failing, view, ctx)
        if remaining or errors or stale:
            if "Pod" in remaining and not grace_is_over:
                yield Requeue(at=deleted_at + seconds)
            return
        current = view.get(ref_of(namespace))
        if current is not None:
            left = [f for f in get_in(current, ("spec", "finalizers")) or () if f != _TOKEN]
            spec = {**{k: v for k, v in current["spec"].items() if k != "finalizers"}, **({"finalizers": sorted(left)} if left else {})}
            yield Update({**current, "spec": spec}, because="namespace-is-empty", subresource="finalize")


def _longest_grace(pods: Iterable[Object]) -> int:
    return max((p["spec"].get("terminationGracePeriodSeconds") or 0 for p in pods if not is_terminal(p)), default=0)


def _delete_content(view: View, ctx: Context, namespace: str, kinds: Sequence[str]) -> Generator[Action, Outcome, _Left]:
    """Delete every object of the kinds; the first that cannot be deleted ends it for its kind."""
    remaining: Remaining = {}
    errors = []
    for kind in kinds:
        if (info := ctx.kind_info(kind)) is not None and not info.namespaced:
            continue
        for obj in list(view.objects(kind, namespace)):
            answer = yield Delete(ref_of(obj), because="namespace-is-deleted", propagation="Background")
            if answer.error is not None and answer.error.code != 404:
                errors.append(answer.error.message)
                break
        else:
            if left := view.objects(kind, namespace):
                remaining[kind] = left
    return remaining, errors


def _resource(kind: str, ctx: Context) -> tuple[str, str, str]:
    """(group, version, plural) of a kind."""
    info = ctx.kind_info(kind)
    return (info.group, info.version, info.plural) if info is not None else (kind.partition(".")[2], "v1", kind.partition(".")[0].lower())


# -- conditions --------------------------------------------------------------------------------------------------------


def _unknown(stale: list[str]) -> _Failing:
    """Who cannot learn all kinds cannot know that nothing is left."""
    if not stale:
        return {}
    words = f"Discovery failed for some groups, {len(stale)} failing: {discovery_failure(stale)}"
    return {"NamespaceDeletionDiscoveryFailure": ("DiscoveryFailed", words)}


def _totals(remaining: Remaining, ctx: Context) -> _Failing:
    failing: _Failing = {}
    if remaining:
        counts = sorted(f"{_resource(k, ctx)[2]}.{_resource(k, ctx)[0]} has {len(v)} resource instances" for k, v in remaining.items())
        failing["NamespaceContentRemaining"] = ("SomeResourcesRemain", f"Some resources are remaining: {', '.join(counts)}")
    by_finalizer = Counter(f for objects in remaining.values() for o in objects for f in finalizers_of(o))
    if by_finalizer:
        counts = sorted(f"{f} in {n} resource instances" for f, n in by_finalizer.items())
        words = f"Some content in the namespace has finalizers remaining: {', '.join(counts)}"
        failing["NamespaceFinalizersRemaining"] = ("SomeFinalizersRemain", words)
    return failing


def _unexpected(namespace: Object, remaining: Remaining, grace_is_over: bool, ctx: Context) -> list[str]:
    """Pods that are still there after their grace period, and nothing holds them, are a failure."""
    errors = []
    for kind, objects in remaining.items():
        waits = (kind == "Pod" and not grace_is_over) or any(finalizers_of(o) for o in objects)
        if not waits:
            group, version, plural = _resource(kind, ctx)
            errors.append(f"unexpected items still remain in namespace: {name_of(namespace)} for gvr: {group}/{version}, Resource={plural}")
    return errors


def _failure(errors: list[str]) -> _Failing:
    if not errors:
        return {}
    words = f"Failed to delete all resource types, {len(errors)} remaining: {', '.join(sorted(errors))}"
    return {"NamespaceDeletionContentFailure": ("ContentDeletionFailed", words)}


def _say(namespace: Object, failing: _Failing, view: View, ctx: Context) -> Steps:
    current = view.get(ref_of(namespace))
    if current is None:
        return
    before = get_in(current, ("status", "conditions")) or []
    known: dict[str, Any] = {c["type"]: c for c in before}
    for kind, fine in _OK.items():
        reason, message = failing.get(kind, fine)
        made = {"type": kind, "status": "True" if kind in failing else "False", "reason": reason, "message": message}
        old = known.get(kind, {})
        same_status = old.get("status") == made["status"]
        known[kind] = {**made, "lastTransitionTime": old["lastTransitionTime"] if same_status else write_instant(ctx.now)}
    conditions = list(known.values())
    if conditions != before:
        status = {**(current.get("status") or {}), "phase": "Terminating", "conditions": conditions}
        yield Update({**current, "status": status}, because="what-is-left", subresource="status")


CONTROLLER = NamespaceController
