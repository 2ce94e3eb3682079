"""``kubectl apply``: create what is missing, and merge what is there.

Mirrors: staging/src/k8s.io/kubectl/pkg/cmd/apply/apply.go (1.36)
"""

from __future__ import annotations

from collections.abc import Sequence

from kplan.kubectl.apply import CLIENT_SIDE, SERVER_SIDE, Apply
from kplan.kubectl.applyset import ApplySet, parse_parent
from kplan.kubectl.command import Command
from kplan.kubectl.failure import AnyFailure, Failure
from kplan.kubectl.flags import BOOL, DRY_RUN, FILES, LIST, OUTPUT, SELECTOR, VALIDATE, flag, manager
from kplan.kubectl.prune import DEFAULT, Pruner, parse_allowlist
from kplan.kubectl.verbs.delete import DELETION, cascade_of

FOLDER = "kplan.kubectl.applied"
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
    refused = conflicting(
        apply, every=a["all"], pruning=a["prune"], allowlist=a["prune-allowlist"], applyset=a["applyset"]
    ) or prune_with(apply, pruning=a["prune"], allowlist=a["prune-allowlist"], applyset=a["applyset"])
    if refused is not None:
        return refused
    files = command.files()
    return apply.run(files) if isinstance(files, list) else files


def prune_with(apply: Apply, *, pruning: bool, allowlist: Sequence[str], applyset: str) -> Failure | None:
    """Have an apply prune, where that is asked for."""
    if applyset:
        parent = parse_parent(applyset, apply.client)
        if isinstance(parent, Failure):
            return Failure(f'invalid parent reference "{applyset}": {parent}')
        apply.prune = ApplySet(apply, parent)
    elif pruning:
        kinds = parse_allowlist(allowlist or DEFAULT, apply.client)
        if isinstance(kinds, Failure):
            return kinds
        apply.prune = Pruner(apply, kinds)
    return None


def conflicting(apply: Apply, *, every: bool, pruning: bool, allowlist: Sequence[str], applyset: str) -> Failure | None:
    """Options that do not go together."""
    server_side, dry_run = apply.server_side, apply.dry_run
    rules = (
        (apply.force_conflicts and not server_side, "--force-conflicts only works with --server-side"),
        (dry_run == "client" and server_side, "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)"),
        (server_side and apply.force, "--force cannot be used with --server-side"),
        (dry_run == "server" and apply.force, "--dry-run=server cannot be used with --force"),
        (every and apply.selector, "cannot set --all and --selector at the same time"),
        (applyset and not pruning, "--applyset requires --prune"),
        (pruning and apply.force, "--force cannot be used with --prune"),
        (applyset and every, "--all is incompatible with --applyset"),
        (applyset and apply.selector, "--selector is incompatible with --applyset"),
        (applyset and allowlist, "--prune-allowlist is incompatible with --applyset"),
        (pruning and not applyset and not every and not apply.selector, _ALL_RESOURCES),
        (pruning and not applyset and server_side, _PRUNE_SERVER_SIDE),
        (apply.subresource and not server_side, "--subresource can only be specified for --server-side"),
    )
    return next((Failure(text) for wrong, text in rules if wrong), None)


_ALL_RESOURCES = (
    "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. "
    "If you did not mean to prune all resources, specify a label selector"
)
_PRUNE_SERVER_SIDE = "--prune is in alpha and doesn't currently work on objects created by server-side apply"
