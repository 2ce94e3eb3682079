"""Something is deleted, but stays: a finalizer holds it, because it is in use or because nobody here takes it off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from kplan.checks.contract import Check, Finding, Subject
from kplan.model.diagnostics import Severity
from kplan.model.objects import Object, Ref, finalizers_of, get_in, is_deleting, ref_of
from kplan.store.view import View

_MOST = 3
_PROTECTED_VOLUME = "kubernetes.io/pv-protection"
Reason = Callable[[View, Object], str]
"""What a finalizer waits for; "" where it is not known, or another finalizer's reason says it."""


def run(subject: Subject) -> Iterator[Finding]:
    """Every object that the plan marks for deletion and that is still there at its end."""
    for change in (*subject.plan.changes, *subject.plan.consequences):
        obj = subject.view.get(change.ref)
        if obj is None or not is_deleting(obj) or (change.before is not None and is_deleting(change.before)):
            continue
        for finalizer in [*finalizers_of(obj), *(get_in(obj, ("spec", "finalizers")) or [] if obj["kind"] == "Namespace" else ())]:
            if why := _why(subject.view, obj, finalizer):
                yield Finding(change.ref, f"is deleted, but stays: {why}")


def _why(view: View, obj: Object, finalizer: str) -> str:
    for name, reason in _REASONS:
        if finalizer == name or (name.endswith("/") and finalizer.startswith(name)):
            said = reason(view, obj)
            return said if said or reason is _release else f"finalizer {finalizer}"
    return f"finalizer {finalizer}, which nobody in this plan takes off"


def _users(view: View, claim: Object) -> str:
    ref = ref_of(claim)
    pods = [ref_of(p) for p in view.lookup("claim", (ref.namespace, ref.name)) if p["spec"].get("nodeName")]
    return f"in use by {_some(pods)}" if pods else ""


def _claim(_: View, volume: Object) -> str:
    claim = get_in(volume, ("spec", "claimRef")) or {}
    return f"bound to PersistentVolumeClaim {claim.get('namespace')}/{claim.get('name')}" if claim else ""


def _release(_: View, volume: Object) -> str:
    """A volume that is bound says so by another finalizer."""
    return "" if _PROTECTED_VOLUME in finalizers_of(volume) else "its provisioner lets it go when it is released"


def _attached(view: View, volume: Object) -> str:
    nodes = [get_in(a, ("spec", "nodeName")) for a in view.lookup("attached", volume["metadata"]["name"])]
    return f"attached to node {', '.join(nodes[:_MOST])}" if nodes else ""


def _named(view: View, attributes: Object) -> str:
    wanted = attributes["metadata"]["name"]
    fields = (("spec", "volumeAttributesClassName"), ("status", "currentVolumeAttributesClassName"), ("status", "modifyVolumeStatus", "targetVolumeAttributesClassName"))
    objects = (*view.objects("PersistentVolumeClaim"), *view.objects("PersistentVolume"))
    users = [ref_of(o) for o in objects if any(get_in(o, path) == wanted for path in fields)]
    return f"named by {_some(users)}" if users else ""


def _content(view: View, namespace: Object) -> str:
    left = [ref_of(o) for kind in view.kinds() for o in view.objects(kind, namespace["metadata"]["name"])]
    return f"it still holds {_some(left)}" if left else ""


_REASONS: Sequence[tuple[str, Reason]] = (
    ("kubernetes.io/pvc-protection", _users),
    (_PROTECTED_VOLUME, _claim),
    ("external-provisioner.volume.kubernetes.io/finalizer", _release),
    ("kubernetes.io/pv-controller", _release),
    ("external-attacher/", _attached),
    ("kubernetes.io/vac-protection", _named),
    ("kubernetes", _content),
)
"""By finalizer (one that ends with a slash: by how it begins) what it waits for."""


def _some(refs: list[Ref]) -> str:
    shown = ", ".join(str(r) for r in refs[:_MOST])
    return shown if len(refs) <= _MOST else f"{shown} and {len(refs) - _MOST} more"


CHECK = Check("KP602", "a deletion that something holds up", Severity.WARNING, run)
