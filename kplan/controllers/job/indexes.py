"""Completion indexes: sets of them as intervals, as annotations of pods, as environment of containers.

>>> write_indexes(merge(read_indexes("1,3-5", 10), [(2, 2), (8, 8)]))
'1-5,8'

Mirrors: pkg/controller/job/indexed_job_utils.go (1.36)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kplan.controllers.pods import sort_active
from kplan.model.objects import EMPTY, Object, annotations_of

INDEX = "batch.kubernetes.io/job-completion-index"
FAILURE_COUNT = "batch.kubernetes.io/job-index-failure-count"
IGNORED_FAILURE_COUNT = "batch.kubernetes.io/job-index-ignored-failure-count"
_ENVIRONMENT = "JOB_COMPLETION_INDEX"
_NUMBER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_LONGEST_PREFIX = 58

Intervals = list[tuple[int, int]]
"""Ordered, first and last included, never touching."""


def read_indexes(text: str, completions: int) -> Intervals:
    """The intervals of ``1,3-5``; what lies beyond the completions is left out."""
    found: Intervals = []
    for part in text.split(",") if text else ():
        first_text, dash, last_text = part.partition("-")
        if not _NUMBER.fullmatch(first_text) or (dash and not _NUMBER.fullmatch(last_text)):
            continue
        first = int(first_text)
        if first >= completions:
            break
        last = min(int(last_text), completions - 1) if dash else first
        if found and found[-1][1] == first - 1:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def write_indexes(intervals: Intervals) -> str:
    """The text of intervals; two neighbours are written apart."""
    parts = []
    for first, last in intervals:
        if first == last:
            parts.append(str(first))
        else:
            parts.append(f"{first},{last}" if last == first + 1 else f"{first}-{last}")
    return ",".join(parts)


def merge(a: Intervals, b: Intervals) -> Intervals:
    """The union of two sets."""
    out: Intervals = []
    for first, last in sorted([*a, *b]):
        if out and first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], last))
        else:
            out.append((first, last))
    return out


def singles(indexes: Iterable[int]) -> Intervals:
    """The set of single indexes."""
    return merge([], [(i, i) for i in indexes])


def total(intervals: Intervals) -> int:
    """How many indexes there are."""
    return sum(last - first + 1 for first, last in intervals)


def has(intervals: Intervals, index: int) -> bool:
    """Whether the index is in the set."""
    return any(first <= index <= last for first, last in intervals)


def overlap(a: Intervals, b: Intervals) -> int:
    """How many indexes are in both."""
    return sum(max(0, min(x[1], y[1]) - max(x[0], y[0]) + 1) for x in a for y in b)


def first_pending(count: int, completions: int, taken: Intervals) -> list[int]:
    """The lowest ``count`` indexes that are not taken."""
    found: list[int] = []
    candidate = 0
    for first, last in [*taken, (completions, completions)]:
        while candidate < min(first, completions) and len(found) < count:
            found.append(candidate)
            candidate += 1
        candidate = max(candidate, last + 1)
    return found


# -- pods --------------------------------------------------------------------------------------------------------------


def index_of(pod: Object) -> int | None:
    """The completion index in the pod's annotations; None where there is none, or none that makes sense."""
    text = annotations_of(pod).get(INDEX)
    if text is None or not _NUMBER.fullmatch(text) or int(text) < 0:
        return None
    return int(text)


def by_index(pod: Object) -> int:
    """A sort key: pods without an index first."""
    found = index_of(pod)
    return -1 if found is None else found


def indexes_of(pods: Iterable[Object]) -> set[int]:
    """The indexes of pods."""
    return {i for p in pods if (i := index_of(p)) is not None}


def failure_count(pod: Object) -> int:
    """How often the index had failed when the pod was made."""
    return _count(pod, FAILURE_COUNT)


def absolute_failure_count(pod: Object) -> int:
    """The same, failures that a policy ignores counted in."""
    return _count(pod, FAILURE_COUNT) + _count(pod, IGNORED_FAILURE_COUNT)


def ignored_failure_count(pod: Object) -> int:
    """How many failures of the index a policy had ignored when the pod was made."""
    return _count(pod, IGNORED_FAILURE_COUNT)


def _count(pod: Object, annotation: str) -> int:
    text = annotations_of(pod).get(annotation)
    if text is None or not _NUMBER.fullmatch(text) or not 0 <= int(text) < 2**31:
        return 0
    return int(text)


def duplicates(pods: Sequence[Object], completions: int) -> tuple[list[Object], list[Object]]:
    """(pods to remove, the others): of each index one pod stays; those without an index or beyond the last one go."""
    remove: list[Object] = []
    left: list[Object] = []
    groups: dict[int | None, list[Object]] = {}
    for pod in sorted(pods, key=by_index):
        groups.setdefault(index_of(pod), []).append(pod)
    for index, group in groups.items():
        if index is None or index >= completions:
            remove += group
        else:
            ranked = sort_active(group)
            remove += ranked[:-1]
            left.append(ranked[-1])
    return remove, left


# -- templates ---------------------------------------------------------------------------------------------------------


def with_index_environment(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The pod spec with JOB_COMPLETION_INDEX in every container that does not set it itself."""
    variable = {"name": _ENVIRONMENT, "valueFrom": {"fieldRef": {"fieldPath": f"metadata.labels['{INDEX}']"}}}
    out = dict(spec)
    for key in ("initContainers", "containers"):
        if spec.get(key):
            out[key] = [_with_variable(c, variable) for c in spec[key]]
    return out


def _with_variable(container: Mapping[str, Any], variable: Mapping[str, Any]) -> Mapping[str, Any]:
    env = container.get("env") or []
    if any(v["name"] == _ENVIRONMENT for v in env):
        return container
    return {**container, "env": [*env, variable]}


def generate_name(job: str, index: int) -> str:
    """``job-3-``; a long job name is cut so that the index stays."""
    tail = f"-{index}-"
    return job[: _LONGEST_PREFIX - len(tail)] + tail if len(job) + len(tail) > _LONGEST_PREFIX else job + tail


def with_index(template: Object, index: int, hostname: str, extra: Mapping[str, str]) -> dict[str, Any]:
    """The template for one index: annotated, labelled, and with the hostname of the index."""
    meta = template.get("metadata") or EMPTY
    annotations = {**(meta.get("annotations") or EMPTY), INDEX: str(index), **extra}
    labels = {**(meta.get("labels") or EMPTY), INDEX: str(index)}
    return {
        **template,
        "metadata": {**meta, "annotations": annotations, "labels": labels},
        "spec": {**template["spec"], "hostname": hostname},
    }
