"""The queue: who is next, who waits, and what wakes them."""

from __future__ import annotations

from typing import Any

from kplan.catalog.catalog import Catalog
from kplan.model.objects import Object, Ref, ref_of
from kplan.scheduler.cluster import Cluster
from kplan.scheduler.events import ADD, DELETE, NODE, POD, ClusterEvent
from kplan.scheduler.hints import Waiting
from kplan.scheduler.queue import Nominator, QueuedPod, SchedulingQueue
from kplan.store.store import Store

GATES = Catalog.at("1.36").gates
BIG = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "big"}, "spec": {}, "status": {"allocatable": {"cpu": "8", "pods": "10"}}}
SMALL = {**BIG, "metadata": {"name": "small"}, "status": {"allocatable": {"cpu": "1", "pods": "10"}}}


def pod(name: str, priority: int = 0, created: str = "2026-01-01T00:00:00Z", **spec: Any) -> Object:
    containers = [{"name": "main", "image": "i", "resources": {"requests": {"cpu": "2"}}}]
    metadata = {"name": name, "namespace": "default", "uid": name, "creationTimestamp": created}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers, "priority": priority, **spec}, "status": {}}


def queue(gate: str = "") -> SchedulingQueue:
    cluster = Cluster(Store([]), GATES)
    return SchedulingQueue(lambda p: gate if p["spec"].get("schedulingGates") else "", lambda p: Waiting(p, cluster.infos.of(p), cluster))


def popped(q: SchedulingQueue) -> list[str]:
    found = []
    while (queued := q.pop()) is not None:
        found.append(queued.ref.name)
    return found


def failed(q: SchedulingQueue, p: Object, *plugins: str, now: float = 0.0) -> QueuedPod:
    q.add(ref_of(p), p, now)
    queued = q.pop()
    assert queued is not None
    q.add_unschedulable(queued, now, frozenset(plugins), frozenset())
    return queued


def test_priority_then_age_then_name() -> None:
    q = queue()
    for p in (pod("b"), pod("a"), pod("old", created="2025-01-01T00:00:00Z"), pod("top", 5)):
        q.add(ref_of(p), p, 0.0)
    assert popped(q) == ["top", "old", "a", "b"]


def test_an_event_moves_only_whom_it_could_help() -> None:
    q = queue()
    failed(q, pod("cpu"), "NodeResourcesFit")
    failed(q, pod("taint"), "NodeName")
    q.move_all(ClusterEvent(NODE, ADD, None, SMALL), 100.0)
    assert popped(q) == ["taint"]
    q.move_all(ClusterEvent(NODE, ADD, None, BIG), 100.0)
    assert popped(q) == ["cpu"]


def test_who_backs_off_comes_after_the_active() -> None:
    q = queue()
    failed(q, pod("tired", 9), "NodeResourcesFit", now=10.0)
    q.move_all(ClusterEvent(NODE, ADD, None, BIG), 10.5)
    fresh = pod("fresh")
    q.add(ref_of(fresh), fresh, 10.5)
    assert popped(q) == ["fresh", "tired"]


def test_backoff_doubles_up_to_ten_seconds() -> None:
    queued = QueuedPod(Ref("Pod", "default", "a"), pod("a"), (0.0, "", ""), 100.0)
    waits = []
    for queued.failures in range(7):
        waits.append(queued.backoff_until() - 100.0)
    assert waits == [0.0, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_who_was_blamed_for_nothing_is_tried_at_any_event() -> None:
    q = queue()
    failed(q, pod("a"))
    assert q.anybody_waits()
    other = pod("gone", nodeName="n")
    q.move_all(ClusterEvent(POD, DELETE, other, None), 100.0)
    assert popped(q) == ["a"]


def test_a_gated_pod_is_not_even_woken() -> None:
    q = queue("SchedulingGates")
    gated = pod("gated", schedulingGates=[{"name": "g"}])
    q.add(ref_of(gated), gated, 0.0)
    q.move_all(ClusterEvent(NODE, ADD, None, BIG), 100.0)
    assert popped(q) == []


def test_a_removed_pod_is_gone_wherever_it_was() -> None:
    q = queue()
    waiting, active = pod("waiting"), pod("active")
    failed(q, waiting, "NodeResourcesFit")
    q.add(ref_of(active), active, 0.0)
    q.remove(ref_of(waiting))
    q.remove(ref_of(active))
    q.move_all(ClusterEvent(NODE, ADD, None, BIG), 100.0)
    assert popped(q) == [] and not q.anybody_waits()


def test_a_nomination_is_to_one_node() -> None:
    nominator, ref = Nominator(), Ref("Pod", "default", "a")
    nominator.nominate(ref, "n1")
    nominator.nominate(ref, "n2")
    assert list(nominator.by_node) == ["n2"]
    nominator.nominate(ref, "")
    assert not nominator.by_node
