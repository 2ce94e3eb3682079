"""Evictions in a namespace that goes, and what drain makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kplan.apiserver.server import APIServer
from kplan.catalog.catalog import Catalog
from kplan.model.names import Names
from kplan.model.objects import Ref
from kplan.store.store import Store
from tests.oracle.running import run


def cluster(phase: str, **meta: Any) -> list[dict[str, Any]]:
    going = {"deletionTimestamp": "2024-01-01T00:00:00Z"} if phase == "Terminating" else {}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team", "uid": "t", **going}, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": phase}},
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "uid": "n"}, "spec": {}, "status": {}},
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "p", "namespace": "team", "uid": "p", **meta},
            "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "x"}]},
            "status": {"phase": "Running"},
        },
    ]


@pytest.mark.parametrize("phase", ["Active", "Terminating"])
def test_a_namespace_that_goes_takes_no_evictions(phase: str) -> None:
    error = APIServer(Store(cluster(phase)), Catalog.at("1.36"), Names(0)).evict(Ref("Pod", "team", "p")).error
    if phase == "Active":
        assert error is None
    else:
        assert error is not None and error.causes[0].reason == "NamespaceTerminating"
        assert error.message == 'pods "p" is forbidden: unable to create new content in namespace team because it is being terminated'


def test_drain_waits_for_what_goes_anyway(tmp_path: Path) -> None:
    meta = {"deletionTimestamp": "2024-01-01T00:00:30Z", "deletionGracePeriodSeconds": 30}
    (tmp_path / "c.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": cluster("Terminating", **meta)}))
    said = run(["drain", "n", "--force", "--dry-run", "--cluster", "c.json", "-o", "kubectl"], tmp_path)
    assert "NamespaceTerminating" not in said.stderr and "forbidden" not in said.stderr
    assert "node/n drained" in said.stdout
