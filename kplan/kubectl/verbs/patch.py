"""``kubectl patch``: a strategic, merge or JSON patch to named objects.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/patch/patch.go (1.36)
"""

from __future__ import annotations

import json
from typing import Any

from kplan.apiserver.merge.request import MEDIA_TYPES, STRATEGIC, PatchRequest, Unreadable
from kplan.apiserver.merge.values import same
from kplan.apiserver.outcome import Status
from kplan.kubectl.client import CLIENT, SERVER
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, of_status
from kplan.kubectl.flags import BOOL, DRY_RUN, FILES, OUTPUT, flag, manager
from kplan.kubectl.info import Info
from kplan.load.json import JSONError, read_value
from kplan.load.stream import read_stream
from kplan.model.objects import Object

FLAGS = (
    *FILES,
    *OUTPUT,
    DRY_RUN,
    manager("kubectl-patch"),
    flag("patch", short="p"),
    flag("patch-file"),
    flag("type", default="strategic"),
    flag("local", BOOL),
    flag("record", BOOL),
    flag("subresource"),
)


def run(command: Command) -> AnyFailure | None:
    """Patch objects."""
    a = command.arguments
    kind = str(a["type"]).lower() or STRATEGIC
    if error := _conflicting(command, kind):
        return error
    body = _body(command)
    if isinstance(body, Failure):
        return body
    selection = command.builder(a.args).select()
    if selection.error is not None:
        return selection.error
    count = 0

    def patch(info: Info) -> AnyFailure | None:
        nonlocal count
        count += 1
        if a["local"] or command.dry_run == CLIENT:
            return _patch_here(command, info, kind, body)
        return _patch(command, info, kind, body)

    failed = selection.visit(patch)
    return failed or (None if count else Failure("no objects passed to patch"))


def _conflicting(command: Command, kind: str) -> Failure | None:
    a = command.arguments
    if a["patch"] and a["patch-file"]:
        return Failure("cannot specify --patch and --patch-file together")
    if not a["patch"] and not a["patch-file"]:
        return Failure("must specify --patch or --patch-file containing the contents of the patch")
    if a["local"] and a.args:
        return Failure("cannot specify --local and server resources")
    if a["local"] and command.dry_run == SERVER:
        return Failure("cannot specify --local and --dry-run=server - did you mean --dry-run=client?")
    if kind not in MEDIA_TYPES:
        return Failure(f'--type must be one of [json merge strategic], not "{a["type"]}"')
    return None


def _body(command: Command) -> Any:
    """The patch as a JSON value; it may be written in YAML."""
    a = command.arguments
    text = a["patch"]
    if a["patch-file"]:
        try:
            text = command.read_bytes(a["patch-file"]).decode()
        except OSError as problem:
            return Failure(f"unable to read patch file: open {a['patch-file']}: {(problem.strerror or '').lower()}")
    if text.lstrip().startswith("{"):
        return _json(text)
    reading = next(iter(read_stream(text)), None)
    if reading is not None and reading.problem:
        return Failure(f"unable to parse {json.dumps(a['patch'])}: {reading.problem.removeprefix('error converting YAML to JSON: ')}")
    return reading.value if reading is not None else None


def _json(text: str) -> Any:
    """What looks like JSON goes to the server as it is, which says what is wrong with it."""
    try:
        value, end = read_value(text)
    except JSONError as error:
        return Unreadable(error.problem.replace("unexpected EOF", "unexpected end of JSON input"))
    rest = text[end:].lstrip()
    return Unreadable(f"invalid character '{rest[0]}' after top-level value") if rest else value


def _patch(command: Command, info: Info, kind: str, body: Any) -> AnyFailure | None:
    a, client = command.arguments, command.client
    before = info.object
    outcome = client.patch(
        info.kind, info.namespace, info.name, kind, body, manager=a["field-manager"], subresource=a["subresource"], dry_run=command.dry_run
    )
    if outcome.error is not None:
        if outcome.error.reason == "UnsupportedMediaType":
            shown = f"{info.kind.group}/{info.kind.version}, Kind={info.kind.kind}"
            return Failure(f"{MEDIA_TYPES[kind]} is not supported by {shown}: {outcome.error.message}")
        return of_status(outcome.error)
    patched = outcome.object or {}
    if not a["subresource"]:
        patched = client.in_version(patched, info.kind)
    _say(command, before or {}, patched)
    return None


def _patch_here(command: Command, info: Info, kind: str, body: Any) -> AnyFailure | None:
    if kind == STRATEGIC and not info.kind.definition:
        shown = f"{info.kind.group}/{info.kind.version}, Kind={info.kind.kind}"
        return Failure(f"strategic merge patch is not supported for {shown} locally, try --type merge")
    patched = PatchRequest(kind, body, info.kind, command.client.server.catalog)(info.object or {})
    if isinstance(patched, Status):
        return Failure(patched.message)
    _say(command, info.object or {}, patched)
    return None


def _say(command: Command, before: Object, after: Object) -> None:
    """Any write shows in the resourceVersion, so an unchanged object is one that was not written."""
    command.say(after, "patched (no change)" if same(before, after) else "patched")


