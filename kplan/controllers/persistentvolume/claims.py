"""What is done about one claim: a volume is found for it, or provisioned, or it is found to have lost its volume.

Mirrors: pkg/controller/volume/persistentvolume/pv_controller.go (syncClaim, syncUnboundClaim, syncBoundClaim,
         assignDefaultStorageClass) (1.36)
"""

from __future__ import annotations

from kplan.controllers.ownership import stored
from kplan.controllers.persistentvolume.binding import bind, lose_claim, set_claim_status
from kplan.controllers.persistentvolume.index import VolumeIndex, mismatch
from kplan.controllers.persistentvolume.migration import annealed_claim
from kplan.controllers.persistentvolume.provisioning import provision
from kplan.controllers.storage import (
    BOUND_BY_CONTROLLER,
    PV,
    SELECTED_NODE,
    claim_ref_of,
    class_of,
    default_class,
    has_class,
    is_bound,
    is_bound_to,
    volume_name_of,
    waits_for_consumer,
)
from kplan.engine.contract import Context, Emit, Steps, Update
from kplan.model.objects import Object, Ref, annotations_of, name_of, ref_of, uid_of
from kplan.store.attachment import is_terminated
from kplan.store.view import View


def sync_claim(claim: Object, index: VolumeIndex, view: View, ctx: Context) -> Steps:
    """Take a claim one step further."""
    if (annealed := annealed_claim(claim)) is not claim:
        claim = stored((yield Update(annealed, because="csi-migration")))
    if is_bound(claim):
        yield from _sync_bound(claim, view, ctx)
    elif volume_name_of(claim):
        yield from _sync_named(claim, view, ctx)
    else:
        yield from _sync_unbound(claim, index, view, ctx)


def _sync_unbound(claim: Object, index: VolumeIndex, view: View, ctx: Context) -> Steps:
    """The user did not care which volume they get."""
    delayed = waits_for_consumer(claim, view)
    volume = index.find(claim, view, delayed=delayed)
    if volume is not None:
        yield from bind(volume, claim, ctx)
        return
    if not has_class(claim) and (found := default_class(view)) is not None:
        changed = {**claim, "spec": {**claim["spec"], "storageClassName": name_of(found)}}
        stored((yield Update(changed, because="default-storage-class")))
        return
    if delayed and SELECTED_NODE not in annotations_of(claim):
        yield _waits_for_consumer(claim, view)
    elif class_of(claim):
        yield from provision(claim, view)
        return
    else:
        yield Emit(ref_of(claim), "FailedBinding", "no persistent volumes available for this claim and no storage class is set")
    yield from set_claim_status(claim, "Pending", None, ctx)


def _waits_for_consumer(claim: Object, view: View) -> Emit:
    ref = ref_of(claim)
    pods = [name_of(p) for p in view.lookup("claim", (ref.namespace, ref.name)) if not is_terminated(p) and not p["spec"].get("nodeName")]
    if not pods:
        return Emit(ref, "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
    return Emit(ref, "WaitForPodScheduled", f"waiting for pod{'s' if len(pods) > 1 else ''} {','.join(pods)} to be scheduled")


def _sync_named(claim: Object, view: View, ctx: Context) -> Steps:
    """The user asked for a specific volume."""
    volume = view.get(Ref(PV, "", volume_name_of(claim)))
    if volume is None:
        yield from set_claim_status(claim, "Pending", None, ctx)
    elif claim_ref_of(volume) is None:
        if said := mismatch(volume, claim, ctx):
            yield Emit(ref_of(claim), "VolumeMismatch", f'Cannot bind to requested volume "{name_of(volume)}": {said}', "Warning")
            yield from set_claim_status(claim, "Pending", None, ctx)
        else:
            yield from bind(volume, claim, ctx)
    elif is_bound_to(volume, claim):
        yield from bind(volume, claim, ctx)
    else:
        yield Emit(ref_of(claim), "FailedBinding", f'volume "{name_of(volume)}" already bound to a different claim.', "Warning")
        if BOUND_BY_CONTROLLER not in annotations_of(claim):
            yield from set_claim_status(claim, "Pending", None, ctx)


def _sync_bound(claim: Object, view: View, ctx: Context) -> Steps:
    """The claim was bound before."""
    if not volume_name_of(claim):
        yield from lose_claim(claim, "ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!", ctx)
        return
    volume = view.get(Ref(PV, "", volume_name_of(claim)))
    if volume is None:
        yield from lose_claim(claim, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!", ctx)
        return
    ref = claim_ref_of(volume)
    if ref is None or ref.get("uid") == uid_of(claim):
        yield from bind(volume, claim, ctx)
    else:
        yield from lose_claim(claim, "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly", ctx)
