"""Runs the table ``tests/cases/hints/events.yaml``: which events are reason enough to try a pod again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from kplan.catalog.catalog import Catalog
from kplan.model.objects import Object
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.events import ADD, DELETE, NODE, POD, UPDATE, ClusterEvent, node_changes, pod_changes
from kplan.scheduler.hints import Waiting, could_help
from kplan.scheduler.pods import PodInfo, sign
from kplan.store.store import Store
from tests.tables import table

GATES = Catalog.at("1.36").gates


def rows() -> Iterator[Any]:
    for plugin, cases in table("hints/events").items():
        for name, case in cases.items():
            yield pytest.param(plugin, case, id=f"{plugin}: {name}")


def pod(row: Mapping[str, Any] | None, uid: str) -> Any:
    if row is None:
        return None
    amounts = {k: str(v) for k, v in row.get("asks", {}).items()}
    spec = {"containers": [{"name": "c", "resources": {"requests": amounts}}], **row.get("spec", {})}
    if "on" in row:
        spec["nodeName"] = row["on"]
    meta = {"name": uid, "namespace": "default", "uid": uid, **row.get("metadata", {})}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": {}}


def node(row: Mapping[str, Any] | None) -> Any:
    if row is None:
        return None
    room = {k: str(v) for k, v in {"pods": 10, **row.get("room", {})}.items()}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", **row.get("metadata", {})}, "spec": row.get("spec", {}), "status": {"allocatable": room}}


def events(case: Mapping[str, Any]) -> Iterator[ClusterEvent]:
    """What the queue is told."""
    if "object" in case:
        old, new = case["object"].get("was"), case["object"].get("is")
        yield ClusterEvent(case["object"]["kind"], ADD if old is None else DELETE if new is None else UPDATE, old, new)
        return
    kind = NODE if "node" in case else POD
    said = case.get("node") or case.get("itself") or case["event"]
    old, new = (node(said.get(k)) if kind == NODE else pod(said.get(k), "waits" if "itself" in case else "other") for k in ("was", "is"))
    changes = {NODE: node_changes, POD: pod_changes}[kind]
    for action in [ADD] if old is None else [DELETE] if new is None else changes(old, new):
        yield ClusterEvent(kind, action, old, new)


@pytest.mark.parametrize(("plugin", "case"), list(rows()))
def test_case(plugin: str, case: dict[str, Any]) -> None:
    waits: Object = pod(case.get("pod", {}), "waits")
    cluster = Cluster(Store([]), GATES)
    cluster.start()
    waiting = Waiting(waits, PodInfo(waits, sign(waits), ""), cluster)
    assert any(could_help(plugin, waiting, event) for event in events(case)) == case["helps"]
