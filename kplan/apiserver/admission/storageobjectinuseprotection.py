"""Claims, volumes and volume attributes classes get the finalizer that keeps them while they are in use.

Mirrors: plugin/pkg/admission/storage/storageobjectinuseprotection/admission.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.admission.contract import CREATE, AdmissionContext, Attributes, Plugin
from kplan.apiserver.outcome import Status
from kplan.model.objects import finalizers_of

FINALIZERS = {
    "PersistentVolumeClaim": "kubernetes.io/pvc-protection",
    "PersistentVolume": "kubernetes.io/pv-protection",
    "VolumeAttributesClass.storage.k8s.io": "kubernetes.io/vac-protection",
}
_GATES = {"VolumeAttributesClass.storage.k8s.io": "VolumeAttributesClass"}


def admit(attributes: Attributes, context: AdmissionContext) -> Status | None:
    """Add the finalizer unless it is there."""
    obj = attributes.object
    assert obj is not None
    gate = _GATES.get(attributes.kind)
    finalizer = FINALIZERS[attributes.kind]
    if finalizer not in finalizers_of(obj) and (gate is None or context.gates.on(gate)):
        obj["metadata"]["finalizers"] = [*finalizers_of(obj), finalizer]
    return None


PLUGIN = Plugin("StorageObjectInUseProtection", frozenset((CREATE,)), frozenset(FINALIZERS), admit=admit)
