"""Filter plugins, one function each: the reasons a node is refused for, none where it is not."""

from __future__ import annotations

from tests.reference.scheduler.world import (
    Object,
    World,
    allocatable,
    is_empty,
    labels,
    matches,
    requests,
    requirement,
    units,
    used,
)

HARD = ("NoSchedule", "NoExecute")


def tolerates(toleration: Object, taint: Object) -> bool:
    """Whether a toleration covers a taint."""
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator") == "Exists":
        return True
    return (toleration.get("value") or "") == (taint.get("value") or "")


def tolerated(pod: Object, taint: Object) -> bool:
    """Whether a pod tolerates a taint."""
    return any(tolerates(t, taint) for t in pod["spec"].get("tolerations") or [])


def node_unschedulable(pod: Object, node: Object, world: World) -> list[str]:
    """A cordoned node takes only pods that tolerate the taint a cordon sets."""
    taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    cordoned = node["spec"].get("unschedulable") and not tolerated(pod, taint)
    return ["node(s) were unschedulable"] if cordoned else []


def node_name(pod: Object, node: Object, world: World) -> list[str]:
    """A pod that names its node takes no other."""
    name = pod["spec"].get("nodeName")
    return ["node(s) didn't match the requested node name"] if name and name != node["metadata"]["name"] else []


def node_declared_features(pod: Object, node: Object, world: World) -> list[str]:
    """A node must declare the features of its kubelet that a pod needs."""
    needed = {"UserNamespacesHostNetworkSupport"} if pod["spec"].get("hostNetwork") and pod["spec"].get("hostUsers") is False else set()
    declared = set(node["status"].get("declaredFeatures") or [])
    return [] if needed <= declared else ["node(s) didn't match Pod's required features"]


def taint_toleration(pod: Object, node: Object, world: World) -> list[str]:
    """All NoSchedule and NoExecute taints must be tolerated."""
    left = [t for t in node["spec"].get("taints") or [] if t["effect"] in HARD and not tolerated(pod, t)]
    return ["node(s) had untolerated taint(s)"] if left else []


def term_selects(term: Object, node: Object) -> bool:
    """Whether a NodeSelectorTerm selects a node; an empty one selects none."""
    expressions, fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    named = {"metadata.name": node["metadata"]["name"]}
    return bool(expressions or fields) and all(requirement(e, labels(node)) for e in expressions) and all(requirement(f, named) for f in fields)


def wants(pod: Object, node: Object) -> bool:
    """nodeSelector and required node affinity."""
    if any(labels(node).get(k) != v for k, v in (pod["spec"].get("nodeSelector") or {}).items()):
        return False
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return required is None or any(term_selects(t, node) for t in required["nodeSelectorTerms"])


def node_affinity(pod: Object, node: Object, world: World) -> list[str]:
    """The node must be one the pod wants."""
    return [] if wants(pod, node) else ["node(s) didn't match Pod's node affinity/selector"]


def host_ports(pod: Object) -> list[tuple[str, str, int]]:
    """(address, protocol, port) on the node."""
    sidecars = [c for c in pod["spec"].get("initContainers") or [] if c.get("restartPolicy") == "Always"]
    ports = [p for c in sidecars + pod["spec"]["containers"] for p in c.get("ports") or []]
    return [(p.get("hostIP") or "0.0.0.0", p.get("protocol") or "TCP", p["hostPort"]) for p in ports if p.get("hostPort")]


def node_ports(pod: Object, node: Object, world: World) -> list[str]:
    """No two pods have the same port of a node, unless on different addresses."""
    taken = [p for other in world.on(node) for p in host_ports(other)]
    clash = any(a[1:] == b[1:] and (a[0] == b[0] or "0.0.0.0" in (a[0], b[0])) for a in host_ports(pod) for b in taken)
    return ["node(s) didn't have free ports for the requested pod ports"] if clash else []


def node_resources_fit(pod: Object, node: Object, world: World) -> list[str]:
    """What the pod asks for must be free, and a place for one pod more."""
    reasons = ["Too many pods"] if len(world.on(node)) + 1 > allocatable(node, "pods") else []
    asked = requests(pod)
    first = ["cpu", "memory", "ephemeral-storage"]
    for name in first + sorted(set(asked) - set(first)):
        want = units(name, asked.get(name, 0))
        if want and want > allocatable(node, name) - used(world, node, name):
            reasons.append(f"Insufficient {name}")
    return reasons


# -- spreading -------------------------------------------------------------------------------------------------------


def selector_of(constraint: Object, pod: Object) -> Object | None:
    """The constraint's selector, with the pod's own values of matchLabelKeys."""
    selector = constraint.get("labelSelector")
    keys = [k for k in constraint.get("matchLabelKeys") or [] if k in labels(pod)]
    if selector is None or not keys:
        return selector
    pinned = [{"key": k, "operator": "In", "values": [labels(pod)[k]]} for k in keys]
    return {**selector, "matchExpressions": [*(selector.get("matchExpressions") or []), *pinned]}


