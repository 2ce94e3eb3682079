"""``kplan explain KIND/NAME``: the chain of causes behind an object."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kplan.cli.common import ClusterOptions, with_options
from kplan.cli.exits import PLANNED, REFUSED
from kplan.cli.session import let_pass, open_session

app = typer.Typer()


@app.command()
@with_options(ClusterOptions)
def explain(
    cluster_options: ClusterOptions,
    target: Annotated[str, typer.Argument(metavar="KIND/NAME", help="What to explain: deployment/web, pod/web-…, service/web.")],
    filename: Annotated[list[str] | None, typer.Option("-f", "--filename", help="Manifests that are applied first.")] = None,
    recursive: Annotated[bool, typer.Option("-R", "--recursive")] = False,
    namespace: Annotated[str, typer.Option("-n", "--namespace")] = "",
) -> int:
    """Why an object is as it will be: down to a line of a manifest, a fact of the cluster, a rule of Kubernetes or an assumption."""
    from kplan.cli.apply import apply_files
    from kplan.render.explanation import explain_text

    session = open_session(cluster_options)
    if filename:
        apply_files(session, filename, recursive=recursive, namespace=namespace)
    let_pass(session, cluster_options)
    text = explain_text(session.server, session.store, session.engine, target, namespace, session.origins)
    if text is None:
        print(f"error: {target}: no such object in the planned cluster", file=sys.stderr)  # noqa: T201
        return REFUSED
    sys.stdout.write(text)
    return PLANNED
