"""Accepts the names of CustomResourceDefinitions, establishes them, and empties them before they go.

The API server does this itself; it is a control loop all the same.

Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/controller/{status/naming_controller,establish/establishing_controller,
         apiapproval/apiapproval_controller,finalizer/crd_finalizer}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kplan.apiserver.customresources.approval import approval_state, is_certificate_bundle, is_protected
from kplan.apiserver.customresources.versions import CLEANUP, condition, is_established, with_condition
from kplan.engine.contract import Context, Delete, Key, Noop, Steps, Update, Watch
from kplan.model.gotext import go_quote
from kplan.model.objects import Object, Ref, finalizers_of, get_in, group_kind, is_deleting, ref_of
from kplan.store.journal import Write
from kplan.store.view import View

KIND = "CustomResourceDefinition.apiextensions.k8s.io"
_APPROVALS = {
    "invalid": ("False", "InvalidAnnotation"),
    "missing": ("False", "MissingAnnotation"),
    "approved": ("True", "ApprovedAnnotation"),
    "bypassed": ("False", "UnapprovedAnnotation"),
}
_CONFLICTS = (
    ("plural", "PluralConflict"),
    ("singular", "SingularConflict"),
    ("shortNames", "ShortNamesConflict"),
    ("kind", "KindConflict"),
    ("listKind", "ListKindConflict"),
)


def _same_group(write: Write, view: View) -> Iterable[Key]:
    """Names that are given free may be what another definition waits for."""
    _, _, group = write.ref.name.partition(".")
    return [ref_of(crd) for crd in view.objects(KIND) if get_in(crd, ("spec", "group")) == group]


def _instance_went(write: Write, view: View) -> Iterable[Key]:
    if write.after is not None or "." not in write.ref.kind:
        return ()
    return [ref_of(crd) for crd in view.objects(KIND) if is_deleting(crd) and _kind_of(crd) == write.ref.kind]


def _kind_of(crd: Object) -> str:
    spec = crd["spec"]
    return group_kind(f"{spec['group']}/v1", spec["names"]["kind"])


class CustomResourceDefinitions:
    """The key is a definition."""

    name = "apiextensions-apiserver"
    priority = 0
    watches = (
        Watch(KIND, _same_group, "a definition of the same group"),
        Watch("*", _instance_went, "an object of its kind went"),
    )

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """One step: finish a deletion, accept names, establish, or say whether the API was approved."""
        assert isinstance(key, Ref)
        crd = view.get(key)
        if crd is None:
            return
        if is_deleting(crd):
            yield from _finalize(crd, view, ctx)
            return
        for changed, because in _changes(crd, view, ctx.now):
            if changed.get("status") != crd.get("status"):
                yield Update(changed, because=because, subresource="status")
                return
        yield Noop("names-are-accepted")


def _changes(crd: Object, view: View, now: float) -> Iterator[tuple[Object, str]]:
    """What could change in a definition's status; the first that does is written."""
    yield _accept_names(crd, view, now), "names-checked"
    if condition(crd, "NamesAccepted") == "True" and not is_established(crd):
        yield _establish(crd, now), "established"
    if is_protected(crd["spec"]["group"]):
        state, why = approval_state(crd)
        status, reason = _APPROVALS[state]
        made = {"type": "KubernetesAPIApprovalPolicyConformant", "status": status, "reason": reason, "message": why}
        yield with_condition(crd, made, now), "approval-checked"


