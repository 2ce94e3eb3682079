"""Taints on nodes: adding and removing them as controllers do.

Mirrors: pkg/util/taints/taints.go, pkg/controller/controller_utils.go AddOrUpdateTaintOnNode,
         pkg/controller/util/node/controller_utils.go SwapNodeControllerTaint (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kplan.engine.contract import Steps, Update
from kplan.model.instants import write_instant
from kplan.model.objects import Object, get_in

Taint = Mapping[str, Any]
TaintKey = tuple[str, str]
"""(key, effect): what makes two taints the same."""

NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
NO_SCHEDULE, NO_EXECUTE = "NoSchedule", "NoExecute"


def taints_of(node: Object) -> list[Taint]:
    """``spec.taints``, empty when absent."""
    return get_in(node, ("spec", "taints")) or []


def taint_key(taint: Taint) -> TaintKey:
    """What a taint is known by."""
    return taint["key"], taint.get("effect") or ""


def has_taint(node: Object, key: TaintKey) -> bool:
    """Whether the node has a taint of that key and effect."""
    return any(taint_key(t) == key for t in taints_of(node))


def without_taints(node: Object, keys: Iterable[TaintKey]) -> Object:
    """The node without some taints; the node itself where it has none of them."""
    gone = set(keys)
    left = [t for t in taints_of(node) if taint_key(t) not in gone]
    if len(left) == len(taints_of(node)):
        return node
    spec = {k: v for k, v in node["spec"].items() if k != "taints"}
    return {**node, "spec": spec | ({"taints": left} if left else {})}


def with_taints(node: Object, keys: Iterable[TaintKey], now: float) -> Object:
    """The node with taints added as of now; one it has already is replaced."""
    taints = list(taints_of(node))
    for key, effect in keys:
        made = {"key": key, "effect": effect, "timeAdded": write_instant(now)}
        at = next((i for i, t in enumerate(taints) if taint_key(t) == (key, effect)), len(taints))
        taints[at : at + 1] = [made]
    return {**node, "spec": {**(node.get("spec") or {}), "taints": taints}} if taints else node


def swap_taints(node: Object, add: Iterable[TaintKey], remove: Iterable[TaintKey], now: float, because: str) -> Steps:
    """Add some taints and then remove others, in two writes."""
    current = node
    if add := list(add):
        outcome = yield Update(with_taints(current, add, now), because=because)
        if outcome.error is not None or outcome.object is None:
            return
        current = outcome.object
    rest = without_taints(current, remove)
    if rest is not current:
        yield Update(rest, because=because)
