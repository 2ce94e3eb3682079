"""Deletes what no owner holds any more: in the background, in the foreground, or leaving orphans.

Mirrors: pkg/controller/garbagecollector/{garbagecollector,graph_builder,operations}.go (1.36)
Differs: the graph of owners is the store's index, so there are no virtual nodes and no absent-owner cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.engine.contract import Context, Delete, Key, Noop, Steps, Update, Watch
from kplan.model.objects import Object, Ref, finalizers_of, is_deleting, namespace_of, owner_references, ref_of, uid_of
from kplan.store.journal import Write
from kplan.store.view import View

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"


def _keys(write: Write, view: View) -> Iterable[Key]:
    """Who has to be looked at: dependents of what went, owners that wait for it, and what changed hands itself."""
    before, after = write.before, write.after
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

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Judge one object by its owners, or its dependents by it."""
        assert isinstance(key, Ref)
        obj = view.get(key)
        if obj is None:
            return
        if is_deleting(obj):
            if ORPHAN in finalizers_of(obj):
                yield from _orphan_dependents(obj, view)
            elif FOREGROUND in finalizers_of(obj):
                yield from _delete_dependents(obj, view)
            else:
                yield Noop("already-being-deleted")
            return
        yield from _attempt_to_delete(obj, view)


def _attempt_to_delete(obj: Object, view: View) -> Steps:
    """Mirrors: attemptToDeleteItem."""
    references = owner_references(obj)
    if not references:
        return
    solid, dangling, waiting = _classify(obj, references, view)
    if solid:
        if dangling or waiting:
            gone = {r.get("uid") for r in (*dangling, *waiting)}
            yield _without_owners(obj, gone, "owner-is-gone")
        else:
            yield Noop("has-an-owner")
        return
    if waiting and view.lookup("owner", uid_of(obj)):
        yield Delete(ref_of(obj), because="owner-waits-for-dependents", propagation="Foreground", uid=uid_of(obj))
        return
    policy = "Orphan" if ORPHAN in finalizers_of(obj) else "Foreground" if FOREGROUND in finalizers_of(obj) else "Background"
    because = "owner-waits-for-dependents" if waiting else "owner-is-gone"
    yield Delete(ref_of(obj), because=because, propagation=policy, uid=uid_of(obj))


Reference = Mapping[str, Any]


def _classify(obj: Object, references: list[Reference], view: View) -> tuple[list[Reference], list[Reference], list[Reference]]:
    """Owners that are there, that are not, and that wait for their dependents to go."""
    solid, dangling, waiting = [], [], []
    for reference in references:
        owner = view.by_uid(reference.get("uid") or "")
        if owner is None or namespace_of(owner) not in ("", namespace_of(obj)) or owner["kind"] != reference.get("kind"):
            dangling.append(reference)
        elif is_deleting(owner) and FOREGROUND in finalizers_of(owner) and reference.get("blockOwnerDeletion"):
            waiting.append(reference)
        else:
            solid.append(reference)
    return solid, dangling, waiting


def _delete_dependents(owner: Object, view: View) -> Steps:
    """Mirrors: processDeletingDependentsItem."""
    blocking = [d for d in view.lookup("owner", uid_of(owner)) if _blocks(d, owner)]
    if not blocking:
        yield _without_finalizer(owner, FOREGROUND, "dependents-are-gone")
        return
    for dependent in blocking:
        current = view.get(ref_of(dependent))
        if current is not None and not is_deleting(current):
            yield from _attempt_to_delete(current, view)


def _blocks(dependent: Object, owner: Object) -> bool:
    return any(r.get("uid") == uid_of(owner) and r.get("blockOwnerDeletion") for r in owner_references(dependent))


def _orphan_dependents(owner: Object, view: View) -> Steps:
    for dependent in view.lookup("owner", uid_of(owner)):
        yield _without_owners(dependent, {uid_of(owner)}, "orphaned")
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
