"""``kubectl rollout undo``: back to the template of an earlier revision.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/rollout/rollout_undo.go, pkg/polymorphichelpers/rollback.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.merge.request import JSON, STRATEGIC
from kplan.kubectl.annotation import LAST_APPLIED, read_annotations
from kplan.kubectl.client import CLIENT
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import INT, flag
from kplan.kubectl.info import Info
from kplan.kubectl.revisions import (
    REVISION,
    controller_revisions,
    replica_sets,
    revision_of,
    same_template,
    without_hash,
)
from kplan.kubectl.rollout.changing import FLAGS as SHARED
from kplan.kubectl.rollout.changing import selected
from kplan.model.objects import Object, annotations_of, get_in

FLAGS = (*(f for f in SHARED if f.name != "field-manager"), flag("to-revision", INT))
KEPT = (
    LAST_APPLIED,
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
)
"""Annotations a Deployment keeps; its others become those of the ReplicaSet."""
WARNING = (
    "Warning: resource {name} was previously managed with 'kubectl apply'. Rolling back will not update the "
    + LAST_APPLIED
    + " annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using "
    "'kubectl apply' with your previous configuration file instead."
)
SKIPPED = "skipped rollback (current template already matches revision {})"


def run(command: Command) -> AnyFailure | None:
    """Roll workloads back."""
    selection = selected(command)
    return selection if isinstance(selection, Failure) else selection.error or selection.visit(lambda info: _undo(command, info))


def _undo(command: Command, info: Info) -> AnyFailure | None:
    obj = info.object or {}
    if LAST_APPLIED in read_annotations(obj):
        command.client.screen.complain(WARNING.format(name=info.object_name))
    to = command.arguments["to-revision"]
    if info.kind.group_kind not in ("Deployment.apps", "DaemonSet.apps", "StatefulSet.apps"):
        return Failure(f'no rollbacker has been implemented for "{info.kind.group_kind}"')
    if to < 0:
        return _missing(to)
    back = _roll_deployment if info.kind.kind == "Deployment" else _roll_by_history
    done = back(command, info, obj, to)
    if isinstance(done, Failure):
        return done
    command.say(obj, done)
    return None


def _missing(revision: int) -> Failure:
    return Failure(f"unable to find specified revision {revision} in history")


def _roll_deployment(command: Command, info: Info, deployment: Object, to: int) -> str | Failure:
    target = _target(replica_sets(command.client.server.view, deployment), to, info.name)
    if isinstance(target, Failure):
        return target
    template = target["spec"]["template"]
    if command.dry_run == CLIENT:
        return "rolled back"
    if get_in(deployment, ("spec", "paused")):
        return Failure("you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again")
    if same_template(template, deployment["spec"]["template"]):
        return SKIPPED.format(to)
    mine, theirs = annotations_of(deployment), annotations_of(target)
    annotations = {k: mine[k] for k in KEPT if k in mine} | {k: v for k, v in theirs.items() if k not in KEPT}
    patch = [
        {"op": "replace", "path": "/spec/template", "value": without_hash(template)},
        {"op": "replace", "path": "/metadata/annotations", "value": annotations},
    ]
    outcome = command.client.patch(info.kind, info.namespace, info.name, JSON, patch, manager="kubectl", dry_run=command.dry_run)
    if outcome.error is not None:
        return Failure(f"failed restoring revision {to}: {outcome.error.message}")
    return "rolled back"


def _target(found: list[Object], to: int, name: str) -> Object | Failure:
    """The ReplicaSet of that revision; of 0, the second newest."""
    numbered = [(n, rs) for rs in found if (n := revision_of(rs)) is not None]
    if to > 0:
        return next((rs for n, rs in numbered if n == to), None) or _missing(to)
    latest: tuple[int, Object | None] = (-1, None)
    previous: tuple[int, Object | None] = (-1, None)
    for pair in numbered:
        if latest[0] < pair[0]:
            latest, previous = pair, latest
        elif previous[0] < pair[0]:
            previous = pair
    return previous[1] or Failure(f'no rollout history found for deployment "{name}"')


def _roll_by_history(command: Command, info: Info, obj: Object, to: int) -> str | Failure:
    history = controller_revisions(command.client.server.view, obj)
    if to == 0 and len(history) <= 1:
        return Failure("no last revision to roll back to")
    target = history[-2] if to == 0 else next((r for r in history if r.get("revision") == to), None)
    if target is None:
        return _missing(to)
    if command.dry_run == CLIENT:
        return "rolled back"
    if get_in(target, ("data", "spec", "template")) == {**obj["spec"]["template"], "$patch": "replace"}:
        return SKIPPED.format(to)
    outcome = command.client.patch(info.kind, info.namespace, info.name, STRATEGIC, target.get("data"), manager="kubectl", dry_run=command.dry_run)
    if outcome.error is not None:
        return Failure(f"failed restoring revision {to}: {outcome.error.message}")
    return "rolled back"
