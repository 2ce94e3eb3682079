"""``kplan admit``: what the API server would store, or why it would refuse; the offline ``kubectl create --dry-run=server``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kplan.cli.exits import PLANNED, REFUSED, usage_error
from kplan.cli.options import Filename, Namespace, Recursive, command_app
from kplan.cli.saying import say, say_nothing_found, say_skipped

if TYPE_CHECKING:
    from kplan.apiserver.server import APIServer
    from kplan.load.documents import Document

app = command_app()


@app.command()
def admit(
    filename: Filename = None,
    recursive: Recursive = False,
    batch: Annotated[str, typer.Option("--batch", metavar="FILE", help='JSON lines {"object": …}, each judged alone against a fresh cluster.')] = "",
    cluster: Annotated[str, typer.Option("--cluster", metavar="FILE|DIR|profile:NAME")] = "profile:kind",
    namespace: Namespace = "default",
    kubernetes_version: Annotated[str, typer.Option("--kubernetes-version", metavar="X.Y")] = "1.36",
    output: Annotated[str, typer.Option("-o", "--output", metavar="FORMAT", help="yaml or json.")] = "yaml",
) -> int:
    """Decode, default, admit and validate; print each object as it would be stored, and on stderr what is refused and where."""
    from kplan.catalog.catalog import UnknownVersion

    try:
        if batch:
            return _answer_batch(batch, kubernetes_version)
        if not filename:
            raise usage_error("must specify -f or --batch")
        if output not in ("yaml", "json"):
            raise usage_error(f"-o {output}: expected yaml or json")
        return _admit_files(filename, recursive, cluster, namespace, kubernetes_version, output)
    except UnknownVersion as problem:
        raise usage_error(f"--kubernetes-version {kubernetes_version}: {problem}") from None


def _answer_batch(batch: str, version: str) -> int:
    import orjson

    from kplan.apiserver.batch import answers

    path = Path(batch)
    if batch != "-" and not path.is_file():
        raise usage_error(f"--batch {batch}: there is no such file")
    lines = sys.stdin.buffer if batch == "-" else path.open("rb")
    with lines:
        try:
            for answer in answers(lines, version):
                sys.stdout.write(answer.decode() + "\n")
        except (orjson.JSONDecodeError, KeyError, TypeError) as problem:
            raise usage_error(f'--batch {batch}: expected JSON lines {{"object": …}}: {problem}') from None
    return PLANNED


def _admit_files(filenames: list[str], recursive: bool, cluster: str, namespace: str, version: str, output: str) -> int:
    from kplan.apiserver.server import APIServer
    from kplan.catalog.catalog import Catalog
    from kplan.cli.clusters import read_cluster
    from kplan.load.sources import load_sources
    from kplan.model.diagnostics import Severity
    from kplan.model.names import Names
    from kplan.pipeline import latest_instant
    from kplan.render.verdicts.text import findings_text
    from kplan.store.store import Store

    loaded = load_sources(filenames, recursive=recursive)
    sys.stderr.write(findings_text(loaded.diagnostics, color=False))
    say_skipped(loaded)
    if not loaded.documents and not loaded.diagnostics:
        say_nothing_found(filenames)
    objects = read_cluster(cluster, version).objects
    server = APIServer(Store(objects), Catalog.at(version), Names(), now=latest_instant(objects))
    good = [_admit_one(server, d, namespace, output) for d in loaded.documents]
    broken = any(d.severity is Severity.ERROR for d in loaded.diagnostics)
    return PLANNED if good and all(good) and not broken else REFUSED


def _admit_one(server: APIServer, document: Document, namespace: str, output: str) -> bool:
    import orjson

    from kplan.kubectl.output.yamltext import yaml_text
    from kplan.plan.masking import masked
    from kplan.render.verdicts.text import findings_text
    from kplan.validation.judge import placed, refusals

    outcome = server.create(placed(server, document.object, namespace), user=True)
    for warning in outcome.warnings:
        say(f"Warning: {warning}")
    if outcome.object is None:
        assert outcome.error is not None
        sys.stderr.write(findings_text(refusals(document, outcome.error, server), color=False))
        return False
    shown = masked(outcome.object) or {}
    text = yaml_text(shown) if output == "yaml" else orjson.dumps(shown, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    sys.stdout.write(f"---\n{text}" if output == "yaml" else text)
    return True
