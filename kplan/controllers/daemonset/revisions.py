"""The history of a DaemonSet: one ControllerRevision a template.

Mirrors: pkg/controller/daemon/update.go (constructHistory, snapshot, dedupCurHistories, cleanupHistory) (1.36)
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import Any

from kplan.apiserver.outcome import Outcome
from kplan.controllers.daemonset.pods import HASH_LABEL
from kplan.controllers.history import KIND, new_revision
from kplan.controllers.ownership import SyncFailed, claim, owned_and_orphans, stored
from kplan.controllers.templates import hasher, revision_data
from kplan.engine.contract import Action, Create, Delete, Update
from kplan.model.objects import EMPTY, Object, Ref, annotations_of, labels_of, name_of, namespace_of, ref_of
from kplan.model.selectors import Selector
from kplan.store.view import View

Steps = Generator[Action, Outcome, None]
History = Generator[Action, Outcome, tuple[Object, list[Object]]]


def construct_history(ds: Object, selector: Selector, pods: Sequence[Object], view: View, minor: str) -> History:
    """(the revision of the current template, those of others); the current one is created or renumbered as needed.

    Raises: SyncFailed.
    """
    histories = yield from claim(ds, owned_and_orphans(view, ds, KIND), selector)
    data = revision_data(ds["spec"]["template"], minor)
    current: list[Object] = []
    old: list[Object] = []
    for h in histories:
        if HASH_LABEL not in labels_of(h):
            h = stored((yield Update(_labelled(h, name_of(h)), because="revision-label")))
        (current if h.get("data") == data else old).append(h)
    number = max((h.get("revision") or 0 for h in old), default=0) + 1
    if not current:
        return (yield from _snapshot(ds, data, number, view, minor)), old
    kept = yield from _dedup(current, pods)
    if (kept.get("revision") or 0) < number:
        yield Update({**kept, "revision": number}, because="rolled-back")
    return kept, old


def _labelled(obj: Object, digest: str) -> dict[str, Any]:
    return {**obj, "metadata": {**obj["metadata"], "labels": {**labels_of(obj), HASH_LABEL: digest}}}


def _snapshot(ds: Object, data: dict[str, Any], number: int, view: View, minor: str) -> Generator[Action, Outcome, Object]:
    status = ds.get("status") or EMPTY
    template = ds["spec"]["template"]
    digest = hasher(minor).hash(template, status.get("collisionCount"))
    labels = {**((template.get("metadata") or EMPTY).get("labels") or EMPTY), HASH_LABEL: digest}
    name = f"{name_of(ds)}-{digest}"
    outcome = yield Create(new_revision(ds, data, number, name, labels, annotations_of(ds)), because="new-template")
    if outcome.error is None or outcome.error.reason != "AlreadyExists":
        return stored(outcome)
    existing = view.get(Ref(KIND, namespace_of(ds), name))
    if existing is not None and existing.get("data") == data:
        return existing
    count = (status.get("collisionCount") or 0) + 1
    yield Update({**ds, "status": {**status, "collisionCount": count}}, because="hash-collision", subresource="status")
    raise SyncFailed(outcome.error)


def _dedup(current: list[Object], pods: Sequence[Object]) -> Generator[Action, Outcome, Object]:
    """Keep the newest of several revisions of one template; the pods are labelled with it."""
    if len(current) == 1:
        return current[0]
    newest = max(h.get("revision") or 0 for h in current)
    kept = [h for h in current if (h.get("revision") or 0) == newest][-1]
    for pod in pods:
        if labels_of(pod).get(HASH_LABEL) != labels_of(kept).get(HASH_LABEL):
            stored((yield Update(_labelled(pod, labels_of(kept).get(HASH_LABEL, "")), because="duplicate-revision")))
    for h in current:
        if name_of(h) != name_of(kept):
            outcome = yield Delete(ref_of(h), because="duplicate-revision")
            if outcome.error is not None:
                raise SyncFailed(outcome.error)
    return kept


def cleanup_history(ds: Object, old: list[Object], pods: Iterable[Object]) -> Steps:
    """Delete the oldest revisions beyond the history limit that no pod has.

    Raises: SyncFailed.
    """
    limit = ds["spec"].get("revisionHistoryLimit")
    surplus = len(old) - (10 if limit is None else limit)
    live = {labels_of(p).get(HASH_LABEL) for p in pods}
    for h in sorted(old, key=lambda h: h.get("revision") or 0):
        if surplus <= 0:
            return
        if labels_of(h).get(HASH_LABEL) in live:
            continue
        outcome = yield Delete(ref_of(h), because="revision-history-limit")
        if outcome.error is not None:
            raise SyncFailed(outcome.error)
        surplus -= 1
