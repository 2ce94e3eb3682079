"""Claims, volumes and classes as the storage controllers look at them: names of annotations, classes, who is bound to whom.

Mirrors: staging/src/k8s.io/component-helpers/storage/volume/{helpers,pv_helpers}.go,
         staging/src/k8s.io/component-helpers/storage/ephemeral/ephemeral.go, pkg/volume/util/storageclass.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kplan.controllers.pods import created
from kplan.model.migration import csi_volume
from kplan.model.objects import (
    EMPTY,
    Object,
    Ref,
    annotations_of,
    finalizers_of,
    get_in,
    is_deleting,
    name_of,
    namespace_of,
    owner_references,
    uid_of,
)
from kplan.model.quantity import Quantity, parse_or_zero
from kplan.store.attachment import CSI_DRIVER
from kplan.store.view import View

PVC, PV, STORAGE_CLASS = "PersistentVolumeClaim", "PersistentVolume", "StorageClass.storage.k8s.io"
BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
MIGRATED_TO = "pv.kubernetes.io/migrated-to"
PRE_RESIZE = "volume.alpha.kubernetes.io/pre-resize-capacity"
IN_TREE = "kubernetes.io/"
"""How the names of the cluster's own plugins begin."""
EXTERNAL_FINALIZER = "external-provisioner.volume.kubernetes.io/finalizer"
"""What keeps a volume until its external provisioner has deleted what is behind it."""
PROVISIONER, BETA_PROVISIONER = "volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner"
_BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
_DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def class_of(obj: Object) -> str:
    """The class of a claim or a volume; the old annotation comes first."""
    annotated = annotations_of(obj).get(_BETA_CLASS)
    return annotated if annotated is not None else obj["spec"].get("storageClassName") or ""


def has_class(claim: Object) -> bool:
    """Whether a claim says anything about its class, be it that it wants none."""
    return _BETA_CLASS in annotations_of(claim) or claim["spec"].get("storageClassName") is not None


def storage_class(view: View, name: str) -> Object | None:
    """The StorageClass of that name."""
    return view.get(Ref(STORAGE_CLASS, "", name))


def default_class(view: View) -> Object | None:
    """The newest of the default classes; of equally old ones the first by name."""
    found = [c for c in view.objects(STORAGE_CLASS) if any(annotations_of(c).get(a) == "true" for a in _DEFAULT_CLASS)]
    return min(found, key=lambda c: (-(created(c) or 0.0), name_of(c)), default=None)


def waits_for_consumer(claim: Object, view: View) -> bool:
    """Whether the claim's class waits until a pod that uses the claim is scheduled."""
    found = storage_class(view, class_of(claim)) if class_of(claim) else None
    return found is not None and found.get("volumeBindingMode") == "WaitForFirstConsumer"


def is_bound(claim: Object) -> bool:
    """Whether the claim has been bound once."""
    return BIND_COMPLETED in annotations_of(claim)


def volume_name_of(claim: Object) -> str:
    """``spec.volumeName``."""
    return claim["spec"].get("volumeName") or ""


def claim_ref_of(volume: Object) -> Mapping[str, Any] | None:
    """``spec.claimRef``, or None."""
    ref: Mapping[str, Any] | None = volume["spec"].get("claimRef")
    return ref


def claim_of(volume: Object) -> Ref | None:
    """The claim a volume refers to."""
    ref = claim_ref_of(volume)
    return Ref(PVC, ref.get("namespace") or "", ref.get("name") or "") if ref is not None else None


def is_bound_to(volume: Object, claim: Object) -> bool:
    """Whether a volume is bound to a claim, or reserved for it."""
    ref = claim_ref_of(volume)
    if ref is None or (ref.get("name"), ref.get("namespace")) != (name_of(claim), namespace_of(claim)):
        return False
    return not ref.get("uid") or ref["uid"] == uid_of(claim)


def capacity_of(volume: Object) -> Quantity:
    """The size of a volume."""
    return parse_or_zero(get_in(volume, ("spec", "capacity", "storage")))


