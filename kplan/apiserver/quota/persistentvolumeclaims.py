"""What PersistentVolumeClaims use of a quota, in all and by their class.

Mirrors: pkg/quota/v1/evaluator/core/persistent_volume_claims.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kplan.apiserver.quota.evaluator import ONE, Evaluator, in_set, no_scope
from kplan.catalog.gates import Gates
from kplan.model.objects import Object, annotations_of, get_in
from kplan.model.podresources import Amounts
from kplan.model.quantity import NANO, Quantity

_NAMES = ("persistentvolumeclaims", "requests.storage")
_BY_CLASS = ".storageclass.storage.k8s.io/"


def _usage(claim: Object, _: float) -> Amounts:
    out = {"persistentvolumeclaims": ONE, "count/persistentvolumeclaims": ONE}
    named = get_in(claim, ("spec", "storageClassName"), "")
    name = annotations_of(claim).get("volume.beta.kubernetes.io/storage-class", named)
    if name:
        out[f"{name}{_BY_CLASS}persistentvolumeclaims"] = ONE
    asked = get_in(claim, ("spec", "resources", "requests", "storage"))
    if asked is not None:
        size = _whole(asked)
        allocated = get_in(claim, ("status", "allocatedResources", "storage"))
        if allocated is not None and Quantity.parse(allocated) > size:
            size = _whole(allocated)
        out["requests.storage"] = size
        if name:
            out[f"{name}{_BY_CLASS}requests.storage"] = size
    return out


def _whole(text: str) -> Quantity:
    """A size, rounded up to whole bytes."""
    size = Quantity.parse(text)
    return Quantity(size.value() * NANO, size.format) if size.nano % NANO else size


def _named(name: str) -> bool:
    return name == "count/persistentvolumeclaims" or name in _NAMES or name.endswith(tuple(_BY_CLASS + n for n in _NAMES))


def _scope(selector: Mapping[str, Any], claim: Object) -> bool:
    if selector.get("scopeName") != "VolumeAttributesClass":
        return False
    named = [
        get_in(claim, ("spec", "volumeAttributesClassName")),
        get_in(claim, ("status", "currentVolumeAttributesClassName")),
        get_in(claim, ("status", "modifyVolumeStatus", "targetVolumeAttributesClassName")),
    ]
    names = sorted({n for n in named if n})
    return any(in_set(selector, "VolumeAttributesClass", n) for n in names or [""])


_PLAIN = Evaluator(_usage, _named, no_scope, on_update=True)
_SCOPED = Evaluator(_usage, _named, _scope, on_update=True)


def evaluator(gates: Gates) -> Evaluator:
    """How claims are counted; classes of volume attributes are a scope of theirs once there are such classes."""
    return _SCOPED if gates.on("VolumeAttributesClass") else _PLAIN
