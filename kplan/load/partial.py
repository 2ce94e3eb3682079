"""Clusters of which only a part was dumped: what every cluster has is taken for granted, and said.

``kubectl get all`` leaves out the Nodes, the Namespaces and much else. Every object is in a namespace that exists, and
every cluster has some of its own; what pods run on cannot be guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kplan.load.profiles import NAMESPACES, namespace_with_its_own, profile
from kplan.model.objects import Object, Ref, get_in, name_of, namespace_of, ref_of

_GRANTED = ("Namespace", "PriorityClass", "ServiceAccount", "ConfigMap")
_MOST_NAMED = 3


class PartialCluster(ValueError):
    """A dump that leaves out what its own objects need; the message says what, and how to take it."""


def taken_for_granted(objects: Sequence[Object], version: str) -> list[Object]:
    """What a dump leaves out though its cluster has it.

    Raises: PartialCluster where pods run on nodes, and neither Nodes nor Namespaces were taken.
    """
    kinds = {o["kind"] for o in objects}
    if not kinds & {"Node", "Namespace"} and (pod := next((o for o in objects if _runs(o)), None)) is not None:
        raise PartialCluster(
            f"holds pods ({namespace_of(pod)}/{name_of(pod)} …), but not the nodes they run on: it is a part of a cluster. "
            "Take all of it: kubectl get nodes,namespaces,all,… -A -o json (the README has the whole command)"
        )
    known = {ref_of(o) for o in objects if o["kind"] in _GRANTED}
    granted: list[Object] = []
    if Ref("Namespace", "", "kube-system") not in known:
        granted = [o for o in profile("empty", version) if o["kind"] in _GRANTED]
    used = {namespace_of(o) for o in objects} - {"", *NAMESPACES}
    for namespace in sorted(n for n in used if Ref("Namespace", "", n) not in known):
        granted += namespace_with_its_own(namespace)
    return [o for o in granted if ref_of(o) not in known]


def told(granted: Iterable[Object]) -> str:
    """What is taken for granted, in a line; "" where nothing is."""
    namespaces = sorted(name_of(o) for o in granted if o["kind"] == "Namespace")
    if not namespaces:
        return ""
    others = f" and {len(namespaces) - _MOST_NAMED} more" if len(namespaces) > _MOST_NAMED else ""
    return f"the cluster was given without some Namespaces: {', '.join(namespaces[:_MOST_NAMED])}{others} exist"


def _runs(obj: Object) -> bool:
    return obj["kind"] == "Pod" and bool(get_in(obj, ("spec", "nodeName")))
