"""Deletes what no owner holds any more: in the background, in the foreground, or leaving orphans.

Mirrors: pkg/controller/garbagecollector/{garbagecollector,graph_builder,operations}.go (1.36)
Differs: the graph of owners is the store's index, so there are no virtual nodes and no absent-owner cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kplan.engine.contract import Context, Delete, Emit, Key, Noop, Steps, Update, Watch
from kplan.model.objects import (
    Object,
    Ref,
    finalizers_of,
    is_deleting,
    namespace_of,
    owner_references,
    ref_of,
    uid_of,
)
from kplan.store.journal import Write
from kplan.store.view import View

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
_IGNORED = ("Event", "Event.events.k8s.io")

Reference = Mapping[str, Any]


def _keys(write: Write, view: View) -> Iterable[Key]:
    """Who has to be looked at: dependents of what went, owners that wait for it, and what changed hands itself."""
    before, after = write.before, write.after
    if write.ref.kind in _IGNORED:
        return
    if after is None:
        assert before is not None
        for dependent in view.lookup("owner", uid_of(before)):
            yield ref_of(dependent)
        yield from _waiting_owners(before, view)
        return
    references = owner_references(after)
    if before is None:
        if references or _collects(after):
            yield write.ref
        return
    if references != owner_references(before):
        yield write.ref
        yield from _waiting_owners(before, view)
    elif is_deleting(after) and (not is_deleting(before) or finalizers_of(after) != finalizers_of(before)):
        yield write.ref


def _waiting_owners(obj: Object, view: View) -> Iterable[Key]:
    for reference in owner_references(obj):
        owner = view.by_uid(reference.get("uid") or "")
        if owner is not None and is_deleting(owner):
            yield ref_of(owner)


def _collects(obj: Object) -> bool:
    return is_deleting(obj) and any(f in (FOREGROUND, ORPHAN) for f in finalizers_of(obj))


class GarbageCollector:
    """The key is any object."""

    name = "garbage-collector"
    priority = 0
    watches = (Watch("*", _keys, "owner references"),)

    def __init__(self) -> None:
        self._reported: set[tuple[str, str]] = set()
        """Of which objects it was said that they name which owner in another namespace, by UID."""

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Judge one object by its owners, or its dependents by it."""
        assert isinstance(key, Ref)
        obj = view.get(key)
        if obj is None:
            return
        yield from self._report_owner_elsewhere(obj, view)
        if is_deleting(obj):
            if ORPHAN in finalizers_of(obj):
                yield from _orphan_dependents(obj, view)
            elif FOREGROUND in finalizers_of(obj):
                yield from _delete_dependents(obj, view, ctx)
            else:
                yield Noop("already-being-deleted")
            return
        yield from _attempt_to_delete(obj, view, ctx)

    def _report_owner_elsewhere(self, obj: Object, view: View) -> Steps:
        """Say once of an object that it names an owner in another namespace."""
        namespace = namespace_of(obj)
        for reference in owner_references(obj):
            owner = view.by_uid(reference.get("uid") or "")
            if owner is None or namespace_of(owner) in ("", namespace):
                continue
            pair = (uid_of(obj), uid_of(owner))
            if pair not in self._reported:
                self._reported.add(pair)
                named = f"[{reference['apiVersion']}/{reference['kind']}, namespace: {namespace}, name: {reference['name']}, uid: {reference['uid']}]"
                yield Emit(ref_of(obj), "OwnerRefInvalidNamespace", f'ownerRef {named} does not exist in namespace "{namespace}"', "Warning")
            return


