"""What ``label`` and ``annotate`` share: their flags, which of them go together, and the change itself.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/{label/label,annotate/annotate}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kplan.apiserver.merge.jsonmerge import create_merge
from kplan.apiserver.merge.request import MERGE
from kplan.apiserver.outcome import Outcome
from kplan.kubectl.client import SERVER
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import ALL_NAMESPACES, BOOL, DRY_RUN, FIELD_SELECTOR, FILES, OUTPUT, SELECTOR, flag
from kplan.kubectl.info import Info, with_metadata
from kplan.model.objects import Object

EDITING = (
    *FILES,
    *OUTPUT,
    DRY_RUN,
    SELECTOR,
    FIELD_SELECTOR,
    ALL_NAMESPACES,
    flag("all", BOOL),
    flag("overwrite", BOOL),
    flag("list", BOOL),
    flag("local", BOOL),
    flag("record", BOOL),
    flag("resource-version"),
)


def conflicting(command: Command, named: list[str]) -> Failure | None:
    """Options that do not go together."""
    a = command.arguments
    if a["list"] and a["output"]:
        return Failure("--list and --output may not be specified together")
    if a["all"] and a["selector"]:
        return Failure("cannot set --all and --selector at the same time")
    if a["all"] and a["field-selector"]:
        return Failure("cannot set --all and --field-selector at the same time")
    if not a["local"]:
        return None if named or command.has_files else Failure("one or more resources must be specified as <resource> <name> or <resource>/<name>")
    if command.dry_run == SERVER:
        return Failure("cannot specify --local and --dry-run=server - did you mean --dry-run=client?")
    if named:
        return Failure("can only use local files by -f pod.yaml or --filename=pod.json when --local=true is set")
    return None if command.has_files else Failure("one or more files must be specified as -f pod.yaml or --filename=pod.json")


def edit(command: Command, named: list[str], change: Callable[[Info, bool], AnyFailure | None]) -> AnyFailure | None:
    """Change what was named; ``change`` is told whether that is a single object."""
    a = command.arguments
    builder = command.builder(named)
    builder.latest, builder.empty_selects_all, builder.every = True, a["all"], False
    selection = builder.select()
    if selection.error is not None:
        return selection.error
    if a["resource-version"] and not selection.single:
        return Failure("--resource-version may only be used with a single resource")
    return selection.visit(lambda info: change(info, selection.single))


def patch(command: Command, info: Info, before: Object, after: Object) -> Outcome:
    """Send the difference."""
    a = command.arguments
    start = with_metadata(before, resourceVersion=None) if a["resource-version"] else before
    body = create_merge(start, after)
    return command.client.patch(info.kind, info.namespace, info.name, MERGE, body, manager=a["field-manager"], dry_run=command.dry_run)


def with_labels(obj: Object, pairs: Mapping[str, str], field: str, version: str) -> Object:
    """The object with these labels or annotations; with the resourceVersion it must still have, where one is given."""
    return with_metadata(obj, **{field: dict(pairs)}, **({"resourceVersion": version} if version else {}))


def list_pairs(command: Command, info: Info, pairs: Mapping[str, str], what: str, single: bool) -> None:
    """Print labels or annotations (``--list``)."""
    screen = command.client.screen
    if not single:
        screen.say(f"Listing {what} for {info.kind.kind}.{info.kind.group}/{info.name}:")
    for key in sorted(pairs):
        screen.say(f"{'' if single else ' '}{key}={pairs[key]}")
