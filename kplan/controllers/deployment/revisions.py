"""Revisions: which ReplicaSet is the new one, which are old, and the annotations that number them.

Mirrors: pkg/controller/deployment/util/deployment_util.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kplan.controllers.deployment.fenceposts import max_surge, replicas_of
from kplan.controllers.pods import by_creation
from kplan.model.integers import parse_int
from kplan.model.objects import EMPTY, Object, annotations_of

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas"
MAX_REPLICAS = "deployment.kubernetes.io/max-replicas"
ROLLBACK_TO = "deprecated.deployment.rollback.to"
HASH_LABEL = "pod-template-hash"
_SKIPPED = frozenset(
    (
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        REVISION_HISTORY,
        DESIRED_REPLICAS,
        MAX_REPLICAS,
        ROLLBACK_TO,
    )
)
"""Annotations that are not copied between a Deployment and its ReplicaSets."""
_HISTORY_LENGTH = 2000


def equal_ignore_hash(a: Object, b: Object) -> bool:
    """Whether two pod templates are the same but for the label pod-template-hash."""
    if a is b:
        return True
    return _is_alike(a.get("spec"), b.get("spec")) and _is_alike(_meta(a), _meta(b))


def _meta(template: Object) -> dict[str, Any]:
    meta = dict(template.get("metadata") or EMPTY)
    meta["labels"] = {k: v for k, v in (meta.get("labels") or EMPTY).items() if k != HASH_LABEL}
    return meta


def _is_alike(a: Any, b: Any) -> bool:
    """Equality that takes absent, null and empty for one."""
    if a is b or a == b:
        return True
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return all(_is_alike(a.get(k), b.get(k)) for k in a.keys() | b.keys())
    if isinstance(a, Sequence) and isinstance(b, Sequence) and not isinstance(a, str) and not isinstance(b, str):
        return len(a) == len(b) and all(map(_is_alike, a, b))
    return (a is None or a == [] or a == {}) and (b is None or b == [] or b == {})


def find_new_replica_set(d: Object, replica_sets: Iterable[Object]) -> Object | None:
    """The oldest ReplicaSet that has the Deployment's template."""
    alike = [rs for rs in replica_sets if equal_ignore_hash(rs["spec"]["template"], d["spec"]["template"])]
    return min(alike, key=by_creation, default=None)


def revision_of(obj: Object) -> int | None:
    """The number in the revision annotation: 0 without one, None where it is no number."""
    text = annotations_of(obj).get(REVISION)
    return 0 if text is None else parse_int(text)


def max_revision(replica_sets: Iterable[Object]) -> int:
    """The highest revision among ReplicaSets."""
    return max((0, *(revision_of(rs) or 0 for rs in replica_sets)))


def last_revision(replica_sets: Iterable[Object]) -> int:
    """The second highest revision among ReplicaSets: what an undo goes back to."""
    most = second = 0
    for rs in replica_sets:
        v = revision_of(rs)
        if v is None:
            continue
        if v >= most:
            most, second = v, most
        elif v > second:
            second = v
    return second


def new_replica_set_annotations(d: Object, old: Mapping[str, str], revision: int, *, exists: bool) -> dict[str, str]:
    """The annotations the new ReplicaSet is to have, of those it has."""
    notes = dict(old)
    notes.update({k: v for k, v in annotations_of(d).items() if k not in _SKIPPED})
    before = notes.get(REVISION)
    known = 0 if not before else parse_int(before)
    if known is None:
        return notes
    if known < revision:
        notes[REVISION] = str(revision)
        if before is not None:
            _append_history(notes, before)
    if not exists:
        notes |= replicas_annotations(d)
    return notes


def _append_history(notes: dict[str, str], revision: str) -> None:
    """Going back to an old ReplicaSet: its former revision is kept, as far as there is room."""
    history = notes.get(REVISION_HISTORY, "")
    if not history:
        notes[REVISION_HISTORY] = revision
        return
    past = history.split(",")
    length, start = len(history) + len(revision) + 1, 0
    while length > _HISTORY_LENGTH and start < len(past):
        length -= len(past[start]) + 1
        start += 1
    if length <= _HISTORY_LENGTH:
        notes[REVISION_HISTORY] = ",".join([*past[start:], revision])


def replicas_annotations(d: Object) -> dict[str, str]:
    """How many pods the Deployment wants, and how many it may have at most."""
    return {DESIRED_REPLICAS: str(replicas_of(d)), MAX_REPLICAS: str(replicas_of(d) + max_surge(d))}


def number_in(rs: Object, annotation: str) -> int | None:
    """A non-negative 32-bit number in an annotation."""
    text = annotations_of(rs).get(annotation)
    return None if text is None or not text.isdigit() else parse_int(text, 32)


def rolled_back_annotations(d: Object, rs: Object) -> dict[str, str]:
    """The Deployment's annotations after going back to a ReplicaSet: its own bookkeeping, the rest from there."""
    kept = {k: v for k, v in annotations_of(d).items() if k in _SKIPPED}
    return kept | {k: v for k, v in annotations_of(rs).items() if k not in _SKIPPED}
