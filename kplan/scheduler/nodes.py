"""All nodes as columns: one contiguous array per fact, one row per node in list order.

What follows from the nodes alone is worked out when the table is built (a node that changes makes a new table); what
follows from their pods is kept up to date row by row, and ``log`` remembers which rows were touched.

Mirrors: pkg/scheduler/framework/types.go NodeInfo, pkg/scheduler/backend/cache/snapshot.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import orjson

from kplan.model.objects import Object, Ref, labels_of, name_of
from kplan.model.quantity import parse_or_zero
from kplan.model.selectors import Requirement
from kplan.scheduler import resources
from kplan.scheduler.framework import Ids, Ints, Mask, RowList
from kplan.scheduler.groups import PodGroups
from kplan.scheduler.order import heap_precedence
from kplan.scheduler.pods import HostPort, PodInfo, Usage

T = TypeVar("T")
Taint = tuple[str, str, str]
"""(key, value, effect)."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A pod on a node."""

    pod: Object
    info: PodInfo
    usage: Usage


@dataclass(slots=True)
class LabelColumn:
    """The values of one label, interned: ``ids[row]`` is an index into ``values``, -1 where the node has none."""

    ids: Ids
    values: list[str]
    index: dict[str, int]


@dataclass(frozen=True, slots=True)
class ImageColumn:
    """Which nodes hold an image, and its size as each of them reports it."""

    rows: RowList
    sizes: Ints


