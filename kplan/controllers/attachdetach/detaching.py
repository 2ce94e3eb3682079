"""Detaching a volume from a node none of whose pods uses it: once the kubelet is done with it, or by force.

Mirrors: pkg/controller/volume/attachdetach/reconciler/reconciler.go (reconcile),
         pkg/volume/util/operationexecutor/operation_generator.go (GenerateDetachVolumeFunc), pkg/volume/csi/csi_attacher.go (Detach) (1.36)
"""

from __future__ import annotations

from kplan.controllers.attachdetach.world import World
from kplan.controllers.nodetaints import OUT_OF_SERVICE, taints_of
from kplan.engine.contract import Context, Delete, Noop, Requeue, Steps, Update
from kplan.model.kubelets import ready_status
from kplan.model.objects import Object, Ref, is_deleting, ref_of
from kplan.store.attachment import Attachable, is_managed, nodes_with, reported
from kplan.store.view import View

LONGEST_WAIT_FOR_UNMOUNT = 360.0
"""How long a kubelet that is not well may take to unmount a volume before it is taken from its node by force."""


def detach(volume: Attachable, name: str, world: World, view: View, ctx: Context) -> Steps:
    """Take a node one step further towards being rid of a volume."""
    node = view.get(Ref("Node", "", name))
    if node is not None and not is_managed(node):
        return
    since = world.waiting_since(volume, name, ctx.now)
    if world.is_mounted(volume, name) and not _may_be_forced(node, ctx.now - since):
        if _is_healthy(node):
            yield Noop("kubelet-has-not-unmounted-the-volume")
        else:
            note = f"PersistentVolume {volume.volume} is taken from node {name} by force"
            yield Requeue(at=since + LONGEST_WAIT_FOR_UNMOUNT, background=True, note=note)
        return
    if node is not None and volume.name in reported(node):
        yield _retract(node, volume)
    attachment = nodes_with(view, volume).get(name)
    if attachment is not None and not is_deleting(attachment):
        yield Delete(ref_of(attachment), because="no-pod-uses-the-volume")


def _may_be_forced(node: Object | None, waited: float) -> bool:
    if node is not None and any(t["key"] == OUT_OF_SERVICE for t in taints_of(node)):
        return True
    return not _is_healthy(node) and waited >= LONGEST_WAIT_FOR_UNMOUNT


def _is_healthy(node: Object | None) -> bool:
    return node is not None and ready_status(node) == "True"


def _retract(node: Object, volume: Attachable) -> Update:
    status = {k: v for k, v in node["status"].items() if k != "volumesAttached"}
    left = [v for v in node["status"]["volumesAttached"] if v.get("name") != volume.name]
    return Update({**node, "status": status | ({"volumesAttached": left} if left else {})}, because="volume-is-to-be-detached", subresource="status")
