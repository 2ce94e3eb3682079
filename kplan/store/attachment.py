"""Volumes that are attached to a node before its kubelet mounts them: which they are, who uses them, where they are attached.

Mirrors: pkg/controller/volume/attachdetach/util/util.go (CreateVolumeSpec), pkg/volume/csi/csi_attacher.go (getAttachmentName),
         pkg/volume/csi/csi_plugin.go (CanAttach), pkg/volume/util/util.go (IsMultiAttachAllowed, IsPodTerminated) (1.36)
Differs: volumes that a pod describes itself, without a claim, are taken to be attached; so are the volumes of CSI drivers of
         which the cluster knows nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kplan.model.migration import csi_volume
from kplan.model.objects import (
    EMPTY,
    Object,
    Ref,
    annotations_of,
    get_in,
    is_deleting,
    name_of,
    namespace_of,
    owner_references,
    uid_of,
)
from kplan.store.view import View

CSI_DRIVER, CSI_NODE = "CSIDriver.storage.k8s.io", "CSINode.storage.k8s.io"
VOLUME_ATTACHMENT = "VolumeAttachment.storage.k8s.io"
_MANAGED = "volumes.kubernetes.io/controller-managed-attach-detach"
_CLAIM, _VOLUME = "PersistentVolumeClaim", "PersistentVolume"
_SHARED_MODES = frozenset(("ReadWriteMany", "ReadOnlyMany"))


@dataclass(frozen=True, slots=True)
class Attachable:
    """A PersistentVolume that has to be attached.

    ``name`` is what nodes call it in their status; ``driver`` and ``handle`` are those of a CSI volume, else "".
    """

    name: str
    volume: str
    driver: str
    handle: str
    exclusive: bool
    """Whether only one node may have it at a time."""

    def attachment_on(self, node: str) -> Ref:
        """The VolumeAttachment that stands for the volume on a node."""
        digest = hashlib.sha256(f"{self.handle}{self.driver}{node}".encode()).hexdigest()
        return Ref(VOLUME_ATTACHMENT, "", f"csi-{digest}")


def attachable(volume: Object) -> Attachable | None:
    """What is attached of a PersistentVolume, or None where its kind of volume never is."""
    spec = volume["spec"]
    name, exclusive = name_of(volume), _is_exclusive(spec)
    if csi := csi_volume(volume):
        driver, handle = csi
        return Attachable(f"kubernetes.io/csi/{driver}^{handle}", name, driver, handle, exclusive)
    if iscsi := spec.get("iscsi"):
        return Attachable(f"kubernetes.io/iscsi/{iscsi.get('targetPortal')}:{iscsi.get('iqn')}:{iscsi.get('lun')}", name, "", "", exclusive)
    if fc := spec.get("fc"):
        return Attachable(f"kubernetes.io/fc/{_fibre_channel(fc)}", name, "", "", exclusive)
    return None


def _is_exclusive(spec: Mapping[str, Any]) -> bool:
    """A volume without access modes is not known to be: the driver may refuse it.  Disks of Google's are only ever shared by readers."""
    modes = set(spec.get("accessModes") or ())
    if spec.get("gcePersistentDisk"):
        return bool(modes) and modes != {"ReadOnlyMany"}
    return bool(modes) and _SHARED_MODES.isdisjoint(modes)


def _fibre_channel(source: Mapping[str, Any]) -> str:
    if source.get("targetWWNs") and source.get("lun") is not None:
        return f"[{' '.join(source['targetWWNs'])}]:{source['lun']}"
    return f"[{' '.join(source.get('wwids') or ())}]"


def is_managed(node: Object) -> bool:
    """Whether the kubelet of a node leaves attaching to the controller."""
    return _MANAGED in annotations_of(node)


def is_to_attach(view: View, volume: Attachable, node: str) -> bool:
    """Whether the volume has to be attached to a node: its driver says so, or is there and says nothing."""
    if not volume.driver:
        return True
    driver = view.get(Ref(CSI_DRIVER, "", volume.driver))
    if driver is not None:
        return (driver.get("spec") or EMPTY).get("attachRequired") is not False
    return registered(view, volume.driver, node) is not None or view.get(volume.attachment_on(node)) is not None


def registered(view: View, driver: str, node: str) -> Mapping[str, Any] | None:
    """What a node says of a CSI driver it has; None where it does not have it, or says nothing at all."""
    drivers = get_in(view.get(Ref(CSI_NODE, "", node)) or EMPTY, ("spec", "drivers")) or ()
    return next((d for d in drivers if d.get("name") == driver), None)


