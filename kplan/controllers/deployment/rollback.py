"""Rollback by annotation: what ``spec.rollbackTo`` of long-gone API versions is kept as.

Mirrors: pkg/controller/deployment/rollback.go (1.36)
"""

from __future__ import annotations

from typing import Any

from kplan.controllers.deployment.revisions import (
    HASH_LABEL,
    ROLLBACK_TO,
    equal_ignore_hash,
    last_revision,
    revision_of,
    rolled_back_annotations,
)
from kplan.controllers.deployment.sync import Rollout, Sync, get_all_replica_sets_and_sync_revision
from kplan.controllers.ownership import stored
from kplan.engine.contract import Emit, Update
from kplan.model.integers import parse_int
from kplan.model.objects import EMPTY, Object, annotations_of, name_of, ref_of


def rollback_to(d: Object) -> int | None:
    """The revision a Deployment is asked to go back to; 0 means the one before."""
    return parse_int(annotations_of(d).get(ROLLBACK_TO, ""))


def rollback(r: Rollout) -> Sync:
    """Take over the template of the revision asked for; in any case drop the request."""
    yield from get_all_replica_sets_and_sync_revision(r, create=True)
    if r.stopped:
        return
    wanted = rollback_to(r.d) or last_revision(r.all)
    if not wanted:
        yield Emit(ref_of(r.d), "DeploymentRollbackRevisionNotFound", "Unable to find last revision.", "Warning")
        yield from _clear(r, r.d)
        return
    for rs in r.all:
        if revision_of(rs) == wanted:
            yield from _to_template(r, rs, wanted)
            return
    yield Emit(ref_of(r.d), "DeploymentRollbackRevisionNotFound", "Unable to find the revision to rollback to.", "Warning")
    yield from _clear(r, r.d)


def _to_template(r: Rollout, rs: Object, revision: int) -> Sync:
    d, template = r.d, rs["spec"]["template"]
    if equal_ignore_hash(d["spec"]["template"], template):
        said = f'The rollback revision contains the same template as current deployment "{name_of(d)}"'
        yield Emit(ref_of(d), "DeploymentRollbackTemplateUnchanged", said, "Warning")
        yield from _clear(r, d)
        return
    meta = template.get("metadata") or EMPTY
    labels = {k: v for k, v in (meta.get("labels") or EMPTY).items() if k != HASH_LABEL}
    restored: dict[str, Any] = {**template, "metadata": {**meta, "labels": labels}}
    notes = rolled_back_annotations(d, rs)
    changed = {**d, "metadata": {**d["metadata"], "annotations": notes}, "spec": {**d["spec"], "template": restored}}
    yield from _clear(r, changed)
    yield Emit(ref_of(d), "DeploymentRollback", f'Rolled back deployment "{name_of(d)}" to revision {revision}')


def _clear(r: Rollout, d: Object) -> Sync:
    notes = {k: v for k, v in annotations_of(d).items() if k != ROLLBACK_TO}
    r.d = stored((yield Update({**d, "metadata": {**d["metadata"], "annotations": notes}}, because="rollback")))
