"""``kubectl apply --server-side``: the server merges, and tells managers apart.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/apply/apply.go: applyOneObject, migrateToSSAIfNecessary (1.36)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kplan.apiserver.merge.apply.entries import APPLY, UPDATE
from kplan.apiserver.merge.apply.fields import Fields, path_of
from kplan.apiserver.merge.apply.upgrade import owners, upgraded
from kplan.apiserver.merge.request import JSON
from kplan.kubectl.annotation import LAST_APPLIED, read_annotations
from kplan.kubectl.failure import AnyFailure, Failure, of_status
from kplan.kubectl.info import Info
from kplan.model.objects import Object, get_in

if TYPE_CHECKING:
    from kplan.apiserver.outcome import Outcome, Status
    from kplan.kubectl.apply import Apply

SERVER_SIDE, ANNOTATION_MANAGER = "kubectl", "kubectl-last-applied"
_MOST_TRIES = 5

_ANNOTATION = Fields.of(path_of("metadata", "annotations", LAST_APPLIED))

_ADVICE = """
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts"""

_NOT_YET = "This is non-fatal and will be retried next time you apply. Error: {error}"

_MIGRATION = (
    "Warning: failed to migrate kubectl.kubernetes.io/last-applied-configuration for Server-Side Apply. " + _NOT_YET,
    "Warning: server rejected managed fields migration to Server-Side Apply. " + _NOT_YET,
    "Warning: failed to re-apply configuration after performing Server-Side Apply migration. " + _NOT_YET,
)


def apply_server_side(run: Apply, info: Info) -> AnyFailure | None:
    """Apply one object."""
    config = info.object or {}
    if not info.name:
        return Failure("resource name may not be empty")
    outcome = _send(run, info, config, run.field_manager)
    if outcome.error is not None:
        return _refusal(outcome.error)
    info.refresh(run.client.in_version(outcome.object or {}, info.kind))
    _migrate(run, info, config)
    run.warn_if_deleting(info)
    run.mark(info)
    run.say(info, "serverside-applied")
    return None


def _send(run: Apply, info: Info, config: Object, manager: str, force: bool | None = None) -> Outcome:
    return run.client.apply(
        info.kind,
        info.namespace,
        info.name,
        config,
        manager=manager,
        force=run.force_conflicts if force is None else force,
        dry_run=run.dry_run,
        subresource=run.subresource,
    )


def _refusal(status: Status) -> AnyFailure:
    if status.reason == "Conflict":
        return Failure(status.message + _ADVICE)
    return of_status(status)


def _migrate(run: Apply, info: Info, config: Object) -> None:
    """Give the fields of earlier client-side applies to this manager; then apply again, so that dropped ones go."""
    if (error := _keep_annotation(run, info)) is not None:
        return _warn(run, 0, error)
    names = sorted({str(e.get("manager") or "") for e in owners(_entries(info), UPDATE, _ANNOTATION)})
    for _ in range(_MOST_TRIES):
        moved = upgraded(_entries(info), names, run.field_manager)
        if moved == _entries(info):
            return None
        error = _move(run, info, moved)
        if error is None:
            return _reapply(run, info, config)
        if error.reason != "Conflict":
            return _warn(run, 1, error)
        if info.get(run.client) is not None:
            return None
    return None


def _move(run: Apply, info: Info, moved: list[Any]) -> Status | None:
    version = get_in(info.object or {}, ("metadata", "resourceVersion"), "")
    body = [
        {"op": "replace", "path": "/metadata/managedFields", "value": moved},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
    ]
    outcome = run.client.patch(info.kind, info.namespace, info.name, JSON, body, manager=run.field_manager, dry_run=run.dry_run)
    if outcome.error is None:
        info.refresh(run.client.in_version(outcome.object or {}, info.kind))
    return outcome.error


def _reapply(run: Apply, info: Info, config: Object) -> None:
    outcome = _send(run, info, config, run.field_manager)
    if outcome.error is not None:
        return _warn(run, 2, outcome.error)
    info.refresh(run.client.in_version(outcome.object or {}, info.kind))
    return None


def _keep_annotation(run: Apply, info: Info) -> Status | None:
    """Own the last-applied annotation, so that it does not go with the manager who wrote it."""
    live = info.object or {}
    text = read_annotations(live).get(LAST_APPLIED)
    if run.field_manager != SERVER_SIDE or text is None or owners(_entries(info), APPLY, _ANNOTATION):
        return None
    meta: dict[str, Any] = {"annotations": {LAST_APPLIED: text}, "name": info.name}
    if info.namespace:
        meta["namespace"] = info.namespace
    only = {"apiVersion": info.kind.api_version, "kind": info.kind.kind, "metadata": meta}
    outcome = _send(run, info, only, ANNOTATION_MANAGER, force=False)
    if outcome.error is None:
        info.refresh(run.client.in_version(outcome.object or {}, info.kind))
    return outcome.error


def _entries(info: Info) -> list[Any]:
    return get_in(info.object or {}, ("metadata", "managedFields")) or []


def _warn(run: Apply, which: int, error: Status) -> None:
    run.client.screen.complain(_MIGRATION[which].format(error=error.message))
