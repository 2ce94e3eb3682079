"""A claim may grow only if it is bound and its class allows expansion.

Mirrors: plugin/pkg/admission/storage/persistentvolume/resize/admission.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.admission.contract import UPDATE, AdmissionContext, Attributes, Plugin, refuse
from kplan.apiserver.outcome import Status
from kplan.model.objects import Object, Ref, annotations_of, get_in
from kplan.model.quantity import parse_or_zero

LEGACY = "volume.beta.kubernetes.io/storage-class"


def validate(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Refuse growth that nobody would carry out."""
    claim, old = attributes.object, attributes.old
    assert claim is not None and old is not None
    if _size(claim) <= _size(old):
        return None
    if get_in(old, ("status", "phase")) != "Bound":
        return refuse(attributes, "Only bound persistent volume claims can be expanded")
    name = _class(claim)
    found = context.view.get(Ref("StorageClass.storage.k8s.io", "", name)) if name and name == _class(old) else None
    if found is None or not found.get("allowVolumeExpansion"):
        return refuse(
            attributes, "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
        )
    return None


def _size(claim: Object) -> int:
    return parse_or_zero(get_in(claim, ("spec", "resources", "requests", "storage"))).nano


def _class(claim: Object) -> str:
    return annotations_of(claim).get(LEGACY, get_in(claim, ("spec", "storageClassName")) or "")


PLUGIN = Plugin("PersistentVolumeClaimResize", frozenset((UPDATE,)), frozenset(("PersistentVolumeClaim",)), validate=validate)
