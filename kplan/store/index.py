"""Declared indexes: facts about objects that can be looked up instead of scanned for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kplan.model.objects import Object, kind_of, labels_of, namespace_of, owner_references

IndexKey = Any
"""Hashable."""
Indexer = Callable[[Object], Iterable[IndexKey]]


def by_owner(obj: Object) -> Iterable[IndexKey]:
    """UIDs of all owners, controller or not."""
    return [r.get("uid") for r in owner_references(obj)]


def by_node(obj: Object) -> Iterable[IndexKey]:
    """The node a pod is bound to; nothing while it is bound to none."""
    if obj.get("kind") != "Pod":
        return ()
    node = (obj.get("spec") or {}).get("nodeName")
    return (node,) if node else ()


def by_label(obj: Object) -> Iterable[IndexKey]:
    """(kind, namespace, key, value) of every label of pods and ReplicaSets."""
    kind = kind_of(obj)
    if kind not in _LABELLED:
        return ()
    namespace = namespace_of(obj)
    return [(kind, namespace, k, v) for k, v in labels_of(obj).items()]


def by_claim(obj: Object) -> Iterable[IndexKey]:
    """(namespace, claim name) of every PersistentVolumeClaim a pod mounts, generic ephemeral ones included."""
    if obj.get("kind") != "Pod":
        return ()
    volumes = (obj.get("spec") or {}).get("volumes")
    if not volumes:
        return ()
    namespace, name = namespace_of(obj), obj["metadata"].get("name")
    out = []
    for v in volumes:
        if claim := v.get("persistentVolumeClaim"):
            out.append((namespace, claim.get("claimName")))
        elif "ephemeral" in v:
            out.append((namespace, f"{name}-{v.get('name')}"))
    return out


def by_allocation(obj: Object) -> Iterable[IndexKey]:
    """("IP", address) and ("port", number) of every cluster IP, node port and health check node port of a Service."""
    if obj.get("kind") != "Service":
        return ()
    spec = obj.get("spec") or {}
    out: list[IndexKey] = [("IP", ip) for ip in spec.get("clusterIPs") or () if ip != "None"]
    out.extend(("port", p["nodePort"]) for p in spec.get("ports") or () if p.get("nodePort"))
    if spec.get("healthCheckNodePort"):
        out.append(("port", spec["healthCheckNodePort"]))
    return out


def by_orphan(obj: Object) -> Iterable[IndexKey]:
    """(kind, namespace) of what a controller may adopt and no controller owns."""
    kind = kind_of(obj)
    if kind not in _ADOPTED or any(r.get("controller") for r in owner_references(obj)):
        return ()
    return ((kind, namespace_of(obj)),)


def by_slice(obj: Object) -> Iterable[IndexKey]:
    """(namespace, Service name) of every EndpointSlice, by its label."""
    if obj.get("kind") != "EndpointSlice":
        return ()
    service = labels_of(obj).get("kubernetes.io/service-name")
    return ((namespace_of(obj), service),) if service else ()


def by_attached(obj: Object) -> Iterable[IndexKey]:
    """The names of the volumes a node reports as attached, and the PersistentVolume of a VolumeAttachment."""
    kind = obj.get("kind")
    if kind == "Node":
        return [v.get("name") for v in (obj.get("status") or {}).get("volumesAttached") or ()]
    if kind == "VolumeAttachment":
        return (((obj.get("spec") or {}).get("source") or {}).get("persistentVolumeName"),)
    return ()


_LABELLED = {"Pod", "ReplicaSet.apps"}
_ADOPTED = {"Pod", "ReplicaSet.apps", "ControllerRevision.apps"}

INDEXES: dict[str, Indexer] = {
    "owner": by_owner,
    "node": by_node,
    "label": by_label,
    "claim": by_claim,
    "allocation": by_allocation,
    "orphan": by_orphan,
    "slice": by_slice,
    "attached": by_attached,
}
