"""Who owns a StatefulSet's claims, as its retention policy wants it.

whenScaled Delete: the claim of a pod beyond the replicas belongs to that pod, and goes with it.
whenDeleted Delete: the claims of the others belong to the set, and go with it.

Mirrors: pkg/controller/statefulset/stateful_set_utils.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.controllers.statefulset.identity import ordinal_of, ordinals
from kplan.model.objects import EMPTY, Object, name_of, owner_ref, owner_references, uid_of

DELETE, RETAIN = "Delete", "Retain"


def when_scaled(s: Object) -> str:
    """What becomes of claims when the set is scaled down."""
    return (s["spec"].get("persistentVolumeClaimRetentionPolicy") or EMPTY).get("whenScaled") or RETAIN


def when_deleted(s: Object) -> str:
    """What becomes of claims when the set is deleted."""
    return (s["spec"].get("persistentVolumeClaimRetentionPolicy") or EMPTY).get("whenDeleted") or RETAIN


def _names(ref: Mapping[str, Any], owner: Object) -> bool:
    return ref.get("apiVersion") == owner["apiVersion"] and ref.get("kind") == owner["kind"] and ref.get("name") == name_of(owner)


def has_owner(claim: Object, owner: Object) -> bool:
    """Whether the claim names the owner by UID."""
    return bool(uid_of(owner)) and any(r.get("uid") == uid_of(owner) for r in owner_references(claim))


def has_stale_owner(claim: Object, owner: Object) -> bool:
    """Whether the claim belongs to an earlier object of the owner's name."""
    ref = next((r for r in owner_references(claim) if _names(r, owner)), None)
    return ref is not None and ref.get("uid") != uid_of(owner)


def has_unexpected_controller(claim: Object, s: Object, pod: Object) -> bool:
    """Whether, under a policy that deletes, somebody else controls the claim."""
    if when_scaled(s) == when_deleted(s) == RETAIN:
        return False
    for ref in owner_references(claim):
        named = next((o for o in (s, pod) if _names(ref, o)), None)
        if named is not None and ref.get("uid") != uid_of(named):
            return True
        if named is None and ref.get("controller"):
            return True
    return False


def _has_non_controller_owner(claim: Object, s: Object, pod: Object) -> bool:
    ours = {uid_of(s), uid_of(pod)} - {""}
    return any(r.get("uid") in ours and not r.get("controller") for r in owner_references(claim))


def _wanted(s: Object, pod: Object) -> tuple[bool, bool]:
    """(the set is to own the claim, the pod is to own it)."""
    scaled_down = ordinal_of(pod) not in ordinals(s)
    by_pod = when_scaled(s) == DELETE and scaled_down
    by_set = when_deleted(s) == DELETE and not (when_scaled(s) == DELETE and scaled_down)
    return by_set, by_pod


def is_up_to_date(claim: Object, s: Object, pod: Object) -> bool:
    """Whether the claim's owners are as the policy wants them, or in a state that is better not touched."""
    if has_stale_owner(claim, s) or has_stale_owner(claim, pod):
        return True
    if has_unexpected_controller(claim, s, pod):
        return not (has_owner(claim, s) or has_owner(claim, pod))
    if _has_non_controller_owner(claim, s, pod):
        return False
    return _wanted(s, pod) == (has_owner(claim, s), has_owner(claim, pod))


def with_owners(claim: Object, s: Object, pod: Object) -> Object:
    """The claim with the owners the policy wants."""
    refs = [r for r in owner_references(claim) if not _names(r, s) and not _names(r, pod)]
    if not has_unexpected_controller(claim, s, pod):
        for owner, wanted in zip((s, pod), _wanted(s, pod), strict=True):
            if wanted and not any(r.get("uid") == uid_of(owner) for r in refs):
                refs.append(owner_ref(owner))
    meta = {k: v for k, v in claim["metadata"].items() if k != "ownerReferences"}
    if refs:
        meta["ownerReferences"] = refs
    return {**claim, "metadata": meta}
