"""A cluster as plain lists, and the scheduler's rules read off the documentation: slow, obvious, one node at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import Any

Object = dict[str, Any]

SUFFIXES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "m": 0.001, "k": 1000, "M": 10**6, "G": 10**9}


def amount(text: Any) -> float:
    """A quantity as a number."""
    text = str(text)
    for suffix, factor in SUFFIXES.items():
        if text.endswith(suffix):
            return float(text[: -len(suffix)]) * factor
    return float(text)


@dataclass
class World:
    """Everything a rule may look at."""

    nodes: list[Object]
    pods: list[Object]
    namespaces: dict[str, dict[str, str]] = field(default_factory=dict)
    services: list[Object] = field(default_factory=list)
    replica_sets: list[Object] = field(default_factory=list)
    objects: list[Object] = field(default_factory=list)

    @staticmethod
    def of(objects: list[Object]) -> World:
        """The world of a list of objects; finished pods are not seen, nor pods on no node."""

        def kind(name: str) -> list[Object]:
            return [o for o in objects if o["kind"] == name]

        pods = [p for p in kind("Pod") if p["spec"].get("nodeName") and p.get("status", {}).get("phase") not in ("Succeeded", "Failed")]
        namespaces = {n["metadata"]["name"]: n["metadata"].get("labels") or {} for n in kind("Namespace")}
        return World(kind("Node"), pods, namespaces, kind("Service"), kind("ReplicaSet"), objects)

    def all(self, kind: str) -> list[Object]:
        """All objects of a kind."""
        return [o for o in self.objects if o["kind"] == kind]

    def find(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """An object by name."""
        return next((o for o in self.all(kind) if o["metadata"]["name"] == name and (namespace is None or o["metadata"]["namespace"] == namespace)), None)

    def on(self, node: Object) -> list[Object]:
        """The pods on a node."""
        return [p for p in self.pods if p["spec"]["nodeName"] == node["metadata"]["name"]]

    def node_of(self, pod: Object) -> Object | None:
        """The node a pod is on."""
        return next((n for n in self.nodes if n["metadata"]["name"] == pod["spec"]["nodeName"]), None)


def labels(obj: Object) -> dict[str, str]:
    """Labels, empty when absent."""
    return obj["metadata"].get("labels") or {}


def matches(selector: Any, have: dict[str, str]) -> bool:
    """Whether a LabelSelector selects labels; None selects nothing."""
    if selector is None:
        return False
    if any(have.get(k) != v for k, v in (selector.get("matchLabels") or {}).items()):
        return False
    return all(requirement(e, have) for e in selector.get("matchExpressions") or [])


def requirement(e: Object, have: dict[str, str]) -> bool:
    """One condition on labels."""
    value, values = have.get(e["key"]), e.get("values") or []
    match e["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt":
            return value is not None and value.lstrip("-").isdigit() and int(value) > int(values[0])
        case _:
            return value is not None and value.lstrip("-").isdigit() and int(value) < int(values[0])


def is_empty(selector: Any) -> bool:
    """Whether a LabelSelector has no conditions."""
    return selector is not None and not selector.get("matchLabels") and not selector.get("matchExpressions")


def requests(pod: Object, *, assume: bool = False) -> dict[str, float]:
    """What a pod asks for; with ``assume`` silent containers ask for 100m and 200Mi."""

    def of(container: Object) -> dict[str, float]:
        asked = {k: amount(v) for k, v in ((container.get("resources") or {}).get("requests") or {}).items()}
        if assume:
            asked = {"cpu": 0.1, "memory": 200 * 2**20} | asked
        return asked

    def plus(a: dict[str, float], b: dict[str, float]) -> dict[str, float]:
        return {k: a.get(k, 0) + b.get(k, 0) for k in a | b}

    total: dict[str, float] = {}
    for c in pod["spec"]["containers"]:
        total = plus(total, of(c))
    running: dict[str, float] = {}
    peak: dict[str, float] = {}
    for c in pod["spec"].get("initContainers") or []:
        if c.get("restartPolicy") == "Always":
            total, running = plus(total, of(c)), plus(running, of(c))
            now = running
        else:
            now = plus(running, of(c))
        peak = {k: max(peak.get(k, 0), now.get(k, 0)) for k in peak | now}
    total = {k: max(total.get(k, 0), peak.get(k, 0)) for k in total | peak}
    return plus(total, {k: amount(v) for k, v in (pod["spec"].get("overhead") or {}).items()})


def units(name: str, value: float) -> int:
    """Thousandths of cpu, whole units of the rest, rounded up."""
    return ceil(round(value * 1000, 6)) if name == "cpu" else ceil(round(value, 6))


def used(world: World, node: Object, name: str, *, assume: bool = False) -> int:
    """What the pods on a node have of a resource."""
    return sum(units(name, requests(p, assume=assume).get(name, 0)) for p in world.on(node))


def allocatable(node: Object, name: str) -> int:
    """What a node has of a resource."""
    return units(name, amount(node["status"]["allocatable"].get(name, 0)))
