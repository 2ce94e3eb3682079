"""How long the kubelets of a cluster cache, by its size."""

from __future__ import annotations

from typing import Any

from kplan.model.objects import Ref, annotations_of
from kplan.pipeline import Session

TTL = "node.alpha.kubernetes.io/ttl"


def nodes(count: int) -> list[dict[str, Any]]:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    return [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"n{i}", "uid": f"u{i}", "resourceVersion": "1"}, "status": ready} for i in range(count)]


def seconds(session: Session) -> set[str]:
    return {annotations_of(n)[TTL] for n in session.store.objects("Node")}


def test_all_nodes_are_told_when_the_cluster_outgrows_a_size_and_not_at_once_when_it_shrinks() -> None:
    session = Session.open(nodes(100), version="1.36")
    session.begin()
    session.engine.settle()
    assert seconds(session) == {"0"}
    assert session.server.create(nodes(101)[100], user=True).error is None
    session.engine.settle()
    assert seconds(session) == {"15"}
    for i in range(11):
        session.server.delete(Ref("Node", "", f"n{i}"))
    session.engine.settle()
    assert seconds(session) == {"15"}
    session.server.delete(Ref("Node", "", "n11"))
    session.engine.settle()
    assert seconds(session) == {"0"}
