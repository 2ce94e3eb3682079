"""Placed pods, grouped by what other pods can see of them, and tallies of such groups by topology domain.

Selectors and affinity terms read a pod's namespace and labels, and its own terms about other pods.  Pods that agree in
these are one group, so that a term is matched against 300 groups instead of 30 000 pods.

Mirrors: pkg/scheduler/framework/plugins/{interpodaffinity,podtopologyspread} (topology pair counts) (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from kplan.model.selectors import Selector
from kplan.scheduler.framework import Ids, Ints, Mask

if TYPE_CHECKING:
    from kplan.scheduler.pods import PodInfo

Counts = dict[int, int]
"""Row → how many pods; rows without any are absent."""


class PodGroup:
    """Pods that look the same to selectors and terms. ``live`` counts those that are not being deleted."""

    __slots__ = ("all", "info", "labels", "live", "namespace")

    def __init__(self, info: PodInfo) -> None:
        self.info = info
        self.namespace = info.namespace
        self.labels = info.labels
        self.all: Counts = {}
        self.live: Counts = {}


class PodGroups:
    """All groups of a cluster; groups are only ever added, and may become empty."""

    def __init__(self) -> None:
        self.every: list[PodGroup] = []
        self.with_affinity: list[PodGroup] = []
        """Those with any term about other pods."""
        self._by_key: dict[object, PodGroup] = {}
        self._by_info: dict[PodInfo, PodGroup] = {}
        self._by_namespace: dict[str, list[PodGroup]] = {}
        self._by_pair: dict[tuple[str, str, str], list[PodGroup]] = {}

    def count(self, info: PodInfo, row: int, sign: int, *, deleting: bool) -> None:
        """A pod of this info comes to a row or leaves it."""
        group = self._by_info.get(info)
        if group is None:
            group = self._by_info[info] = self._group(info)
        _bump(group.all, row, sign)
        if not deleting:
            _bump(group.live, row, sign)

    def _group(self, info: PodInfo) -> PodGroup:
        key = info.group_key
        group = self._by_key.get(key)
        if group is None:
            group = self._by_key[key] = PodGroup(info)
            self.every.append(group)
            if info.has_pod_affinity:
                self.with_affinity.append(group)
            self._by_namespace.setdefault(info.namespace, []).append(group)
            for pair in info.labels.items():
                self._by_pair.setdefault((info.namespace, *pair), []).append(group)
        return group

    def matching(self, namespace: str, selector: Selector) -> Iterator[PodGroup]:
        """The groups of a namespace whose labels a selector matches."""
        exact = selector.exact
        if exact:
            found = min((self._by_pair.get((namespace, k, v), []) for k, v in exact.items()), key=len)
        else:
            found = self._by_namespace.get(namespace, [])
        return (g for g in found if selector.matches(g.labels))


def _bump(counts: Counts, row: int, by: int) -> None:
    number = counts.get(row, 0) + by
    if number:
        counts[row] = number
    else:
        del counts[row]


class Tally:
    """A weighted number of pods by node, summed up by topology domain.

    ``ids`` gives every row its domain, -1 for none; rows outside ``eligible`` do not count towards their domain.
    """

    def __init__(self, ids: Ids, domains: int, eligible: Mask | None = None) -> None:
        self.ids = ids
        self.by_row: Ints = np.zeros(len(ids), dtype=np.int64)
        self.sums: Ints = np.zeros(domains + 1, dtype=np.int64)
        """By domain; the last stands for rows without one and stays 0."""
        self._eligible = eligible
        self._parts: list[tuple[Counts, int]] = []

    @property
    def empty(self) -> bool:
        """Whether nothing has been added."""
        return not self._parts

    def add(self, counts: Counts, weight: int = 1) -> None:
        """Count these pods as well, from now on."""
        self._parts.append((counts, weight))
        for row, number in counts.items():
            self._change(row, number * weight)

    def _change(self, row: int, by: int) -> None:
        self.by_row[row] += by
        if self.ids[row] >= 0 and (self._eligible is None or self._eligible[row]):
            self.sums[self.ids[row]] += by

    def refresh(self, rows: Iterable[int]) -> None:
        """Count again on these rows."""
        for row in rows:
            number = 0
            for counts, weight in self._parts:
                number += counts.get(row, 0) * weight
            change = number - int(self.by_row[row])
            if change:
                self._change(row, change)

    def by_domain(self) -> Ints:
        """Every row's domain sum; 0 for rows without a domain."""
        return self.sums[self.ids]
