"""Preemption: which pods of lower priority must go, and from which node, so that a pod that fits nowhere will.

On every node where evicting might help: take all pods of lower priority away; if the pod fits then, put back as many as
possible, those whose disruption budget would be violated first, then the more important.  Of the nodes the one wins with

    fewest budget violations, lowest highest priority, lowest Σ (priority + 2³¹), fewest victims, latest start

Mirrors: pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go, pkg/scheduler/framework/preemption/preemption.go (1.36)
Differs: nodes are tried in list order from the first (the real offset is random); equals are decided by list order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kplan.model.instants import read_instant
from kplan.model.objects import EMPTY, Object, Ref, is_deleting, labels_of, namespace_of
from kplan.model.selectors import from_label_selector
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.diagnosis import histogram
from kplan.scheduler.evaluation import Evaluation
from kplan.scheduler.framework import Mask, Refusal
from kplan.scheduler.nodes import Placed
from kplan.scheduler.nominated import Nominees
from kplan.scheduler.pods import priority_of

Victim = tuple[Ref, Placed]

NOT_HELPFUL = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that would do, once its victims are gone."""

    row: int
    victims: tuple[Victim, ...]
    violations: int


@dataclass(frozen=True, slots=True)
class Preempted:
    """What came of it: a node with victims, or a message that says why not.

    ``node`` None leaves the nomination of the pod as it is, "" takes it away.
    """

    node: str | None
    victims: tuple[Victim, ...] = ()
    message: str = ""