def _attempt_to_delete(obj: Object, view: View, ctx: Context) -> Steps:
    """Mirrors: attemptToDeleteItem."""
    references = owner_references(obj)
    owners = _classify(obj, references, view, ctx) if references else None
    if owners is None:
        return
    if owners.solid:
        if owners.dangling or owners.waiting:
            gone = {r.get("uid") for r in (*owners.dangling, *owners.waiting)}
            yield _without_owners(obj, gone, "owner-is-gone")
        else:
            yield Noop("has-an-owner")
        return
    dependents = view.lookup("owner", uid_of(obj))
    if owners.waiting and dependents:
        if any(is_deleting(d) and FOREGROUND in finalizers_of(d) for d in dependents):
            yield Update(_unblocking(obj), because="owners-wait-in-a-circle")
        yield Delete(ref_of(obj), because="owner-waits-for-dependents", propagation="Foreground", uid=uid_of(obj))
        return
    policy = "Orphan" if ORPHAN in finalizers_of(obj) else "Foreground" if FOREGROUND in finalizers_of(obj) else "Background"
    because = "owner-waits-for-dependents" if owners.waiting else "owner-is-gone"
    yield Delete(ref_of(obj), because=because, propagation=policy, uid=uid_of(obj))


@dataclass(slots=True)
class _Owners:
    """Owners that are there, that are not, and that wait for their dependents to go."""

    solid: list[Reference] = field(default_factory=list)
    dangling: list[Reference] = field(default_factory=list)
    waiting: list[Reference] = field(default_factory=list)


def _classify(obj: Object, references: list[Reference], view: View, ctx: Context) -> _Owners | None:
    """The owners by what has become of them; None where an owner's version is not served, or it can own nothing of the kind."""
    found = _Owners()
    for reference in references:
        info = ctx.resolve(reference.get("apiVersion") or "", reference.get("kind") or "")
        if info is None or (info.namespaced and not namespace_of(obj)):
            return None
        owner = view.get(Ref(info.group_kind, namespace_of(obj) if info.namespaced else "", reference.get("name") or ""))
        if owner is None or uid_of(owner) != reference.get("uid"):
            found.dangling.append(reference)
        elif is_deleting(owner) and FOREGROUND in finalizers_of(owner):
            found.waiting.append(reference)
        else:
            found.solid.append(reference)
    return found


def _delete_dependents(owner: Object, view: View, ctx: Context) -> Steps:
    """Mirrors: processTransitions, processDeletingDependentsItem."""
    dependents = view.lookup("owner", uid_of(owner))
    for dependent in dependents:
        current = view.get(ref_of(dependent))
        if current is not None and not is_deleting(current):
            yield from _attempt_to_delete(current, view, ctx)
    current = view.get(ref_of(owner))
    if current is not None and not any(_blocks(d, owner) for d in view.lookup("owner", uid_of(owner))):
        yield _without_finalizer(current, FOREGROUND, "dependents-are-gone")


def _unblocking(obj: Object) -> Object:
    references = [{**r, "blockOwnerDeletion": False} if r.get("blockOwnerDeletion") else r for r in owner_references(obj)]
    return {**obj, "metadata": {**obj["metadata"], "ownerReferences": references}}


def _blocks(dependent: Object, owner: Object) -> bool:
    return any(r.get("uid") == uid_of(owner) and r.get("blockOwnerDeletion") for r in owner_references(dependent))


def _orphan_dependents(owner: Object, view: View) -> Steps:
    answers = []
    for dependent in view.lookup("owner", uid_of(owner)):
        answers.append((yield _without_owners(dependent, {uid_of(owner)}, "orphaned")))
    if any(answer.error is not None and answer.error.code != 404 for answer in answers):
        return
    current = view.get(ref_of(owner))
    if current is not None:
        yield _without_finalizer(current, ORPHAN, "dependents-are-orphaned")


def _without_owners(obj: Object, gone: set[Any], because: str) -> Update:
    left = [r for r in owner_references(obj) if r.get("uid") not in gone]
    meta = {k: v for k, v in obj["metadata"].items() if k != "ownerReferences"}
    if left:
        meta["ownerReferences"] = left
    return Update({**obj, "metadata": meta}, because=because)


def _without_finalizer(obj: Object, finalizer: str, because: str) -> Update:
    left = [f for f in finalizers_of(obj) if f != finalizer]
    meta = {k: v for k, v in obj["metadata"].items() if k != "finalizers"}
    if left:
        meta["finalizers"] = left
    return Update({**obj, "metadata": meta}, because=because)


CONTROLLER = GarbageCollector
