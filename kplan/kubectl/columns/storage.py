"""Volumes, claims and classes, as ``kubectl get`` shows them.

Mirrors: pkg/printers/internalversion/printers.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kplan.kubectl.columns.base import NONE, UNSET, Columns, age, name, plain, spec, status
from kplan.model.objects import Object

_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_CLASS = "volume.beta.kubernetes.io/storage-class"
_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def modes_text(modes: Iterable[str]) -> str:
    """Access modes in short: ``RWO,ROX``."""
    given = set(modes)
    return ",".join(short for mode, short in _MODES.items() if mode in given)


def class_of(obj: Object) -> str:
    """The storage class of a volume or claim."""
    beta = (obj["metadata"].get("annotations") or {}).get(_CLASS)
    return str(beta if beta is not None else spec(obj, "storageClassName", default=""))


def _phase(obj: Object) -> str:
    return "Terminating" if obj["metadata"].get("deletionTimestamp") else status(obj, "phase", default="")


def _volume(obj: Object, now: float) -> list[Any]:
    claim = spec(obj, "claimRef")
    return [
        name(obj),
        spec(obj, "capacity", "storage", default="0"),
        modes_text(spec(obj, "accessModes", default=[])),
        spec(obj, "persistentVolumeReclaimPolicy", default=""),
        _phase(obj),
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        class_of(obj),
        spec(obj, "volumeAttributesClassName", default=UNSET),
        status(obj, "reason", default=""),
        age(obj, now),
        spec(obj, "volumeMode", default=UNSET),
    ]


def _claim(obj: Object, now: float) -> list[Any]:
    volume = spec(obj, "volumeName", default="")
    return [
        name(obj),
        _phase(obj),
        volume,
        status(obj, "capacity", "storage", default="0") if volume else "",
        modes_text(status(obj, "accessModes", default=[])) if volume else "",
        class_of(obj),
        spec(obj, "volumeAttributesClassName", default=UNSET),
        age(obj, now),
        spec(obj, "volumeMode", default=UNSET),
    ]


def _class(obj: Object, now: float) -> list[Any]:
    annotations = obj["metadata"].get("annotations") or {}
    default = " (default)" if any(annotations.get(a) == "true" for a in _DEFAULT) else ""
    reclaim, mode = obj.get("reclaimPolicy") or "Delete", obj.get("volumeBindingMode") or "Immediate"
    return [name(obj) + default, obj.get("provisioner") or "", reclaim, mode, obj.get("allowVolumeExpansion") or False, age(obj, now)]


def _driver(obj: Object, now: float) -> list[Any]:
    requests = spec(obj, "tokenRequests")
    return [
        name(obj),
        spec(obj, "attachRequired", default=True),
        spec(obj, "podInfoOnMount", default=False),
        spec(obj, "storageCapacity", default=False),
        UNSET if requests is None else ",".join(r.get("audience") or "" for r in requests),
        spec(obj, "requiresRepublish", default=False),
        ",".join(spec(obj, "volumeLifecycleModes", default=[])) or NONE,
        age(obj, now),
    ]


def _attachment(obj: Object, now: float) -> list[Any]:
    volume, node = spec(obj, "source", "persistentVolumeName", default=""), spec(obj, "nodeName", default="")
    return [name(obj), spec(obj, "attacher", default=""), volume, node, status(obj, "attached", default=False), age(obj, now)]


def _capacity(obj: Object, _: float) -> list[Any]:
    return [name(obj), obj.get("storageClassName") or "", obj.get("capacity") or UNSET]


TABLES = {
    "PersistentVolume": Columns(
        "NAME|CAPACITY|ACCESS MODES|RECLAIM POLICY|STATUS|CLAIM|STORAGECLASS|VOLUMEATTRIBUTESCLASS|REASON|AGE|VOLUMEMODE*", _volume
    ),
    "PersistentVolumeClaim": Columns(
        "NAME|STATUS|VOLUME|CAPACITY|ACCESS MODES|STORAGECLASS|VOLUMEATTRIBUTESCLASS|AGE|VOLUMEMODE*", _claim
    ),
    "StorageClass.storage.k8s.io": Columns("NAME|PROVISIONER|RECLAIMPOLICY|VOLUMEBINDINGMODE|ALLOWVOLUMEEXPANSION|AGE", _class),
    "VolumeAttributesClass.storage.k8s.io": plain("driverName", heads="NAME|DRIVERNAME|AGE"),
    "VolumeAttachment.storage.k8s.io": Columns("NAME|ATTACHER|PV|NODE|ATTACHED|AGE", _attachment),
    "CSINode.storage.k8s.io": plain("len:spec.drivers", heads="NAME|DRIVERS|AGE"),
    "CSIDriver.storage.k8s.io": Columns(
        "NAME|ATTACHREQUIRED|PODINFOONMOUNT|STORAGECAPACITY|TOKENREQUESTS|REQUIRESREPUBLISH|MODES|AGE", _driver
    ),
    "CSIStorageCapacity.storage.k8s.io": Columns("NAME|STORAGECLASSNAME|CAPACITY", _capacity),
}
