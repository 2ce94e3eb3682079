"""``kubectl describe``: tell what there is to know of objects.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/describe/describe.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.command import Command
from kplan.kubectl.describing import describe
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import ALL_NAMESPACES, BOOL, FILES, INT, SELECTOR, flag
from kplan.kubectl.info import Info

FLAGS = (*FILES, SELECTOR, ALL_NAMESPACES, flag("show-events", BOOL, default=True), flag("chunk-size", INT, default=500))


def run(command: Command) -> AnyFailure | None:
    """Describe objects."""
    a, screen = command.arguments, command.client.screen
    if not a.args and not command.has_files:
        hint = 'Use "kubectl api-resources" for a complete list of supported resources.'
        return Failure(f"You must specify the type of resource to describe. {hint}\n")
    builder = command.builder(a.args)
    builder.empty_selects_all, builder.latest = True, True
    selection = builder.select()
    if selection.error is not None:
        return selection.error
    infos, error = selection.infos()
    events = a["show-events"] and (("show-events" in a.changed) or (error is None and len(infos) <= 1))
    if isinstance(error, Failure) and error.is_reason("NotFound") and len(a.args) == 2:
        return _matching(command, error, events)
    for i, info in enumerate(infos):
        screen.stdout.append(("\n\n" if i else "") + _text(command, info, events))
    if not infos and error is None:
        screen.complain("No resources found" if a["all-namespaces"] else f"No resources found in {command.client.namespace} namespace.")
    return error


def _text(command: Command, info: Info, events: bool) -> str:
    client = command.client
    obj = client.in_version(info.object or {}, client.server.storage_info(info.kind))
    return describe(client, info.kind.group_kind, obj, events=events)


def _matching(command: Command, error: Failure, events: bool) -> AnyFailure | None:
    """Where no object has the name, those whose names begin with it."""
    kind, prefix = command.arguments.args
    builder = command.builder([kind])
    builder.empty_selects_all = True
    infos, failed = builder.select().infos()
    if failed is not None:
        return failed
    found = [info for info in infos if info.name.startswith(prefix)]
    for info in found:
        command.client.screen.say(_text(command, info, events))
    return None if found else error
