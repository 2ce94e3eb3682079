"""``kubectl label``: set and remove labels.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/label/label.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kplan.apiserver.merge.json_merge import create_merge
from kplan.apiserver.merge.request import MERGE
from kplan.apiserver.rules.names import is_valid_label_value
from kplan.kubectl.client import CLIENT, SERVER
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, aggregate, of_status
from kplan.kubectl.flags import ALL_NAMESPACES, BOOL, DRY_RUN, FIELD_SELECTOR, FILES, OUTPUT, SELECTOR, flag, manager
from kplan.kubectl.info import Info, with_metadata
from kplan.kubectl.pairs import split_pairs
from kplan.model.objects import Object, labels_of

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
"""The flags that ``label`` and ``annotate`` share."""
FLAGS = (*EDITING, manager("kubectl-label"))


def run(command: Command) -> AnyFailure | None:
    """Label objects."""
    a = command.arguments
    split = split_pairs(a.args, "label")
    if isinstance(split, Failure):
        return split
    named, pairs = split
    parsed = _parse(pairs)
    if isinstance(parsed, Failure):
        return parsed
    new, gone = parsed
    if error := conflicting(command, named):
        return error
    if not new and not gone and not a["list"]:
        return Failure("at least one label update is required")
    builder = command.builder(named)
    builder.latest, builder.empty_selects_all, builder.every = True, a["all"], False
    selection = builder.select()
    if selection.error is not None:
        return selection.error
    if a["resource-version"] and not selection.single:
        return Failure("--resource-version may only be used with a single resource")
    return selection.visit(lambda info: _label(command, info, new, gone, selection.single))


def conflicting(command: Command, named: list[str]) -> Failure | None:
    """Options of ``label`` and ``annotate`` that do not go together."""
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


def _parse(pairs: Iterable[str]) -> tuple[dict[str, str], list[str]] | Failure:
    new: dict[str, str] = {}
    gone: list[str] = []
    for pair in pairs:
        parts = pair.split("=")
        if len(parts) == 1:
            gone.append(pair[:-1])
        elif len(parts) > 2:
            return Failure(f"invalid label spec: {pair}")
        elif wrong := list(is_valid_label_value(parts[1])):
            return Failure(f'invalid label value: "{pair}": {";".join(wrong)}')
        else:
            new[parts[0]] = parts[1]
    if any(key in new for key in gone):
        return Failure("can not both modify and remove a label in the same command")
    return new, gone


def _label(command: Command, info: Info, new: Mapping[str, str], gone: list[str], single: bool) -> AnyFailure | None:
    a, client = command.arguments, command.client
    before = info.object or {"metadata": {}}
    labels = labels_of(before)
    here = command.dry_run == CLIENT or a["local"] or a["list"]
    if not here:
        for key in gone:
            if key not in labels:
                client.screen.say(f'label "{key}" not found.')
    if not a["overwrite"] and (error := _overwrites(labels, new)):
        return error
    added = [k for k, v in new.items() if labels.get(k) != v]
    removed = [k for k in gone if k in labels]
    after = with_labels(before, {k: v for k, v in {**labels, **new}.items() if k not in gone}, "labels", a["resource-version"])
    if a["list"]:
        list_pairs(command, info, labels_of(after), "labels", single)
        return None
    if not here and (added or removed):
        start = with_metadata(before, resourceVersion=None) if a["resource-version"] else before
        outcome = client.patch(
            info.kind, info.namespace, info.name, MERGE, create_merge(start, after), manager=a["field-manager"], dry_run=command.dry_run
        )
        if outcome.error is not None:
            return of_status(outcome.error)
    said = "modified" if added and removed else "labeled" if added else "unlabeled" if removed else "not labeled"
    command.say(after, said)
    return None


def _overwrites(labels: Mapping[str, str], new: Mapping[str, str]) -> AnyFailure | None:
    return aggregate(
        Failure(f"'{key}' already has a value ({labels[key]}), and --overwrite is false")
        for key, value in new.items()
        if key in labels and labels[key] != value
    )


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
