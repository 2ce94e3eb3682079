"""The revisions of a StatefulSet: the one its pods have, and the one they are to get.

Mirrors: pkg/controller/statefulset/stateful_set_control.go (getStatefulSetRevisions, truncateHistory) (1.36)
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

from kplan.apiserver.outcome import Outcome
from kplan.apiserver.strategy import StrategyContext, strategy_for
from kplan.controllers.history import create_revision, hashed_name, list_revisions, new_revision, next_revision
from kplan.controllers.ownership import SyncFailed, stored
from kplan.controllers.statefulset.identity import revision_of
from kplan.controllers.templates import revision_data, template_in
from kplan.engine.contract import Action, Context, Delete, Update
from kplan.model.objects import EMPTY, Object, annotations_of, name_of, ref_of, thaw
from kplan.model.selectors import from_label_selector
from kplan.store.view import View

HASH_LABEL = "controller.kubernetes.io/hash"


class Revisions(NamedTuple):
    """All revisions as they were, the current and the update one, and the collisions so far."""

    all: list[Object]
    current: Object
    update: Object
    collision_count: int


def get_revisions(s: Object, view: View, ctx: Context) -> Generator[Action, Outcome, Revisions]:
    """Find the revisions; create one for a new template, renumber one for a template that comes back.

    Raises: SyncFailed.
    """
    revisions = list_revisions(view, s, from_label_selector(s["spec"].get("selector")))
    collisions = (s.get("status") or EMPTY).get("collisionCount") or 0
    proposed = _proposed(s, ctx.minor, next_revision(revisions), collisions)
    equal = [r for r in revisions if r.get("data") == proposed["data"]]
    if equal and revisions[-1].get("data") == equal[-1].get("data"):
        update: Object = revisions[-1]
    elif equal:
        update = stored((yield Update({**equal[-1], "revision": proposed["revision"]}, because="rolled-back")))
    elif revisions and _restores_to(s, revisions[-1], proposed["data"], view, ctx):
        update = revisions[-1]
    else:
        update, collisions = yield from create_revision(view, s, proposed, collisions)
    current_name = (s.get("status") or EMPTY).get("currentRevision")
    current = next((r for r in revisions if name_of(r) == current_name), update)
    return Revisions(revisions, current, update, collisions)


def _proposed(s: Object, minor: str, number: int, collisions: int) -> dict[str, Any]:
    template = s["spec"]["template"]
    data = revision_data(template, minor)
    name, digest = hashed_name(s, data, collisions)
    labels = {**((template.get("metadata") or EMPTY).get("labels") or EMPTY), HASH_LABEL: digest}
    return new_revision(s, data, number, name, labels, annotations_of(s))


def _restores_to(s: Object, revision: Object, data: Any, view: View, ctx: Context) -> bool:
    """Whether putting the revision back and defaulting gives the set as it is: a default has been added since."""
    if not ctx.gates.on("StatefulSetSemanticRevisionComparison"):
        return False
    draft = thaw({**s, "spec": {**s["spec"], "template": template_in(revision)}})
    strategy_for("StatefulSet.apps").default(draft, StrategyContext(ctx.gates, view))
    return bool(revision_data(draft["spec"]["template"], ctx.minor) == data)


def truncate_history(s: Object, pods: list[Object], revisions: Revisions) -> Generator[Action, Outcome, None]:
    """Delete the oldest revisions beyond the history limit that nothing uses.

    Raises: SyncFailed.
    """
    live = {name_of(revisions.current), name_of(revisions.update), *map(revision_of, pods)}
    past = [r for r in revisions.all if name_of(r) not in live]
    limit = s["spec"].get("revisionHistoryLimit")
    limit = 10 if limit is None else limit
    if limit < 0:
        return
    for r in past[: max(0, len(past) - limit)]:
        outcome = yield Delete(ref_of(r), because="revision-history-limit")
        if outcome.error is not None and outcome.error.code != 404:
            raise SyncFailed(outcome.error)
