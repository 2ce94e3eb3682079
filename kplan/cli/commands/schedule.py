"""``kplan schedule POD.yaml|KIND/NAME``: where a pod would go and why, node by node and plugin by plugin."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kplan.cli.exits import PLANNED, REFUSED, usage_error
from kplan.cli.options import ClusterOptions, Color, Namespace, command_app, with_options
from kplan.cli.saying import say
from kplan.cli.session import open_session, wants_color

if TYPE_CHECKING:
    from kplan.model.objects import Object
    from kplan.pipeline import Session

app = command_app()


@app.command()
@with_options(ClusterOptions)
def schedule(
    cluster_options: ClusterOptions,
    target: Annotated[str, typer.Argument(metavar="FILE|KIND/NAME", help="A manifest (- for standard input), or a pod or workload of the cluster.")] = "",
    namespace: Namespace = "",
    batch: Annotated[str, typer.Option("--batch", metavar="FILE", help='JSON lines {"objects", "pod"}: one line of verdicts out for each.')] = "",
    output: Annotated[str, typer.Option("-o", "--output", metavar="FORMAT", help="text or json.")] = "text",
    color: Color = "auto",
    most: Annotated[int, typer.Option("--most", metavar="N", help="How many nodes of each sort to show as text.")] = 50,
) -> int:
    """Show what every scheduler plugin says of every node about a pod: refusals, what would help, scores, the winner."""
    if output not in ("text", "json"):
        raise usage_error(f"-o {output}: expected one of text, json")
    if batch:
        return _batch(batch, cluster_options)
    if not target:
        raise usage_error("name a manifest, or KIND/NAME of the cluster")
    from kplan.render import placement
    from kplan.scheduler.verdict import opinions

    session = open_session(cluster_options)
    session.begin()
    pods = _pods(session, target, namespace)
    verdicts = opinions(pods, session.store, session.catalog.gates, session.engine.options.scheduler_config)
    if len(verdicts) < len(pods):
        say("error: no scheduler profile has that schedulerName: the pod would stay pending")
        return REFUSED
    sys.stdout.write(placement.json(verdicts) if output == "json" else placement.text(verdicts, color=wants_color(color), most=most))
    return PLANNED if all(v.winner for v in verdicts) else REFUSED


def _batch(path: str, options: ClusterOptions) -> int:
    from kplan.catalog.catalog import Catalog, UnknownVersion
    from kplan.scheduler.batch import schedule_batch

    try:
        gates = Catalog.at(options.kubernetes_version).gates
        lines = (sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()).splitlines()
    except UnknownVersion as problem:
        raise usage_error(f"--kubernetes-version {options.kubernetes_version}: {problem}") from None
    except OSError as problem:
        raise usage_error(f"--batch {path}: {problem.strerror}") from None
    for number, answer in enumerate(schedule_batch(lines, gates), start=1):
        if answer is None:
            raise usage_error(f'--batch {path}:{number}: expected one JSON object with "objects" and "pod"')
        sys.stdout.write(answer + "\n")
    return PLANNED


def _pods(session: Session, target: str, namespace: str) -> list[Object]:
    """The pods to judge: those a manifest makes, a pod of the cluster, or the next pod of a workload."""
    if target == "-" or Path(target).exists():
        return _pods_of_manifest(session, target, namespace)
    from kplan.render.explanation import find
    from kplan.scheduler.templates import next_pod

    found = find(session.server, session.store, target, namespace)
    if not found:
        raise usage_error(f"{target}: neither a file nor an object of the cluster")
    pods = [next_pod(obj, session.store) for obj in found[:1]]
    if pods[0] is None:
        raise usage_error(f"{target} makes no pods")
    if pods[0] is found[0]:
        return [found[0]]
    outcome = session.server.create(pods[0], actor="user", because="kplan schedule", user=True)
    if outcome.error is not None or outcome.object is None:
        raise usage_error(outcome.error.message if outcome.error is not None else f"{target}: no pod")
    return [outcome.object]


def _pods_of_manifest(session: Session, target: str, namespace: str) -> list[Object]:
    """Create what the manifest says, let the controllers make their pods, and take one of each kind before it is bound."""
    from kplan.cli.session import load_manifests
    from kplan.model.objects import ref_of

    before = {ref_of(p) for p in session.store.objects("Pod")}
    for document in load_manifests(session, [target], recursive=False, tell=True).documents:
        obj = dict(document.object)
        info = session.server.resolve(obj.get("apiVersion") or "", obj.get("kind") or "")
        if info is not None and info.namespaced:
            meta = obj.get("metadata") or {}
            obj["metadata"] = {"namespace": namespace or "default", **meta}
        outcome = session.server.create(obj, actor="user", because="kplan schedule", user=True)
        if outcome.error is not None:
            raise usage_error(outcome.error.message)
    session.engine.drain(most_priority=0)
    made = [p for p in session.store.objects("Pod") if ref_of(p) not in before and not p["spec"].get("nodeName")]
    if not made:
        raise usage_error(f"{target} makes no pods")
    from kplan.scheduler.pods import PodInfos

    infos = PodInfos()
    return list({infos.of(p): p for p in reversed(made)}.values())[::-1]
