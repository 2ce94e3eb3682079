"""Containers that have ended stay so, unless something says that they are started again."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.apiserver.kinds.pod import STRATEGY
from kplan.apiserver.server import APIServer
from kplan.apiserver.strategy import StrategyContext
from kplan.catalog.catalog import Catalog
from kplan.model.names import Names
from kplan.store.store import Store

NAMED = {"name": "c", "image": "i", "imageID": "", "ready": False, "restartCount": 0}
RESTARTS_ALL = [{"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [9]}}]


def pod(field: str, spec: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "default", "resourceVersion": "1"},
        "spec": spec,
        "status": {field: [{**NAMED, "state": state}]},
    }


@pytest.mark.parametrize(
    ("field", "exit_code", "spec", "refused"),
    [
        ("containerStatuses", 0, {"restartPolicy": "Always", "containers": [{"name": "c"}]}, False),
        ("containerStatuses", 0, {"restartPolicy": "OnFailure", "containers": [{"name": "c"}]}, True),
        ("containerStatuses", 1, {"restartPolicy": "OnFailure", "containers": [{"name": "c"}]}, False),
        ("containerStatuses", 1, {"restartPolicy": "Never", "containers": [{"name": "c"}]}, True),
        ("containerStatuses", 0, {"restartPolicy": "Always", "containers": [{"name": "other"}]}, True),
        (
            "containerStatuses",
            0,
            {"restartPolicy": "Never", "containers": [{"name": "c"}, {"name": "d", "restartPolicyRules": RESTARTS_ALL}]},
            False,
        ),
        ("initContainerStatuses", 0, {"restartPolicy": "Never", "initContainers": [{"name": "c", "restartPolicy": "Always"}]}, False),
        ("initContainerStatuses", 0, {"restartPolicy": "Never", "initContainers": [{"name": "c"}]}, True),
        ("ephemeralContainerStatuses", 1, {"restartPolicy": "Always", "ephemeralContainers": [{"name": "c"}]}, True),
    ],
)
def test_ended_containers(field: str, exit_code: int, spec: dict[str, Any], refused: bool) -> None:
    catalog = Catalog.at("1.36")
    context = StrategyContext(catalog.gates, APIServer(Store([]), catalog, Names(0)).view, subresource="status")
    before = pod(field, spec, {"terminated": {"exitCode": exit_code}})
    after = pod(field, spec, {"running": {}})
    assert STRATEGY.validate_status is not None
    said = [str(e) for e in STRATEGY.validate_status(after, before, context)]
    expected = f"status.{field}[0].state: Forbidden: may not be transitioned to non-terminated state"
    assert said == ([expected] if refused else [])
