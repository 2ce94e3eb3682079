"""Whether one pod may be on one node: the plain questions, asked of a single node.

Mirrors: staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kplan.model.objects import EMPTY, Object, labels_of, name_of
from kplan.model.quantity import parse_or_zero
from kplan.model.selectors import Requirement
from kplan.scheduler import resources
from kplan.scheduler.nodes import Taint
from kplan.scheduler.pods import PodInfo


def matches_required(pod: PodInfo, node: Object) -> bool:
    """Whether a node meets a pod's nodeSelector and required node affinity."""
    labels = labels_of(node)
    if any(labels.get(k) != v for k, v in pod.node_selector.items()):
        return False
    required = pod.node_affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return required is None or matches_terms(required.get("nodeSelectorTerms") or [], node)


def matches_terms(terms: Sequence[Mapping[str, Any]], node: Object) -> bool:
    """Whether any NodeSelectorTerm selects the node; an empty term selects none."""
    return any(_matches_term(term, node) for term in terms)


def _matches_term(term: Mapping[str, Any], node: Object) -> bool:
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    labels = labels_of(node)
    for e in expressions:
        if not Requirement(e["key"], e.get("operator") or "", frozenset(e.get("values") or ())).matches(labels):
            return False
    for f in fields:
        values = f.get("values") or []
        if len(values) != 1 or f.get("operator") not in ("In", "NotIn"):
            return False
        if (name_of(node) == values[0] and f.get("key") == "metadata.name") != (f["operator"] == "In"):
            return False
    return True


def taints_of(node: Object) -> list[Taint]:
    """The taints of a node."""
    taints = (node.get("spec") or EMPTY).get("taints") or ()
    return [(t.get("key") or "", t.get("value") or "", t.get("effect") or "") for t in taints]


def allocatable_of(node: Object) -> dict[str, int]:
    """What a node offers, as the scheduler counts it."""
    offered = (node.get("status") or EMPTY).get("allocatable") or EMPTY
    return {n: resources.round_up(n, parse_or_zero(v).nano) for n, v in offered.items()}


def fits_empty(pod: PodInfo, node: Object, *, exempt: frozenset[str] = frozenset()) -> bool:
    """Whether the pod would fit on the node if it were alone there; ``exempt`` resources are somebody else's business."""
    offered = allocatable_of(node)
    if offered.get(resources.PODS, 0) < 1:
        return False
    return all(amount <= offered.get(name, 0) or (name in exempt and not offered.get(name)) for name, amount in pod.requests.items() if amount)
