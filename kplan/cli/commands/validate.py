"""``kplan validate``: each manifest as the API server would judge it, without a cluster."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from kplan import __version__
from kplan.cli.excluding import excluder
from kplan.cli.exits import PLANNED, REFUSED, usage_error
from kplan.cli.formats import VERDICTS, renderer
from kplan.cli.options import Color, Filename, Recursive, command_app
from kplan.cli.saying import say
from kplan.cli.session import emit, wants_color

if TYPE_CHECKING:
    from kplan.load.documents import Document, Loaded
    from kplan.load.sources import Source
    from kplan.model.diagnostics import Diagnostic
    from kplan.model.objects import Object
    from kplan.validation.judge import Judge, Settings
    from kplan.validation.verdict import Verdict

app = command_app()

_EPILOG = (
    "Exit codes: 0 all valid, 1 something is refused or cannot be read, 2 usage, 3 internal error. "
    "kubeconform's flags are understood, too (-strict -summary -n 8 -output json …): docs/validate.md."
)


@app.command(epilog=_EPILOG)
def validate(
    files: Annotated[list[str] | None, typer.Argument(help="Files, folders, globs, or - for standard input.")] = None,
    filename: Filename = None,
    recursive: Recursive = False,
    exclude: Annotated[list[str] | None, typer.Option("--exclude", metavar="GLOB", help="Leave out paths that match; repeatable.")] = None,
    ignore_filename_pattern: Annotated[list[str] | None, typer.Option("--ignore-filename-pattern", metavar="RE", help="The same with a regular expression (RE2); repeatable.")] = None,
    crds: Annotated[list[str] | None, typer.Option("--crds", metavar="PATH", help="Files or folders of CustomResourceDefinitions that are known, but not judged themselves; repeatable.")] = None,
    kubernetes_version: Annotated[str, typer.Option("--kubernetes-version", metavar="X.Y", help="The Kubernetes minor: 1.36, v1.36, 1.36.2, latest.")] = "1.36",
    cluster: Annotated[str, typer.Option("--cluster", metavar="FILE|DIR|profile:NAME", help="Judge against this cluster, admission included.")] = "",
    schema_only: Annotated[bool, typer.Option("--schema-only", help="Only the fast layer: types, unknown and required fields, enums.")] = False,
    only_kubernetes: Annotated[bool, typer.Option("--only-kubernetes", help="Named files that are no manifests are skipped, not errors.")] = False,
    ignore_missing_schemas: Annotated[bool, typer.Option("--ignore-missing-schemas", help="Skip kinds nobody defines.")] = False,
    skip: Annotated[list[str] | None, typer.Option("--skip", metavar="KIND,…", help="Kinds (or group/version/Kind) to leave out.")] = None,
    reject: Annotated[list[str] | None, typer.Option("--reject", metavar="KIND,…", help="Kinds that may not appear.")] = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first file that cannot be read, else at the first object that is refused.")] = False,
    fail_if_no_objects: Annotated[bool, typer.Option("--fail-if-no-objects", help="Exit 1 where there is nothing to judge.")] = False,
    jobs: Annotated[int, typer.Option("-j", "--jobs", metavar="N", min=0, help="Processes that share the files; 0: as many as pay. The output is the same. With --cluster (quotas count in order), --fail-fast and standard input it is one.")] = 0,
    output: Annotated[list[str] | None, typer.Option("-o", "--output", metavar="FORMAT[=FILE]", help="text, json, sarif, junit, github, tap, kubeconform; repeatable, each to its own file.")] = None,
    color: Color = "auto",
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Also what is valid, and what was skipped.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Nothing but findings.")] = False,
) -> int:
    """Judge manifests: decoding, schema, and the API server's own rules, with file:line:column."""
    from kplan.load.sources import find_sources
    from kplan.render.report import Report
    from kplan.render.verdicts.text import findings_text
    from kplan.validation.judge import Settings
    from kplan.validation.verdict import words_of

    named = [*(files or []), *(filename or [])] or (["-"] if _is_piped() else [])
    if not named:
        raise usage_error("name files or folders to validate, or - for standard input")
    formats = [(renderer(VERDICTS, name), target) for name, _, target in (wanted.partition("=") for wanted in output or ["text"])]
    if color not in ("auto", "always", "never"):
        raise usage_error(f"--color {color}: expected auto, always or never")
    settings = Settings(kubernetes_version, schema_only, ignore_missing_schemas, words_of(skip or []), words_of(reject or []))
    sources = find_sources(named, recursive, excluder(exclude or [], ignore_filename_pattern or []))
    if not recursive:
        _tell_subfolders(named)
    judge = _judge(settings, cluster)
    loaded, verdicts = _judged(judge, sources, _definitions(crds or []), jobs, fail_fast)
    loaded = _only_manifests(loaded) if only_kubernetes else loaded
    sys.stderr.write(findings_text(judge.useless, color=False))
    for render, target in formats:
        report = Report(loaded, verdicts, __version__, not target and wants_color(color), verbose, quiet, named == ["-"])
        _emit(render(report), target)
    if not verdicts and not loaded.diagnostics:
        if not only_kubernetes:
            say("warning: no Kubernetes objects were found")
        return REFUSED if fail_if_no_objects else PLANNED
    return REFUSED if any(not v.is_well for v in verdicts) or _is_broken(loaded) else PLANNED


