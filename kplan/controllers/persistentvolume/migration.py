"""What volumes and claims carry because CSI drivers have taken over from in-tree plugins, and what keeps volumes until they are deleted.

Mirrors: pkg/controller/volume/persistentvolume/pv_controller_base.go (updateMigrationAnnotations, modifyDeletionFinalizers) (1.36)
"""

from __future__ import annotations

from kplan.controllers.storage import (
    BETA_PROVISIONER,
    EXTERNAL_FINALIZER,
    IN_TREE,
    MIGRATED_TO,
    PROVISIONED_BY,
    PROVISIONER,
    with_annotations,
    with_finalizer,
    without_finalizer,
)
from kplan.model.migration import DRIVERS
from kplan.model.objects import Object, annotations_of, finalizers_of

IN_TREE_FINALIZER = "kubernetes.io/pv-controller"


def annealed_claim(claim: Object) -> Object:
    """The claim with the driver that serves it instead of its provisioner; the claim itself where nothing changes."""
    notes = annotations_of(claim)
    return _annealed(claim, notes.get(PROVISIONER, notes.get(BETA_PROVISIONER)))


def annealed_volume(volume: Object) -> Object:
    """The volume with the driver that serves it, and the finalizer of who will delete it; itself where nothing changes."""
    return _with_deletion_finalizers(_annealed(volume, annotations_of(volume).get(PROVISIONED_BY)))


def _annealed(obj: Object, provisioner: str | None) -> Object:
    if provisioner is None:
        return obj
    driver, known = DRIVERS.get(provisioner), annotations_of(obj).get(MIGRATED_TO)
    if driver is not None:
        return obj if known == driver else with_annotations(obj, **{MIGRATED_TO: driver})
    return with_annotations(obj, **{MIGRATED_TO: None}) if known else obj


def _with_deletion_finalizers(volume: Object) -> Object:
    provisioner = annotations_of(volume).get(PROVISIONED_BY)
    if provisioner is None:
        return volume
    if provisioner in DRIVERS:
        return _without(volume, IN_TREE_FINALIZER)
    if not provisioner.startswith(IN_TREE):
        return volume
    policy = volume["spec"].get("persistentVolumeReclaimPolicy")
    if policy == "Delete" and IN_TREE_FINALIZER not in finalizers_of(volume):
        volume = with_finalizer(volume, IN_TREE_FINALIZER)
    elif policy in ("Retain", "Recycle"):
        volume = _without(volume, IN_TREE_FINALIZER)
    return _without(volume, EXTERNAL_FINALIZER)


def _without(volume: Object, finalizer: str) -> Object:
    return without_finalizer(volume, finalizer) if finalizer in finalizers_of(volume) else volume
