"""Pods that cannot start, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.plan.waiting import waiting_pods
from kplan.store.store import Store

LACKING = {"nodeName": "n1", "containers": [{"name": "main", "envFrom": [{"secretRef": {"name": "gone"}}, {"configMapRef": {"name": "lost"}}]}]}
FULL = "Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3"


def waits(reason: str) -> dict[str, Any]:
    return {"phase": "Pending", "containerStatuses": [{"name": "main", "state": {"waiting": {"reason": reason}}}]}


@pytest.mark.parametrize(
    ("spec", "status", "said"),
    [
        (LACKING, waits("CreateContainerConfigError"), [("CreateContainerConfigError", 'secret "gone" not found; configmap "lost" not found')]),
        (LACKING, waits("ImagePullBackOff"), [("ImagePullBackOff", "")]),
        (LACKING, waits("ContainerCreating"), [("ContainerCreating", "")]),
        ({"nodeName": "n1"}, {"phase": "Pending"}, [("ContainerCreating", "")]),
        ({"nodeName": "n1"}, {"phase": "Failed", "reason": "OutOfpods", "message": f"Pod was rejected: {FULL}"}, [("OutOfpods", FULL)]),
        ({"nodeName": "n1"}, {"phase": "Failed", "reason": "DeadlineExceeded", "message": "Pod was active for long"}, []),
        ({"nodeName": "n1"}, {"phase": "Running"}, []),
        ({}, {"phase": "Pending"}, []),
    ],
)
def test_what_a_pod_waits_for(spec: dict[str, Any], status: dict[str, Any], said: list[tuple[str, str]]) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "default", "uid": "u"}, "spec": spec, "status": status}
    assert [(w.reason, w.message) for w in waiting_pods(Store([pod]))] == said
