"""Attaches volumes to the nodes whose pods use them, and detaches them when the last pod has gone and the kubelet is done.

Mirrors: pkg/controller/volume/attachdetach/{attach_detach_controller.go,reconciler/reconciler.go} (1.36)
Differs: it looks at one volume at a time. Nodes that say a volume is attached are believed, whether its VolumeAttachment is
         known or not; VolumeAttachments that others made are left to them.
"""

from __future__ import annotations

from collections.abc import Iterable

from kplan.controllers.attachdetach.attaching import attach
from kplan.controllers.attachdetach.detaching import detach
from kplan.controllers.attachdetach.world import World
from kplan.engine.contract import Context, Key, Noop, Steps, Watch
from kplan.model.migration import csi_volume
from kplan.model.objects import Object, Ref, get_in, ref_of
from kplan.store.attachment import (
    CSI_DRIVER,
    CSI_NODE,
    VOLUME_ATTACHMENT,
    attachable,
    in_use,
    is_managed,
    nodes_with,
    reported,
)
from kplan.store.index import by_claim
from kplan.store.journal import Write
from kplan.store.view import View, pods_on

_CLAIM, _VOLUME = "PersistentVolumeClaim", "PersistentVolume"


class AttachDetach:
    """The key is a PersistentVolume."""

    name = "attachdetach-controller"
    priority = 0

    def __init__(self) -> None:
        self._world = World()
        self._volumes: dict[str, Ref] = {}
        """The volumes by the names nodes call them."""
        self.watches = (
            Watch(_VOLUME, _volume, "a volume"),
            Watch(_CLAIM, _claim, "the claim a volume is bound to"),
            Watch("Pod", _pod, "a pod that uses, or has used, a volume"),
            Watch("Node", self._node, "a node that has, or is done with, a volume"),
            Watch(VOLUME_ATTACHMENT, _attachment, "a volume is attached or detached"),
            Watch(CSI_DRIVER, _driver, "the driver says whether its volumes are attached"),
            Watch(CSI_NODE, _driver_of_node, "the driver comes to a node"),
        )

    def start(self, view: View, _: Context) -> None:
        """Learn the names of the volumes, and what the kubelets use."""
        for volume in view.objects(_VOLUME):
            self._learn(volume)
        for node in view.objects("Node"):
            self._world.kubelet_says(node)
        for attachment in view.objects(VOLUME_ATTACHMENT):
            for ref in _attached_volume(attachment):
                source = view.get(ref)
                if source is not None and (what := attachable(source)) is not None:
                    self._world.remember(what, attachment, view)

    def observe(self, write: Write) -> None:
        """Follow volumes and nodes."""
        if write.after is None:
            return
        if write.ref.kind == _VOLUME:
            self._learn(write.after)
        elif write.ref.kind == "Node":
            self._world.kubelet_says(write.after)

    def _learn(self, volume: Object) -> None:
        if (found := attachable(volume)) is not None:
            self._volumes[found.name] = Ref(_VOLUME, "", found.volume)

    def _node(self, write: Write, view: View) -> Iterable[Key]:
        nodes = [n for n in (write.before, write.after) if n is not None]
        names = dict.fromkeys(name for n in nodes for name in (*reported(n), *in_use(n)))
        yield from (self._volumes[name] for name in names if name in self._volumes)
        if write.before is None or write.after is None or is_managed(write.before) == is_managed(write.after):
            return
        for pod in pods_on(view, write.ref.name):
            yield from _of_pod(pod, view)

    def reconcile(self, key: Key, view: View, ctx: Context) -> Steps:
        """Detach the volume where nobody uses it any more, then attach it where somebody does."""
        assert isinstance(key, Ref)
        volume = view.get(key)
        what = attachable(volume) if volume is not None else None
        if volume is None or what is None:
            return
        users = self._world.users(view, volume, what)
        for node in [n for n in nodes_with(view, what) if n not in users]:
            yield from detach(what, node, self._world, view, ctx)
        for node, pods in users.items():
            yield from attach(what, node, pods, users, self._world, view)
        if not users and not nodes_with(view, what):
            yield Noop("volume-is-not-in-use")


def _volume(write: Write, _: View) -> Iterable[Key]:
    return (write.ref,) if write.after is not None and attachable(write.after) is not None else ()


def _claim(write: Write, _: View) -> Iterable[Key]:
    claim = write.after or write.before
    name = claim["spec"].get("volumeName") if claim is not None else None
    return (Ref(_VOLUME, "", name),) if name else ()


def _pod(write: Write, view: View) -> Iterable[Key]:
    pod = write.after or write.before
    return _of_pod(pod, view) if pod is not None and pod["spec"].get("nodeName") else ()


def _of_pod(pod: Object, view: View) -> Iterable[Key]:
    for namespace, name in by_claim(pod):
        claim = view.get(Ref(_CLAIM, namespace, name))
        if claim is not None and claim["spec"].get("volumeName"):
            yield Ref(_VOLUME, "", claim["spec"]["volumeName"])


def _attachment(write: Write, _: View) -> Iterable[Key]:
    attachment = write.after or write.before
    return _attached_volume(attachment) if attachment is not None else ()


def _attached_volume(attachment: Object) -> Iterable[Ref]:
    name = get_in(attachment, ("spec", "source", "persistentVolumeName"))
    return (Ref(_VOLUME, "", name),) if name else ()


def _driver(write: Write, view: View) -> Iterable[Key]:
    if write.seq:
        found = ((v, csi_volume(v)) for v in view.objects(_VOLUME))
        yield from (ref_of(v) for v, csi in found if csi is not None and csi[0] == write.ref.name)


def _driver_of_node(write: Write, view: View) -> Iterable[Key]:
    if write.seq:
        for pod in pods_on(view, write.ref.name):
            yield from _of_pod(pod, view)


CONTROLLER = AttachDetach
