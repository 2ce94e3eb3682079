"""Something is deleted, but stays: a finalizer holds it, because it is in use or because nobody here takes it off."""

from __future__ import annotations

from collections.abc import Iterator

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Ref, finalizers_of, get_in, is_deleting, ref_of
from kplan.store.view import View

_MOST = 3


def run(subject: Subject) -> Iterator[Finding]:
    """Every object that the plan marks for deletion and that is still there at its end."""
    for change in (*subject.plan.changes, *subject.plan.consequences):
        obj = subject.view.get(change.ref)
        if obj is None or not is_deleting(obj) or (change.before is not None and is_deleting(change.before)):
            continue
        for finalizer in [*finalizers_of(obj), *(get_in(obj, ("spec", "finalizers")) or [] if obj["kind"] == "Namespace" else ())]:
            yield Finding(change.ref, f"is deleted, but stays: {_why(subject.view, obj, finalizer)}")


def _why(view: View, obj: Object, finalizer: str) -> str:
    """What a finalizer waits for."""
    ref = ref_of(obj)
    match finalizer:
        case "kubernetes.io/pvc-protection":
            users = [ref_of(p) for p in view.objects("Pod", ref.namespace) if ref.name in _claims(p)]
            return f"in use by {_some(users)}" if users else f"finalizer {finalizer}"
        case "kubernetes.io/pv-protection":
            claim = get_in(obj, ("spec", "claimRef")) or {}
            return f"bound to PersistentVolumeClaim {claim.get('namespace')}/{claim.get('name')}" if claim else f"finalizer {finalizer}"
        case "kubernetes" if obj["kind"] == "Namespace":
            left = [ref_of(o) for kind in view.kinds() for o in view.objects(kind, ref.name)]
            return f"it still holds {_some(left)}" if left else f"finalizer {finalizer}"
        case _:
            return f"finalizer {finalizer}, which nobody in this plan takes off"


def _claims(pod: Object) -> set[str]:
    return {str(get_in(v, ("persistentVolumeClaim", "claimName"))) for v in get_in(pod, ("spec", "volumes")) or []}


def _some(refs: list[Ref]) -> str:
    shown = ", ".join(str(r) for r in refs[:_MOST])
    return shown if len(refs) <= _MOST else f"{shown} and {len(refs) - _MOST} more"


CHECK = Check("KP602", "a deletion that something holds up", Severity.WARNING, run)