def requested_storage(claim: Object) -> Quantity:
    """The size a claim asks for."""
    return parse_or_zero(get_in(claim, ("spec", "resources", "requests", "storage")))


def volume_mode_of(obj: Object) -> str:
    """Filesystem or Block."""
    return obj["spec"].get("volumeMode") or "Filesystem"


def has_all_modes(volume: Object, claim: Object) -> bool:
    """Whether the volume can be accessed in every way the claim asks for."""
    return set(claim["spec"].get("accessModes") or ()) <= set(volume["spec"].get("accessModes") or ())


def bound_volume(view: View, claim: Object) -> Object | None:
    """The volume of a bound claim, where the volume is bound to it as well."""
    if phase_of(claim) != "Bound" or not volume_name_of(claim):
        return None
    volume = view.get(Ref(PV, "", volume_name_of(claim)))
    return volume if volume is not None and (claim_ref_of(volume) or EMPTY).get("uid") == uid_of(claim) else None


def csi_driver_of(view: View, volume: Object) -> Object | None:
    """The CSIDriver of a volume, where the cluster has it."""
    found = csi_volume(volume)
    return view.get(Ref(CSI_DRIVER, "", found[0])) if found is not None else None


def attributes_class_of(obj: Object) -> str:
    """``spec.volumeAttributesClassName``."""
    return obj["spec"].get("volumeAttributesClassName") or ""


def phase_of(obj: Object) -> str:
    """``status.phase``."""
    return (obj.get("status") or EMPTY).get("phase") or ""


def with_annotations(obj: Object, **changes: str | None) -> Object:
    """The object with annotations set (None: removed); the keys are given as they are."""
    notes = {k: v for k, v in {**annotations_of(obj), **changes}.items() if v is not None}
    meta = {k: v for k, v in obj["metadata"].items() if k != "annotations"}
    return {**obj, "metadata": meta | ({"annotations": notes} if notes else {})}


# -- protection --------------------------------------------------------------------------------------------------------


def is_deletion_candidate(obj: Object, finalizer: str) -> bool:
    """Whether it is being deleted and the finalizer holds it."""
    return is_deleting(obj) and finalizer in finalizers_of(obj)


def needs_finalizer(obj: Object, finalizer: str) -> bool:
    """Whether it is not being deleted and lacks the finalizer."""
    return not is_deleting(obj) and finalizer not in finalizers_of(obj)


def with_finalizer(obj: Object, finalizer: str) -> Object:
    """The object with a finalizer more."""
    return {**obj, "metadata": {**obj["metadata"], "finalizers": [*finalizers_of(obj), finalizer]}}


def without_finalizer(obj: Object, finalizer: str) -> Object:
    """The object without a finalizer."""
    left = [f for f in finalizers_of(obj) if f != finalizer]
    meta = {k: v for k, v in obj["metadata"].items() if k != "finalizers"}
    return {**obj, "metadata": meta | ({"finalizers": left} if left else {})}


# -- pods --------------------------------------------------------------------------------------------------------------


def ephemeral_claim_name(pod: Object, volume: Mapping[str, Any]) -> str:
    """The name of the claim that is made for a generic ephemeral volume."""
    return f"{name_of(pod)}-{volume['name']}"


def is_made_for(claim: Object, pod: Object) -> bool:
    """Whether an ephemeral volume's claim was made for this pod: the pod is its controller."""
    return namespace_of(claim) == namespace_of(pod) and any(r.get("controller") and r.get("uid") == uid_of(pod) for r in owner_references(claim))


def claims_named_by(pod: Object) -> Iterator[str]:
    """The names of all claims a pod mounts."""
    for volume in pod["spec"].get("volumes") or ():
        if volume.get("persistentVolumeClaim"):
            yield volume["persistentVolumeClaim"].get("claimName") or ""
        elif volume.get("ephemeral"):
            yield ephemeral_claim_name(pod, volume)
