"""``kubectl set selector``: another selector for a Service.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/set/set_selector.go (1.36)
"""

from __future__ import annotations

from kplan.apiserver.merge.request import STRATEGIC
from kplan.kubectl.client import CLIENT
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure, of_status
from kplan.kubectl.flags import BOOL, DRY_RUN, FILES, OUTPUT, flag, manager
from kplan.kubectl.info import Info, with_metadata
from kplan.kubectl.podspecs import difference
from kplan.model.objects import replace_in
from kplan.model.selectors import Selector, parse_selector

FLAGS = (
    *FILES,
    *OUTPUT,
    DRY_RUN,
    manager("kubectl-set"),
    flag("all", BOOL),
    flag("local", BOOL),
    flag("record", BOOL),
    flag("resource-version"),
)


def run(command: Command) -> AnyFailure | None:
    """Set selectors."""
    a = command.arguments
    if not a.args:
        return Failure("one selector is required")
    try:
        selector = parse_selector(a.args[-1])
    except ValueError as problem:
        return Failure(f"couldn't parse the selector string \"{a.args[-1]}\": {problem}")
    builder = command.builder(a.args[:-1])
    builder.latest, builder.empty_selects_all, builder.every = not a["local"], a["all"], False
    return builder.select().visit(lambda info: _set(command, info, selector))


def _set(command: Command, info: Info, selector: Selector) -> AnyFailure | None:
    a, client = command.arguments, command.client
    if info.kind.group_kind != "Service":
        return Failure("setting a selector is only supported for Services")
    pairs = selector.exact
    if len(pairs) < len(selector.requirements):
        shown = " ".join(f"{{{r.key} {r.operator} [{' '.join(sorted(r.values))}]}}" for r in selector.requirements if r.key not in pairs)
        return Failure(f"match expression [{shown}] not supported on this object")
    before = info.object or {}
    after = replace_in(before, ("spec", "selector"), dict(pairs))
    if a["resource-version"]:
        before = with_metadata(before, resourceVersion=None)
        after = with_metadata(after, resourceVersion=a["resource-version"])
    if not (a["local"] or command.dry_run == CLIENT):
        body = difference(client, info, before, after)
        outcome = client.patch(info.kind, info.namespace, info.name, STRATEGIC, body, manager=a["field-manager"], dry_run=command.dry_run)
        if outcome.error is not None:
            return of_status(outcome.error)
        after = client.in_version(outcome.object or {}, info.kind)
    command.say(after, "selector updated")
    return None
