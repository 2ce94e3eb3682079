"""A rollout never has more pods than replicas + surge, nor fewer available ones than replicas - maxUnavailable."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kplan.controllers.deployment.fenceposts import max_surge, min_available
from kplan.controllers.pods import is_active, is_available
from kplan.model.objects import Ref, replace_in
from kplan.pipeline import Session

DEPLOYMENT = Ref("Deployment.apps", "default", "web")
LIMITS = st.one_of(st.integers(0, 4), st.sampled_from(["0%", "10%", "25%", "50%", "100%"]))


def cluster() -> list[dict[str, Any]]:
    capacity = {"cpu": "64", "memory": "64Gi", "pods": "200"}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "uid": "d"}, "status": {"phase": "Active"}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default", "uid": "a"}},
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "uid": "n"}, "spec": {}, "status": {"capacity": capacity, "allocatable": capacity}},
    ]


def deployment(replicas: int, surge: int | str, unavailable: int | str, outcome: str = "running", image: str = "web:1") -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}},
            "template": {
                "metadata": {"labels": {"app": "web"}, "annotations": {"sim.kplan.dev/outcome": outcome}},
                "spec": {"containers": [{"name": "main", "image": image}]},
            },
        },
    }


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9), LIMITS, LIMITS, st.sampled_from(["running", "crash-loop"]))
def test_surge_and_availability_hold_at_every_write(replicas: int, surge: int | str, unavailable: int | str, outcome: str) -> None:
    if surge in (0, "0%") and unavailable in (0, "0%"):
        unavailable = 1
    session = Session.open(cluster(), version="1.36")
    session.begin()
    assert session.server.create(deployment(replicas, surge, unavailable), user=True).error is None
    session.settle()
    start = session.store.seq
    d = session.store.get(DEPLOYMENT)
    assert d is not None and (d["status"].get("availableReplicas") or 0) == replicas
    most, least = replicas + max_surge(d), min_available(d)
    changed = replace_in(d, ("spec", "template", "spec", "containers", 0, "image"), "web:2")
    changed = replace_in(changed, ("spec", "template", "metadata", "annotations", "sim.kplan.dev/outcome"), outcome)
    violations: list[str] = []

    def watch(write: Any) -> None:
        if write.ref.kind != "Pod":
            return
        pods = [p for p in session.store.objects("Pod") if is_active(p)]
        available = sum(is_available(p, 0, session.server.now) for p in pods)
        if len(pods) > most or available < least:
            violations.append(f"{write.verb} {write.ref}: {len(pods)} of {most} pods, {available} of {least} available")

    session.store.observers.append(watch)
    assert session.server.update(changed, user=True).error is None
    session.settle()
    assert violations == []
    after = session.store.get(DEPLOYMENT)
    assert after is not None and session.store.seq > start
    if outcome == "running":
        assert (after["status"].get("updatedReplicas") or 0) == replicas == (after["status"].get("availableReplicas") or 0)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 6), LIMITS)
def test_planning_the_planned_cluster_is_empty(replicas: int, unavailable: int | str) -> None:
    session = Session.open(cluster(), version="1.36")
    session.begin()
    assert session.server.create(deployment(replicas, 1, unavailable), user=True).error is None
    session.settle()
    again = Session.open(session.store.everything(), version="1.36")
    again.begin()
    assert [(w.actor, w.verb, str(w.ref), w.because) for w in again.store.journal.writes] == []
