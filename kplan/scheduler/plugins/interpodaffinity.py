"""InterPodAffinity: pods that want to be near others, or away from them; it goes both ways.

    filter  own required terms, own required anti-affinity, and the required anti-affinity of pods already placed
    score   ± weight for every pod a preferred term selects in the same domain, the pods' own terms about this one
            included, and hardPodAffinityWeight for every required affinity term of theirs; scaled to 0…100

Several required affinity terms must be met by the same pod.  Where no pod meets them but the pod itself does, it may be
the first.

Mirrors: pkg/scheduler/framework/plugins/interpodaffinity/{plugin,filtering,scoring}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import ALL, SKIP, Ids, Ints, Locality, Mask, Refusal, Rows, Skip, truncate
from kplan.scheduler.groups import Counts, PodGroup, Tally
from kplan.scheduler.nodes import NodeTable
from kplan.scheduler.pods import PodInfo, Term


class Tallies:
    """A tally for each topology key that comes up."""

    def __init__(self, nodes: NodeTable) -> None:
        self._nodes = nodes
        self.by_key: dict[str, Tally] = {}

    def add(self, key: str, counts: Counts, weight: int = 1) -> None:
        """Count these pods by the domains of a key."""
        tally = self.by_key.get(key)
        if tally is None:
            column = self._nodes.label(key)
            tally = self.by_key[key] = Tally(column.ids, len(column.values))
        tally.add(counts, weight)

    def refresh(self, rows: Sequence[int]) -> None:
        """Count again on these rows."""
        for tally in self.by_key.values():
            tally.refresh(rows)

    def any_positive(self, size: int) -> Mask | None:
        """Nodes in any domain that counts pods; None where there are none at all."""
        found: Mask | None = None
        for tally in self.by_key.values():
            if tally.sums.any():
                here = tally.by_domain() > 0
                found = here if found is None else found | here
        return found


def with_namespaces(term: Term, cluster: Cluster) -> Term:
    """The term with the namespaces its selector selects added to those it names."""
    selector = term.namespace_selector
    if selector.empty or selector.nothing:
        return term
    selected = {name for name, labels in cluster.namespaces.items() if selector.matches(labels)}
    return replace(term, namespaces=term.namespaces | selected)


def groups_for(terms: Iterable[Term], nodes: NodeTable) -> Iterable[PodGroup]:
    """Groups that any of the terms may select."""
    found: dict[int, PodGroup] = {}
    for term in terms:
        if term.namespace_selector.matches({}):
            return nodes.groups.every
        for namespace in sorted(term.namespaces):
            for group in nodes.groups.matching(namespace, term.selector):
                found[id(group)] = group
    return found.values()


def selects(term: Term, group: PodGroup) -> bool:
    """Whether a term of the incoming pod selects a group.

    Namespaces were looked up before, so the namespace selector is asked about no labels; one made of NotIn or
    DoesNotExist alone then selects every namespace, as it does in 1.36.
    """
    return term.matches(group.namespace, group.labels, {})


class _Watcher:
    """Takes in every group that matters, also those that appear later."""

    def __init__(self, pod: PodInfo, cluster: Cluster, own: Sequence[Term]) -> None:
        self._nodes = cluster.nodes
        self._pod = pod
        self._namespace_labels = cluster.namespaces.get(pod.namespace, {})
        groups = self._nodes.groups
        first = {id(g): g for g in groups_for(own, self._nodes)} | {id(g): g for g in groups.with_affinity}
        for group in first.values():
            self._take(group)
        self._seen = len(groups.every)

    def _take_new(self) -> None:
        every = self._nodes.groups.every
        while self._seen < len(every):
            self._take(every[self._seen])
            self._seen += 1

    def _meant_by(self, term: Term) -> bool:
        """Whether a term of a placed pod selects the incoming pod."""
        return term.matches(self._pod.namespace, self._pod.labels, self._namespace_labels)

    def _take(self, group: PodGroup) -> None:
        raise NotImplementedError


class AffinityFilter(_Watcher):
    """1: own affinity, 2: own anti-affinity, 3: the anti-affinity of pods that are there."""

    locality: Locality = "domain"
    REFUSALS = (
        Refusal(()),
        Refusal(("node(s) didn't match pod affinity rules",), resolvable=False),
        Refusal(("node(s) didn't match pod anti-affinity rules",)),
        Refusal(("node(s) didn't satisfy existing pods anti-affinity rules",)),
    )

    def __init__(self, pod: PodInfo, cluster: Cluster) -> None:
        nodes = cluster.nodes
        self.codes: Ids = np.zeros(nodes.size, dtype=np.int32)
        self._near = [with_namespaces(t, cluster) for t in pod.required_affinity]
        self._away = [with_namespaces(t, cluster) for t in pod.required_anti_affinity]
        self._affinity, self._anti, self._existing = Tallies(nodes), Tallies(nodes), Tallies(nodes)
        self._first_of_its_kind = bool(self._near) and all(t.matches(pod.namespace, pod.labels, {}) for t in self._near)
        super().__init__(pod, cluster, [*self._near, *self._away])
        self.filter(ALL)

    def _take(self, group: PodGroup) -> None:
        if self._near and all(selects(t, group) for t in self._near):
            for key in dict.fromkeys(t.topology_key for t in self._near):
                self._affinity.add(key, group.all)
        for term in self._away:
            if selects(term, group):
                self._anti.add(term.topology_key, group.all)
        for term in group.info.required_anti_affinity:
            if self._meant_by(term):
                self._existing.add(term.topology_key, group.all)

    def filter(self, rows: Rows) -> None:
        """Look up every node's domains."""
        if not isinstance(rows, slice):
            touched = rows.tolist()
            for tallies in (self._affinity, self._anti, self._existing):
                tallies.refresh(touched)
        self._take_new()
        self.codes[:] = 0
        for code, tallies in ((3, self._existing), (2, self._anti)):
            refused = tallies.any_positive(self._nodes.size)
            if refused is not None:
                self.codes[refused] = code
        if self._near:
            self.codes[~self._near_enough()] = 1

    def _near_enough(self) -> Mask:
        labelled = np.ones(self._nodes.size, dtype=bool)
        met = np.ones(self._nodes.size, dtype=bool)
        anywhere = False
        for key in dict.fromkeys(t.topology_key for t in self._near):
            ids = self._nodes.label(key).ids
            labelled &= ids >= 0
            tally = self._affinity.by_key.get(key)
            if tally is None:
                met[:] = False
                continue
            anywhere = anywhere or bool(tally.sums.any())
            met &= tally.by_domain() > 0
        if not anywhere and self._first_of_its_kind:
            return labelled
        return labelled & met

    def refusal(self, code: int) -> Refusal:
        """The words of a code."""
        return self.REFUSALS[code]


