"""Plays the external provisioners: makes a volume for a claim that waits for one, and deletes it when it is released.

Mirrors: sigs.k8s.io/sig-storage-lib-external-provisioner controller.go, as far as it is seen from the cluster
Differs: every provisioner works and is there; volumes are CSI volumes, or host paths of those named otherwise.
         Volumes are made without the finalizer that some provisioners add; where they have it, it is honoured.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kplan.controllers.clones import no_source, source_of
from kplan.controllers.storage import (
    EXTERNAL_FINALIZER,
    IN_TREE,
    MIGRATED_TO,
    PROVISIONED_BY,
    PROVISIONER,
    PV,
    PVC,
    SELECTED_NODE,
    class_of,
    is_bound,
    phase_of,
    storage_class,
    volume_name_of,
    waits_for_consumer,
    with_annotations,
    without_finalizer,
)
from kplan.engine.contract import Context, Create, Delete, Emit, Key, Noop, Steps, Update, Watch
from kplan.model.objects import (
    Object,
    Ref,
    annotations_of,
    finalizers_of,
    get_in,
    is_deleting,
    name_of,
    namespace_of,
    ref_of,
    uid_of,
)
from kplan.store.attachment import VOLUME_ATTACHMENT
from kplan.store.journal import Write
from kplan.store.view import View


def _is_for_us(claim: Object) -> bool:
    provisioner = annotations_of(claim).get(PROVISIONER, IN_TREE)
    return not (provisioner.startswith(IN_TREE) or volume_name_of(claim) or is_bound(claim) or is_deleting(claim))


def _claim(write: Write, view: View) -> Iterable[Key]:
    """A claim that waits for a volume; those that wait for one to be bound, to be clones of it."""
    claim = write.after
    if claim is None:
        return
    if _is_for_us(claim):
        yield write.ref
    elif write.seq and phase_of(claim) == "Bound" and (write.before is None or phase_of(write.before) != "Bound"):
        yield from (ref_of(c) for c in view.objects(PVC, write.ref.namespace) if source_of(c) == write.ref and _is_for_us(c))


def _volume(write: Write, _: View) -> Iterable[Key]:
    volume = write.after
    return (write.ref,) if volume is not None and (_is_to_delete(volume) or _is_to_let_go(volume)) else ()


def _detached(write: Write, _: View) -> Iterable[Key]:
    name = get_in(write.before, ("spec", "source", "persistentVolumeName")) if write.after is None and write.before is not None else None
    return (Ref(PV, "", name),) if name else ()


def _is_to_delete(volume: Object) -> bool:
    """A released volume one of us made, unless it is being deleted and nothing keeps it."""
    if phase_of(volume) != "Released" or _policy_of(volume) != "Delete" or not _is_ours(volume):
        return False
    return not is_deleting(volume) or EXTERNAL_FINALIZER in finalizers_of(volume)


def _is_to_let_go(volume: Object) -> bool:
    """A volume that was to be deleted and now is not."""
    return EXTERNAL_FINALIZER in finalizers_of(volume) and _policy_of(volume) in ("Retain", "Recycle") and _is_ours(volume)


def _is_ours(volume: Object) -> bool:
    notes = annotations_of(volume)
    provisioner = notes.get(PROVISIONED_BY)
    return provisioner is not None and (not provisioner.startswith(IN_TREE) or bool(notes.get(MIGRATED_TO)))


def _policy_of(volume: Object) -> str:
    return volume["spec"].get("persistentVolumeReclaimPolicy") or ""


_KEEPS_ON_NODE = frozenset(("rancher.io/local-path",))
"""The provisioners (of kind and k3s) whose volumes are folders of the node their first pod came to, and can be used nowhere else."""


class VolumeProvisioner:
    """The key is a claim that waits for a volume, or a released volume."""

    name = "external-provisioner"
    priority = 0
    watches = (
        Watch(PVC, _claim, "a claim to provision for"),
        Watch(PV, _volume, "a released volume, or one that is to be kept"),
        Watch(VOLUME_ATTACHMENT, _detached, "a volume that was still attached"),
    )

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Provision or delete."""
        assert isinstance(key, Ref)
        found = view.get(key)
        if found is None:
            return
        if key.kind == PV:
            yield from _delete(found, view)
            return
        if _is_for_us(found):
            yield from _provision(found, view)


