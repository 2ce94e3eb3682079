"""Claims, volumes and classes as the scheduler's volume plugins look at them.

Mirrors: staging/src/k8s.io/component-helpers/storage/{volume,ephemeral}, staging/src/k8s.io/csi-translation-lib (1.36)
Differs: of an in-tree volume that CSI took over, its driver and handle are known, not its translated node affinity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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

MIGRATED = {
    "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
    "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
    "kubernetes.io/azure-disk": "disk.csi.azure.com",
    "kubernetes.io/cinder": "cinder.csi.openstack.org",
    "kubernetes.io/portworx-volume": "pxd.portworx.com",
}
"""In-tree plugins whose volumes CSI drivers have taken over."""

_SOURCES = {
    "awsElasticBlockStore": ("kubernetes.io/aws-ebs", "volumeID"),
    "gcePersistentDisk": ("kubernetes.io/gce-pd", "pdName"),
    "azureDisk": ("kubernetes.io/azure-disk", "diskURI"),
    "cinder": ("kubernetes.io/cinder", "volumeID"),
    "portworxVolume": ("kubernetes.io/portworx-volume", "volumeID"),
}


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


def in_tree_plugin(source: Mapping[str, Any]) -> tuple[str, str] | None:
    """(in-tree plugin, handle) of a volume source that CSI took over, of a pod's volume or a PersistentVolume's spec."""
    for field, (plugin, key) in _SOURCES.items():
        if disk := source.get(field):
            handle = str(disk.get(key) or "")
            if plugin == "kubernetes.io/aws-ebs":
                handle = handle.rpartition("/")[2]
            elif plugin == "kubernetes.io/gce-pd":
                handle = f"projects/UNSPECIFIED/zones/UNSPECIFIED/disks/{handle}"
            return plugin, handle
    return None


def attached_volume(cluster: Cluster, pvc: Object, *, csi_node: Object | None) -> tuple[str, str] | None:
    """(driver, handle) of the CSI volume behind a claim; a volume yet to be provisioned goes by the claim's name.

    Mirrors: pkg/scheduler/framework/plugins/nodevolumelimits/csi.go getCSIDriverInfo
    """
    pv = volume_named(cluster, volume_name_of(pvc)) if volume_name_of(pvc) else None
    if pv is not None:
        spec = pv.get("spec") or EMPTY
        if csi := spec.get("csi"):
            return csi.get("driver") or "", csi.get("volumeHandle") or ""
        migrated = in_tree_plugin(spec)
        return (MIGRATED[migrated[0]], migrated[1]) if migrated and csi_node is not None else None
    found = storage_class(cluster, class_of(pvc)) if class_of(pvc) else None
    if found is None:
        return None
    provisioner = found.get("provisioner") or ""
    if provisioner in MIGRATED:
        if csi_node is None:
            return None
        provisioner = MIGRATED[provisioner]
    return provisioner, f"\0{namespace_of(pvc)}/{name_of(pvc)}"
