"""``kplan graph``: who owns, selects, refers to and is bound to whom in the planned cluster."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kplan.cli.exits import PLANNED, REFUSED, usage_error
from kplan.cli.options import ClusterOptions, Filename, Namespace, Recursive, command_app, with_options
from kplan.cli.saying import say_no_such_object
from kplan.cli.session import let_pass, open_session

app = command_app()


@app.command()
@with_options(ClusterOptions)
def graph(
    cluster_options: ClusterOptions,
    target: Annotated[str, typer.Argument(metavar="[KIND/NAME]", help="Only what is connected with this; default: with what the manifests hold.")] = "",
    filename: Filename = None,
    recursive: Recursive = False,
    namespace: Namespace = "",
    output: Annotated[str, typer.Option("-o", "--output", metavar="FORMAT", help="text, dot, mermaid, json.")] = "text",
) -> int:
    """Draw the objects and their relations; what is referred to but does not exist is marked."""
    from kplan.cli.applying import apply_files
    from kplan.model.objects import ref_of
    from kplan.render.explanation import find
    from kplan.render.graphs import FORMATS
    from kplan.store.graph import around, object_graph

    if output not in FORMATS:
        raise usage_error(f"-o {output}: expected one of {', '.join(FORMATS)}")
    session = open_session(cluster_options)
    session.begin()
    if filename:
        apply_files(session, filename, recursive=recursive, namespace=namespace)
    let_pass(session, cluster_options)
    whole = object_graph(session.store)
    if target:
        refs = [ref_of(o) for o in find(session.server, session.store, target, namespace)]
        if not refs:
            say_no_such_object(target)
            return REFUSED
        whole = around(whole, refs)
    elif session.origins:
        whole = around(whole, [r for r in session.origins if r in whole])
    sys.stdout.write(FORMATS[output](whole))
    return PLANNED
