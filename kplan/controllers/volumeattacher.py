"""Plays the external attachers: attaches what VolumeAttachments ask for, and detaches it before they go.

Mirrors: github.com/kubernetes-csi/external-attacher pkg/controller/{csi_handler,util}.go, as far as it is seen from the cluster
Differs: every driver has an attacher that works, on nodes that leave attaching to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kplan.controllers.storage import PV, with_annotations, with_finalizer, without_finalizer
from kplan.engine.contract import Context, Key, Noop, Steps, Update, Watch
from kplan.model.instants import write_instant
from kplan.model.migration import csi_volume
from kplan.model.objects import EMPTY, Object, Ref, finalizers_of, get_in, is_deleting, name_of
from kplan.store.attachment import CSI_NODE, VOLUME_ATTACHMENT, is_managed, registered
from kplan.store.journal import Write
from kplan.store.view import View

_NODE_ID = "csi.alpha.kubernetes.io/node-id"


def finalizer_of(driver: str) -> str:
    """The finalizer of a driver's attacher, on attachments and on volumes."""
    name = re.sub("[^a-zA-Z0-9-]", "-", driver)
    return f"external-attacher/{name}{'X' if name.endswith('-') else ''}"


def _attachment(write: Write, _: View) -> Iterable[Key]:
    """The attachment; when it has gone, the volume it held."""
    if write.after is not None:
        return (write.ref,)
    name = _volume_name(write.before) if write.before is not None else ""
    return (Ref(PV, "", name),) if name else ()


def _volume(write: Write, view: View) -> Iterable[Key]:
    if write.after is not None and is_deleting(write.after):
        yield write.ref


def _node(write: Write, view: View) -> Iterable[Key]:
    """Attachments that failed because the driver was not there."""
    if write.seq and write.after is not None:
        yield from (Ref(VOLUME_ATTACHMENT, "", name_of(a)) for a in view.objects(VOLUME_ATTACHMENT) if get_in(a, ("spec", "nodeName")) == write.ref.name)


def _volume_name(attachment: Object) -> str:
    return get_in(attachment, ("spec", "source", "persistentVolumeName")) or ""


class VolumeAttacher:
    """The key is a VolumeAttachment, or a volume that is being deleted."""

    name = "external-attacher"
    priority = 0
    watches = (
        Watch(VOLUME_ATTACHMENT, _attachment, "a volume to attach or to detach"),
        Watch(PV, _volume, "a volume that is to go"),
        Watch(CSI_NODE, _node, "the driver comes to a node"),
    )

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Attach, detach, or let a volume go that is attached nowhere."""
        assert isinstance(key, Ref)
        found = view.get(key)
        if found is None:
            return
        if key.kind == PV:
            yield from _release(found, view)
        elif is_deleting(found):
            yield from _detach(found)
        elif not get_in(found, ("status", "attached")):
            yield from _attach(found, view, ctx)


def _attach(attachment: Object, view: View, ctx: Context) -> Steps:
    spec = attachment["spec"]
    driver, node = spec["attacher"], view.get(Ref("Node", "", spec["nodeName"]))
    if node is None or not is_managed(node):
        yield Noop("nobody-attaches-to-the-node")
        return
    volume = view.get(Ref(PV, "", _volume_name(attachment)))
    if problem := _problem(volume, _volume_name(attachment), driver, spec["nodeName"], view):
        yield from _fail(attachment, problem, ctx)
        return
    finalizer = finalizer_of(driver)
    if volume is not None and finalizer not in finalizers_of(volume):
        yield Update(with_finalizer(volume, finalizer), because="volume-is-attached")
    if finalizer not in finalizers_of(attachment):
        there = registered(view, driver, spec["nodeName"])
        node_id = str(there.get("nodeID") or "") if there is not None else spec["nodeName"]
        outcome = yield Update(with_finalizer(with_annotations(attachment, **{_NODE_ID: node_id}), finalizer), because="volume-is-attached")
        attachment = outcome.object or attachment
    status = {k: v for k, v in (attachment.get("status") or EMPTY).items() if k != "attachError"}
    yield Update({**attachment, "status": status | {"attached": True}}, because="volume-is-attached", subresource="status")


def _problem(volume: Object | None, name: str, driver: str, node: str, view: View) -> str:
    if volume is None:
        return f'persistentvolume "{name}" not found'
    if is_deleting(volume):
        return f'PersistentVolume "{name}" is marked for deletion'
    if view.get(Ref(CSI_NODE, "", node)) is not None and registered(view, driver, node) is None:
        return f"CSINode {node} does not contain driver {driver}"
    return ""


def _fail(attachment: Object, problem: str, ctx: Context) -> Steps:
    if get_in(attachment, ("status", "attachError", "message")) == problem:
        yield Noop("attaching-failed")
        return
    status = {**(attachment.get("status") or EMPTY), "attachError": {"message": problem, "time": write_instant(ctx.now)}}
    yield Update({**attachment, "status": status}, because="attaching-failed", subresource="status")


def _detach(attachment: Object) -> Steps:
    finalizer = finalizer_of(attachment["spec"]["attacher"])
    if finalizer not in finalizers_of(attachment):
        return
    outcome = yield Update({**attachment, "status": {"attached": False}}, because="volume-is-detached", subresource="status")
    yield Update(without_finalizer(outcome.object or attachment, finalizer), because="volume-is-detached")


def _release(volume: Object, view: View) -> Steps:
    found = csi_volume(volume)
    finalizer = finalizer_of(found[0]) if found is not None else ""
    if finalizer not in finalizers_of(volume):
        return
    if view.lookup("attached", name_of(volume)):
        yield Noop("volume-is-attached")
    else:
        yield Update(without_finalizer(volume, finalizer), because="volume-is-not-attached")


CONTROLLER = VolumeAttacher
