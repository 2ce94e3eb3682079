"""Who owns what: finding, adopting and releasing the objects of a controller; and whom a write wakes.

Mirrors: pkg/controller/controller_ref_manager.go, pkg/controller/controller_utils.go FilterPodsByOwner (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

from kplan.apiserver.outcome import Outcome, Status
from kplan.engine.contract import Action, Key, Update, Watch
from kplan.model.objects import (
    Object,
    Ref,
    controller_of,
    is_deleting,
    labels_of,
    namespace_of,
    owner_ref,
    owner_references,
    ref_of,
    uid_of,
)
from kplan.model.selectors import Selector
from kplan.store.journal import Write
from kplan.store.view import View

Claim = Generator[Action, Outcome, list[Object]]


class SyncFailed(Exception):
    """The API server refused something a sync cannot go on without; the sync ends there."""

    def __init__(self, error: Status) -> None:
        super().__init__(error.message)
        self.error = error


def stored(outcome: Outcome) -> Object:
    """The object of an answer.

    Raises: SyncFailed where the answer is a refusal.
    """
    if outcome.error is not None:
        raise SyncFailed(outcome.error)
    assert outcome.object is not None
    return outcome.object


def is_controlled_by(obj: Object, owner: Object) -> bool:
    """Whether the object's controller is this owner."""
    ref = controller_of(obj)
    return ref is not None and ref.get("uid") == uid_of(owner)


def owned_and_orphans(view: View, owner: Object, kind: str) -> list[Object]:
    """The objects of a kind that this owner controls, and the orphans of its namespace."""
    return [*owned(view, owner, kind), *(o for o in view.lookup("orphan", (kind, namespace_of(owner))))]


def owned(view: View, owner: Object, kind: str) -> list[Object]:
    """The objects of a kind that this owner controls."""
    short = kind.partition(".")[0]
    return [o for o in view.lookup("owner", uid_of(owner)) if o["kind"] == short and is_controlled_by(o, owner)]


def claim(
    owner: Object,
    candidates: Iterable[Object],
    selector: Selector,
    *,
    finalizer: str = "",
    accepts: Callable[[Object], bool] = lambda _: True,
) -> Claim:
    """Adopt orphans that match and release owned objects that do not; gives back what the owner has now.

    A ``finalizer`` is put on what is adopted and taken off what is released.
    """
    claimed = []
    deleting = is_deleting(owner)
    for obj in candidates:
        matches = selector.matches(labels_of(obj)) and accepts(obj)
        if controller_of(obj) is not None:
            if not is_controlled_by(obj, owner):
                continue
            if matches:
                claimed.append(obj)
            elif not deleting:
                yield Update(released(obj, owner, finalizer), because="selector-does-not-match")
        elif matches and not deleting and not is_deleting(obj):
            answer = yield Update(_adopted(obj, owner, finalizer), because="selector-matches-orphan")
            if answer.error is None and answer.object is not None:
                claimed.append(answer.object)
    return claimed


def _adopted(obj: Object, owner: Object, finalizer: str) -> Object:
    meta: dict[str, Any] = {**obj["metadata"]}
    others = [r for r in owner_references(obj) if r.get("uid") != uid_of(owner)]
    meta["ownerReferences"] = [*others, owner_ref(owner)]
    if finalizer and finalizer not in (meta.get("finalizers") or ()):
        meta["finalizers"] = [*(meta.get("finalizers") or ()), finalizer]
    return {**obj, "metadata": meta}


def released(obj: Object, owner: Object, finalizer: str = "") -> Object:
    """The object without this owner and finalizer."""
    meta: dict[str, Any] = {**obj["metadata"]}
    meta["ownerReferences"] = [r for r in owner_references(obj) if r.get("uid") != uid_of(owner)]
    if not meta["ownerReferences"]:
        del meta["ownerReferences"]
    if finalizer and meta.get("finalizers"):
        meta["finalizers"] = [f for f in meta["finalizers"] if f != finalizer]
        if not meta["finalizers"]:
            del meta["finalizers"]
    return {**obj, "metadata": meta}


# -- who is woken ------------------------------------------------------------------------------------------------------


def owner_or_matching(kind: str, selector_of: Callable[[Object], Selector]) -> Callable[[Write, View], Iterable[Key]]:
    """Wakes the controlling owners of a kind, before and after; of an orphan all of the kind whose selector matches."""
    short = kind.partition(".")[0]

    def keys(write: Write, view: View) -> list[Key]:
        found: list[Key] = []
        for obj in (write.before, write.after):
            ref = controller_of(obj) if obj is not None else None
            if ref is not None and ref["kind"] == short:
                key = Ref(kind, write.ref.namespace, ref["name"])
                if key not in found:
                    found.append(key)
        after = write.after
        if after is not None and controller_of(after) is None and not is_deleting(after) and _is_news(write):
            labels = labels_of(after)
            for owner in view.objects(kind, write.ref.namespace):
                selector = selector_of(owner)
                if not selector.empty and selector.matches(labels):
                    found.append(ref_of(owner))
        return found

    return keys


def _is_news(write: Write) -> bool:
    before, after = write.before, write.after
    if before is None or after is None:
        return True
    return labels_of(before) != labels_of(after) or controller_of(before) != controller_of(after)


REFUSERS = (
    "ResourceQuota",
    "LimitRange",
    "ServiceAccount",
    "PriorityClass.scheduling.k8s.io",
    "RuntimeClass.node.k8s.io",
    "Namespace",
    "ValidatingAdmissionPolicy.admissionregistration.k8s.io",
    "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
)
"""The kinds whose objects make the API server refuse a pod."""


def retries(kind: str, was_refused: Callable[[Object], bool]) -> tuple[Watch, ...]:
    """Wakes those objects of a kind that were refused something, when what may have refused it changes.

    A real controller tries again after growing delays; only a try after such a change can end differently.
    """

    def keys(write: Write, view: View) -> list[Key]:
        namespace = write.ref.namespace or (write.ref.name if write.ref.kind == "Namespace" else None)
        return [ref_of(o) for o in view.objects(kind, namespace) if was_refused(o)]

    return tuple(Watch(refuser, keys, "what refused it has changed") for refuser in REFUSERS)


def is_namespace_terminating(error: Status) -> bool:
    """Whether the refusal says that the namespace is being deleted."""
    return any(c.reason == "NamespaceTerminating" for c in error.causes)
