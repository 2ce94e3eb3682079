"""What an update keeps of the stored object, whatever it says, and what it may not be at odds with.

Mirrors: staging/src/k8s.io/apiserver/pkg/registry/rest/update.go, pkg/registry/generic/registry/store.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver import outcome as answers
from kplan.apiserver.field import METADATA, invalid
from kplan.apiserver.merge.apply.entries import but_for_times
from kplan.apiserver.outcome import Status
from kplan.apiserver.strategy import Draft, Strategy
from kplan.catalog.kinds import KindInfo
from kplan.model.objects import Object, Ref, get_in


def same(a: Object, b: Object) -> bool:
    """Whether two objects are equal but for their resourceVersion and the times in their managedFields."""
    if a is b:
        return True
    for key in a.keys() | b.keys():
        if key != "metadata" and (x := a.get(key)) is not (y := b.get(key)) and x != y:
            return False
    ours, theirs = a["metadata"], b["metadata"]
    if any(ours.get(k) != theirs.get(k) for k in ours.keys() | theirs.keys() if k not in ("resourceVersion", "managedFields")):
        return False
    mine, others = ours.get("managedFields") or (), theirs.get("managedFields") or ()
    return mine is others or but_for_times(mine) == but_for_times(others)


_OWNED = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")


def carry_server_fields(meta: Draft, old_meta: Object) -> None:
    """Metadata that the server owns stays as it was."""
    for owned in _OWNED:
        _carry(meta, old_meta, owned)
    meta["resourceVersion"] = old_meta.get("resourceVersion")


def _carry(meta: Draft, old_meta: Object, key: str) -> None:
    if key in old_meta:
        meta[key] = old_meta[key]
    else:
        meta.pop(key, None)


def carry_by_subresource(draft: Draft, old: Object, strategy: Strategy, subresource: str) -> None:
    """An update of the object leaves status alone; one of status leaves all else alone but the metadata."""
    if not strategy.has_status:
        return
    if subresource == "":
        _carry(draft, old, "status")
    elif subresource == "status":
        for key in draft.keys() | old.keys():
            if key not in ("status", "metadata"):
                _carry(draft, old, key)


def generation_rises(draft: Draft, old: Object, strategy: Strategy) -> bool:
    """Whether some field changed that counts as a new desired state."""
    return any(get_in(draft, f.split(".")) != get_in(old, f.split(".")) for f in strategy.generation_fields)


def other_uid(new: Object, old: Object, ref: Ref) -> Status | None:
    """A PUT with another UID is meant for another object; a PATCH that sets one wants to change what cannot be changed."""
    given = (new.get("metadata") or {}).get("uid")
    if not given or given == old["metadata"].get("uid"):
        return None
    return answers.invalid_status(ref.kind, ref.name, [invalid(METADATA.child("uid"), given, "field is immutable")])


def stale(meta: Draft, old_meta: Object, info: KindInfo) -> Status | None:
    """409 where the request was made for another object, or for an older state of this one."""
    name = old_meta.get("name") or ""
    given = meta.get("uid")
    if given and given != old_meta.get("uid"):
        why = f"Precondition failed: UID in precondition: {given}, UID in object meta: {old_meta.get('uid')}"
        return answers.conflict(info.resource, name, why)
    version = meta.get("resourceVersion")
    if version and version != old_meta.get("resourceVersion"):
        return answers.conflict(
            info.resource, name, "the object has been modified; please apply your changes to the latest version and try again"
        )
    return None