class AffinityScore(_Watcher):
    """Adds up weights by domain."""

    locality: Locality = "domain"

    def __init__(self, pod: PodInfo, cluster: Cluster, hard_weight: int) -> None:
        self.raw: Ints = np.zeros(cluster.nodes.size, dtype=np.int64)
        self._hard_weight = hard_weight
        self._like = [with_namespaces(t, cluster) for t in pod.preferred_affinity]
        self._dislike = [with_namespaces(t, cluster) for t in pod.preferred_anti_affinity]
        self._tallies = Tallies(cluster.nodes)
        super().__init__(pod, cluster, [*self._like, *self._dislike])

    def _take(self, group: PodGroup) -> None:
        weights: dict[str, int] = {}

        def weigh(key: str, weight: int) -> None:
            weights[key] = weights.get(key, 0) + weight

        for term in self._like:
            if selects(term, group):
                weigh(term.topology_key, term.weight)
        for term in self._dislike:
            if selects(term, group):
                weigh(term.topology_key, -term.weight)
        theirs = group.info
        if theirs.has_pod_affinity:
            if self._hard_weight > 0:
                for term in theirs.required_affinity:
                    if self._meant_by(term):
                        weigh(term.topology_key, self._hard_weight)
            for term in theirs.preferred_affinity:
                if self._meant_by(term):
                    weigh(term.topology_key, term.weight)
            for term in theirs.preferred_anti_affinity:
                if self._meant_by(term):
                    weigh(term.topology_key, -term.weight)
        for key, weight in weights.items():
            if weight:
                self._tallies.add(key, group.all, weight)

    def score(self, rows: Rows) -> None:
        """Count again on the rows that were touched."""
        if not isinstance(rows, slice):
            self._tallies.refresh(rows.tolist())
        self._take_new()

    def normalize(self, feasible: Mask, count: int) -> Ints | int:
        """Scale from the least to the greatest feasible sum."""
        if not self._tallies.by_key:
            return 0
        raw: Ints | None = None
        for tally in self._tallies.by_key.values():
            raw = tally.by_domain() if raw is None else raw + tally.by_domain()
        assert raw is not None
        self.raw = raw
        greatest = int(raw.max(initial=-(2**62), where=feasible))
        least = int(raw.min(initial=2**62, where=feasible))
        if greatest <= least:
            return 0
        return truncate(100.0 * ((raw - least).astype(np.float64) / float(greatest - least)))


class InterPodAffinity:
    """Filters and scores by other pods."""

    name = "InterPodAffinity"

    def __init__(self, args: Mapping[str, Any] | None = None) -> None:
        args = args or {}
        weight = args.get("hardPodAffinityWeight")
        self._hard_weight = 1 if weight is None else int(weight)
        self._ignore_others = bool(args.get("ignorePreferredTermsOfExistingPods"))

    def pre_filter(self, pod: PodInfo, cluster: Cluster) -> AffinityFilter:
        """Judge all nodes."""
        return AffinityFilter(pod, cluster)

    def pre_score(self, pod: PodInfo, cluster: Cluster) -> Skip | AffinityScore:
        """Score all nodes."""
        if self._ignore_others and not pod.preferred_affinity and not pod.preferred_anti_affinity:
            return SKIP
        return AffinityScore(pod, cluster, self._hard_weight)