def _judge(settings: Settings, cluster: str) -> Judge:
    from kplan.catalog.catalog import UnknownVersion
    from kplan.cli.clusters import read_cluster
    from kplan.validation.judge import Judge

    try:
        objects: Iterable[Object] = read_cluster(cluster, settings.version).objects if cluster else ()
        return Judge.at(settings, objects=objects, admission=bool(cluster))
    except UnknownVersion as problem:
        raise usage_error(f"--kubernetes-version {settings.version}: {problem}") from None


def _judged(judge: Judge, sources: Sequence[Source], definitions: Sequence[Document], jobs: int, fail_fast: bool) -> tuple[Loaded, list[Verdict]]:
    """What was loaded and the verdicts, made by as many processes as may be."""
    from kplan.load.sources import read_sources
    from kplan.validation.jobs import judge_in_parallel, worth
    from kplan.validation.judge import judge_all

    processes = 1 if judge.given_cluster or fail_fast else worth(sources, jobs, schema_only=judge.settings.schema_only)
    if processes > 1:
        return judge_in_parallel(judge, sources, processes, definitions)
    loaded = read_sources(sources, tell_duplicates=False)
    if fail_fast and _is_broken(loaded):
        return _up_to_first_error(loaded), []
    judge.define(definitions, loaded.documents)
    return loaded, judge_all(judge, loaded.documents, fail_fast=fail_fast)


def _only_manifests(loaded: Loaded) -> Loaded:
    """Named files that hold no manifest count as skipped; one that cannot be read stays an error if it looks like one."""
    from dataclasses import replace

    from kplan.load.documents import Skipped
    from kplan.load.files import PathError, read_file
    from kplan.load.recognise import looks_like_manifest

    def is_foreign(d: Diagnostic) -> bool:
        if d.at is None or d.code not in ("KP102", "KP103", "KP107"):
            return False
        try:
            return d.code == "KP107" or not looks_like_manifest(read_file(d.at.file).decode(errors="replace"))
        except PathError:
            return False

    foreign = [d for d in loaded.diagnostics if is_foreign(d)]
    skipped = [Skipped(d.at.file, d.message, d.at.line) for d in foreign if d.at is not None]
    kept = tuple(d for d in loaded.diagnostics if d not in foreign)
    return replace(loaded, diagnostics=kept, skipped=(*loaded.skipped, *skipped))


def _is_broken(loaded: Loaded) -> bool:
    from kplan.model.diagnostics import Severity

    return any(d.severity is Severity.ERROR for d in loaded.diagnostics)


def _up_to_first_error(loaded: Loaded) -> Loaded:
    from dataclasses import replace

    from kplan.model.diagnostics import Severity

    at = next(i for i, d in enumerate(loaded.diagnostics) if d.severity is Severity.ERROR)
    return replace(loaded, documents=(), diagnostics=loaded.diagnostics[: at + 1])


def _definitions(paths: list[str]) -> list[Document]:
    """The CustomResourceDefinitions of ``--crds``; of the rest nothing is said, but that there are none."""
    from kplan.load.sources import load_sources
    from kplan.render.verdicts.text import findings_text
    from kplan.validation.judge import DEFINITION

    out = []
    for path in paths:
        loaded = load_sources([path], recursive=True, tell_duplicates=False)
        if loaded.usage:
            raise usage_error(f"--crds {path}: {loaded.usage[0]}")
        found = [d for d in loaded.documents if d.object.get("kind") == DEFINITION]
        sys.stderr.write(findings_text(loaded.diagnostics, color=False))
        if not found:
            say(f"warning: --crds {path}: there are no CustomResourceDefinitions")
        out += found
    return out


def _is_piped() -> bool:
    """Whether something is piped into standard input (``helm template . | kplan validate``)."""
    import os
    import stat

    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def _tell_subfolders(named: list[str]) -> None:
    """Say what is not looked at for want of -R; kubectl says nothing, and nobody notices."""
    import os

    from kplan.load.files import EXTENSIONS

    for folder in filter(os.path.isdir, named):
        inner = [entry.path for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")]
        if any(name.endswith(EXTENSIONS) for path in inner for _, _, names in os.walk(path) for name in names):
            say(f"note: {folder}: folders below it are not looked at; add -R")


def _emit(text: str, target: str) -> None:
    try:
        emit(text, target)
    except OSError as problem:
        raise usage_error(f"-o …={target}: {(problem.strerror or str(problem)).lower()}") from None
