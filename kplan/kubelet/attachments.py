"""What a kubelet tells of the volumes it uses, and what it waits for before it mounts them.

Mirrors: pkg/kubelet/nodestatus/setters.go (VolumesInUse), pkg/kubelet/volumemanager,
         pkg/volume/util/operationexecutor/operation_generator.go (GenerateVerifyControllerAttachedVolumeFunc) (1.36)
"""

from __future__ import annotations

from kplan.kubelet.needs import Missing
from kplan.kubelet.phase import FINAL
from kplan.model.objects import Object, Ref, get_in, name_of
from kplan.store.attachment import (
    Attachable,
    in_use,
    is_attached,
    is_managed,
    multi_attach_error,
    nodes_with,
    reported,
    users_of,
    volumes_of,
)
from kplan.store.view import View, pods_on


def with_volumes_in_use(view: View, node: Object) -> Object:
    """The node with ``status.volumesInUse`` as its pods are now; the node itself where nothing changes.

    A kubelet is done with the volumes of pods that have finished or gone.
    """
    if not is_managed(node):
        return node
    wanted: dict[str, None] = {}
    for pod in pods_on(view, name_of(node)):
        if get_in(pod, ("status", "phase")) not in FINAL:
            wanted |= dict.fromkeys(v.name for v in volumes_of(view, pod))
    known = in_use(node)
    if set(known) == set(wanted):
        return node
    names = [*(n for n in known if n in wanted), *(n for n in wanted if n not in known)]
    status = {k: v for k, v in (node.get("status") or {}).items() if k != "volumesInUse"}
    return {**node, "status": status | ({"volumesInUse": names} if names else {})}


def missing_attachments(view: View, pod: Object) -> list[Missing]:
    """The pod's volumes that are not attached to its node yet, and why not."""
    node = view.get(Ref("Node", "", get_in(pod, ("spec", "nodeName")) or ""))
    if node is None:
        return []
    there = reported(node)
    return [Missing(Ref("PersistentVolume", "", v.volume), _words(view, v, pod)) for v in volumes_of(view, pod) if v.name not in there]


def _words(view: View, volume: Attachable, pod: Object) -> str:
    node = pod["spec"]["nodeName"]
    others = [n for n in nodes_with(view, volume) if n != node and is_attached(view, volume, n)]
    source = view.get(Ref("PersistentVolume", "", volume.volume))
    if volume.exclusive and others and source is not None:
        return multi_attach_error(volume, pod, [p for p in users_of(view, source) if p["spec"]["nodeName"] in others])
    attachment = view.get(volume.attachment_on(node)) if volume.driver else None
    problem = get_in(attachment, ("status", "attachError", "message")) if attachment is not None else None
    return f'AttachVolume.Attach failed for volume "{volume.volume}" : {problem}' if problem else f'volume "{volume.volume}" is not attached yet'
