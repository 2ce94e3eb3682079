"""``kubectl replace``: PUT what the file says; with ``--force`` delete and create.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/replace/replace.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.annotation import updated_annotation
from kplan.kubectl.client import CLIENT, NONE
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, of_status, with_source
from kplan.kubectl.flags import BOOL, DRY_RUN, FILES, OUTPUT, VALIDATE, flag, manager
from kplan.kubectl.info import Info, text_in, with_metadata
from kplan.kubectl.verbs.delete import DELETION, Deletion, cascade_of

FLAGS = (
    *FILES,
    *OUTPUT,
    *DELETION,
    DRY_RUN,
    VALIDATE,
    manager("kubectl-replace"),
    flag("wait", BOOL),
    flag("save-config", BOOL),
    flag("record", BOOL),
    flag("subresource"),
    flag("raw"),
)


def run(command: Command) -> AnyFailure | None:
    """Replace the objects of files."""
    a = command.arguments
    if a["grace-period"] == 0:
        a.values["grace-period"], a.values["wait"] = 1, True
    if not command.has_files:
        return Failure("must specify one of -f and -k")
    if a["grace-period"] >= 0 and not a["force"]:
        return Failure("--grace-period must have --force specified")
    if a["timeout"] and not a["force"]:
        return Failure("--timeout must have --force specified")
    if a["force"] and command.dry_run != NONE:
        return Failure("--dry-run can not be used when --force is set")
    if a["force"]:
        return _force(command)
    selection = command.builder().select()
    return selection.error or selection.visit(lambda info: _replace(command, info))


def _replace(command: Command, info: Info) -> AnyFailure | None:
    a, client = command.arguments, command.client
    obj = updated_annotation(info.object or {}, create=a["save-config"])
    if command.dry_run == CLIENT:
        command.say(obj, "replaced")
        return None
    if not text_in(obj, "resourceVersion"):
        live = client.get(info.kind, info.namespace, info.name)
        if live.object is not None:
            obj = with_metadata(obj, resourceVersion=text_in(live.object, "resourceVersion") or None)
    outcome = client.update(
        info.kind, obj, manager=a["field-manager"], subresource=a["subresource"], dry_run=command.dry_run, validation=command.validation
    )
    if outcome.error is not None:
        return with_source("replacing", info.source, of_status(outcome.error))
    command.say(client.in_version(outcome.object or {}, info.kind), "replaced")
    return None


def _force(command: Command) -> AnyFailure | None:
    a, client = command.arguments, command.client
    cascade = cascade_of(command)
    if isinstance(cascade, Failure):
        return cascade
    builder = command.builder(a.args)
    builder.fetch = False
    selection = builder.select()
    if selection.error is not None:
        return selection.error
    infos, _ = selection.infos()
    if error := Deletion(command, cascade, a["grace-period"], a["wait"], True, a["output"]).run(selection):
        return error
    if any(client.get(i.kind, i.namespace, i.name).ok for i in infos):
        client.settle()
    if any(client.get(i.kind, i.namespace, i.name).ok for i in infos):
        return Failure("timed out waiting for the condition")
    replaced = 0

    def create(info: Info) -> AnyFailure | None:
        nonlocal replaced
        obj = updated_annotation(info.object or {}, create=a["save-config"])
        outcome = client.create(info.kind, info.namespace, obj, manager=a["field-manager"], validation=command.validation)
        if outcome.error is not None:
            return of_status(outcome.error)
        replaced += 1
        command.say(client.in_version(outcome.object or {}, info.kind), "replaced")
        return None

    error = selection.visit(create)
    return error or (None if replaced else Failure("no objects passed to replace"))
