"""Values of a size that nobody writes are refused in the server's words, not in those of this program's language."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.apiserver.server import APIServer
from kplan.catalog.catalog import Catalog
from kplan.model.names import Names
from kplan.store.store import Store

DIGITS = "1" * 5000
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "uid": "n"}, "status": {"phase": "Active"}}
ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default", "uid": "a"}}
CONTAINERS = {"containers": [{"name": "c", "image": "i"}]}


def refusal(obj: dict[str, Any]) -> str:
    server = APIServer(Store([NAMESPACE, ACCOUNT]), Catalog.at("1.36"), Names(0))
    outcome = server.create({**obj, "metadata": {"name": "x", "namespace": "default", **obj.get("metadata", {})}}, user=True)
    assert outcome.error is not None
    return outcome.error.message


@pytest.mark.parametrize(
    ("obj", "said"),
    [
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "x" * 2**20, "b": "x"}},
            'ConfigMap "x" is invalid: []: Too long: may not be more than 1048576 bytes',
        ),
        (
            {"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "x" * 2**20, "b": "x"}},
            'Secret "x" is invalid: data: Too long: may not be more than 1048576 bytes',
        ),
        (
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "spec": {
                    "completions": 2,
                    "completionMode": "Indexed",
                    "successPolicy": {"rules": [{"succeededIndexes": DIGITS}]},
                    "template": {"spec": {**CONTAINERS, "restartPolicy": "Never"}},
                },
            },
            'Job.batch "x" is invalid: spec.successPolicy.rules[0].succeededIndexes: Invalid value: '
            f'"{DIGITS}": error parsing succeededIndexes: cannot convert string to integer for index: "{DIGITS}"',
        ),
        (
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": DIGITS}},
                "spec": CONTAINERS,
            },
            'Pod "x" is invalid: metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: '
            f'"{DIGITS}": must be a 32bit integer',
        ),
    ],
)
def test_huge_values(obj: dict[str, Any], said: str) -> None:
    assert refusal(obj) == said