def counts(constraint: Object, pod: Object, node: Object) -> bool:
    """Whether the inclusion policies let a node count."""
    if (constraint.get("nodeAffinityPolicy") or "Honor") == "Honor" and not wants(pod, node):
        return False
    honours_taints = constraint.get("nodeTaintsPolicy") == "Honor"
    return not honours_taints or not taint_toleration(pod, node, World([], []))


def selected_on(node: Object, selector: Object | None, namespace: str, world: World) -> int:
    """How many living pods of the namespace on a node a selector selects; an empty selector counts none."""
    if is_empty(selector):
        return 0
    here = [p for p in world.on(node) if p["metadata"]["namespace"] == namespace and not p["metadata"].get("deletionTimestamp")]
    return sum(matches(selector, labels(p)) for p in here)


def pod_topology_spread(pod: Object, node: Object, world: World) -> list[str]:
    """pods in the domain + this one − fewest in any domain ≤ maxSkew."""
    words = "node(s) didn't match pod topology spread constraints"
    hard = [c for c in pod["spec"].get("topologySpreadConstraints") or [] if c["whenUnsatisfiable"] == "DoNotSchedule"]
    for c in hard:
        key, selector = c["topologyKey"], selector_of(c, pod)
        if key not in labels(node):
            return [f"{words} (missing required label)"]
        by_domain: dict[str, int] = {}
        for other in world.nodes:
            if all(h["topologyKey"] in labels(other) for h in hard) and counts(c, pod, other):
                value = labels(other)[key]
                by_domain[value] = by_domain.get(value, 0) + selected_on(other, selector, pod["metadata"]["namespace"], world)
        if not by_domain:
            fewest: float = float("inf") if (c.get("minDomains") or 1) == 0 else 0
        else:
            fewest = min(by_domain.values()) if len(by_domain) >= (c.get("minDomains") or 1) else 0
        own = int(matches(selector, labels(pod)))
        if by_domain.get(labels(node)[key], 0) + own - fewest > c["maxSkew"]:
            return [words]
    return []


# -- affinity between pods -------------------------------------------------------------------------------------------


def terms(pod: Object, kind: str) -> list[Object]:
    """The required terms about other pods."""
    return ((pod["spec"].get("affinity") or {}).get(kind) or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or []


def meant(term: Object, owner: Object, other: Object, world: World, *, own_term: bool) -> bool:
    """Whether a term of ``owner`` means the pod ``other``.

    Of the pod to be placed, namespace selectors are looked up among the namespaces that exist, and once more against no
    labels at all; of placed pods, against the labels of the other's namespace.
    """
    named, selector = term.get("namespaces") or [], term.get("namespaceSelector")
    if not named and selector is None:
        named = [owner["metadata"]["namespace"]]
    namespace = other["metadata"]["namespace"]
    of_namespace = world.namespaces.get(namespace, {})
    by_selector = matches(selector, of_namespace) if not own_term else (namespace in world.namespaces and matches(selector, of_namespace)) or matches(selector, {})
    return (namespace in named or by_selector) and matches(term.get("labelSelector"), labels(other))


def domains(world: World, key: str, pods: list[Object]) -> set[str]:
    """The domains in which any of the pods is."""
    found = set()
    for p in pods:
        node = world.node_of(p)
        if node is not None and key in labels(node):
            found.add(labels(node)[key])
    return found


def inter_pod_affinity(pod: Object, node: Object, world: World) -> list[str]:
    """Near one pod that meets all terms; away from those it avoids; away from those that avoid it."""
    near, away = terms(pod, "podAffinity"), terms(pod, "podAntiAffinity")
    friends = [p for p in world.pods if near and all(meant(t, pod, p, world, own_term=True) for t in near)]
    if any(t["topologyKey"] not in labels(node) for t in near):
        return ["node(s) didn't match pod affinity rules"]
    if not all(labels(node)[t["topologyKey"]] in domains(world, t["topologyKey"], friends) for t in near):
        nowhere = not any(domains(world, t["topologyKey"], friends) for t in near)
        if not (nowhere and all(meant(t, pod, pod, world, own_term=True) for t in near)):
            return ["node(s) didn't match pod affinity rules"]
    for t in away:
        rivals = [p for p in world.pods if meant(t, pod, p, world, own_term=True)]
        if labels(node).get(t["topologyKey"]) in domains(world, t["topologyKey"], rivals):
            return ["node(s) didn't match pod anti-affinity rules"]
    for p in world.pods:
        for t in terms(p, "podAntiAffinity"):
            if meant(t, p, pod, world, own_term=False) and labels(node).get(t["topologyKey"]) in domains(world, t["topologyKey"], [p]):
                return ["node(s) didn't satisfy existing pods anti-affinity rules"]
    return []


FILTERS = {
    "NodeUnschedulable": node_unschedulable,
    "NodeName": node_name,
    "TaintToleration": taint_toleration,
    "NodeAffinity": node_affinity,
    "NodePorts": node_ports,
    "NodeResourcesFit": node_resources_fit,
    "PodTopologySpread": pod_topology_spread,
    "InterPodAffinity": inter_pod_affinity,
    "NodeDeclaredFeatures": node_declared_features,
}
"""In the order in which they are asked."""
