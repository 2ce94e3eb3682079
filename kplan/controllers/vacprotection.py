"""Keeps VolumeAttributesClasses that claims or volumes name, and lets go those that none names.

Mirrors: pkg/controller/volume/vacprotection/vac_protection_controller.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.controllers.storage import (
    PV,
    PVC,
    attributes_class_of,
    is_deletion_candidate,
    needs_finalizer,
    with_finalizer,
    without_finalizer,
)
from kplan.engine.contract import Context, Key, Noop, Steps, Update, Watch
from kplan.model.objects import Object, Ref, get_in
from kplan.store.journal import Write
from kplan.store.view import View

KIND = "VolumeAttributesClass.storage.k8s.io"
FINALIZER = "kubernetes.io/vac-protection"


def _class(write: Write, _: View) -> Iterable[Key]:
    found = write.after
    if found is None:
        return ()
    return (write.ref,) if needs_finalizer(found, FINALIZER) or is_deletion_candidate(found, FINALIZER) else ()


def _no_longer_named(write: Write, _: View) -> Iterable[Key]:
    before, after = (_named_by(o) if o is not None else [] for o in (write.before, write.after))
    return [Ref(KIND, "", name) for name in before if name not in after]


def _named_by(obj: Object) -> list[str]:
    """The classes a claim or a volume names."""
    names = [attributes_class_of(obj)]
    if obj["kind"] == PVC:
        names += [get_in(obj, ("status", "currentVolumeAttributesClassName"), "")]
        names += [get_in(obj, ("status", "modifyVolumeStatus", "targetVolumeAttributesClassName"), "")]
    return [n for n in dict.fromkeys(names) if n]


class VACProtection:
    """The key is a VolumeAttributesClass."""

    name = "volumeattributesclass-protection-controller"
    priority = 0
    watches = (
        Watch(KIND, _class, "a class"),
        Watch(PVC, _no_longer_named, "a claim that named it"),
        Watch(PV, _no_longer_named, "a volume that named it"),
    )

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Release the class when nothing names it, protect it while it is not being deleted."""
        assert isinstance(key, Ref)
        found = view.get(key)
        if found is None or not ctx.gates.on("VolumeAttributesClass"):
            return
        if is_deletion_candidate(found, FINALIZER):
            if any(key.name in _named_by(o) for o in (*view.objects(PV), *view.objects(PVC))):
                yield Noop("class-is-in-use")
            else:
                yield Update(without_finalizer(found, FINALIZER), because="class-is-not-in-use")
        elif needs_finalizer(found, FINALIZER):
            yield Update(with_finalizer(found, FINALIZER), because="class-is-not-protected")


CONTROLLER = VACProtection
