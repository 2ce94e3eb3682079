"""Score plugins, one function each: from the feasible nodes to their weighted scores."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from math import floor, log

from tests.reference.scheduler.filters import counts, meant, selected_on, selector_of, term_selects, tolerates
from tests.reference.scheduler.world import Object, World, allocatable, is_empty, labels, requests, units, used

MIB = 2**20


def scaled(raw: list[int], *, reverse: bool = False) -> list[int]:
    """To 0…100 by the greatest."""
    greatest = max(raw, default=0)
    if greatest == 0:
        return [100 if reverse else 0] * len(raw)
    return [100 - 100 * r // greatest if reverse else 100 * r // greatest for r in raw]


def taint_toleration(pod: Object, nodes: list[Object], world: World) -> list[int]:
    """The fewer soft taints that are not tolerated, the better."""
    soft = [t for t in pod["spec"].get("tolerations") or [] if t.get("effect") in (None, "", "PreferNoSchedule")]

    def intolerable(node: Object) -> int:
        taints = [t for t in node["spec"].get("taints") or [] if t["effect"] == "PreferNoSchedule"]
        return sum(not any(tolerates(s, t) for s in soft) for t in taints)

    return scaled([intolerable(n) for n in nodes], reverse=True)


def node_affinity(pod: Object, nodes: list[Object], world: World) -> list[int]:
    """The weights of the preferred terms a node meets."""
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    preferred = affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or []
    return scaled([sum(p["weight"] for p in preferred if term_selects(p["preference"], n)) for n in nodes])


def least_allocated(taken: int, capacity: int) -> int:
    """The share that is still free."""
    return 0 if taken > capacity else (capacity - taken) * 100 // capacity


def most_allocated(taken: int, capacity: int) -> int:
    """The share that is used."""
    return min(taken, capacity) * 100 // capacity


def ratio(shape: list[tuple[int, int]]) -> Callable[[int, int], int]:
    """RequestedToCapacityRatio: a broken line through (percent used, 0…10)."""

    def score(taken: int, capacity: int) -> int:
        percent = 100 if taken > capacity else taken * 100 // capacity
        if percent <= shape[0][0]:
            return shape[0][1] * 10
        for (x0, y0), (x1, y1) in pairwise(shape):
            if percent <= x1:
                return y0 * 10 + int(Fraction((y1 - y0) * 10 * (percent - x0), x1 - x0))
        return shape[-1][1] * 10

    return score


def node_resources_fit(pod: Object, nodes: list[Object], world: World) -> list[int]:
    """LeastAllocated of cpu and memory."""
    return fit(pod, nodes, world, least_allocated, {"cpu": 1, "memory": 1})


def fit(pod: Object, nodes: list[Object], world: World, strategy: Callable[[int, int], int], weights: dict[str, int], *, rounded: bool = False) -> list[int]:
    """The weighted mean of what a strategy says of each resource; ``rounded`` also leaves out those that score nothing."""

    def score(node: Object) -> int:
        total = weight = 0
        for name, own in weights.items():
            capacity = allocatable(node, name)
            asked = units(name, requests(pod, assume=True).get(name, 0))
            if not capacity or ("/" in name and not asked):
                continue
            said = strategy(used(world, node, name, assume=True) + asked, capacity)
            if said or not rounded:
                total += said * own
                weight += own
        if not weight:
            return 0
        return int(total / weight + 0.5) if rounded else total // weight

    return [score(n) for n in nodes]


def balanced_allocation(pod: Object, nodes: list[Object], world: World) -> list[int]:
    """Whether the pod makes cpu and memory more evenly used."""
    asked = {name: units(name, requests(pod).get(name, 0)) for name in ("cpu", "memory")}
    if not any(asked.values()):
        return [0] * len(nodes)

    def balance(node: Object, more: dict[str, int]) -> int:
        shares = [
            min((used(world, node, name) + more.get(name, 0)) / allocatable(node, name), 1.0) for name in ("cpu", "memory") if allocatable(node, name)
        ]
        deviation = abs((shares[0] - shares[1]) / 2) if len(shares) == 2 else 0.0
        return int((1 - deviation) * 100.0)

    return [50 + (50 + balance(n, asked) - balance(n, {})) // 2 for n in nodes]


def image_locality(pod: Object, nodes: list[Object], world: World) -> list[int]:
    """Images that are there already, weighed by size and by how many nodes have them."""
    containers = [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]
    wanted = [c["image"] if ":" in c["image"].rpartition("/")[2] else c["image"] + ":latest" for c in containers]

    def size(node: Object, image: str) -> int | None:
        return next((i["sizeBytes"] for i in node["status"].get("images") or [] if image in i["names"]), None)

    def score(node: Object) -> int:
        total = 0
        for image in wanted:
            have = [n for n in world.nodes if size(n, image) is not None]
            own = size(node, image)
            if own is not None:
                total += int(own * (len(have) / len(world.nodes)))
        low, high = 23 * MIB, 1000 * MIB * len(containers)
        return 100 * (min(max(total, low), high) - low) // (high - low)

    return [score(n) for n in nodes]


def default_selector(pod: Object, world: World) -> Object | None:
    """The selectors of the Services and the ReplicaSet a pod belongs to, together."""
    merged: dict[str, str] = {}
    for service in world.services:
        own = service["spec"].get("selector")
        if own and service["metadata"]["namespace"] == pod["metadata"]["namespace"] and all(labels(pod).get(k) == v for k, v in own.items()):
            merged |= own
    expressions = []
    for owner in pod["metadata"].get("ownerReferences") or []:
        for rs in world.replica_sets:
            if (owner["kind"], owner["name"]) == ("ReplicaSet", rs["metadata"]["name"]) and rs["metadata"]["namespace"] == pod["metadata"]["namespace"]:
                selector = rs["spec"]["selector"]
                expressions += [{"key": k, "operator": "In", "values": [v]} for k, v in (selector.get("matchLabels") or {}).items()]
                expressions += selector.get("matchExpressions") or []
    found = {"matchLabels": merged, "matchExpressions": expressions}
    return None if is_empty(found) else found


def pod_topology_spread(pod: Object, nodes: list[Object], world: World) -> list[int]:
    """Soft constraints: Σ pods in the domain × ln(domains + 2) + maxSkew − 1; the less the better."""
    own = pod["spec"].get("topologySpreadConstraints")
    soft = [{**c, "labelSelector": selector_of(c, pod), "matchLabelKeys": []} for c in own or [] if c["whenUnsatisfiable"] == "ScheduleAnyway"]
    if not own:
        selector = default_selector(pod, world)
        keys = [("kubernetes.io/hostname", 3), ("topology.kubernetes.io/zone", 5)] if selector else []
        soft = [{"topologyKey": k, "maxSkew": s, "labelSelector": selector} for k, s in keys]
    if not soft:
        return [0] * len(nodes)

    def complete(node: Object) -> bool:
        return not own or all(c["topologyKey"] in labels(node) for c in soft)

    scored = [n for n in nodes if complete(n)]
    namespace = pod["metadata"]["namespace"]

    def raw(node: Object) -> int:
        total = 0.0
        for c in soft:
            key = c["topologyKey"]
            if key not in labels(node):
                continue
            if key == "kubernetes.io/hostname":
                number, size = selected_on(node, c["labelSelector"], namespace, world), len(scored)
            else:
                there = [n for n in world.nodes if labels(n).get(key) == labels(node)[key] and complete(n) and counts(c, pod, n)]
                number = sum(selected_on(n, c["labelSelector"], namespace, world) for n in there)
                size = len({labels(n).get(key) for n in scored})
            total += number * log(size + 2) + (c["maxSkew"] - 1)
        return floor(total) + (total - floor(total) >= 0.5)

    raws = {n["metadata"]["name"]: raw(n) for n in scored}
    greatest, least = max(raws.values(), default=0), min(raws.values(), default=0)

    def score(node: Object) -> int:
        if node["metadata"]["name"] not in raws:
            return 0
        return 100 if greatest == 0 else 100 * (greatest + least - raws[node["metadata"]["name"]]) // greatest

    return [score(n) for n in nodes]


def inter_pod_affinity(pod: Object, nodes: list[Object], world: World) -> list[int]:
    """± weight for every pod a preferred term means, both ways, and 1 for every required affinity of theirs."""

    def preferred(p: Object, kind: str) -> list[Object]:
        return ((p["spec"].get("affinity") or {}).get(kind) or {}).get("preferredDuringSchedulingIgnoredDuringExecution") or []

    sums: dict[tuple[str, str], int] = {}

    def add(p: Object, term: Object, weight: int) -> None:
        node = world.node_of(p)
        if node is not None and term["topologyKey"] in labels(node):
            pair = (term["topologyKey"], labels(node)[term["topologyKey"]])
            sums[pair] = sums.get(pair, 0) + weight

    for p in world.pods:
        for kind, sign in (("podAffinity", 1), ("podAntiAffinity", -1)):
            for w in preferred(pod, kind):
                if meant(w["podAffinityTerm"], pod, p, world, own_term=True):
                    add(p, w["podAffinityTerm"], sign * w["weight"])
            for w in preferred(p, kind):
                if meant(w["podAffinityTerm"], p, pod, world, own_term=False):
                    add(p, w["podAffinityTerm"], sign * w["weight"])
        required = ((p["spec"].get("affinity") or {}).get("podAffinity") or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or []
        for term in required:
            if meant(term, p, pod, world, own_term=False):
                add(p, term, 1)
    raws = [sum(sums.get((k, v), 0) for k, v in labels(n).items()) for n in nodes]
    if not raws or max(raws) == min(raws):
        return [0] * len(nodes)
    return [int(100.0 * ((r - min(raws)) / (max(raws) - min(raws)))) for r in raws]


SCORES = {
    "TaintToleration": (taint_toleration, 3),
    "NodeAffinity": (node_affinity, 2),
    "NodeResourcesFit": (node_resources_fit, 1),
    "PodTopologySpread": (pod_topology_spread, 2),
    "InterPodAffinity": (inter_pod_affinity, 2),
    "NodeResourcesBalancedAllocation": (balanced_allocation, 1),
    "ImageLocality": (image_locality, 1),
}
"""Plugin → (function, weight)."""
