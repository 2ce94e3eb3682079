"""``kplan diff``: what applying would change of what is there, field by field; exits as ``kubectl diff`` does."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kplan.cli.common import ClusterOptions, with_options
from kplan.cli.exits import PLANNED, USAGE
from kplan.cli.session import open_session, usage_error, wants_color

app = typer.Typer()


@app.command()
@with_options(ClusterOptions)
def diff(
    cluster_options: ClusterOptions,
    filename: Annotated[list[str] | None, typer.Option("-f", "--filename", help="Files, folders, globs, or - for standard input.")] = None,
    recursive: Annotated[bool, typer.Option("-R", "--recursive")] = False,
    namespace: Annotated[str, typer.Option("-n", "--namespace")] = "",
    server_side: Annotated[bool, typer.Option("--server-side")] = False,
    color: Annotated[str, typer.Option("--color", help="auto, always, never.")] = "auto",
) -> int:
    """Show your changes only. Exits 0 without differences, 1 with some, 2 or more on an error."""
    from kplan.cli.apply import apply_files
    from kplan.model.diagnostics import Severity
    from kplan.plan.plan import Symbol
    from kplan.render.fields import render_fields

    if not filename:
        raise usage_error("must specify one of -f and -k")
    session = open_session(cluster_options)
    apply_files(session, filename, recursive=recursive, namespace=namespace, server_side=server_side)
    plan = session.plan(checks=False)
    sys.stdout.write(render_fields(plan, color=wants_color(color)))
    for d in plan.diagnostics:
        print(f"{f'{d.at}: ' if d.at else ''}{d.severity}: {d.message} [{d.code}]", file=sys.stderr)  # noqa: T201
    if plan.refused or any(d.severity is Severity.ERROR for d in plan.diagnostics):
        return USAGE
    return 1 if any(c.symbol is not Symbol.UNCHANGED for c in plan.changes) else PLANNED