class NodeTable:
    """The nodes of a cluster and the pods on them."""

    def __init__(self, nodes: Sequence[Object]) -> None:
        self.nodes = nodes
        self.names = [name_of(n) for n in nodes]
        self.row_of = {name: i for i, name in enumerate(self.names)}
        self.size = len(nodes)
        self.log: list[int] = []
        self.pods: list[dict[Ref, Placed]] = [{} for _ in nodes]
        self.groups = PodGroups()
        self.allocatable: dict[str, Ints] = {}
        self.requested: dict[str, Ints] = {}
        self.pod_count = self._zeros()
        self.non_zero_cpu = self._zeros()
        self.non_zero_memory = self._zeros()
        self.ports: dict[tuple[str, int], dict[int, dict[str, int]]] = {}
        self.claims: dict[tuple[str, str], int] = {}
        """(namespace, claim) → how many placed pods mount it."""
        self._labels: dict[str, LabelColumn] = {}
        self._requirements: dict[Requirement, Mask] = {}
        self._predicates: dict[Any, Mask] = {}
        self._memo: dict[Any, Any] = {}
        self._read_allocatable()

    def _zeros(self) -> Ints:
        return np.zeros(self.size, dtype=np.int64)

    # -- what nodes offer ----------------------------------------------------------------------------------------

    def _read_allocatable(self) -> None:
        for name in (resources.CPU, resources.MEMORY, resources.EPHEMERAL, resources.PODS):
            self.allocatable[name], self.requested[name] = self._zeros(), self._zeros()
        for row, node in enumerate(self.nodes):
            for name, value in ((node.get("status") or {}).get("allocatable") or {}).items():
                if name not in self.allocatable:
                    if not resources.is_scalar(name):
                        continue
                    self.allocatable[name], self.requested[name] = self._zeros(), self._zeros()
                self.allocatable[name][row] = resources.round_up(name, parse_or_zero(value).nano)

    def columns(self, name: str) -> tuple[Ints, Ints]:
        """(allocatable, requested) of a resource; made of zeros where no node has it."""
        if name not in self.allocatable:
            self.allocatable[name], self.requested[name] = self._zeros(), self._zeros()
        return self.allocatable[name], self.requested[name]

    @cached_property
    def unschedulable(self) -> Mask:
        """Nodes that are cordoned."""
        return np.array([bool((n.get("spec") or {}).get("unschedulable")) for n in self.nodes], dtype=bool)

    @cached_property
    def _taints(self) -> tuple[Ids, list[tuple[Taint, ...]]]:
        known: dict[tuple[Taint, ...], int] = {}
        ids = np.zeros(self.size, dtype=np.int32)
        for row, node in enumerate(self.nodes):
            taints = tuple(
                (t.get("key") or "", t.get("value") or "", t.get("effect") or "")
                for t in (node.get("spec") or {}).get("taints") or ()
            )
            ids[row] = known.setdefault(taints, len(known))
        return ids, list(known)

    def by_taints(self, judge: Callable[[tuple[Taint, ...]], int]) -> Ints:
        """A number for every node by its taints; nodes tainted alike are judged once."""
        ids, sets = self._taints
        return np.array([judge(taints) for taints in sets] or [0], dtype=np.int64)[ids]

    @cached_property
    def images(self) -> dict[str, ImageColumn]:
        """The images nodes hold, by name."""
        sizes: dict[str, dict[int, int]] = {}
        for row, node in enumerate(self.nodes):
            for image in (node.get("status") or {}).get("images") or ():
                for name in image.get("names") or ():
                    sizes.setdefault(name, {})[row] = int(image.get("sizeBytes") or 0)
        return {
            name: ImageColumn(np.fromiter(by_row, dtype=np.intp), np.fromiter(by_row.values(), dtype=np.int64))
            for name, by_row in sizes.items()
        }

    @cached_property
    def heap_precedence(self) -> Ints:
        """See :func:`kplan.scheduler.order.heap_precedence`."""
        return heap_precedence(self.size)

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """What follows from the nodes alone and is asked for by many pods: made once."""
        found: T | None = self._memo.get(key)
        if found is None:
            found = self._memo[key] = make()
        return found

    # -- labels --------------------------------------------------------------------------------------------------

    def label(self, key: str) -> LabelColumn:
        """The column of one label, made when first asked for."""
        column = self._labels.get(key)
        if column is None:
            index: dict[str, int] = {}
            ids = np.full(self.size, -1, dtype=np.int32)
            for row, node in enumerate(self.nodes):
                value = labels_of(node).get(key)
                if value is not None:
                    ids[row] = index.setdefault(value, len(index))
            column = self._labels[key] = LabelColumn(ids, list(index), index)
        return column

    def requirement(self, requirement: Requirement) -> Mask:
        """The nodes whose labels meet a requirement."""
        mask = self._requirements.get(requirement)
        if mask is None:
            column = self.label(requirement.key)
            verdicts = np.zeros(len(column.values) + 1, dtype=bool)
            if requirement.operator == "In":
                verdicts[[column.index[v] for v in requirement.values if v in column.index]] = True
            else:
                verdicts[:-1] = [requirement.matches({requirement.key: v}) for v in column.values]
                verdicts[-1] = requirement.matches({})
            mask = self._requirements[requirement] = verdicts[column.ids]
        return mask

    def match_labels(self, labels: Mapping[str, str]) -> Mask:
        """The nodes that have all these labels."""
        mask = np.ones(self.size, dtype=bool)
        for key, value in labels.items():
            mask &= self.requirement(Requirement(key, "In", frozenset((value,))))
        return mask

    def match_term(self, term: Mapping[str, Any], *, fields_count: bool = True) -> Mask:
        """The nodes a NodeSelectorTerm selects; an empty term selects none.

        ``fields_count`` False passes over ``matchFields``, as volumes do, which see only a node's labels.
        """
        expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
        if not expressions and not fields:
            return np.zeros(self.size, dtype=bool)
        mask = np.ones(self.size, dtype=bool)
        for e in expressions:
            mask &= self.requirement(Requirement(e["key"], e.get("operator") or "", frozenset(e.get("values") or ())))
        for f in fields if fields_count else ():
            mask &= self._field(f)
        return mask

    def _field(self, field: Mapping[str, Any]) -> Mask:
        """``matchFields`` knows only ``metadata.name`` In or NotIn one name; anything else selects no node."""
        values, operator = field.get("values") or [], field.get("operator")
        if len(values) != 1 or operator not in ("In", "NotIn"):
            return np.zeros(self.size, dtype=bool)
        named = np.zeros(self.size, dtype=bool)
        if field.get("key") == "metadata.name" and values[0] in self.row_of:
            named[self.row_of[values[0]]] = True
        return named if operator == "In" else ~named

    def match_terms(self, terms: Sequence[Mapping[str, Any]], *, fields_count: bool = True) -> Mask:
        """The nodes any of the NodeSelectorTerms selects."""
        key = (fields_count, orjson.dumps(terms, option=orjson.OPT_SORT_KEYS))
        mask = self._predicates.get(key)
        if mask is None:
            mask = np.zeros(self.size, dtype=bool)
            for term in terms:
                mask |= self.match_term(term, fields_count=fields_count)
            self._predicates[key] = mask
        return mask

    def required_by(self, pod: PodInfo) -> Mask | None:
        """The nodes a pod's nodeSelector and required node affinity select; None where it has neither."""
        required = pod.node_affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
        if not pod.node_selector and required is None:
            return None
        mask = self.match_labels(pod.node_selector)
        if required is not None:
            mask = mask & self.match_terms(required.get("nodeSelectorTerms") or [])
        return mask

    # -- pods ----------------------------------------------------------------------------------------------------

    def add(self, ref: Ref, placed: Placed, row: int) -> None:
        """A pod takes its place on a node."""
        self.pods[row][ref] = placed
        self._count(placed, row, 1)

    def remove(self, ref: Ref, row: int) -> Placed:
        """A pod leaves its node."""
        placed = self.pods[row].pop(ref)
        self._count(placed, row, -1)
        return placed

    def _count(self, placed: Placed, row: int, sign: int) -> None:
        usage = placed.usage
        for name, amount in usage.units:
            self.columns(name)[1][row] += sign * amount
        self.non_zero_cpu[row] += sign * usage.non_zero_cpu
        self.non_zero_memory[row] += sign * usage.non_zero_memory
        self.pod_count[row] += sign
        for port in placed.info.host_ports:
            self._count_port(port, row, sign)
        for volume in placed.info.volumes:
            if claim := volume.get("persistentVolumeClaim"):
                key = (placed.info.namespace, claim.get("claimName") or "")
                self.claims[key] = self.claims.get(key, 0) + sign
        self.groups.count(placed.info, row, sign, deleting=bool(placed.pod["metadata"].get("deletionTimestamp")))
        self.log.append(row)

    def _count_port(self, port: HostPort, row: int, sign: int) -> None:
        rows = self.ports.setdefault((port.protocol, port.port), {})
        ips = rows.setdefault(row, {})
        ips[port.ip] = ips.get(port.ip, 0) + sign
        if ips[port.ip] <= 0:
            del ips[port.ip]
            if not ips:
                del rows[row]

    def all_pods(self) -> Iterable[tuple[int, Placed]]:
        """Every placed pod with its row."""
        return ((row, placed) for row, pods in enumerate(self.pods) for placed in pods.values())
