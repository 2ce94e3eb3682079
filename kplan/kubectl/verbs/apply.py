"""``kubectl apply -f``.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/apply/apply.go (1.36)
"""

from __future__ import annotations

from kplan.kubectl.apply import CLIENT_SIDE, SERVER_SIDE, Apply
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import BOOL, DRY_RUN, FILES, LIST, OUTPUT, SELECTOR, VALIDATE, flag, manager
from kplan.kubectl.prune import DEFAULT, Pruner, parse_allowlist
from kplan.kubectl.verbs.delete import DELETION, cascade_of

FLAGS = (
    *FILES,
    *OUTPUT,
    *DELETION,
    DRY_RUN,
    SELECTOR,
    VALIDATE,
    manager(CLIENT_SIDE),
    flag("wait", BOOL),
    flag("record", BOOL),
    flag("server-side", BOOL),
    flag("force-conflicts", BOOL),
    flag("prune", BOOL),
    flag("prune-allowlist", LIST),
    flag("all", BOOL),
    flag("applyset"),
    flag("overwrite", BOOL, default=True),
    flag("openapi-patch", BOOL, default=True),
    flag("subresource"),
)


def run(command: Command) -> AnyFailure | None:
    """Apply files."""
    a = command.arguments
    if a.args:
        return command.usage(f"Unexpected args: [{' '.join(a.args)}]")
    if not command.has_files:
        return Failure("must specify one of -f and -k")
    cascade = cascade_of(command)
    if isinstance(cascade, Failure):
        return cascade
    apply = Apply(
        command.client,
        server_side=a["server-side"],
        force_conflicts=a["force-conflicts"],
        field_manager=a["field-manager"] if "field-manager" in a.changed or not a["server-side"] else SERVER_SIDE,
        selector=a["selector"].strip() or None,
        dry_run=command.dry_run,
        validation=command.validation,
        overwrite=a["overwrite"],
        force=a["force"],
        cascade=cascade,
        grace=a["grace-period"],
        subresource=a["subresource"],
        output=a["output"],
    )
    if error := _prune(command, apply) or _conflicting(command, apply):
        return error
    files = command.files()
    return apply.run(files) if isinstance(files, list) else files


def _prune(command: Command, apply: Apply) -> AnyFailure | None:
    a = command.arguments
    if a["applyset"]:
        from kplan.kubectl.applyset import ApplySet, parse_parent

        parent = parse_parent(a["applyset"], command.client)
        if isinstance(parent, Failure):
            return Failure(f'invalid parent reference "{a["applyset"]}": {parent}')
        apply.prune = ApplySet(apply, parent)
        return None
    if not a["prune"]:
        return None
    kinds = parse_allowlist(a["prune-allowlist"] or DEFAULT, command.client)
    if isinstance(kinds, Failure):
        return kinds
    apply.prune = Pruner(apply, kinds)
    return None


def _conflicting(command: Command, apply: Apply) -> AnyFailure | None:
    """Options that do not go together."""
    a, dry_run, applyset = command.arguments, apply.dry_run, bool(command.arguments["applyset"])
    rules = (
        (a["force-conflicts"] and not a["server-side"], "--force-conflicts only works with --server-side"),
        (dry_run == "client" and a["server-side"], "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)"),
        (a["server-side"] and a["force"], "--force cannot be used with --server-side"),
        (dry_run == "server" and a["force"], "--dry-run=server cannot be used with --force"),
        (a["all"] and a["selector"], "cannot set --all and --selector at the same time"),
        (applyset and not a["prune"], "--applyset requires --prune"),
        (a["prune"] and a["force"], "--force cannot be used with --prune"),
        (applyset and a["all"], "--all is incompatible with --applyset"),
        (applyset and a["selector"], "--selector is incompatible with --applyset"),
        (applyset and a["prune-allowlist"], "--prune-allowlist is incompatible with --applyset"),
        (a["prune"] and not applyset and not a["all"] and not a["selector"], _ALL_RESOURCES),
        (a["prune"] and not applyset and a["server-side"], _PRUNE_SERVER_SIDE),
        (a["subresource"] and not a["server-side"], "--subresource can only be specified for --server-side"),
    )
    return next((Failure(text) for wrong, text in rules if wrong), None)


_ALL_RESOURCES = (
    "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. "
    "If you did not mean to prune all resources, specify a label selector"
)
_PRUNE_SERVER_SIDE = "--prune is in alpha and doesn't currently work on objects created by server-side apply"
