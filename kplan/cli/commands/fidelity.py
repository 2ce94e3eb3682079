"""``kplan fidelity``: what of Kubernetes is modelled, counted from the code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kplan.cli.exits import PLANNED, usage_error
from kplan.cli.options import command_app

app = command_app()


@app.command()
def fidelity(
    kubernetes_version: Annotated[str, typer.Option("--kubernetes-version", metavar="X.Y")] = "1.36",
    output: Annotated[str, typer.Option("-o", "--output", metavar="FORMAT", help="text or json.")] = "text",
) -> int:
    """What is modelled and where it differs; the places that emit a field error; kinds, admission plugins, controllers."""
    import orjson

    from kplan.catalog.catalog import UnknownVersion
    from kplan.fidelity import report, text

    if output not in ("text", "json"):
        raise usage_error(f"-o {output}: expected text or json")
    try:
        found = report(kubernetes_version)
    except UnknownVersion as problem:
        raise usage_error(f"--kubernetes-version {kubernetes_version}: {problem}") from None
    as_json = orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    sys.stdout.write(text(found) if output == "text" else as_json)
    return PLANNED
