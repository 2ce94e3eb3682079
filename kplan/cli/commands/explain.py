"""``kplan explain``: the chain of causes behind an object, or who set each of its fields."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kplan.cli.exits import PLANNED, REFUSED, usage_error
from kplan.cli.options import ClusterOptions, Color, Filename, Namespace, Recursive, command_app, with_options
from kplan.cli.saying import say_findings, say_no_such_object
from kplan.cli.session import let_pass, open_session, wants_color

if TYPE_CHECKING:
    from kplan.pipeline import Session

app = command_app()


@app.command()
@with_options(ClusterOptions)
def explain(
    cluster_options: ClusterOptions,
    target: Annotated[str, typer.Argument(metavar="[KIND/NAME]", help="What to explain: deployment/web, pod/web-…, service/web.")] = "",
    filename: Filename = None,
    recursive: Recursive = False,
    namespace: Namespace = "",
    defaults: Annotated[bool, typer.Option("--defaults", help="Tell who set each field: you, a default, admission, the server, a controller. Implied without KIND/NAME.")] = False,
    show_managed_fields: Annotated[bool, typer.Option("--show-managed-fields", help="With --defaults: managedFields, too.")] = False,
    output: Annotated[str, typer.Option("-o", "--output", metavar="FORMAT", help="With --defaults: text or json.")] = "text",
    color: Color = "auto",
) -> int:
    """Why an object is as it will be: down to a line of a manifest, a fact of the cluster, a rule of Kubernetes or an assumption."""
    from kplan.cli.applying import apply_files

    by_field = defaults or not target
    if not target and not filename:
        raise usage_error("say what to explain: KIND/NAME, -f FILE, or both")
    if output not in ("text", "json") or (output == "json" and not by_field):
        raise usage_error(f"-o {output}: expected text, or json with --defaults")
    session = open_session(cluster_options, stages=by_field)
    if filename:
        apply_files(session, filename, recursive=recursive, namespace=namespace)
    let_pass(session, cluster_options)
    text = _by_field(session, target, namespace, show_managed_fields, output, color) if by_field else _by_cause(session, target, namespace)
    refused = _tell_errors(session)
    if not text:
        if target:
            say_no_such_object(target)
        return REFUSED
    sys.stdout.write(text)
    return REFUSED if refused and not target else PLANNED


def _tell_errors(session: Session) -> bool:
    """Say what of the manifests was refused; whether anything was."""
    from kplan.model.diagnostics import Severity

    errors = [d for d in session.diagnostics if d.severity is Severity.ERROR]
    say_findings(errors)
    return bool(errors)


def _by_field(session: Session, target: str, namespace: str, managed_fields: bool, output: str, color: str) -> str:
    """Who set which field of what ``target`` means, or of everything in the input."""
    from kplan.model.objects import ref_of
    from kplan.plan.stages import recorded
    from kplan.render.explanation import find
    from kplan.render.stages import staged, stages_json, stages_text

    found = find(session.server, session.store, target, namespace) if target else [session.store.get(ref) for ref in session.manifests]
    objects = [
        staged(o, recorded(session.store.journal, ref_of(o)), session.manifests.get(ref_of(o)), managed_fields=managed_fields)
        for o in found
        if o is not None
    ]
    if not objects:
        return ""
    return stages_json(objects) if output == "json" else stages_text(objects, color=wants_color(color))


def _by_cause(session: Session, target: str, namespace: str) -> str:
    """The chain of causes of what ``target`` means."""
    from kplan.render.explanation import explain_text

    text = explain_text(session.server, session.store, session.engine, target, namespace, session.origins)
    return "" if text is None else text + _placements(session, target, namespace)


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
