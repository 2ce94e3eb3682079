"""Marking nodes unschedulable and schedulable, which ``cordon``, ``uncordon`` and ``drain`` do.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/drain/drain.go: RunCordonOrUncordon, pkg/drain/cordon.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.merge.request import STRATEGIC
from kplan.kubectl.client import CLIENT
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure
from kplan.kubectl.info import Info, printed_name
from kplan.kubectl.podspecs import difference
from kplan.model.objects import get_in, remove_in, replace_in


def find_nodes(command: Command, use: str) -> list[Info] | AnyFailure:
    """The nodes named, or selected with ``-l``."""
    a = command.arguments
    if not a.args and "selector" not in a.changed:
        return command.usage(f"USAGE: {use} [flags]")
    if a.args and a["selector"]:
        return command.usage("error: cannot specify both a node name and a --selector option")
    builder = command.builder(["nodes"] if a["selector"] else [n if "/" in n else f"nodes/{n}" for n in a.args])
    builder.keep_going, builder.single_kind = False, True
    selection = builder.select()
    if selection.error is not None:
        return selection.error
    infos, error = selection.infos()
    return infos if error is None else error


def cordon(command: Command, nodes: list[Info], desired: bool) -> None:
    """Set ``spec.unschedulable`` of nodes, saying what became of each."""
    for info in nodes:
        node = info.object or {}
        if bool(get_in(node, ("spec", "unschedulable"))) == desired:
            _say(command, info, "already cordoned" if desired else "already uncordoned")
            continue
        if command.dry_run != CLIENT and (refused := _patch(command, info, desired)):
            verb = "cordon" if desired else "uncordon"
            command.client.screen.complain(f'error: unable to {verb} node "{info.name}": {refused}')
            continue
        _say(command, info, "cordoned" if desired else "uncordoned")


def _patch(command: Command, info: Info, desired: bool) -> str:
    node = info.object or {}
    path = ("spec", "unschedulable")
    after = replace_in(node, path, True) if desired else remove_in(node, path)
    body = difference(command.client, info, node, after)
    outcome = command.client.patch(info.kind, "", info.name, STRATEGIC, body, manager="kubectl", dry_run=command.dry_run)
    return outcome.error.message if outcome.error is not None else ""


def _say(command: Command, info: Info, operation: str) -> None:
    command.client.screen.say(printed_name(info.object or {}, operation, command.dry_run))
