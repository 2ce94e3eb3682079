"""Which DeviceClass stands behind an extended resource, and the other way round.

Mirrors: staging/src/k8s.io/dynamic-resource-allocation/deviceclass/extendedresourcecache (1.36)
"""

from __future__ import annotations

from kplan.model.objects import EMPTY, Object, Ref
from kplan.store.view import View

DEVICE_CLASS = "DeviceClass.resource.k8s.io"
IMPLICIT = "deviceclass.resource.kubernetes.io/"
"""Every class also offers the resource of this prefix and its name."""
EXTENDED_CLAIM = "resource.kubernetes.io/extended-resource-claim"
"""The annotation of claims that were made for a pod's extended resources."""


def device_class_of(view: View, resource: str) -> Object | None:
    """The DeviceClass that offers an extended resource; of several the newest, then the first by name."""
    if resource.startswith(IMPLICIT):
        return view.get(Ref(DEVICE_CLASS, "", resource.removeprefix(IMPLICIT)))
    found = [c for c in view.objects(DEVICE_CLASS) if (c.get("spec") or EMPTY).get("extendedResourceName") == resource]
    return max(reversed(found), key=lambda c: c["metadata"].get("creationTimestamp") or "", default=None)


def extended_resource_of(view: View, device_class: str) -> str:
    """The extended resource that a class says it offers, or ""."""
    found = view.get(Ref(DEVICE_CLASS, "", device_class))
    return ((found or EMPTY).get("spec") or EMPTY).get("extendedResourceName") or ""
