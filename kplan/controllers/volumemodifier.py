"""Plays the part of the external resizers that changes volumes to the VolumeAttributesClass their claims name.

Mirrors: github.com/kubernetes-csi/external-resizer pkg/modifycontroller/{controller,modify_volume,modify_status}.go
Differs: every driver of which the cluster has a CSIDriver can change its volumes.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.controllers.storage import PVC, attributes_class_of, bound_volume, csi_driver_of, phase_of
from kplan.engine.contract import Context, Emit, Key, Noop, Steps, Update, Watch
from kplan.model.objects import EMPTY, Object, Ref, get_in, name_of, ref_of
from kplan.store.journal import Write
from kplan.store.view import View

_CLASS = "VolumeAttributesClass.storage.k8s.io"


def _differs(claim: Object) -> bool:
    wanted = attributes_class_of(claim)
    return phase_of(claim) == "Bound" and bool(wanted) and wanted != get_in(claim, ("status", "currentVolumeAttributesClassName"))


def _claim(write: Write, _: View) -> Iterable[Key]:
    return (write.ref,) if write.after is not None and _differs(write.after) else ()


def _class(write: Write, view: View) -> Iterable[Key]:
    """Claims that wait for the class."""
    if write.seq and write.before is None:
        yield from (ref_of(c) for c in view.objects(PVC) if attributes_class_of(c) == write.ref.name)


class VolumeModifier:
    """The key is a claim."""

    name = "external-resizer"
    priority = 0
    watches = (Watch(PVC, _claim, "a claim that names another class"), Watch(_CLASS, _class, "the class a claim waits for"))

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Give the claim's volume the attributes of its class."""
        assert isinstance(key, Ref)
        claim = view.get(key)
        if claim is None or not _differs(claim) or not ctx.gates.on("VolumeAttributesClass"):
            return
        volume = bound_volume(view, claim)
        driver = csi_driver_of(view, volume) if volume is not None else None
        if volume is None or driver is None:
            yield Noop("no-resizer-is-known")
            return
        found = view.get(Ref(_CLASS, "", attributes_class_of(claim)))
        if found is None:
            status = {**claim["status"], "modifyVolumeStatus": {**(claim["status"].get("modifyVolumeStatus") or EMPTY), "status": "Pending"}}
            yield Update({**claim, "status": status}, because="volume-attributes-class-does-not-exist", subresource="status")
        elif found.get("driverName") != name_of(driver):
            yield Noop("volume-attributes-class-is-of-another-driver")
        else:
            yield from _modify(key, claim, volume, name_of(found))


def _modify(key: Ref, claim: Object, volume: Object, name: str) -> Steps:
    yield Emit(key, "VolumeModify", f"external resizer is modifying volume {key.name} with vac {name}")
    yield Update({**volume, "spec": {**volume["spec"], "volumeAttributesClassName": name}}, because="volume-attributes-class-changed")
    status = {k: v for k, v in claim["status"].items() if k != "modifyVolumeStatus"}
    yield Update({**claim, "status": status | {"currentVolumeAttributesClassName": name}}, because="volume-is-modified", subresource="status")
    yield Emit(key, "VolumeModifySuccessful", f"external resizer modified volume {key.name} with vac {name} successfully ")


CONTROLLER = VolumeModifier
