"""Small random clusters in which every rule of the twins has something to say."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.reference.scheduler.world import Object

HOSTNAME, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
APPS = st.sampled_from(["web", "db"])
SPACES = st.sampled_from(["default", "other"])
EFFECTS = st.sampled_from(["NoSchedule", "PreferNoSchedule", "NoExecute"])
IMAGES = {"web:1": 800 * 2**20, "db:2": 90 * 2**20}


def seldom(strategy: st.SearchStrategy[Any], absent: Any = None) -> st.SearchStrategy[Any]:
    """Mostly absent."""
    return st.one_of(st.just(absent), st.just(absent), strategy)


SELECTORS: st.SearchStrategy[Object] = st.one_of(
    APPS.map(lambda app: {"matchLabels": {"app": app}}),
    APPS.map(lambda app: {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": [app]}]}),
    st.just({"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
)
NAMESPACE_SELECTORS = st.sampled_from([{}, {"matchLabels": {"team": "a"}}, {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}])
KEYS = st.sampled_from([HOSTNAME, ZONE, "rack"])


@st.composite
def affinity_terms(draw: st.DrawFn) -> Object:
    """A PodAffinityTerm."""
    term: Object = {"topologyKey": draw(KEYS), "labelSelector": draw(SELECTORS)}
    if (selector := draw(seldom(NAMESPACE_SELECTORS))) is not None:
        term["namespaceSelector"] = selector
    if (space := draw(seldom(SPACES))) is not None:
        term["namespaces"] = [space]
    return term


@st.composite
def node_terms(draw: st.DrawFn) -> Object:
    """A NodeSelectorTerm."""
    if draw(st.integers(0, 4)) == 0:
        return {"matchFields": [{"key": "metadata.name", "operator": draw(st.sampled_from(["In", "NotIn"])), "values": ["n0"]}]}
    operator = draw(st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]))
    if operator in ("Gt", "Lt"):
        return {"matchExpressions": [{"key": "size", "operator": operator, "values": [str(draw(st.integers(0, 3)))]}]}
    values = {"values": [draw(st.sampled_from(["a", "b"]))]} if operator in ("In", "NotIn") else {}
    return {"matchExpressions": [{"key": ZONE, "operator": operator, **values}]}


@st.composite
def nodes(draw: st.DrawFn, name: str) -> Object:
    """A node."""
    labels = {HOSTNAME: name, "size": str(draw(st.integers(0, 3)))}
    for key in (ZONE, "rack"):
        if (value := draw(st.sampled_from(["a", "b", "a", "b", None]))) is not None:
            labels[key] = value
    taints = [{"key": "only", "value": draw(st.sampled_from(["x", "y"])), "effect": draw(EFFECTS)}] if draw(st.integers(0, 2)) == 0 else []
    spec: Object = {"taints": taints} if taints else {}
    if draw(st.integers(0, 7)) == 0:
        spec["unschedulable"] = True
    room = {"cpu": draw(st.sampled_from(["1", "2500m", "4"])), "memory": draw(st.sampled_from(["2Gi", "7900Mi"])), "pods": str(draw(st.sampled_from([3, 110])))}
    if draw(st.booleans()):
        room["example.com/gpu"] = "2"
    images = [{"names": [image], "sizeBytes": IMAGES[image]} for image in draw(st.sets(st.sampled_from(sorted(IMAGES))).map(sorted))]
    metadata = {"name": name, "labels": labels}
    features = draw(st.sampled_from([{}, {"declaredFeatures": ["UserNamespacesHostNetworkSupport"]}]))
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, "status": {"allocatable": room, "images": images, **features}}


@st.composite
def containers(draw: st.DrawFn, name: str) -> Object:
    """A container."""
    asked: dict[str, str] = {}
    for resource, amounts in (("cpu", ["100m", "0.75", "1500m"]), ("memory", ["64Mi", "1Gi"]), ("example.com/gpu", ["1"])):
        if (amount := draw(seldom(st.sampled_from(amounts)) if "/" in resource else st.sampled_from([None, *amounts]))) is not None:
            asked[resource] = amount
    container: Object = {"name": name, "image": draw(st.sampled_from(["web:1", "db:2", "web"]))}
    if asked:
        container["resources"] = {"requests": asked}
    if (address := draw(seldom(st.sampled_from(["", "10.0.0.1"])))) is not None:
        container["ports"] = [{"containerPort": 80, "hostPort": 80, **({"hostIP": address} if address else {})}]
    return container


@st.composite
def spread_constraints(draw: st.DrawFn) -> Object:
    """A TopologySpreadConstraint."""
    constraint: Object = {
        "maxSkew": draw(st.integers(1, 2)),
        "topologyKey": draw(KEYS),
        "whenUnsatisfiable": draw(st.sampled_from(["DoNotSchedule", "ScheduleAnyway"])),
        "labelSelector": draw(SELECTORS),
    }
    if constraint["whenUnsatisfiable"] == "DoNotSchedule" and (least := draw(seldom(st.integers(1, 3)))) is not None:
        constraint["minDomains"] = least
    for policy in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        if (choice := draw(seldom(st.sampled_from(["Honor", "Ignore"])))) is not None:
            constraint[policy] = choice
    if draw(st.integers(0, 4)) == 0:
        constraint["matchLabelKeys"] = ["version"]
    return constraint


@st.composite
def affinities(draw: st.DrawFn) -> Object:
    """All kinds of affinity, each seldom."""
    found: Object = {}
    if (required := draw(seldom(st.lists(node_terms(), min_size=1, max_size=2)))) is not None:
        found["nodeAffinity"] = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": required}}
    if (term := draw(seldom(node_terms()))) is not None:
        preferred = [{"weight": draw(st.integers(1, 100)), "preference": term}]
        found.setdefault("nodeAffinity", {})["preferredDuringSchedulingIgnoredDuringExecution"] = preferred
    for kind in ("podAffinity", "podAntiAffinity"):
        if (near := draw(seldom(st.lists(affinity_terms(), min_size=1, max_size=2)))) is not None:
            found.setdefault(kind, {})["requiredDuringSchedulingIgnoredDuringExecution"] = near
        if (term := draw(seldom(affinity_terms()))) is not None:
            weighted = [{"weight": draw(st.integers(1, 100)), "podAffinityTerm": term}]
            found.setdefault(kind, {})["preferredDuringSchedulingIgnoredDuringExecution"] = weighted
    return found


@st.composite
def pods(draw: st.DrawFn, name: str, node: str = "") -> Object:
    """A pod, bound to a node where one is given."""
    spec: Object = {"containers": [draw(containers("main"))]}
    if draw(st.integers(0, 9)) == 0:
        spec |= {"hostNetwork": True, "hostUsers": False}
    if not node and draw(st.integers(0, 9)) == 0:
        spec["nodeName"] = "n0"
    if (init := draw(seldom(containers("init")))) is not None:
        spec["initContainers"] = [{**init, **draw(st.sampled_from([{}, {"restartPolicy": "Always"}]))}]
    if affinity := draw(affinities()):
        spec["affinity"] = affinity
    if constraints := draw(seldom(st.lists(spread_constraints(), min_size=1, max_size=2, unique_by=lambda c: (c["topologyKey"], c["whenUnsatisfiable"])))):
        spec["topologySpreadConstraints"] = constraints
    if (zone := draw(seldom(st.sampled_from(["a", "b"])))) is not None:
        spec["nodeSelector"] = {ZONE: zone}
    if (toleration := draw(seldom(st.sampled_from([{"operator": "Exists"}, {"key": "only", "value": "x"}, {"key": "only", "operator": "Exists", "effect": "NoSchedule"}])))) is not None:
        spec["tolerations"] = [toleration]
    metadata: Object = {"name": name, "namespace": draw(SPACES), "uid": name, "labels": {"app": draw(APPS), "version": draw(st.sampled_from(["1", "2"]))}}
    if draw(st.booleans()):
        metadata["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "set", "uid": "set", "controller": True}]
    status: Object = {"phase": "Pending"}
    if node:
        spec["nodeName"] = node
        status["phase"] = draw(st.sampled_from(["Running", "Running", "Running", "Succeeded"]))
        if draw(st.integers(0, 5)) == 0:
            metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


@st.composite
def surroundings(draw: st.DrawFn) -> list[Object]:
    """Nodes, namespaces, and what pods may belong to."""
    objects: list[Object] = [draw(nodes(f"n{i}")) for i in range(draw(st.integers(1, 6)))]
    objects += [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n, "labels": {"team": n[0]}}} for n in ("default", "other")]
    if (app := draw(seldom(APPS))) is not None:
        objects.append({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "default"}, "spec": {"selector": {"app": app}}})
    if (selector := draw(seldom(SELECTORS))) is not None:
        metadata = {"name": "set", "namespace": "default", "uid": "set"}
        objects.append({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": {"selector": selector}})
    return objects


@st.composite
def clusters(draw: st.DrawFn) -> list[Object]:
    """Surroundings with pods on the nodes."""
    objects = draw(surroundings())
    names = [o["metadata"]["name"] for o in objects if o["kind"] == "Node"]
    return objects + [draw(pods(f"p{i}", draw(st.sampled_from(names)))) for i in range(draw(st.integers(0, 7)))]
