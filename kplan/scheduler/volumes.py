"""Claims, volumes and classes as the scheduler's volume plugins look at them.

Mirrors: staging/src/k8s.io/component-helpers/storage/{volume,ephemeral} (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kplan.model import migration
from kplan.model.objects import EMPTY, Object, Ref, annotations_of, name_of, namespace_of, uid_of
from kplan.model.quantity import Quantity, parse_or_zero
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import SchedulingError
from kplan.scheduler.pods import PodInfo

BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
NO_PROVISIONER = "kubernetes.io/no-provisioner"
WAIT_FOR_FIRST_CONSUMER = "WaitForFirstConsumer"
_BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
_NAMED_CLASS = "storageClassName"

PVC, PV, STORAGE_CLASS = "PersistentVolumeClaim", "PersistentVolume", "StorageClass.storage.k8s.io"
CSI_NODE, CSI_DRIVER = "CSINode.storage.k8s.io", "CSIDriver.storage.k8s.io"
CSI_CAPACITY, VOLUME_ATTACHMENT = "CSIStorageCapacity.storage.k8s.io", "VolumeAttachment.storage.k8s.io"

_TAKEN_OVER = ("kubernetes.io/aws-ebs", "kubernetes.io/azure-disk", "kubernetes.io/cinder", "kubernetes.io/gce-pd", "kubernetes.io/portworx-volume")
"""In-tree plugins of which the scheduler believes that drivers have taken over from them."""


@dataclass(frozen=True, slots=True)
class NamedClaim:
    """A claim a pod's volume refers to; an ephemeral one is made for the pod and carries its name."""

    name: str
    ephemeral: bool = False


def claims_of(pod: PodInfo) -> list[NamedClaim]:
    """The claims of a pod's volumes, in order."""
    found = []
    for volume in pod.volumes:
        if claim := volume.get("persistentVolumeClaim"):
            found.append(NamedClaim(claim.get("claimName") or ""))
        elif volume.get("ephemeral"):
            found.append(NamedClaim(f"{name_of(pod.pod)}-{volume.get('name')}", ephemeral=True))
    return found


def claim(cluster: Cluster, namespace: str, name: str) -> Object | None:
    """A PersistentVolumeClaim."""
    return cluster.view.get(Ref(PVC, namespace, name))


def volume_named(cluster: Cluster, name: str) -> Object | None:
    """A PersistentVolume."""
    return cluster.view.get(Ref(PV, "", name))


def storage_class(cluster: Cluster, name: str) -> Object | None:
    """A StorageClass."""
    return cluster.view.get(Ref(STORAGE_CLASS, "", name))


def class_of(obj: Object) -> str:
    """The class of a claim or a volume; the old annotation comes first."""
    annotated = annotations_of(obj).get(_BETA_CLASS)
    return annotated if annotated is not None else (obj.get("spec") or EMPTY).get(_NAMED_CLASS) or ""


def volume_name_of(pvc: Object) -> str:
    """``spec.volumeName``."""
    return (pvc.get("spec") or EMPTY).get("volumeName") or ""


def is_fully_bound(pvc: Object) -> bool:
    """Whether claim and volume have found each other for good."""
    return bool(volume_name_of(pvc)) and BIND_COMPLETED in annotations_of(pvc)


def waits_for_consumer(pvc: Object, cluster: Cluster) -> bool:
    """Whether the claim is bound only when a pod that uses it is placed."""
    name = class_of(pvc)
    found = storage_class(cluster, name) if name else None
    if found is None:
        return False
    mode = found.get("volumeBindingMode")
    if mode is None:
        raise SchedulingError(f'VolumeBindingMode not set for StorageClass "{name}"')
    return bool(mode == WAIT_FOR_FIRST_CONSUMER)


def not_made_for(pod: PodInfo, pvc: Object) -> str:
    """Why an ephemeral volume's claim cannot be used by this pod; "" where it can."""
    for owner in pvc["metadata"].get("ownerReferences") or ():
        if owner.get("controller") and owner.get("uid") == uid_of(pod.pod):
            return ""
    whose = f"{namespace_of(pod.pod)}/{name_of(pod.pod)}"
    return f"PVC {namespace_of(pvc)}/{name_of(pvc)} was not created for pod {whose} (pod is not owner)"


def requested_storage(pvc: Object) -> Quantity:
    """How much a claim asks for."""
    return parse_or_zero((((pvc.get("spec") or EMPTY).get("resources") or EMPTY).get("requests") or EMPTY).get("storage"))


def capacity_of(pv: Object) -> Quantity:
    """How much a volume holds."""
    return parse_or_zero(((pv.get("spec") or EMPTY).get("capacity") or EMPTY).get("storage"))


def is_bound_to(pv: Object, pvc: Object) -> bool:
    """Whether a volume is reserved for or bound to a claim."""
    ref = (pv.get("spec") or EMPTY).get("claimRef")
    if ref is None or (ref.get("name"), ref.get("namespace")) != (name_of(pvc), namespace_of(pvc)):
        return False
    return not ref.get("uid") or ref["uid"] == uid_of(pvc)


def taken_over(source: Mapping[str, Any]) -> str:
    """The in-tree plugin of a volume source that a driver serves instead, of a pod's volume or a PersistentVolume's spec; else ""."""
    plugin = migration.plugin_of(source)
    return plugin if plugin in _TAKEN_OVER else ""


def attached_volume(cluster: Cluster, pvc: Object, *, csi_node: Object | None) -> tuple[str, str] | None:
    """(driver, handle) of the CSI volume behind a claim; a volume yet to be provisioned goes by the claim's name.

    Mirrors: pkg/scheduler/framework/plugins/nodevolumelimits/csi.go getCSIDriverInfo
    """
    pv = volume_named(cluster, volume_name_of(pvc)) if volume_name_of(pvc) else None
    if pv is not None:
        spec = pv.get("spec") or EMPTY
        return migration.csi_volume(pv) if spec.get("csi") or (taken_over(spec) and csi_node is not None) else None
    found = storage_class(cluster, class_of(pvc)) if class_of(pvc) else None
    if found is None:
        return None
    provisioner = found.get("provisioner") or ""
    if provisioner in migration.DRIVERS and (csi_node is None or provisioner not in _TAKEN_OVER):
        return None
    return migration.DRIVERS.get(provisioner, provisioner), f"\0{namespace_of(pvc)}/{name_of(pvc)}"
