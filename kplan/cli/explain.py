"""``kplan explain KIND/NAME``: the chain of causes behind an object."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kplan.cli.common import ClusterOptions, with_options
from kplan.cli.exits import PLANNED, REFUSED
from kplan.cli.session import let_pass, open_session

if TYPE_CHECKING:
    from kplan.pipeline import Session

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
    sys.stdout.write(text + _placements(session, target, namespace))
    return PLANNED


def _placements(session: Session, target: str, namespace: str) -> str:
    """Node by node what the scheduler has against the pods among them that are pending."""
    from kplan.plan.plan import unscheduled_pods
    from kplan.render.explanation import find

    pods = [o for o in find(session.server, session.store, target, namespace)[:10] if o["kind"] == "Pod"]
    pending = {p.ref for p in unscheduled_pods(pods)}
    if not pending:
        return ""
    from kplan.model.objects import ref_of
    from kplan.render import placement
    from kplan.scheduler.verdict import opinions

    verdicts = opinions([p for p in pods if ref_of(p) in pending], session.store, session.catalog.gates, session.engine.options.scheduler_config)
    return placement.text(verdicts, color=False, most=20)
