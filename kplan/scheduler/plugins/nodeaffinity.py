"""NodeAffinity: nodeSelector and required node affinity as a filter, preferred terms as a score.

Required terms that all name nodes (``matchFields`` on ``metadata.name``) narrow the search to these from the start.

Mirrors: pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go,
         staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import SKIP, Ids, Ints, Locality, Mask, Refusal, Refused, Rows, ScoreState, Skip
from kplan.scheduler.nodes import NodeTable
from kplan.scheduler.pods import PodInfo
from kplan.scheduler.scores import StaticScore

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


class NodeAffinityState:
    """Two ways to be refused: by the profile's affinity, by the pod's own."""

    locality: Locality = "none"

    def __init__(self, codes: Ids, node_names: frozenset[str] | None) -> None:
        self.codes = codes
        self.node_names = node_names

    def filter(self, rows: Rows) -> None:
        """Nothing that happens to pods changes the verdict."""

    def refusal(self, code: int) -> Refusal:
        """1: the pod's own affinity, 2: the profile's."""
        return NodeAffinity.REFUSAL if code == 1 else NodeAffinity.ENFORCED


class NodeAffinity:
    """Matches nodes by label and name. ``added`` is the profile's ``addedAffinity``."""

    name = "NodeAffinity"
    REFUSAL = Refusal(("node(s) didn't match Pod's node affinity/selector",), resolvable=False)
    ENFORCED = Refusal(("node(s) didn't match scheduler-enforced node affinity",), resolvable=False)
    CONFLICT = Refused(("pod affinity terms conflict",))

    def __init__(self, added: Mapping[str, Any] | None = None) -> None:
        self._added_required = (added or {}).get(_REQUIRED)
        self._added_preferred = (added or {}).get(_PREFERRED) or []

    def pre_filter(self, pod: PodInfo, cluster: Cluster) -> Skip | Refused | NodeAffinityState:
        """Judge all nodes."""
        nodes = cluster.nodes
        own = nodes.required_by(pod)
        if own is None and self._added_required is None:
            return SKIP
        names = named_nodes((pod.node_affinity.get(_REQUIRED) or {}).get("nodeSelectorTerms") or [])
        if names is not None and not names:
            return self.CONFLICT
        codes = np.zeros(nodes.size, dtype=np.int32)
        if own is not None:
            codes[~own] = 1
        if self._added_required is not None:
            codes[~nodes.match_terms(self._added_required.get("nodeSelectorTerms") or [])] = 2
        return NodeAffinityState(codes, names)

    def pre_score(self, pod: PodInfo, cluster: Cluster) -> Skip | ScoreState:
        """Add up the weights of the preferred terms a node meets."""
        preferred = pod.node_affinity.get(_PREFERRED)
        if preferred is None and not self._added_preferred:
            return SKIP
        return StaticScore(weigh([*self._added_preferred, *(preferred or [])], cluster.nodes), reverse=False)


def weigh(terms: Sequence[Mapping[str, Any]], nodes: NodeTable) -> Ints:
    """The sum of the weights of the PreferredSchedulingTerms each node meets."""
    raw = np.zeros(nodes.size, dtype=np.int64)
    for term in terms:
        weight, preference = term.get("weight") or 0, term.get("preference") or {}
        if weight:
            met: Mask = nodes.match_term(preference)
            raw += weight * met
    return raw


def named_nodes(terms: Sequence[Mapping[str, Any]]) -> frozenset[str] | None:
    """The nodes the terms name; None where a term leaves it open, empty where they contradict themselves."""
    found: frozenset[str] | None = None
    for term in terms:
        names: frozenset[str] | None = None
        for field in term.get("matchFields") or ():
            if field.get("key") == "metadata.name" and field.get("operator") == "In":
                values = frozenset(field.get("values") or ())
                names = values if names is None else names & values
        if names is None:
            return None
        found = names if found is None else found | names
    return found
