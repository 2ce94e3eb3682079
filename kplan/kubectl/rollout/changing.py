"""What ``pause``, ``resume`` and ``restart`` have in common: each object is changed with a strategic merge patch.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/rollout/rollout_{pause,resume,restart}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable

from kplan.apiserver.merge.request import STRATEGIC
from kplan.kubectl.builder import Selection
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, aggregate
from kplan.kubectl.flags import DRY_RUN, FILES, OUTPUT, SELECTOR, manager
from kplan.kubectl.info import Info
from kplan.kubectl.podspecs import Draft, difference
from kplan.model.objects import thaw

FLAGS = (*FILES, *OUTPUT, SELECTOR, DRY_RUN, manager("kubectl-rollout"))

Change = Callable[[Draft, Info], str]
"""Changes a draft in place; says why it cannot, "" where it can."""


def selected(command: Command) -> Selection | Failure:
    """The objects a rollout command is about."""
    if not command.arguments.args and not command.has_files:
        return Failure("required resource not specified")
    builder = command.builder(command.arguments.args)
    builder.latest, builder.empty_selects_all = True, True
    return builder.select()


def change_all(command: Command, change: Change, done: str, unchanged: Callable[[Info], str | Failure]) -> AnyFailure | None:
    """Change every object. ``unchanged``: what to say, or to complain, about one that is as wanted already."""
    selection = selected(command)
    if isinstance(selection, Failure):
        return selection
    if selection.error is not None:
        return selection.error
    infos, missing = selection.infos()
    errors: list[AnyFailure | None] = [missing]
    if not infos and missing is None:
        command.client.screen.complain(f"No resources found in {command.client.namespace} namespace.")
        return None
    errors += [_change(command, info, change, done, unchanged) for info in infos]
    return aggregate(errors)


def _change(command: Command, info: Info, change: Change, done: str, unchanged: Callable[[Info], str | Failure]) -> Failure | None:
    live = info.object or {}
    draft = thaw(live)
    if why := change(draft, info):
        return Failure(f'error: {info.kind.resource} "{info.name}" {why}')
    body = difference(command.client, info, live, draft)
    if not body:
        said = unchanged(info)
        if isinstance(said, Failure):
            return said
        command.say(live, said)
        return None
    outcome = command.client.patch(info.kind, info.namespace, info.name, STRATEGIC, body, manager=command.arguments["field-manager"], dry_run=command.dry_run)
    if outcome.error is not None:
        return Failure(f"failed to patch: {outcome.error.message}")
    command.say(command.client.in_version(outcome.object or {}, info.kind), done)
    return None
