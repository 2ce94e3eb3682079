"""Clusters and a pod each, one JSON line after another: what every plugin says of every node.

    python -m kplan.scheduler.batch FILE

Mirrors: pkg/scheduler/schedule_one.go schedulePod (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import orjson

from kplan.catalog.catalog import Catalog
from kplan.catalog.gates import Gates
from kplan.model.objects import Object
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.configuration import default_profile
from kplan.scheduler.diagnosis import diagnose
from kplan.scheduler.evaluation import PRE_FILTER_RESULT, Evaluation
from kplan.scheduler.framework import SchedulingError
from kplan.scheduler.pods import PodInfo, sign
from kplan.scheduler.profile import Profile
from kplan.store.store import Store


def schedule_batch(lines: Iterable[bytes | str], gates: Gates | None = None) -> Iterator[str | None]:
    """A line ``{"objects", "pod"}`` in, a line with the verdict on every node out; None for a line that is no such case."""
    gates = gates if gates is not None else Catalog.at("1.36").gates
    profile = default_profile(gates)
    for line in lines:
        if line.strip():
            case = _case(line)
            yield orjson.dumps(verdict(*case, profile, gates)).decode() if case is not None else None


def _case(line: bytes | str) -> tuple[list[Object], Object] | None:
    try:
        case = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(case, dict) or not isinstance(case.get("objects"), list) or not isinstance(case.get("pod"), dict):
        return None
    return case["objects"], case["pod"]


def verdict(objects: Iterable[Object], pod: Object, profile: Profile, gates: Gates) -> dict[str, Any]:
    """What every plugin says of every node for one pod."""
    cluster = Cluster(Store(objects), gates)
    cluster.start()
    info = PodInfo(pod, sign(pod), pod["spec"].get("nodeName") or "")
    try:
        return describe(Evaluation(profile, info, cluster))
    except SchedulingError as error:
        return {"message": str(error), "nodes": []}


def describe(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation as JSON values."""
    if evaluation.refused is not None and evaluation.refused.plugin:
        refused = evaluation.refused
        return {
            "preFilter": {"plugin": refused.plugin, "reasons": list(refused.refused.reasons)},
            "message": diagnose(evaluation).message(),
            "nodes": [],
        }
    feasible = evaluation.feasible() if evaluation.refused is None else np.zeros(evaluation.nodes.size, dtype=bool)
    scores = evaluation.scores_by_plugin(feasible) if feasible.any() else {}
    nodes = []
    for row in sorted(range(evaluation.nodes.size), key=lambda r: evaluation.nodes.names[r]):
        nodes.append(_node(evaluation, row, bool(feasible[row]), {n: int(s[row]) for n, s in scores.items()}))
    answer: dict[str, Any] = {"nodes": nodes}
    if not feasible.any():
        answer["message"] = diagnose(evaluation, absent=False).message()
    return answer


def _node(evaluation: Evaluation, row: int, feasible: bool, scores: dict[str, int]) -> dict[str, Any]:
    name = evaluation.nodes.names[row]
    if feasible:
        return {"node": name, "scores": scores, "total": sum(scores.values())}
    if evaluation.within is not None and not evaluation.within[row]:
        return {"node": name, "plugin": PRE_FILTER_RESULT, "reasons": []}
    refusal = evaluation.first_refusal(row)
    if refusal is None:
        return {"node": name, "plugin": PRE_FILTER_RESULT, "reasons": []}
    return {"node": name, "plugin": refusal[0], "reasons": list(refusal[1].reasons)}
