"""The writes of a binding: volume and claim point at each other and say so in their phases; and its undoing.

Mirrors: pkg/controller/volume/persistentvolume/pv_controller.go (bind, unbindVolume, updateClaimStatus, updateVolumePhase),
         staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go GetBindVolumeToClaim (1.36)
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from kplan.apiserver.outcome import Outcome
from kplan.controllers.ownership import stored
from kplan.controllers.storage import (
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    PRE_RESIZE,
    capacity_of,
    is_bound_to,
    phase_of,
    volume_name_of,
    with_annotations,
)
from kplan.engine.contract import Action, Context, Emit, Update
from kplan.model.objects import EMPTY, Object, annotations_of, get_in, name_of, namespace_of, ref_of, uid_of
from kplan.model.quantity import parse_or_zero

Step = Generator[Action, Outcome, Object]
"""Yields actions and gives back the object as it is then.

Raises: SyncFailed where the API server refuses a write.
"""


def bind(volume: Object, claim: Object, ctx: Context) -> Generator[Action, Outcome, None]:
    """Bind a volume and a claim to each other, volume first; what is set already is left."""
    volume = yield from _bind_volume(volume, claim)
    volume = yield from set_volume_phase(volume, "Bound")
    claim = yield from _bind_claim(claim, volume)
    yield from set_claim_status(claim, "Bound", volume, ctx)


def _bind_volume(volume: Object, claim: Object) -> Step:
    ref = volume["spec"].get("claimRef") or EMPTY
    changed = volume
    if (ref.get("name"), ref.get("namespace"), ref.get("uid")) != (name_of(claim), namespace_of(claim), uid_of(claim)):
        made = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": namespace_of(claim),
            "name": name_of(claim),
            "uid": uid_of(claim),
            "resourceVersion": claim["metadata"].get("resourceVersion"),
        }
        changed = {**volume, "spec": {**volume["spec"], "claimRef": made}}
    if not is_bound_to(volume, claim) and BOUND_BY_CONTROLLER not in annotations_of(volume):
        changed = with_annotations(changed, **{BOUND_BY_CONTROLLER: "yes"})
    if changed is volume:
        return volume
    return stored((yield Update(changed, because="volume-fits-claim")))


def _bind_claim(claim: Object, volume: Object) -> Step:
    changed = claim
    if volume_name_of(claim) != name_of(volume):
        changed = {**claim, "spec": {**claim["spec"], "volumeName": name_of(volume)}}
        if BOUND_BY_CONTROLLER not in annotations_of(claim):
            changed = with_annotations(changed, **{BOUND_BY_CONTROLLER: "yes"})
    if BIND_COMPLETED not in annotations_of(claim):
        changed = with_annotations(changed, **{BIND_COMPLETED: "yes"})
    if changed is claim:
        return claim
    return stored((yield Update(changed, because="volume-fits-claim")))


def unbind_volume(volume: Object) -> Generator[Action, Outcome, None]:
    """Take a binding back: all of it where a controller made it, else the claim's UID alone."""
    if BOUND_BY_CONTROLLER in annotations_of(volume):
        spec = {k: v for k, v in volume["spec"].items() if k != "claimRef"}
        changed = with_annotations({**volume, "spec": spec}, **{BOUND_BY_CONTROLLER: None})
    else:
        ref = {k: v for k, v in volume["spec"]["claimRef"].items() if k != "uid"}
        changed = {**volume, "spec": {**volume["spec"], "claimRef": ref}}
    volume = stored((yield Update(changed, because="claim-is-bound-elsewhere")))
    yield from set_volume_phase(volume, "Available")


def set_volume_phase(volume: Object, phase: str, message: str = "") -> Step:
    """Set the phase of a volume."""
    if phase_of(volume) == phase:
        return volume
    status = {k: v for k, v in (volume.get("status") or EMPTY).items() if k != "message"}
    status |= {"phase": phase} | ({"message": message} if message else {})
    return stored((yield Update({**volume, "status": status}, because=f"volume-is-{phase.lower()}", subresource="status")))


def fail_volume(volume: Object, reason: str, message: str) -> Step:
    """Set the phase Failed, and say why once."""
    if phase_of(volume) == "Failed":
        return volume
    changed = yield from set_volume_phase(volume, "Failed", message)
    yield Emit(ref_of(volume), reason, message, "Warning")
    return changed


def set_claim_status(claim: Object, phase: str, volume: Object | None, ctx: Context) -> Step:
    """Set the phase of a claim, and what it has by its volume."""
    status: dict[str, Any] = dict(claim.get("status") or EMPTY)
    was = status.get("phase") or ""
    status["phase"] = phase
    if volume is None:
        for key in ("accessModes", "capacity", "currentVolumeAttributesClassName"):
            status.pop(key, None)
    else:
        status["accessModes"] = volume["spec"].get("accessModes") or []
        if was != phase:
            _take_capacity(status, volume)
        if ctx.gates.on("VolumeAttributesClass") and was == "Pending" and phase == "Bound":
            _set_or_drop(status, "currentVolumeAttributesClassName", volume["spec"].get("volumeAttributesClassName"))
    if status == (claim.get("status") or EMPTY):
        return claim
    return stored((yield Update({**claim, "status": status}, because=f"claim-is-{phase.lower()}", subresource="status")))


def _take_capacity(status: dict[str, Any], volume: Object) -> None:
    before_resize = annotations_of(volume).get(PRE_RESIZE)
    if before_resize is not None:
        status["capacity"] = {**(status.get("capacity") or {}), "storage": before_resize}
    elif parse_or_zero(get_in(status, ("capacity", "storage"))) != capacity_of(volume) or "storage" not in (status.get("capacity") or {}):
        status["capacity"] = volume["spec"].get("capacity") or {}


def _set_or_drop(status: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        status.pop(key, None)
    else:
        status[key] = value


def lose_claim(claim: Object, reason: str, message: str, ctx: Context) -> Step:
    """Set the phase Lost, and say why once."""
    if phase_of(claim) == "Lost":
        return claim
    changed = yield from set_claim_status(claim, "Lost", None, ctx)
    yield Emit(ref_of(claim), reason, message, "Warning")
    return changed
