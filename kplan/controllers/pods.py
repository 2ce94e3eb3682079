"""What controllers ask of pods: are they active, ready, available, and which are to go first; and pods from templates.

Mirrors: pkg/controller/controller_utils.go, pkg/api/v1/pod/util.go (1.36)
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cmp_to_key
from typing import Any

from kplan.model.instants import read_instant
from kplan.model.objects import (
    EMPTY,
    Object,
    annotations_of,
    get_in,
    is_deleting,
    name_of,
    namespace_of,
    owner_ref,
    uid_of,
)

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_COST = re.compile(r"-?[0-9]+", re.ASCII)
_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


# -- states ------------------------------------------------------------------------------------------------------------


def phase_of(pod: Object) -> str:
    """``status.phase``; "" while there is none."""
    return (pod.get("status") or EMPTY).get("phase") or ""


def node_of(pod: Object) -> str:
    """The node a pod is bound to, or ""."""
    return pod["spec"].get("nodeName") or ""


def condition(pod: Object, kind: str) -> Mapping[str, Any] | None:
    """A condition of a pod, or None."""
    for c in (pod.get("status") or EMPTY).get("conditions") or ():
        if c["type"] == kind:
            found: Mapping[str, Any] = c
            return found
    return None


def is_terminal(pod: Object) -> bool:
    """Whether all containers have stopped for good."""
    return phase_of(pod) in ("Failed", "Succeeded")


def is_active(pod: Object) -> bool:
    """Neither finished nor being deleted."""
    return not is_terminal(pod) and not is_deleting(pod)


def is_terminating(pod: Object) -> bool:
    """Being deleted and not finished yet."""
    return not is_terminal(pod) and is_deleting(pod)


def is_ready(pod: Object) -> bool:
    """Whether the condition Ready is True."""
    c = condition(pod, "Ready")
    return c is not None and c["status"] == "True"


def ready_since(pod: Object) -> float | None:
    """Since when a ready pod is ready; None where it is not, or does not say."""
    c = condition(pod, "Ready")
    return read_instant(c.get("lastTransitionTime")) if c is not None and c["status"] == "True" else None


def is_available(pod: Object, min_ready_seconds: int, now: float) -> bool:
    """Ready for at least ``min_ready_seconds``."""
    if not is_ready(pod):
        return False
    if not min_ready_seconds:
        return True
    since = ready_since(pod)
    return since is not None and since + min_ready_seconds <= now


def next_availability(pods: Iterable[Object], min_ready_seconds: int, now: float) -> float | None:
    """The next instant at which one of the pods becomes available by the mere passing of time."""
    if min_ready_seconds <= 0:
        return None
    instants = [since + min_ready_seconds for p in pods if (since := ready_since(p)) is not None and since + min_ready_seconds > now]
    return min(instants, default=None)


# -- from a template ---------------------------------------------------------------------------------------------------


def pod_from_template(template: Object, owner: Object, *, spec: Object | None = None, **meta: Any) -> dict[str, Any]:
    """A pod of an owner; it shares its labels, annotations and spec with the template.

    ``meta`` overrides metadata (``name``, ``labels`` …), ``spec`` the spec.
    """
    source = template.get("metadata") or EMPTY
    made: dict[str, Any] = {"namespace": namespace_of(owner), "ownerReferences": [owner_ref(owner)]}
    for key in ("labels", "annotations", "finalizers"):
        if source.get(key):
            made[key] = source[key]
    if "name" not in meta:
        made["generateName"] = f"{name_of(owner)}-"
    made.update(meta)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": made, "spec": template["spec"] if spec is None else spec}


# -- who goes first ----------------------------------------------------------------------------------------------------

_Ranked = tuple[Object, int]


def rank_for_deletion(pods: Iterable[Object], related: Iterable[Object], now: float) -> list[Object]:
    """The pods, those that are best deleted first.

    ``related`` are the pods of all ReplicaSets of the same owner: of two equal pods the one goes that shares its node
    with more of them.
    """
    on_node: dict[str, int] = {}
    for p in related:
        if is_active(p):
            on_node[node_of(p)] = on_node.get(node_of(p), 0) + 1
    ranked = [(p, on_node.get(node_of(p), 0)) for p in pods]

    def compare(a: _Ranked, b: _Ranked) -> int:
        return _compare(a, b, now)

    return [p for p, _ in sorted(ranked, key=cmp_to_key(compare))]


def sort_active(pods: Iterable[Object]) -> list[Object]:
    """The pods, those that a Job deletes best first: as ``rank_for_deletion`` without costs, ranks and logarithms."""
    return sorted(pods, key=cmp_to_key(_compare_plainly))


def _compare(a: _Ranked, b: _Ranked, now: float) -> int:
    (p, rank_p), (q, rank_q) = a, b
    if by_state := _compare_states(p, q):
        return by_state
    if (cost_p := deletion_cost(p)) != (cost_q := deletion_cost(q)):
        return -1 if cost_p < cost_q else 1
    if rank_p != rank_q:
        return -1 if rank_p > rank_q else 1
    if is_ready(p) and (by_age := _compare_ages(ready_since(p), ready_since(q), p, q, now)):
        return by_age
    if by_restarts := _compare_restarts(p, q):
        return by_restarts
    return _compare_ages(created(p), created(q), p, q, now)


def _compare_plainly(p: Object, q: Object) -> int:
    if by_state := _compare_states(p, q):
        return by_state
    if is_ready(p) and (by_age := _newer_first(ready_since(p), ready_since(q))):
        return by_age
    return _compare_restarts(p, q) or _newer_first(created(p), created(q))


def _compare_states(p: Object, q: Object) -> int:
    """Unassigned before assigned, Pending before Unknown before Running, not ready before ready."""
    for a, b in (
        (bool(node_of(p)), bool(node_of(q))),
        (_PHASES.get(phase_of(p), 0), _PHASES.get(phase_of(q), 0)),
        (is_ready(p), is_ready(q)),
    ):
        if a != b:
            return -1 if a < b else 1
    return 0


def _newer_first(a: float | None, b: float | None) -> int:
    if a == b:
        return 0
    if a is None or b is None:
        return -1 if a is None else 1
    return -1 if a > b else 1


def _compare_ages(a: float | None, b: float | None, p: Object, q: Object, now: float) -> int:
    """Younger first, where ages differ by a power of two; within one power by UID, which is as good as random."""
    if a == b or a is None or b is None:
        return _newer_first(a, b)
    rank_a, rank_b = _logarithm(now - a), _logarithm(now - b)
    if rank_a == rank_b:
        return -1 if uid_of(p) < uid_of(q) else 1
    return -1 if rank_a < rank_b else 1


def _logarithm(age: float) -> int:
    return int(math.log2(age * 1e9)) if age > 0 else -1


def _compare_restarts(p: Object, q: Object) -> int:
    a, b = _restarts(p), _restarts(q)
    return 0 if a == b else -1 if a > b else 1


def _restarts(pod: Object) -> tuple[int, int]:
    status = pod.get("status") or EMPTY
    sidecars = {c["name"] for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always"}
    regular = max((c.get("restartCount") or 0 for c in status.get("containerStatuses") or ()), default=0)
    sidecar = max((c.get("restartCount") or 0 for c in status.get("initContainerStatuses") or () if c["name"] in sidecars), default=0)
    return regular, sidecar


def created(obj: Object) -> float | None:
    """The instant of ``metadata.creationTimestamp``."""
    return read_instant(obj["metadata"].get("creationTimestamp"))


def by_creation(obj: Object) -> tuple[float, str]:
    """A sort key: oldest first, then by name."""
    return created(obj) or 0.0, name_of(obj)


def deletion_cost(pod: Object) -> int:
    """The annotation pod-deletion-cost; 0 where it is absent or no number as Kubernetes wants it."""
    text = annotations_of(pod).get(DELETION_COST)
    if text is None or not _COST.fullmatch(text) or (text[0] == "0" and text != "0"):
        return 0
    return int(text) if -(2**31) <= int(text) < 2**31 else 0


# -- counting ----------------------------------------------------------------------------------------------------------


def count_ready(pods: Sequence[Object]) -> int:
    """How many are ready."""
    return sum(map(is_ready, pods))


def container_statuses(pod: Object) -> list[Mapping[str, Any]]:
    """The statuses of init containers and containers."""
    return [*(get_in(pod, ("status", "initContainerStatuses")) or ()), *(get_in(pod, ("status", "containerStatuses")) or ())]