def _accept_names(crd: Object, view: View, now: float) -> Object:
    wanted, status = crd["spec"]["names"], crd.get("status") or {}
    accepted = {k: v for k, v in (status.get("acceptedNames") or {}).items() if v}
    if wanted == accepted:
        return crd
    resources, kinds = _taken(crd, view)
    names, refusal = dict(accepted), ("", "")
    for field, reason in _CONFLICTS:
        said = _conflict(wanted.get(field), accepted.get(field), kinds if "ind" in field else resources)
        if said:
            refusal = (reason, said)
        elif field in wanted:
            names[field] = wanted[field]
        else:
            names.pop(field, None)
    names = {**{k: v for k, v in names.items() if k != "categories"}, **{k: wanted[k] for k in ("categories",) if k in wanted}}
    made = {"type": "NamesAccepted", "status": "True", "reason": "NoConflicts", "message": "no conflicts found"}
    if refusal[0]:
        made |= {"status": "False", "reason": refusal[0], "message": refusal[1]}
    changed = with_condition({**crd, "status": {**status, "acceptedNames": {"plural": "", "kind": "", **names}}}, made, now)
    if is_established(crd):
        return changed
    waits = {"type": "Established", "status": "False", "reason": "NotAccepted", "message": "not all names are accepted"}
    if not refusal[0]:
        waits |= {"reason": "Installing", "message": "the initial names have been accepted"}
    elif condition(crd, "Established"):
        return changed
    return with_condition(changed, waits, now)


def _taken(crd: Object, view: View) -> tuple[set[str], set[str]]:
    """The names of resources and of kinds that other definitions of the group have."""
    resources: set[str] = set()
    kinds: set[str] = set()
    for other in view.objects(KIND):
        if other["spec"]["group"] == crd["spec"]["group"] and ref_of(other) != ref_of(crd):
            names: Mapping[str, Any] = (other.get("status") or {}).get("acceptedNames") or {}
            resources |= {names.get("plural") or "", names.get("singular") or "", *(names.get("shortNames") or ())}
            kinds |= {names.get("kind") or "", names.get("listKind") or ""}
    return resources, kinds


def _conflict(wanted: Any, accepted: Any, taken: set[str]) -> str:
    """What is said where a name, or some short names, are somebody else's."""
    if wanted == accepted:
        return ""
    names = [n for n in wanted or () if n not in (accepted or ())] if isinstance(wanted, list) else [wanted or ""]
    said = [f"{go_quote(n)} is already in use" for n in dict.fromkeys(names) if n in taken]
    return said[0] if len(said) == 1 else "[" + ", ".join(said) + "]" if said else ""


def _establish(crd: Object, now: float) -> Object:
    bundle = get_in(crd, ("spec", "conversion", "webhook", "clientConfig", "caBundle"))
    made = {
        "type": "Established",
        "status": "True",
        "reason": "InitialNamesAccepted",
        "message": "the initial names have been accepted",
    }
    if bundle and not is_certificate_bundle(bundle):
        made |= {
            "status": "False",
            "reason": "InvalidCABundle",
            "message": "The conversion webhook CABundle is invalid",
        }
    return with_condition(crd, made, now)


def _finalize(crd: Object, view: View, ctx: Context) -> Steps:
    if CLEANUP not in finalizers_of(crd):
        yield Noop("waits-for-other-finalizers")
        return
    if is_established(crd):
        left = list(view.objects(_kind_of(crd)))
        if left:
            made = ("True", "InstanceDeletionInProgress", "CustomResource deletion is in progress")
            yield Update(_terminating(crd, made, ctx.now), because="instances-are-deleted", subresource="status")
            for obj in left:
                if not is_deleting(obj):
                    yield Delete(ref_of(obj), because="definition-is-deleted")
            return
        made = ("False", "InstanceDeletionCompleted", "removed all instances")
    else:
        made = ("False", "NeverEstablished", "resource was never established")
    done = _terminating(crd, made, ctx.now)
    kept = [f for f in finalizers_of(crd) if f != CLEANUP]
    metadata = {k: v for k, v in done["metadata"].items() if k != "finalizers"} | ({"finalizers": kept} if kept else {})
    yield Update({**done, "metadata": metadata}, because="no-instances-are-left", subresource="status")


def _terminating(crd: Object, made: tuple[str, str, str], now: float) -> Object:
    status, reason, message = made
    return with_condition(crd, {"type": "Terminating", "status": status, "reason": reason, "message": message}, now)


CONTROLLER = CustomResourceDefinitions
