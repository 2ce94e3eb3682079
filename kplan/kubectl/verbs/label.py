"""``kubectl label``: set and remove labels.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/label/label.go (1.36)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kplan.apiserver.rules.names import is_valid_label_value
from kplan.kubectl.client import CLIENT
from kplan.kubectl.command import Command
from kplan.kubectl.editing import EDITING, conflicting, edit, list_pairs, patch, with_labels
from kplan.kubectl.failure import AnyFailure, Failure, aggregate, of_status
from kplan.kubectl.flags import manager
from kplan.kubectl.info import Info
from kplan.kubectl.pairs import split_pairs
from kplan.model.objects import labels_of

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
    return edit(command, named, lambda info, single: _label(command, info, new, gone, single))


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
        outcome = patch(command, info, before, after)
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
