"""``kubectl scale``: another size for what has replicas.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/scale/scale.go, staging/src/k8s.io/kubectl/pkg/scale/scale.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.merge.request import MERGE
from kplan.kubectl.client import CLIENT
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, of_status
from kplan.kubectl.flags import BOOL, DRY_RUN, DURATION, FILES, INT, OUTPUT, SELECTOR, flag
from kplan.kubectl.info import Info
from kplan.model.objects import get_in, replace_in

FLAGS = (
    *FILES,
    *OUTPUT,
    DRY_RUN,
    SELECTOR,
    flag("all", BOOL),
    flag("replicas", INT),
    flag("current-replicas", INT, default=-1),
    flag("resource-version"),
    flag("timeout", DURATION),
    flag("record", BOOL),
)


def run(command: Command) -> AnyFailure | None:
    """Scale objects, one after the other; the first that cannot be scaled ends the command."""
    a = command.arguments
    if "replicas" not in a.changed:
        return Failure('required flag(s) "replicas" not set')
    if a["replicas"] < 0:
        return Failure("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0")
    if a["current-replicas"] < -1:
        return Failure("The --current-replicas must specify an integer of -1 or greater")
    builder = command.builder(a.args)
    builder.every, builder.empty_selects_all = False, a["all"]
    selection = builder.select()
    if selection.error is not None:
        return selection.error
    infos, missing = selection.infos()
    if a["resource-version"] and len(infos) > 1:
        return Failure("cannot use --resource-version with multiple resources")
    if not infos:
        return missing or Failure("no objects passed to scale")
    for info in infos:
        if error := _scale(command, info):
            return error
    return missing


def _scale(command: Command, info: Info) -> AnyFailure | None:
    a, client = command.arguments, command.client
    replicas = a["replicas"]
    if command.dry_run != CLIENT:
        if error := _precondition(command, info):
            return error
        body = {"spec": {"replicas": replicas}}
        outcome = client.patch(info.kind, info.namespace, info.name, MERGE, body, manager="kubectl", subresource="scale", dry_run=command.dry_run)
        if outcome.error is not None:
            return of_status(outcome.error)
    obj = info.object or {}
    command.say(replace_in(obj, ("spec", "replicas"), replicas) if info.kind.group in ("", "apps") else obj, "scaled")
    return None


def _precondition(command: Command, info: Info) -> AnyFailure | None:
    size, version = command.arguments["current-replicas"], command.arguments["resource-version"]
    if size == -1 and not version:
        return None
    found = command.client.scale(info.kind, info.namespace, info.name)
    if found.error is not None:
        return of_status(found.error)
    actual = get_in(found.object, ("spec", "replicas"), 0)
    if size not in (-1, actual):
        return Failure(f"Expected replicas to be {size}, was {actual}")
    current = get_in(found.object, ("metadata", "resourceVersion"), "")
    if version and version != current:
        return Failure(f"Expected resource version to be {version}, was {current}")
    return None
