"""The object graph: relations as objects state them, and what is missing."""

from typing import Any

from kplan.model.objects import Ref
from kplan.render.graphs import FORMATS
from kplan.store.graph import around, dangling, object_graph
from kplan.store.store import Store


def obj(api: str, kind: str, name: str, spec: dict[str, Any] | None = None, **meta: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "a", "uid": f"{kind}-{name}", **meta}, "spec": spec or {}}


SPEC = {"containers": [{"name": "c", "envFrom": [{"secretRef": {"name": "gone"}}, {"configMapRef": {"name": "maybe", "optional": True}}]}]}
CLUSTER = [
    obj("apps/v1", "ReplicaSet", "web", {"template": {"spec": SPEC}}),
    obj(
        "v1",
        "Pod",
        "web-1",
        {**SPEC, "nodeName": "n1"},
        labels={"app": "web"},
        ownerReferences=[{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "ReplicaSet-web", "controller": True}],
    ),
    obj("v1", "Service", "web", {"selector": {"app": "web"}}),
    obj("v1", "Service", "other", {"selector": {"app": "other"}}),
]
POD, SET, SERVICE = Ref("Pod", "a", "web-1"), Ref("ReplicaSet.apps", "a", "web"), Ref("Service", "a", "web")


def test_relations_are_those_the_objects_state() -> None:
    graph = object_graph(Store(CLUSTER))
    edges = {(s, r, t) for s, t, r in graph.edges(keys=True)}
    assert {(SET, "owns", POD), (SERVICE, "selects", POD), (POD, "binds", Ref("Node", "", "n1"))} <= edges
    assert (POD, "refers", Ref("Secret", "a", "gone")) in edges


def test_only_what_must_be_there_dangles() -> None:
    graph = object_graph(Store(CLUSTER))
    assert dangling(graph, SET) == [Ref("Secret", "a", "gone")]


def test_around_leaves_out_what_is_not_connected() -> None:
    near = around(object_graph(Store(CLUSTER)), [POD])
    assert SERVICE in near
    assert Ref("Service", "a", "other") not in near


def test_every_format_marks_what_is_missing() -> None:
    graph = around(object_graph(Store(CLUSTER)), [POD])
    drawn = {name: render(graph) for name, render in FORMATS.items()}
    assert "Pod a/web-1 refers Secret a/gone (does not exist)\n" in drawn["text"]
    assert '"Secret a/gone" [label="Secret\\ngone", color=red, fontcolor=red];' in drawn["dot"]
    assert '["Secret<br/>gone"]:::missing' in drawn["mermaid"]
    assert '"missing": true' in drawn["json"]