def volumes_of(view: View, pod: Object) -> list[Attachable]:
    """The volumes that have to be attached to a pod's node for it: those behind its bound claims."""
    node = view.get(Ref("Node", "", pod["spec"].get("nodeName") or ""))
    if node is None or not is_managed(node):
        return []
    found = (attachable(volume) for claim in _claims_of(view, pod) if (volume := _volume_behind(view, claim)) is not None)
    return [v for v in found if v is not None and is_to_attach(view, v, name_of(node))]


def _claims_of(view: View, pod: Object) -> Iterator[Object]:
    for volume in pod["spec"].get("volumes") or ():
        if source := volume.get("persistentVolumeClaim"):
            claim = view.get(Ref(_CLAIM, namespace_of(pod), source.get("claimName") or ""))
        elif volume.get("ephemeral"):
            claim = view.get(Ref(_CLAIM, namespace_of(pod), f"{name_of(pod)}-{volume['name']}"))
            if claim is not None and not any(r.get("uid") == uid_of(pod) for r in owner_references(claim)):
                continue
        else:
            continue
        if claim is not None:
            yield claim


def _volume_behind(view: View, claim: Object) -> Object | None:
    """The volume of a bound claim, where the volume agrees."""
    if get_in(claim, ("status", "phase")) != "Bound" or not claim["spec"].get("volumeName"):
        return None
    volume = view.get(Ref(_VOLUME, "", claim["spec"]["volumeName"]))
    return volume if volume is not None and get_in(volume, ("spec", "claimRef", "uid")) == uid_of(claim) else None


def users_of(view: View, volume: Object) -> list[Object]:
    """The pods that have a node and use a volume through its claim, those left out whose containers have ended."""
    ref = volume["spec"].get("claimRef") or EMPTY
    pods = view.lookup("claim", (ref.get("namespace") or "", ref.get("name") or ""))
    return [p for p in pods if p["spec"].get("nodeName") and not is_terminated(p) and _uses(view, p, volume)]


def _uses(view: View, pod: Object, volume: Object) -> bool:
    return any(_volume_behind(view, claim) is volume for claim in _claims_of(view, pod))


def is_terminated(pod: Object) -> bool:
    """Whether none of a pod's containers runs any more, nor ever will."""
    status = pod.get("status") or EMPTY
    if status.get("phase") in ("Failed", "Succeeded"):
        return True
    kinds = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
    return is_deleting(pod) and all(_has_stopped(s) for kind in kinds for s in status.get(kind) or ())


def _has_stopped(container: Mapping[str, Any]) -> bool:
    state = container.get("state") or EMPTY
    return "terminated" in state or "waiting" in state


def reported(node: Object) -> list[str]:
    """The names of the volumes the node's status lists as attached."""
    return [v.get("name") or "" for v in (node.get("status") or EMPTY).get("volumesAttached") or ()]


def in_use(node: Object) -> list[str]:
    """The names of the volumes the kubelet says it uses, or is about to."""
    return (node.get("status") or EMPTY).get("volumesInUse") or []


def nodes_with(view: View, volume: Attachable) -> dict[str, Object | None]:
    """The nodes that have a volume, or are about to get or to lose it, with the VolumeAttachments that stand for it."""
    found: dict[str, Object | None] = {}
    for obj in view.lookup("attached", volume.name):
        found[name_of(obj)] = view.get(volume.attachment_on(name_of(obj))) if volume.driver else None
    for obj in view.lookup("attached", volume.volume) if volume.driver else ():
        node = get_in(obj, ("spec", "nodeName")) or ""
        if name_of(obj) == volume.attachment_on(node).name:
            found[node] = obj
    return found


def is_attached(view: View, volume: Attachable, node: str) -> bool:
    """Whether a volume is attached to a node, as the node or a VolumeAttachment that is to stay says."""
    found = view.get(Ref("Node", "", node))
    if found is not None and volume.name in reported(found):
        return True
    attachment = view.get(volume.attachment_on(node)) if volume.driver else None
    return attachment is not None and not is_deleting(attachment) and bool(get_in(attachment, ("status", "attached")))


def multi_attach_error(volume: Attachable, pod: Object, others: list[Object]) -> str:
    """Why a pod does not get a volume that another node has; ``others`` are the pods that use it there."""
    here = [name_of(p) for p in others if namespace_of(p) == namespace_of(pod)]
    elsewhere = len(others) - len(here)
    if here:
        said = f"Volume is already used by pod(s) {', '.join(here)}"
        said += f" and {elsewhere} pod(s) in different namespaces" if elsewhere else ""
    elif elsewhere:
        said = f"Volume is already used by {elsewhere} pod(s) in different namespaces"
    else:
        said = "Volume is already exclusively attached to one node and can't be attached to another"
    return f'Multi-Attach error for volume "{volume.volume}" {said}'