class Preemption:
    """One pod's attempt to make room."""

    def __init__(self, cluster: Cluster, evaluation: Evaluation, nominees: Nominees, pod: Object, now: float, args: Mapping[str, Any]) -> None:
        self._cluster = cluster
        self._nodes = cluster.nodes
        self._evaluation = evaluation
        self._nominees = nominees
        self._pod = pod
        self._now = now
        self._args = args

    def preempt(self, resolvable: Mask) -> Preempted:
        """Find the node and the victims. ``resolvable``: nodes on which evicting pods might help."""
        why_not = self._not_eligible(resolvable)
        if why_not:
            return Preempted(None, message=why_not)
        candidates, refused = self._candidates(resolvable)
        if not candidates:
            return Preempted("", message=self._not_found(refused))
        best = self.pick(candidates)
        return Preempted(self._nodes.names[best.row], best.victims)

    def _not_eligible(self, resolvable: Mask) -> str:
        if self._pod["spec"].get("preemptionPolicy") == "Never":
            return "not eligible due to preemptionPolicy=Never."
        nominated = (self._pod.get("status") or EMPTY).get("nominatedNodeName") or ""
        row = self._nodes.row_of.get(nominated)
        if row is None or not resolvable[row]:
            return ""
        for placed in self._nodes.pods[row].values():
            if priority_of(placed.pod) < priority_of(self._pod) and _terminates_for_preemption(placed.pod):
                return "not eligible due to a terminating pod on the nominated node."
        return ""

    def _not_found(self, refused: dict[int, Refusal]) -> str:
        reasons: dict[str, int] = {}
        for refusal in refused.values():
            for reason in refusal.reasons:
                reasons[reason] = reasons.get(reason, 0) + 1
        if others := self._nodes.size - len(refused):
            reasons[NOT_HELPFUL] = reasons.get(NOT_HELPFUL, 0) + others
        return f"0/{self._nodes.size} nodes are available: {histogram(reasons)}."

    # -- candidates ----------------------------------------------------------------------------------------------

    def _candidates(self, resolvable: Mask) -> tuple[list[Candidate], dict[int, Refusal]]:
        rows = np.flatnonzero(resolvable).tolist()
        most = self._most_candidates(len(rows))
        budgets = self._cluster.view.objects("PodDisruptionBudget.policy") if rows else []
        clean: list[Candidate] = []
        violating: list[Candidate] = []
        refused: dict[int, Refusal] = {}
        for row in rows:
            found = self._select_victims(row, budgets)
            if isinstance(found, Refusal):
                refused[row] = found
                continue
            (violating if found.violations else clean).append(found)
            if clean and len(clean) + len(violating) >= most:
                break
        return clean + violating, refused

    def _most_candidates(self, nodes: int) -> int:
        percentage, absolute = (self._args.get(k) for k in ("minCandidateNodesPercentage", "minCandidateNodesAbsolute"))
        share = nodes * (10 if percentage is None else int(percentage)) // 100
        return min(nodes, max(share, 100 if absolute is None else int(absolute)))

    def _select_victims(self, row: int, budgets: Sequence[Object]) -> Candidate | Refusal:
        own = priority_of(self._pod)
        potential = [(ref, placed) for ref, placed in self._nodes.pods[row].items() if priority_of(placed.pod) < own]
        if not potential:
            return Refusal((NO_VICTIMS,), resolvable=False)
        away: dict[Ref, Placed] = {}
        for ref, _ in potential:
            away[ref] = self._nodes.remove(ref, row)
        try:
            refusal = self._refusal(row)
            if refusal is not None:
                return refusal
            potential.sort(key=self._importance)
            violating, others = split_by_budget(potential, budgets)
            victims: list[Victim] = []
            for ref, placed in (*violating, *others):
                self._nodes.add(ref, away.pop(ref), row)
                if self._refusal(row) is not None:
                    away[ref] = self._nodes.remove(ref, row)
                    victims.append((ref, placed))
            violations = sum(victim in violating for victim in victims)
        finally:
            for ref, placed in away.items():
                self._nodes.add(ref, placed, row)
        return Candidate(row, tuple(sorted(victims, key=self._importance)), violations)

    def _refusal(self, row: int) -> Refusal | None:
        return self._nominees.refusal(self._evaluation, self._pod, row)

    def _importance(self, victim: Victim) -> tuple[int, float]:
        """The more important first: higher priority, then running for longer."""
        return -priority_of(victim[1].pod), self._start(victim[1].pod)

    def _start(self, pod: Object) -> float:
        started = read_instant((pod.get("status") or EMPTY).get("startTime"))
        return self._now if started is None else started

    # -- choice --------------------------------------------------------------------------------------------------

    def pick(self, candidates: Sequence[Candidate]) -> Candidate:
        """The candidate that does the least harm."""
        return min(candidates, key=self._harm)

    def _harm(self, candidate: Candidate) -> tuple[int, int, int, int, float, int]:
        priorities = [priority_of(placed.pod) for _, placed in candidate.victims]
        highest = max(priorities)
        earliest = min(self._start(p.pod) for _, p in candidate.victims if priority_of(p.pod) == highest)
        return (
            candidate.violations,
            priorities[0],
            sum(p + 2**31 for p in priorities),
            len(priorities),
            -earliest,
            candidate.row,
        )


def _terminates_for_preemption(pod: Object) -> bool:
    if not is_deleting(pod):
        return False
    for condition in (pod.get("status") or EMPTY).get("conditions") or ():
        if condition.get("type") == "DisruptionTarget":
            return bool(condition.get("status") == "True" and condition.get("reason") == "PreemptionByScheduler")
    return False


def split_by_budget(victims: Iterable[Victim], budgets: Sequence[Object]) -> tuple[list[Victim], list[Victim]]:
    """(those whose eviction would violate a disruption budget, the others), in the order given."""
    allowed = [(b.get("status") or EMPTY).get("disruptionsAllowed") or 0 for b in budgets]
    selectors = [from_label_selector((b.get("spec") or EMPTY).get("selector")) for b in budgets]
    violating: list[Victim] = []
    others: list[Victim] = []
    for victim in victims:
        ref, labels = victim[0], labels_of(victim[1].pod)
        violates = False
        for i, budget in enumerate(budgets):
            if not labels or namespace_of(budget) != ref.namespace or selectors[i].empty or not selectors[i].matches(labels):
                continue
            if ref.name in ((budget.get("status") or EMPTY).get("disruptedPods") or EMPTY):
                continue
            allowed[i] -= 1
            violates = violates or allowed[i] < 0
        (violating if violates else others).append(victim)
    return violating, others
