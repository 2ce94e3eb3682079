"""``kplan validate``: each manifest as the API server would judge it, without a cluster."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from kplan import __version__
from kplan.cli.exits import PLANNED, REFUSED
from kplan.cli.session import emit, usage_error, wants_color

if TYPE_CHECKING:
    from kplan.render.verdicts.report import Report

app = typer.Typer()


@app.command()
def validate(
    files: Annotated[list[str] | None, typer.Argument(help="Files, folders, globs, or - for standard input.")] = None,
    filename: Annotated[list[str] | None, typer.Option("-f", "--filename", help="The same, as kubectl spells it.")] = None,
    recursive: Annotated[bool, typer.Option("-R", "--recursive", help="Look into folders below folders.")] = False,
    kubernetes_version: Annotated[str, typer.Option("--kubernetes-version", metavar="X.Y")] = "1.36",
    cluster: Annotated[str, typer.Option("--cluster", metavar="FILE|DIR|profile:NAME", help="Judge against this cluster, admission included.")] = "",
    schema_only: Annotated[bool, typer.Option("--schema-only", help="Only the fast layer: types, unknown and required fields, enums.")] = False,
    only_kubernetes: Annotated[bool, typer.Option("--only-kubernetes", help="Files that are no manifests are no errors, even if named.")] = False,
    ignore_missing_schemas: Annotated[bool, typer.Option("--ignore-missing-schemas", help="Skip kinds nobody defines.")] = False,
    skip: Annotated[str, typer.Option("--skip", metavar="KIND,…", help="Kinds (or group/version/Kind) to leave out.")] = "",
    reject: Annotated[str, typer.Option("--reject", metavar="KIND,…", help="Kinds that may not appear.")] = "",
    fail_if_no_objects: Annotated[bool, typer.Option("--fail-if-no-objects")] = False,
    output: Annotated[list[str] | None, typer.Option("-o", "--output", metavar="FORMAT[=FILE]", help="text, json, sarif, junit, github, tap; repeatable, each to its own file.")] = None,
    color: Annotated[str, typer.Option("--color", help="auto, always, never.")] = "auto",
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Also what is valid, and what was skipped.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Nothing but findings.")] = False,
) -> int:
    """Judge manifests: decoding, schema, and the API server's own rules, with file:line:column."""
    from kplan.catalog.catalog import UnknownVersion
    from kplan.load.sources import load_sources
    from kplan.model.diagnostics import Severity
    from kplan.render.verdicts.report import Report
    from kplan.validation import SKIPPED, VALID, Judge, namespaces_for

    sources = [*(files or []), *(filename or [])]
    if not sources:
        raise usage_error("name files or folders to validate, or - for standard input")
    loaded = load_sources(sources, recursive=recursive, tell_duplicates=False)
    objects = namespaces_for(loaded.documents)
    if cluster:
        from kplan.load.cluster import ClusterError, load_cluster

        try:
            objects = load_cluster(cluster, kubernetes_version)
        except ClusterError as problem:
            raise usage_error(f"--cluster {cluster}: {problem}") from None
    try:
        judge = Judge.at(
            kubernetes_version,
            objects=objects,
            admission=bool(cluster),
            schema_only=schema_only,
            ignore_missing=ignore_missing_schemas,
            skip=frozenset(filter(None, skip.split(","))),
            reject=frozenset(filter(None, reject.split(","))),
        )
    except UnknownVersion as problem:
        raise usage_error(f"--kubernetes-version {kubernetes_version}: {problem}") from None
    verdicts = list(judge.judge(loaded.documents))
    for wanted in output or ["text"]:
        name, _, target = wanted.partition("=")
        report = Report(loaded, verdicts, __version__, not target and wants_color(color), verbose, quiet, sources == ["-"])
        emit(_format(name)(report), target)
    if not verdicts and not loaded.diagnostics:
        print("warning: no Kubernetes objects were found", file=sys.stderr)  # noqa: T201
        return REFUSED if fail_if_no_objects else PLANNED
    broken = any(d.severity is Severity.ERROR for d in loaded.diagnostics) and not only_kubernetes
    return REFUSED if broken or any(v.status not in (VALID, SKIPPED) for v in verdicts) else PLANNED


def _format(name: str) -> Callable[[Report], str]:
    import importlib
    import pkgutil

    import kplan.render.verdicts as formats

    known = sorted(m.name for m in pkgutil.iter_modules(formats.__path__) if m.name != "report")
    if name not in known:
        raise usage_error(f"-o {name}: expected one of {', '.join(known)}")
    render: Callable[[Report], str] = importlib.import_module(f"kplan.render.verdicts.{name}").render
    return render
