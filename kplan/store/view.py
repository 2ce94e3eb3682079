"""The read-only side of the store: what controllers, the scheduler and checks are given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from kplan.model.objects import Object, Ref, labels_of
from kplan.model.selectors import Selector


class View(Protocol):
    """A cluster that can be read. Lists come in (namespace, name) order; nothing in them may be changed."""

    def get(self, ref: Ref) -> Object | None:
        """The object of that identity, or None."""

    def by_uid(self, uid: str) -> Object | None:
        """The object of that UID, or None."""

    def objects(self, kind: str, namespace: str | None = None) -> list[Object]:
        """All objects of a kind (``Deployment.apps``), of one namespace where one is given."""

    def kinds(self) -> list[str]:
        """The kinds of which there are objects, sorted."""

    def lookup(self, index: str, key: Any) -> list[Object]:
        """The objects an index (``kplan.store.index.INDEXES``) holds under a key, in (kind, namespace, name) order."""

    def size(self, index: str, key: Any) -> int:
        """How many objects an index holds under a key."""

    @property
    def seq(self) -> int:
        """The seq of the last write."""

    def epoch(self, kind: str) -> int:
        """The seq of the last write to any object of a kind; 0 where there was none. For caches."""


def owned(view: View, uid: str, kind: str) -> Iterator[Object]:
    """The objects of a kind that name this UID among their owners."""
    short = kind.partition(".")[0]
    return (o for o in view.lookup("owner", uid) if o["kind"] == short)


def pods_on(view: View, node: str) -> Iterable[Object]:
    """The pods bound to a node."""
    return view.lookup("node", node)


def select(view: View, kind: str, namespace: str, selector: Selector) -> list[Object]:
    """The objects of a kind in a namespace that a selector matches.

    Pods and ReplicaSets come from the label index: of the pairs every match must carry the rarest is looked up.
    """
    if selector.nothing:
        return []
    exact = selector.exact
    if exact and kind in ("Pod", "ReplicaSet.apps"):
        pairs = [(kind, namespace, key, value) for key, value in exact.items()]
        rarest = min(pairs, key=lambda pair: view.size("label", pair)) if len(pairs) > 1 else pairs[0]
        found: Iterable[Object] = view.lookup("label", rarest)
    else:
        found = view.objects(kind, namespace)
    return [o for o in found if selector.matches(labels_of(o))]


def namespace_labels(view: View, namespace: str) -> Mapping[str, str]:
    """The labels of a namespace; empty where it does not exist."""
    found = view.get(Ref("Namespace", "", namespace))
    return labels_of(found) if found is not None else {}