def _provision(claim: Object, view: View) -> Steps:
    """Make a volume for a claim, on the node that was chosen for its first pod."""
    key, provided_by, node = ref_of(claim), storage_class(view, class_of(claim)), annotations_of(claim).get(SELECTED_NODE)
    if provided_by is None:
        yield Noop("storage-class-does-not-exist")
        return
    if waits_for_consumer(claim, view) and node is None:
        yield Noop("no-pod-has-been-scheduled")
        return
    if node is not None and view.get(Ref("Node", "", node)) is None:
        yield Emit(key, "ProvisioningFailed", f'node "{node}" not found', "Warning")
        yield Update(with_annotations(claim, **{SELECTED_NODE: None}), because="selected-node-is-gone")
        return
    if problem := no_source(claim, provided_by, view):
        yield Emit(key, "ProvisioningFailed", f'failed to provision volume with StorageClass "{name_of(provided_by)}": {problem}', "Warning")
        return
    volume = provisioned(claim, provided_by)
    if view.get(ref_of(volume)) is not None:
        return
    outcome = yield Create(volume, because="claim-without-volume")
    if outcome.error is None:
        yield Emit(key, "ProvisioningSucceeded", f"Successfully provisioned volume {name_of(volume)}")
    else:
        said = f"Error creating provisioned PV object for claim {key.namespace}/{key.name}: {outcome.error.message}. Deleting the volume."
        yield Emit(key, "ProvisioningFailed", said, "Warning")


def _delete(volume: Object, view: View) -> Steps:
    """Delete a released volume, once it is attached nowhere."""
    if _is_to_let_go(volume):
        yield Update(without_finalizer(volume, EXTERNAL_FINALIZER), because="volume-is-to-be-kept")
    if not _is_to_delete(volume):
        return
    if attached := view.lookup("attached", name_of(volume)):
        node = get_in(attached[0], ("spec", "nodeName"))
        yield Emit(ref_of(volume), "VolumeFailedDelete", f"persistentvolume {name_of(volume)} is still attached to node {node}", "Warning")
        return
    if not is_deleting(volume):
        yield Delete(ref_of(volume), because="volume-is-released")
    left = view.get(ref_of(volume))
    if left is not None and EXTERNAL_FINALIZER in finalizers_of(left):
        yield Update(without_finalizer(left, EXTERNAL_FINALIZER), because="volume-is-deleted")


def provisioned(claim: Object, provided_by: Object) -> dict[str, Any]:
    """The volume a provisioner makes for a claim."""
    name, provisioner = f"pvc-{uid_of(claim)}", annotations_of(claim)[PROVISIONER]
    spec: dict[str, Any] = {"capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]}}
    if "/" in provisioner:
        spec["hostPath"] = {"path": f"/provisioned/{name}", "type": ""}
    else:
        spec["csi"] = {"driver": provisioner, "volumeHandle": name}
    spec["accessModes"] = claim["spec"].get("accessModes") or []
    spec["claimRef"] = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace_of(claim), "name": name_of(claim), "uid": uid_of(claim)}
    spec["persistentVolumeReclaimPolicy"] = provided_by.get("reclaimPolicy") or "Delete"
    spec["storageClassName"] = class_of(claim)
    spec["volumeMode"] = claim["spec"].get("volumeMode") or "Filesystem"
    if provided_by.get("mountOptions"):
        spec["mountOptions"] = provided_by["mountOptions"]
    if provisioner in _KEEPS_ON_NODE and (node := annotations_of(claim).get(SELECTED_NODE)):
        here = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [here]}}
    if attributes := claim["spec"].get("volumeAttributesClassName"):
        spec["volumeAttributesClassName"] = attributes
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name, "annotations": {PROVISIONED_BY: provisioner}}, "spec": spec}


CONTROLLER = VolumeProvisioner
