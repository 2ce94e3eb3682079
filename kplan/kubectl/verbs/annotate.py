"""``kubectl annotate``: set and remove annotations.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/annotate/annotate.go (1.36)
"""

from __future__ import annotations

from collections.abc import Mapping

from kplan.kubectl.annotation import read_annotations
from kplan.kubectl.client import CLIENT
from kplan.kubectl.command import Command
from kplan.kubectl.editing import EDITING, conflicting, edit, list_pairs, patch, with_labels
from kplan.kubectl.failure import AnyFailure, Failure, of_status
from kplan.kubectl.flags import manager
from kplan.kubectl.info import Info
from kplan.kubectl.pairs import parse_pairs, split_pairs

CHANGE_CAUSE = "kubernetes.io/change-cause"
FLAGS = (*EDITING, manager("kubectl-annotate"))


def run(command: Command) -> AnyFailure | None:
    """Annotate objects."""
    a = command.arguments
    split = split_pairs(a.args, "annotation")
    if isinstance(split, Failure):
        return split
    named, pairs = split
    parsed = parse_pairs(pairs, "annotation", removals=True)
    if isinstance(parsed, Failure):
        return parsed
    new, gone = parsed
    if error := conflicting(command, named):
        return error
    if not new and not gone and not a["list"]:
        return Failure("at least one annotation update is required")
    if both := [key for key in gone if key in new]:
        return Failure(f"can not both modify and remove the following annotation(s) in the same command: {', '.join(both)}")
    return edit(command, named, lambda info, single: _annotate(command, info, new, gone, single))


def _annotate(command: Command, info: Info, new: Mapping[str, str], gone: list[str], single: bool) -> AnyFailure | None:
    a, client = command.arguments, command.client
    before = info.object or {"metadata": {}}
    old = read_annotations(before)
    if not a["overwrite"] and (error := _overwrites(old, new)):
        return error
    after = with_labels(before, {k: v for k, v in {**old, **new}.items() if k not in gone}, "annotations", a["resource-version"])
    if a["list"]:
        list_pairs(command, info, read_annotations(after), "annotations", single)
        return None
    if not (command.dry_run == CLIENT or a["local"]):
        outcome = patch(command, info, before, after)
        if outcome.error is not None:
            return of_status(outcome.error)
        after = client.in_version(outcome.object or {}, info.kind)
    command.say(after, "annotated")
    return None


def _overwrites(old: Mapping[str, str], new: Mapping[str, str]) -> Failure | None:
    wrong = [f"'{k}' already has a value ({old[k]})" for k, v in new.items() if k != CHANGE_CAUSE and k in old and old[k] != v]
    return Failure(f"--overwrite is false but found the following declared annotation(s): {'; '.join(wrong)}") if wrong else None
