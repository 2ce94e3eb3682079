"""``kplan apply --dry-run``: what ``kubectl apply`` would do to the cluster, and what would follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kplan.cli.exits import USAGE, usage_error
from kplan.cli.options import ClusterOptions, Filename, Namespace, OutputOptions, Recursive, command_app, with_options
from kplan.cli.saying import say
from kplan.cli.session import finish, finish_as_kubectl, let_pass, open_session, tells_stages

if TYPE_CHECKING:
    pass

app = command_app()


@app.command()
@with_options(ClusterOptions, OutputOptions)
def apply(
    cluster_options: ClusterOptions,
    output_options: OutputOptions,
    filename: Filename = None,
    kustomize: Annotated[str, typer.Option("-k", "--kustomize", metavar="DIR", help="Build a kustomization and apply it.")] = "",
    recursive: Recursive = False,
    namespace: Namespace = "",
    selector: Annotated[str, typer.Option("-l", "--selector", metavar="LABELS", help="Only objects with these labels.")] = "",
    server_side: Annotated[bool, typer.Option("--server-side", help="Apply as the server does.")] = False,
    force_conflicts: Annotated[bool, typer.Option("--force-conflicts", help="Take fields over from other managers.")] = False,
    field_manager: Annotated[str, typer.Option("--field-manager", metavar="NAME", help="Who owns what is applied.")] = "",
    prune: Annotated[bool, typer.Option("--prune", help="Delete what was applied before and is no longer given.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="With --prune: whatever its labels.")] = False,
    prune_allowlist: Annotated[list[str] | None, typer.Option("--prune-allowlist", metavar="GROUP/VERSION/KIND")] = None,
    applyset: Annotated[str, typer.Option("--applyset", metavar="[RESOURCE.GROUP/]NAME", help="With --prune: the object that keeps count.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Delete and create again what cannot be changed.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite/--no-overwrite", help="Overrule what others have changed.")] = True,
    cascade: Annotated[str, typer.Option("--cascade", metavar="HOW", help="background, orphan, foreground.")] = "background",
    grace_period: Annotated[int, typer.Option("--grace-period", metavar="SECONDS", help="With --force and --prune: how long pods have to end; -1: as they say themselves.")] = -1,
    validate: Annotated[str, typer.Option("--validate", metavar="HOW", help="strict, warn, ignore.")] = "strict",
    subresource: Annotated[str, typer.Option("--subresource", metavar="NAME", help="With --server-side: apply to status, scale, …")] = "",
    dry_run: Annotated[str, typer.Option("--dry-run", metavar="[client|server]", help="Required: kplan never writes to a cluster.")] = "",
) -> int:
    """Plan `kubectl apply`: changes, consequences and their causes."""
    if not dry_run or dry_run == "none":
        say("error: kplan never writes to a cluster; say --dry-run for the plan, or use kubectl apply")
        return USAGE
    if dry_run not in ("plan", "client", "server"):
        raise usage_error(f'Invalid dry-run value ({dry_run}). Must be "none", "server", or "client".')
    if not filename and not kustomize:
        raise usage_error("must specify one of -f and -k")
    if filename and kustomize:
        raise usage_error("only one of -f or -k can be specified")
    from kplan.cli.applying import apply_files

    session = open_session(cluster_options, stages=tells_stages(output_options))
    as_kubectl = output_options.output == ["kubectl"]
    printed = apply_files(
        session,
        filename or [],
        kustomize=kustomize,
        recursive=recursive,
        namespace=namespace,
        as_kubectl=as_kubectl,
        selector=selector or None,
        server_side=server_side,
        force_conflicts=force_conflicts,
        field_manager=field_manager or ("kubectl" if server_side else "kubectl-client-side-apply"),
        force=force,
        overwrite=overwrite,
        cascade=cascade.capitalize(),
        grace=grace_period,
        validation={"strict": "Strict", "true": "Strict", "warn": "Warn", "ignore": "Ignore", "false": "Ignore"}.get(validate.lower(), "Strict"),
        subresource=subresource,
        dry_run=dry_run if as_kubectl and dry_run != "plan" else "none",
        prune={"every": all_, "pruning": prune, "allowlist": prune_allowlist or [], "applyset": applyset},
    )
    let_pass(session, cluster_options)
    return finish_as_kubectl(session, output_options, printed) if as_kubectl else finish(session, output_options)
