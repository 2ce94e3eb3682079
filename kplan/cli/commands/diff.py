"""``kplan diff``: what applying would change of what is there, field by field; exits as ``kubectl diff`` does."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kplan.cli.exits import PLANNED, USAGE, usage_error
from kplan.cli.options import ClusterOptions, Color, Filename, Namespace, Recursive, command_app, with_options
from kplan.cli.saying import say_findings
from kplan.cli.session import open_session, wants_color

app = command_app()


@app.command()
@with_options(ClusterOptions)
def diff(
    cluster_options: ClusterOptions,
    filename: Filename = None,
    recursive: Recursive = False,
    namespace: Namespace = "",
    server_side: Annotated[bool, typer.Option("--server-side", help="Apply as the server does.")] = False,
    color: Color = "auto",
) -> int:
    """Show your changes only. Exits 0 without differences, 1 with some, 2 or more on an error."""
    from kplan.cli.applying import apply_files
    from kplan.model.diagnostics import Severity
    from kplan.plan.plan import Symbol
    from kplan.render.fields import render_fields

    if not filename:
        raise usage_error("must specify one of -f and -k")
    session = open_session(cluster_options)
    apply_files(session, filename, recursive=recursive, namespace=namespace, server_side=server_side)
    plan = session.plan(checks=False)
    sys.stdout.write(render_fields(plan, color=wants_color(color)))
    say_findings(plan.diagnostics)
    if plan.refused or any(d.severity is Severity.ERROR for d in plan.diagnostics):
        return USAGE
    return 1 if any(c.symbol is not Symbol.UNCHANGED for c in plan.changes) else PLANNED
