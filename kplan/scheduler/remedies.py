"""What would have to change for a node that refuses a pod to take it.

One function a plugin, in a table: the pod, the cluster and the row in; what to do, in a few words, out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from kplan.model.objects import Object, Ref, labels_of, name_of
from kplan.model.quantity import BINARY_SI, NANO, Quantity
from kplan.model.selectors import Requirement
from kplan.scheduler import matching, resources
from kplan.scheduler.claims import CLAIM, SLICE, claims_of_pod
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.features import required_features
from kplan.scheduler.pods import PodInfo, Term
from kplan.scheduler.resources import CPU, PODS
from kplan.scheduler.taints import untolerated
from kplan.scheduler.topology import (
    DO_NOT_SCHEDULE,
    SYSTEM_DEFAULTS,
    ConstraintTally,
    constraints_of,
    has_all_keys,
    included,
)
from kplan.store.deviceclasses import DEVICE_CLASS

Remedies = Iterator[str]


def amount(name: str, units: int) -> str:
    """A number of units of a resource as people write it."""
    if name == CPU:
        return str(Quantity(units * NANO // 1000))
    return str(Quantity(units * NANO, BINARY_SI))


def _unschedulable(pod: PodInfo, cluster: Cluster, row: int) -> Remedies:
    yield f"uncordon {cluster.nodes.names[row]}"
    yield "add toleration node.kubernetes.io/unschedulable:NoSchedule"


def _node_name(pod: PodInfo, cluster: Cluster, row: int) -> Remedies:
    yield f"the pod asks for node {pod.node_name}"


def _taints(pod: PodInfo, cluster: Cluster, row: int) -> Remedies:
    for key, value, effect in untolerated(matching.taints_of(cluster.nodes.nodes[row]), pod.tolerations):
        yield f"add toleration {key}{f'={value}' if value else ''}:{effect}"


def _affinity(pod: PodInfo, cluster: Cluster, row: int) -> Remedies:
    node = cluster.nodes.nodes[row]
    labels = labels_of(node)
    for key, value in pod.node_selector.items():
        if labels.get(key) != value:
            yield f"label {name_of(node)} {key}={value} (it has {_shown(labels.get(key))})"
    required = pod.node_affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    terms = (required or {}).get("nodeSelectorTerms") or []
    if required is None or matching.matches_terms(terms, node):
        return
    nearest = min((list(_unmet(term, node)) for term in terms), key=len, default=[])
    yield from nearest or ["the pod's node affinity selects no node"]


def _unmet(term: Mapping[str, Any], node: Any) -> Iterator[str]:
    labels = labels_of(node)
    for e in term.get("matchExpressions") or ():
        requirement = Requirement(e["key"], e.get("operator") or "", frozenset(e.get("values") or ()))
        if not requirement.matches(labels):
            yield f"needs a node with {requirement} (it has {_shown(labels.get(e['key']))})"
    for f in term.get("matchFields") or ():
        named = name_of(node) in (f.get("values") or ())
        if named != (f.get("operator") == "In"):
            yield f"needs a node {'' if f.get('operator') == 'In' else 'not '}named {', '.join(f.get('values') or ())}"


def _shown(value: str | None) -> str:
    return "none" if value is None else repr(value)


def _ports(pod: PodInfo, cluster: Cluster, row: int) -> Remedies:
    for wanted in pod.host_ports:
        if cluster.nodes.ports.get((wanted.protocol, wanted.port), {}).get(row):
            holders = [ref.name for ref, placed in cluster.nodes.pods[row].items() for p in placed.info.host_ports if (p.protocol, p.port) == (wanted.protocol, wanted.port)]
            yield f"port {wanted.port}/{wanted.protocol} must be freed by {', '.join(holders[:3])}"


def _fit(pod: PodInfo, cluster: Cluster, row: int) -> Remedies:
    nodes = cluster.nodes
    if nodes.pod_count[row] >= nodes.allocatable[PODS][row]:
        yield f"needs room for 1 more pod (has {int(nodes.pod_count[row])} of {int(nodes.allocatable[PODS][row])})"
    for name, asked in pod.requests.items():
        allocatable, requested = (int(column[row]) for column in nodes.columns(name))
        lacking = asked - (allocatable - requested)
        if asked and lacking > 0 and not (resources.is_scalar(name) and cluster.device_class_of(name) is not None and not allocatable):
            yield f"needs {amount(name, lacking)} more {name} (asks {amount(name, asked)}, {amount(name, max(allocatable - requested, 0))} of {amount(name, allocatable)} free)"


def _spread(pod: PodInfo, cluster: Cluster, row: int) -> Remedies:
    constraints = constraints_of(pod, cluster, SYSTEM_DEFAULTS, DO_NOT_SCHEDULE)
    nodes = cluster.nodes
    everywhere = has_all_keys(constraints, nodes)
    for c in constraints:
        column = nodes.label(c.key)
        if column.ids[row] < 0:
            yield f"label {nodes.names[row]} with {c.key}"
            return
        eligible = everywhere & included(c, pod, cluster)
        counted = ConstraintTally(c, pod.namespace, nodes, eligible)
        present = np.bincount(column.ids[eligible], minlength=len(column.values)).astype(bool)
        here = int(counted.tally.sums[column.ids[row]])
        least = int(counted.tally.sums[:-1].min(initial=2**31 - 1, where=present)) if present.sum() >= c.min_domains else 0
        if here + int(c.selector.matches(pod.labels)) - least > c.max_skew:
            value = column.values[column.ids[row]]
            yield f"{c.key}={value} has {here} pods of {c.selector or 'all'}, the least has {least}, maxSkew is {c.max_skew}"


def _term_shown(term: Term) -> str:
    return f"{term.selector or 'any pod'} in the same {term.topology_key}"


def _pod_affinity(pod: PodInfo, cluster: Cluster, row: int) -> Remedies:
    here = labels_of(cluster.nodes.nodes[row])
    for term in pod.required_affinity:
        if not list(_neighbours(cluster, here, term)):
            yield f"needs a pod with {_term_shown(term)}"
    for term in pod.required_anti_affinity:
        rivals = list(_neighbours(cluster, here, term))
        if rivals:
            yield f"must not be near {', '.join(rivals[:3])} ({_term_shown(term)})"
    own = cluster.namespaces.get(pod.namespace, {})
    for _, placed in cluster.nodes.all_pods():
        for term in placed.info.required_anti_affinity:
            if term.matches(pod.namespace, pod.labels, own) and _same_domain(cluster, here, placed.pod["spec"].get("nodeName"), term.topology_key):
                yield f"{name_of(placed.pod)} must not be near it ({term.topology_key})"
                return


def _neighbours(cluster: Cluster, here: Mapping[str, str], term: Term) -> Iterator[str]:
    key = term.topology_key
    for row, placed in cluster.nodes.all_pods():
        if term.matches(placed.info.namespace, placed.info.labels, {}) and key in here and labels_of(cluster.nodes.nodes[row]).get(key) == here[key]:
            yield name_of(placed.pod)


def _same_domain(cluster: Cluster, here: Mapping[str, str], node_name: str | None, key: str) -> bool:
    row = cluster.nodes.row_of.get(node_name or "")
    return row is not None and key in here and labels_of(cluster.nodes.nodes[row]).get(key) == here[key]


def _features(pod: PodInfo, cluster: Cluster, row: int) -> Remedies:
    declared = (cluster.nodes.nodes[row].get("status") or {}).get("declaredFeatures") or ()
    for feature in sorted(required_features(pod.spec, cluster.gates) - set(declared)):
        yield f"needs a kubelet with {feature}"


def _volumes(pod: PodInfo, cluster: Cluster, row: int) -> Remedies:
    yield "needs its volumes to be reachable from this node"


def _devices(pod: PodInfo, cluster: Cluster, row: int) -> Remedies:
    from kplan.scheduler.devices import devices_in_use  # brings CEL along, which most pods never need
    from kplan.scheduler.shortage import shortages

    def class_named(name: str) -> Object | None:
        return cluster.view.get(Ref(DEVICE_CLASS, "", name))

    node, pending = cluster.nodes.nodes[row], []
    for claim in claims_of_pod(cluster.current(pod), cluster.view):
        allocation = (claim.get("status") or {}).get("allocation")
        selector = (allocation or {}).get("nodeSelector")
        if allocation is None:
            pending.append(claim)
        elif selector is not None and not matching.matches_terms(selector.get("nodeSelectorTerms") or [], node):
            yield f"claim {name_of(claim)} has its devices elsewhere"
    if pending:
        in_use = devices_in_use(cluster.view.objects(CLAIM), shareable=cluster.gates.on("DRAConsumableCapacity"))
        yield from shortages(node, pending, in_use, class_named, cluster.view.objects(SLICE), cluster.gates)


_REMEDIES: dict[str, Callable[[PodInfo, Cluster, int], Remedies]] = {
    "NodeUnschedulable": _unschedulable,
    "NodeName": _node_name,
    "TaintToleration": _taints,
    "NodeAffinity": _affinity,
    "NodePorts": _ports,
    "NodeResourcesFit": _fit,
    "VolumeRestrictions": _volumes,
    "NodeVolumeLimits": _volumes,
    "VolumeBinding": _volumes,
    "VolumeZone": _volumes,
    "PodTopologySpread": _spread,
    "InterPodAffinity": _pod_affinity,
    "DynamicResources": _devices,
    "NodeDeclaredFeatures": _features,
}


def remedies(plugin: str, pod: PodInfo, cluster: Cluster, row: int) -> list[str]:
    """What would have to change on this node for the plugin to let the pod in."""
    find = _REMEDIES.get(plugin)
    return list(find(pod, cluster, row)) if find is not None else []
