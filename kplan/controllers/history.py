"""ControllerRevisions: the history of a StatefulSet or DaemonSet.

Mirrors: pkg/controller/history/controller_history.go (1.36)
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from kplan.apiserver.outcome import Outcome
from kplan.controllers.ownership import is_controlled_by, stored
from kplan.controllers.pods import created
from kplan.engine.contract import Action, Create, Update
from kplan.model.gojson import write_map
from kplan.model.hashing import revision_hash, revision_name
from kplan.model.objects import Object, Ref, controller_of, labels_of, name_of, namespace_of, owner_ref
from kplan.model.selectors import Selector
from kplan.store.view import View

KIND = "ControllerRevision.apps"


def list_revisions(view: View, parent: Object, selector: Selector) -> list[Object]:
    """The revisions a parent owns and the orphans it may adopt, oldest first."""
    candidates = [*view.lookup("owner", parent["metadata"].get("uid")), *view.lookup("orphan", (KIND, namespace_of(parent)))]
    found = [
        o
        for o in candidates
        if o["kind"] == "ControllerRevision"
        and selector.matches(labels_of(o))
        and (controller_of(o) is None or is_controlled_by(o, parent))
    ]
    return sorted(found, key=_age)


def _age(revision: Object) -> tuple[int, float, str]:
    return revision.get("revision") or 0, created(revision) or 0.0, name_of(revision)


def next_revision(revisions: list[Object]) -> int:
    """One more than the newest."""
    return (revisions[-1].get("revision") or 0) + 1 if revisions else 1


def new_revision(
    parent: Object,
    data: Mapping[str, Any],
    number: int,
    name: str,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
) -> dict[str, Any]:
    """A revision of a parent, not stored yet."""
    meta: dict[str, Any] = {"name": name, "namespace": namespace_of(parent), "labels": dict(labels), "ownerReferences": [owner_ref(parent)]}
    if annotations:
        meta["annotations"] = dict(annotations)
    return {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": meta, "data": data, "revision": number}


def hashed_name(parent: Object, data: Mapping[str, Any], collision_count: int) -> tuple[str, str]:
    """(name, hash) of the revision that holds the data."""
    digest = revision_hash(write_map(data), collision_count)
    return revision_name(name_of(parent), digest), digest


def create_revision(
    view: View, parent: Object, revision: dict[str, Any], collision_count: int
) -> Generator[Action, Outcome, tuple[Object, int]]:
    """Store a revision under the first name no other data has taken; gives back it and the collisions so far.

    Raises: SyncFailed where the API server refuses it.
    """
    while True:
        name, _ = hashed_name(parent, revision["data"], collision_count)
        attempt = {**revision, "metadata": {**revision["metadata"], "name": name}}
        outcome = yield Create(attempt, because="new-template")
        if outcome.error is None or outcome.error.reason != "AlreadyExists":
            return stored(outcome), collision_count
        existing = view.get(Ref(KIND, namespace_of(parent), name))
        if existing is not None and existing.get("data") == revision["data"]:
            return existing, collision_count
        collision_count += 1


def adopt_orphans(view: View, parent: Object, selector: Selector) -> Generator[Action, Outcome, None]:
    """Take ownership of the orphaned revisions that match.

    Raises: SyncFailed where the API server refuses it.
    """
    for revision in list_revisions(view, parent, selector):
        if controller_of(revision) is None:
            refs = [*(revision["metadata"].get("ownerReferences") or ()), owner_ref(parent)]
            changed = {**revision, "metadata": {**revision["metadata"], "ownerReferences": refs}}
            stored((yield Update(changed, because="selector-matches-orphan")))
