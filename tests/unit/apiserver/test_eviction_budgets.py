"""Runs the table ``tests/cases/eviction/budgets.yaml``: a pod, its budgets, and whether it may be evicted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kplan.apiserver.server import APIServer
from kplan.catalog.catalog import Catalog
from kplan.model.names import Names
from kplan.model.objects import Ref
from kplan.store.store import Store
from tests.tables import table

POLICIES = ("none", "IfHealthyBudget", "AlwaysAllow")
POD = Ref("Pod", "default", "p")
VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."


def rows() -> Iterator[Any]:
    for name, case in table("eviction/budgets")["cases"].items():
        for policy in case.get("policies", POLICIES):
            yield pytest.param(case, policy, id=f"{name} ({policy})")


def pod(phase: str = "Running", *, ready: bool = False, deleting: bool = False) -> dict[str, Any]:
    """The pod that is to be evicted."""
    meta: dict[str, Any] = {"name": "p", "namespace": "default", "uid": "p", "resourceVersion": "1", "labels": {"app": "web"}}
    if deleting:
        meta |= {"deletionTimestamp": "2025-01-01T00:00:30Z", "deletionGracePeriodSeconds": 30}
    spec = {"nodeName": "n", "containers": [{"name": "c", "image": "i"}], "terminationGracePeriodSeconds": 30}
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec, "status": {"phase": phase, "conditions": conditions}}


def budget(name: str, case: dict[str, Any], policy: str) -> dict[str, Any]:
    """A budget over it."""
    spec: dict[str, Any] = {"minAvailable": 1}
    if (selector := case.get("selector", {"matchLabels": {"app": "web"}})) is not None:
        spec["selector"] = selector
    if policy != "none":
        spec["unhealthyPodEvictionPolicy"] = policy
    meta = {"name": name, "namespace": "default", "uid": name, "resourceVersion": "1", "generation": 1}
    status = {"observedGeneration": 1, "disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, **case["budget"]}
    for c in status.get("conditions", ()):
        c.setdefault("lastTransitionTime", "2025-01-01T00:00:00Z")
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": spec, "status": status}


@pytest.mark.parametrize(("case", "policy"), list(rows()))
def test_eviction(case: dict[str, Any], policy: str) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "uid": "d"}, "status": {"phase": "Active"}}
    budgets = [budget(name, case, policy) for name in (("web", "too") if case.get("another") else ("web",))]
    server = APIServer(Store([namespace, pod(**case.get("pod", {})), *budgets]), Catalog.at("1.36"), Names(0))
    outcome = server.evict(POD)
    after = server.view.get(Ref("PodDisruptionBudget.policy", "default", "web"))
    found = server.view.get(POD)
    assert after is not None
    if "error" in case or "refused" in case:
        assert outcome.error is not None
        assert outcome.error.message == case.get("error", VIOLATES)
        assert [c.message for c in outcome.error.causes] == ([case["refused"]] if "refused" in case else [])
        assert found == pod(**case.get("pod", {})) and after == budgets[0]
        return
    assert outcome.error is None
    assert found is None or "deletionTimestamp" in found["metadata"]
    assert after["status"]["disruptionsAllowed"] == case.get("left", case["budget"].get("disruptionsAllowed", 0))
    assert ("p" in after["status"].get("disruptedPods", {})) == ("left" in case)
    if "condition" in case:
        (said,) = after["status"]["conditions"]
        assert (said["type"], said["status"], said["reason"]) == ("DisruptionAllowed", "False", case["condition"])
