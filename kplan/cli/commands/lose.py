"""``kplan lose``: what happens to a cluster when nodes die."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kplan.cli.exits import usage_error
from kplan.cli.options import ClusterOptions, OutputOptions, command_app, with_options
from kplan.cli.session import finish, let_pass, open_session

if TYPE_CHECKING:
    from kplan.model.objects import Object
    from kplan.pipeline import Session

app = command_app()


@app.command()
@with_options(ClusterOptions, OutputOptions)
def lose(
    cluster_options: ClusterOptions,
    output_options: OutputOptions,
    node: Annotated[list[str] | None, typer.Argument(metavar="[NODE]...", help="Nodes that die.")] = None,
    selector: Annotated[str, typer.Option("-l", "--selector", metavar="LABELS", help="All nodes with these labels: topology.kubernetes.io/zone=a.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Implied: kplan never writes to a cluster.")] = True,
) -> int:
    """Plan the sudden death of nodes: power or network is gone, nothing is drained.

    After 50 seconds they are Unknown and tainted, and Services leave their pods out; when tolerations end (as a rule after
    five minutes, see --for) their pods are evicted and made anew elsewhere.
    """
    if bool(node) == bool(selector):
        raise usage_error("say which nodes die: NODE… or -l SELECTOR")
    session = open_session(cluster_options)
    session.begin()
    for name in _names(session, node or [], selector):
        _lose(session, name)
    session.between()
    let_pass(session, cluster_options)
    return finish(session, output_options)


def _names(session: Session, named: list[str], selector: str) -> list[str]:
    """The nodes that are meant.

    Raises: typer.Exit where there is no such node; the user has been told.
    """
    from kplan.model.objects import labels_of, name_of
    from kplan.model.selectors import parse_selector

    nodes = session.store.objects("Node")
    if selector:
        try:
            wanted = parse_selector(selector)
        except ValueError as problem:
            raise usage_error(f"--selector {selector}: {problem}") from None
        found = [name_of(n) for n in nodes if wanted.matches(labels_of(n))]
        if not found:
            raise usage_error(f"--selector {selector}: no node has these labels")
        return found
    there = {name_of(n) for n in nodes}
    names = [n.removeprefix("node/").removeprefix("nodes/") for n in named]
    for name in names:
        if name not in there:
            raise usage_error(f'nodes "{name}" not found; there are {", ".join(sorted(there)) or "none"}')
    return list(dict.fromkeys(names))


def _lose(session: Session, name: str) -> None:
    from kplan.model.objects import Ref

    session.server.patch(Ref("Node", "", name), partial(_without_kubelet), because="kubelet-is-lost")


def _without_kubelet(node: Object) -> dict[str, Any]:
    from kplan.model.kubelets import KUBELET, LOST
    from kplan.model.objects import annotations_of

    meta = {**node["metadata"], "annotations": {**annotations_of(node), KUBELET: LOST}}
    return {**node, "metadata": meta}
