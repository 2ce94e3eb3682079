"""``kubectl apply set-last-applied``: write the last-applied annotation of a file's objects, and nothing else.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/apply/apply_set_last_applied.go, pkg/cmd/util/editor/editoptions.go: GetApplyPatch (1.36)
"""

from __future__ import annotations

from kplan.apiserver.merge.request import MERGE
from kplan.kubectl.annotation import LAST_APPLIED, last_applied, original_configuration
from kplan.kubectl.client import CLIENT
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, of_status
from kplan.kubectl.flags import BOOL, DRY_RUN, FILES, OUTPUT, flag
from kplan.kubectl.info import Info
from kplan.model.gotext import go_json

FLAGS = (*FILES, *OUTPUT, DRY_RUN, flag("create-annotation", BOOL))


def run(command: Command) -> AnyFailure | None:
    """Look at all objects, then write the annotations that differ."""
    builder = command.builder()
    builder.keep_going, builder.fetch = False, False
    changed: list[tuple[Info, str]] = []
    failed = builder.select().visit(lambda info: _compare(command, info, changed))
    if failed is not None:
        return failed
    for info, text in changed:
        if error := _write(command, info, text):
            return error
    return None


def _compare(command: Command, info: Info, changed: list[tuple[Info, str]]) -> AnyFailure | None:
    given = info.object or {}
    if missing := info.get(command.client):
        return missing
    live = info.object or {}
    if last_applied(live) is None and not command.arguments["create-annotation"]:
        told = f"no last-applied-configuration annotation found on resource: {info.name}"
        return Failure(f"{told}, to create the annotation, run the command with --create-annotation")
    if original_configuration(live) == given:
        command.client.screen.say(f"set-last-applied {info.name}: no changes required.")
    else:
        changed.append((info, go_json(given) + "\n"))
    return None


def _write(command: Command, info: Info, text: str) -> AnyFailure | None:
    if command.dry_run == CLIENT:
        command.say(info.object or {}, "configured")
        return None
    body = {"metadata": {"annotations": {LAST_APPLIED: text}}}
    outcome = command.client.patch(info.kind, info.namespace, info.name, MERGE, body, manager="kubectl", dry_run=command.dry_run)
    if outcome.error is not None:
        return of_status(outcome.error)
    command.say(command.client.in_version(outcome.object or {}, info.kind), "configured")
    return None
