"""Attaching a volume to a node, and telling the pods that wait for it why another node's pods keep it from them.

Mirrors: pkg/controller/volume/attachdetach/reconciler/reconciler.go (attachDesiredVolumes, reportMultiAttachError),
         pkg/volume/util/operationexecutor/operation_generator.go (GenerateAttachVolumeFunc), pkg/volume/csi/csi_attacher.go (Attach) (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.controllers.attachdetach.world import Users, World
from kplan.engine.contract import Create, Emit, Noop, Steps, Update
from kplan.model.objects import Object, Ref, get_in, is_deleting, ref_of
from kplan.store.attachment import Attachable, is_attached, multi_attach_error, nodes_with, reported
from kplan.store.view import View


def attach(volume: Attachable, name: str, pods: list[Object], users: Users, world: World, view: View) -> Steps:
    """Take a node whose pods use a volume one step further towards having it."""
    node = view.get(Ref("Node", "", name))
    if node is None or volume.name in reported(node):
        return
    if volume.exclusive and (others := [n for n in nodes_with(view, volume) if n != name]):
        yield from _wait_for_others(volume, name, pods, [n for n in others if is_attached(view, volume, n)], users, world)
        return
    attachment = view.get(volume.attachment_on(name)) if volume.driver else None
    if volume.driver and attachment is None:
        yield Create(_attachment(volume, name), because="pods-use-the-volume")
    elif attachment is not None and (problem := _problem(attachment)):
        for pod in pods:
            yield Emit(ref_of(pod), "FailedAttachVolume", f'AttachVolume.Attach failed for volume "{volume.volume}" : {problem}', "Warning")
    elif attachment is not None and not get_in(attachment, ("status", "attached")):
        yield Noop("waits-for-the-attacher")
    else:
        for pod in pods:
            yield Emit(ref_of(pod), "SuccessfulAttachVolume", f'AttachVolume.Attach succeeded for volume "{volume.volume}" ')
        yield _report(node, volume)


def _wait_for_others(volume: Attachable, name: str, pods: list[Object], attached: list[str], users: Users, world: World) -> Steps:
    """Only one node may have the volume, and another has it, or is about to get or to lose it."""
    if not attached:
        yield Noop("volume-is-on-its-way-elsewhere")
        return
    if world.is_news(volume, name):
        theirs = [p for n in attached for p in users.get(n, ())]
        for pod in pods:
            yield Emit(ref_of(pod), "FailedAttachVolume", multi_attach_error(volume, pod, theirs), "Warning")
    yield Noop("volume-is-attached-elsewhere")


def _problem(attachment: Object) -> str:
    """What stands in the way of the attachment, in the words of the driver, or of the plugin."""
    if is_deleting(attachment):
        return "volume attachment is being deleted"
    return "" if get_in(attachment, ("status", "attached")) else get_in(attachment, ("status", "attachError", "message")) or ""


def _attachment(volume: Attachable, node: str) -> dict[str, Any]:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "VolumeAttachment",
        "metadata": {"name": volume.attachment_on(node).name},
        "spec": {"attacher": volume.driver, "source": {"persistentVolumeName": volume.volume}, "nodeName": node},
    }


def _report(node: Object, volume: Attachable) -> Update:
    status = node.get("status") or {}
    listed = [*(status.get("volumesAttached") or ()), {"name": volume.name, "devicePath": ""}]
    return Update({**node, "status": {**status, "volumesAttached": listed}}, because="volume-is-attached", subresource="status")
