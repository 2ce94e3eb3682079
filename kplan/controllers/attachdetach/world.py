"""What the controller keeps in mind: what kubelets last said they use, since when a volume is to go, what it has told of.

Mirrors: pkg/controller/volume/attachdetach/cache/{desired,actual}_state_of_world.go (1.36)
Differs: what is attached is read off nodes and VolumeAttachments, who uses it off pods and claims.
"""

from __future__ import annotations

from kplan.model.objects import Object, Ref, name_of
from kplan.store.attachment import Attachable, in_use, is_managed, is_to_attach, users_of
from kplan.store.view import View

Users = dict[str, list[Object]]
"""The pods that use a volume, by node; who came first comes first."""


class World:
    """The memory of the controller."""

    def __init__(self) -> None:
        self._in_use: dict[str, frozenset[str]] = {}
        """What a kubelet uses, by node; of a node that is gone, what it used last."""
        self._asked: dict[tuple[str, str], float] = {}
        self._told: set[tuple[str, str]] = set()

    def kubelet_says(self, node: Object) -> None:
        """Remember which volumes a node uses."""
        if in_use(node) or name_of(node) in self._in_use:
            self._in_use[name_of(node)] = frozenset(in_use(node))

    def remember(self, volume: Attachable, attachment: Object, view: View) -> None:
        """Take a node that is gone, but from which a volume has not been taken, to have used the volume last."""
        node = attachment["spec"]["nodeName"]
        if view.get(Ref("Node", "", node)) is None:
            self._in_use[node] = self._in_use.get(node, frozenset()) | {volume.name}

    def is_mounted(self, volume: Attachable, node: str) -> bool:
        """Whether the kubelet of a node has said that it uses a volume, and not yet that it is done with it."""
        return volume.name in self._in_use.get(node, ())

    def waiting_since(self, volume: Attachable, node: str, now: float) -> float:
        """Since when a volume is to be detached from a node."""
        return self._asked.setdefault((volume.name, node), now)

    def is_news(self, volume: Attachable, node: str) -> bool:
        """Whether it has not been told yet that a node cannot have a volume because another one has it."""
        news = (volume.name, node) not in self._told
        self._told.add((volume.name, node))
        return news

    def users(self, view: View, volume: Object, what: Attachable) -> Users:
        """The pods that use a volume, by node, of nodes that leave attaching to the controller, or are gone."""
        found: Users = {}
        for pod in sorted(users_of(view, volume), key=lambda p: p["metadata"].get("creationTimestamp") or ""):
            name = pod["spec"]["nodeName"]
            node = view.get(Ref("Node", "", name))
            if node is None or (is_managed(node) and is_to_attach(view, what, name)):
                found.setdefault(name, []).append(pod)
        self._forget(what, found)
        return found

    def _forget(self, what: Attachable, users: Users) -> None:
        """A node whose pods use the volume is not to lose it; one that has none of them is to be told again."""
        for name in users:
            self._asked.pop((what.name, name), None)
        self._told = {t for t in self._told if t[0] != what.name or t[1] in users}
