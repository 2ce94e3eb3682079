"""What is done about one volume: it is available, bound, released; and released ones are reclaimed.

Mirrors: pkg/controller/volume/persistentvolume/pv_controller.go (syncVolume, reclaimVolume, recycleVolumeOperation,
         deleteVolumeOperation) (1.36)
Differs: recycling succeeds at once, without a pod; external provisioners are another participant.
"""

from __future__ import annotations

from kplan.controllers.ownership import stored
from kplan.controllers.persistentvolume.binding import fail_volume, set_volume_phase, unbind_volume
from kplan.controllers.persistentvolume.migration import IN_TREE_FINALIZER, annealed_volume
from kplan.controllers.persistentvolume.plugins import can_recycle, is_deleted_elsewhere, no_deleter
from kplan.controllers.storage import (
    MIGRATED_TO,
    PROVISIONED_BY,
    claim_of,
    claim_ref_of,
    phase_of,
    volume_mode_of,
    volume_name_of,
    without_finalizer,
)
from kplan.engine.contract import Context, Delete, Emit, Noop, Steps, Update
from kplan.model.objects import (
    Object,
    annotations_of,
    finalizers_of,
    is_deleting,
    name_of,
    namespace_of,
    ref_of,
    uid_of,
)
from kplan.store.attachment import is_terminated
from kplan.store.view import View


def sync_volume(volume: Object, view: View, ctx: Context) -> Steps:
    """Take a volume one step further."""
    if (annealed := annealed_volume(volume)) is not volume:
        volume = stored((yield Update(annealed, because="csi-migration")))
    ref = claim_ref_of(volume)
    if ref is None or not ref.get("uid"):
        yield from set_volume_phase(volume, "Available")
        return
    claim_ref = claim_of(volume)
    claim = view.get(claim_ref) if claim_ref is not None else None
    if claim is None or uid_of(claim) != ref["uid"]:
        yield from _release(volume, view)
    elif not volume_name_of(claim):
        yield from _wait_for_claim(volume, claim)
    elif volume_name_of(claim) == name_of(volume):
        yield from set_volume_phase(volume, "Bound")
    elif PROVISIONED_BY in annotations_of(volume) and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
        yield from _release(volume, view)
    else:
        yield from unbind_volume(volume)


def _wait_for_claim(volume: Object, claim: Object) -> Steps:
    """The claim's own sync finishes the binding."""
    if volume_mode_of(volume) != volume_mode_of(claim):
        of_volume = f'Cannot bind PersistentVolume to requested PersistentVolumeClaim "{name_of(claim)}" due to incompatible volumeMode.'
        of_claim = f'Cannot bind PersistentVolume "{name_of(volume)}" to requested PersistentVolumeClaim due to incompatible volumeMode.'
        yield Emit(ref_of(volume), "VolumeMismatch", of_volume, "Warning")
        yield Emit(ref_of(claim), "VolumeMismatch", of_claim, "Warning")
    yield Noop("waits-for-its-claim")


def _release(volume: Object, view: View) -> Steps:
    if phase_of(volume) not in ("Released", "Failed"):
        volume = yield from set_volume_phase(volume, "Released")
    if annotations_of(volume).get(MIGRATED_TO):
        return
    match volume["spec"].get("persistentVolumeReclaimPolicy"):
        case "Retain":
            yield Noop("volume-is-retained")
        case "Recycle":
            yield from _recycle(volume, view)
        case "Delete":
            yield from _delete(volume)
        case _:
            yield from fail_volume(volume, "VolumeUnknownReclaimPolicy", "Volume has unrecognized PersistentVolumeReclaimPolicy")


def _recycle(volume: Object, view: View) -> Steps:
    ref = claim_of(volume)
    assert ref is not None
    pods = [f"{namespace_of(p)}/{name_of(p)}" for p in view.lookup("claim", (ref.namespace, ref.name)) if not is_terminated(p)]
    if pods and view.get(ref) is None:
        yield Emit(ref_of(volume), "VolumeFailedRecycle", f"Volume is used by pods: {','.join(sorted(pods))}")
    elif not can_recycle(volume):
        yield from fail_volume(volume, "VolumeFailedRecycle", "No recycler plugin found for the volume!")
    else:
        yield Emit(ref_of(volume), "VolumeRecycled", "Volume recycled")
        yield from unbind_volume(volume)


def _delete(volume: Object) -> Steps:
    """Delete what a plugin of the cluster itself can delete; leave the rest to its provisioner."""
    if is_deleted_elsewhere(volume):
        yield Noop("waits-for-an-external-deleter")
        return
    if problem := no_deleter(volume):
        yield from fail_volume(volume, "VolumeFailedDelete", problem)
        return
    if IN_TREE_FINALIZER in finalizers_of(volume):
        stored((yield Update(without_finalizer(volume, IN_TREE_FINALIZER), because="volume-is-released")))
    if not is_deleting(volume):
        yield Delete(ref_of(volume), because="volume-is-released")
