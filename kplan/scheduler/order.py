"""The order in which nodes are looked at, and which of several equals wins.

Nodes are listed zone by zone in turn: the first of each zone, then the second of each zone, and so on; zones and nodes
in the order in which they were seen.

    zone a: n1 n3 n4, zone b: n2  →  n1 n2 n3 n4

Mirrors: pkg/scheduler/backend/cache/node_tree.go, pkg/scheduler/schedule_one.go sortedNodeScores (1.36)
Differs: feasible nodes stay in list order, as with a parallelism of 1; the real order of equals is a race.
"""

from __future__ import annotations

import numpy as np

from kplan.model.objects import Object, labels_of, name_of
from kplan.scheduler.framework import Ints, RowList

_BETA_ZONE, _BETA_REGION = "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region"
_ZONE, _REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"


def zone_key(node: Object) -> str:
    """Region and zone of a node as one key, "" where it has neither."""
    labels = labels_of(node)
    zone = labels.get(_BETA_ZONE, labels.get(_ZONE, ""))
    region = labels.get(_BETA_REGION, labels.get(_REGION, ""))
    return f"{region}:\0:{zone}" if region or zone else ""


class NodeTree:
    """Node names by zone, in the order in which they came."""

    def __init__(self) -> None:
        self._zones: dict[str, dict[str, None]] = {}

    def add(self, node: Object) -> None:
        """A node came."""
        self._zones.setdefault(zone_key(node), {})[name_of(node)] = None

    def remove(self, node: Object) -> None:
        """A node went; a zone without nodes goes with it."""
        key = zone_key(node)
        names = self._zones.get(key, {})
        names.pop(name_of(node), None)
        if not names:
            self._zones.pop(key, None)

    def update(self, old: Object, new: Object) -> bool:
        """A node changed; tells whether it changed its zone and with it its place."""
        if zone_key(old) == zone_key(new):
            return False
        self.remove(old)
        self.add(new)
        return True

    def names(self) -> list[str]:
        """All names, round robin over the zones."""
        lines = [list(names) for names in self._zones.values()]
        longest = max(map(len, lines), default=0)
        return [line[i] for i in range(longest) for line in lines if i < len(line)]


def heap_precedence(size: int) -> Ints:
    """The precedence of list positions when a binary heap of equals is built; the smallest wins.

    Go's container/heap lifts an equal child only over a smaller parent, and prefers the left of equal children: of
    several maxima the first in depth-first order of the heap's tree comes out on top.  The key of position i is its
    path from the root, padded to one width, then its depth.
    """
    if size == 0:
        return np.zeros(0, dtype=np.int64)
    place = np.arange(1, size + 1, dtype=np.int64)
    depth = np.floor(np.log2(place)).astype(np.int64)
    width = int(depth[-1])
    return ((place << (width - depth)) << 6) + depth


def first_out(positions: RowList, precedence: Ints) -> int:
    """Which of these list positions, all with the best score, the heap gives out first (an index into ``positions``)."""
    return int(np.argmin(precedence[positions]))
