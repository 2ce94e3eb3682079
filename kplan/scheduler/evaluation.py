"""What all plugins say of all nodes about one pod, kept up to date while pods are placed.

An evaluation is made once for pods that are alike.  Before the next of them is looked at, only rows that placements
touched are judged again by plugins that look at the row, and domain sums are corrected by the difference.

Mirrors: pkg/scheduler/schedule_one.go findNodesThatFitPod, prioritizeNodes; pkg/scheduler/framework/runtime/framework.go (1.36)
Differs: all filter plugins judge every node, so that all that refuse are known; which one was first is worked out after.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kplan.model.selectors import Selector
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.framework import (
    ALL,
    SKIP,
    FilterState,
    Ids,
    Ints,
    Mask,
    Refusal,
    Refused,
    RelativeScoreState,
    RowList,
    Rows,
    SchedulingError,
    ScoreState,
    Skip,
)
from kplan.scheduler.order import first_out
from kplan.scheduler.pods import PodInfo
from kplan.scheduler.profile import Profile

PRE_FILTER_RESULT = "PreFilterResult"


@dataclass(frozen=True, slots=True)
class PodRefused:
    """A plugin refused the pod before any node was looked at."""

    plugin: str
    refused: Refused


@dataclass(frozen=True, slots=True)
class Choice:
    """The node that wins, and all rows that had the same score."""

    row: int
    tied: RowList
    feasible: int


class Evaluation:
    """One kind of pod against all nodes."""

    def __init__(self, profile: Profile, pod: PodInfo, cluster: Cluster) -> None:
        self.profile = profile
        self.pod = pod
        self.cluster = cluster
        self.nodes = cluster.nodes
        self.epoch = cluster.epoch
        self.default_selector: Selector = cluster.default_selector(pod)
        self.refused: PodRefused | None = None
        self.filters: list[tuple[str, FilterState]] = []
        self.asked: set[str] = set()
        """The plugins whose PreFilter came to look at the pod."""
        self.named_by: list[str] = []
        """The plugins that narrowed the search to the nodes they name."""
        self.within: Mask | None = None
        self._at = len(self.nodes.log)
        self._pre_filter()
        self._settled = np.ones(self.nodes.size, dtype=bool)
        self._settle(ALL)
        self._scores: _Scores | None = None

    # -- filters -------------------------------------------------------------------------------------------------

    def _pre_filter(self) -> None:
        names: frozenset[str] | None = None
        for plugin in self.profile.filters:
            self.asked.add(plugin.name)
            try:
                answer = plugin.pre_filter(self.pod, self.cluster)
            except SchedulingError as error:
                raise error.of(plugin.name) from error
            if isinstance(answer, Skip):
                continue
            if isinstance(answer, Refused):
                self.refused = PodRefused(plugin.name, answer)
                if not answer.resolvable:
                    return
                continue
            if plugin.name in self.profile.filtering:
                self.filters.append((plugin.name, answer))
            named: frozenset[str] | None = getattr(answer, "node_names", None)
            if named is not None:
                self.named_by.append(plugin.name)
                names = named if names is None else names & named
                if not names:
                    self.refused = PodRefused("", Refused((_no_names(self.named_by),)))
                    return
        if names is not None:
            self.within = np.zeros(self.nodes.size, dtype=bool)
            self.within[[self.nodes.row_of[n] for n in names if n in self.nodes.row_of]] = True

    def _settle(self, rows: Rows) -> None:
        """Sum up the verdicts that only a touched row can change."""
        ok = self._settled[rows]
        ok = np.ones(ok.shape, dtype=bool) if self.within is None else self.within[rows].copy()
        for _, state in self.filters:
            if state.locality in ("none", "row"):
                ok &= state.codes[rows] == 0
        self._settled[rows] = ok

    def refresh(self) -> None:
        """Take in what was placed since."""
        log = self.nodes.log
        if self._at == len(log):
            return
        rows = np.array(sorted({*log[self._at :]}), dtype=np.intp)
        self._at = len(log)
        touched = False
        for _, state in self.filters:
            if state.locality != "none":
                state.filter(rows)
                touched = touched or state.locality == "row"
        if touched:
            self._settle(rows)
        if self._scores is not None:
            self._scores.refresh(rows)

    def is_current(self) -> bool:
        """Whether nothing changed since but which pods are on which nodes."""
        cluster = self.cluster
        return cluster.nodes is self.nodes and cluster.epoch == self.epoch and cluster.default_selector(self.pod) is self.default_selector

    def feasible(self) -> Mask:
        """The nodes no plugin refuses."""
        ok = self._settled.copy()
        for _, state in self.filters:
            if state.locality in ("domain", "cluster"):
                ok &= state.codes == 0
        return ok

    def state(self, plugin: str) -> Any:
        """The filter state of a plugin, None where it had nothing to say."""
        return next((state for name, state in self.filters if name == plugin), None)

    def first_refusals(self) -> tuple[Ids, Ids]:
        """By row: the index of the first filter that refuses it (-1: none) and its code."""
        first = np.full(self.nodes.size, -1, dtype=np.int32)
        codes = np.zeros(self.nodes.size, dtype=np.int32)
        for i, (_, state) in enumerate(self.filters):
            here = (first == -1) & (state.codes != 0)
            first[here] = i
            codes[here] = state.codes[here]
        return first, codes

    def first_refusal(self, row: int) -> tuple[str, Refusal] | None:
        """The first plugin that refuses a node and its words; None where the node is feasible."""
        for name, state in self.filters:
            if state.codes[row]:
                return name, state.refusal(int(state.codes[row]))
        return None

    def refusals(self, row: int) -> list[tuple[str, Refusal]]:
        """All plugins that refuse a node."""
        return [(name, state.refusal(int(state.codes[row]))) for name, state in self.filters if state.codes[row]]

    # -- scores --------------------------------------------------------------------------------------------------

    @property
    def scores(self) -> _Scores:
        """The score states, made when first needed."""
        if self._scores is None:
            self._scores = _Scores(self.profile, self.pod, self.cluster)
        return self._scores

    def choose(self, feasible: Mask) -> Choice | None:
        """The node with the highest score; of equals the one the heap gives out first."""
        count = int(np.count_nonzero(feasible))
        if count == 0:
            return None
        if count == 1:
            row = int(np.argmax(feasible))
            return Choice(row, np.array([row], dtype=np.intp), 1)
        total = np.where(feasible, self.scores.total(feasible, count), -1)
        tied = np.flatnonzero(total == total.max())
        if len(tied) == 1:
            return Choice(int(tied[0]), tied, count)
        positions = tied if count == self.nodes.size else (np.cumsum(feasible) - 1)[tied]
        return Choice(int(tied[first_out(positions, self.nodes.heap_precedence)]), tied, count)

    def scores_by_plugin(self, feasible: Mask) -> dict[str, Ints]:
        """The weighted scores of every plugin; rows that are not feasible mean nothing."""
        return self.scores.by_plugin(feasible, int(np.count_nonzero(feasible)))


def _no_names(plugins: Iterable[str]) -> str:
    names = sorted(plugins)
    if len(names) == 1:
        return f"node(s) didn't satisfy plugin {names[0]}"
    return f"node(s) didn't satisfy plugin(s) [{' '.join(names)}] simultaneously"


class _Scores:
    """The score states of an evaluation and the part of their sum that only touched rows can change."""

    def __init__(self, profile: Profile, pod: PodInfo, cluster: Cluster) -> None:
        self._size = cluster.nodes.size
        self._plain: list[tuple[str, int, ScoreState]] = []
        self._relative: list[tuple[str, int, RelativeScoreState]] = []
        for plugin, weight in profile.scorers:
            state = plugin.pre_score(pod, cluster)
            if state is SKIP or isinstance(state, Skip):
                continue
            if isinstance(state, RelativeScoreState):
                self._relative.append((plugin.name, weight, state))
            else:
                self._plain.append((plugin.name, weight, state))
        self._base: Ints = np.zeros(self._size, dtype=np.int64)
        self._add_up(ALL)

    def _add_up(self, rows: Rows) -> None:
        total = np.zeros(self._base[rows].shape, dtype=np.int64)
        for _, weight, state in self._plain:
            total += weight * state.raw[rows]
        self._base[rows] = total

    def refresh(self, rows: RowList) -> None:
        """Score touched rows again."""
        for _, _, state in (*self._plain, *self._relative):
            if state.locality != "none":
                state.score(rows)
        self._add_up(rows)

    def total(self, feasible: Mask, count: int) -> Ints:
        """The sum of all weighted scores."""
        total = self._base
        same_for_all = 0
        for _, weight, state in self._relative:
            scores = state.normalize(feasible, count)
            if isinstance(scores, int):
                same_for_all += weight * scores
            else:
                total = total + weight * scores
        return total + same_for_all if same_for_all or total is self._base else total

    def by_plugin(self, feasible: Mask, count: int) -> dict[str, Ints]:
        """The weighted scores by plugin."""
        found = {name: weight * state.raw for name, weight, state in self._plain}
        for name, weight, state in self._relative:
            scores = state.normalize(feasible, count)
            found[name] = weight * (np.full(self._size, scores, dtype=np.int64) if isinstance(scores, int) else scores)
        return found
