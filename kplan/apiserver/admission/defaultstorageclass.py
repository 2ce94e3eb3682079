"""A claim that names no class gets the default one.

Mirrors: plugin/pkg/admission/storage/storageclass/setdefault/admission.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.admission.contract import CREATE, AdmissionContext, Attributes, Plugin
from kplan.apiserver.outcome import Status
from kplan.model.defaults import STORAGE_DEFAULT, default_class
from kplan.model.objects import annotations_of, name_of

LEGACY = "volume.beta.kubernetes.io/storage-class"


def admit(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Set the class; the empty text is a class of its own."""
    claim = attributes.object
    assert claim is not None
    spec = claim.setdefault("spec", {})
    if LEGACY in annotations_of(claim) or spec.get("storageClassName") is not None:
        return None
    found = default_class(context.view.objects("StorageClass.storage.k8s.io"), STORAGE_DEFAULT)
    if found is not None:
        spec["storageClassName"] = name_of(found)
    return None


PLUGIN = Plugin("DefaultStorageClass", frozenset((CREATE,)), frozenset(("PersistentVolumeClaim",)), admit=admit)
