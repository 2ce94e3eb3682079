"""What the user deletes and a controller makes anew: deleted in the changes, created in the consequences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.oracle.running import run

STATEFUL = """apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: default}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: db:1, volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


def planned(folder: Path, *argv: str) -> Any:
    (folder / "db.yaml").write_text(STATEFUL)
    run(["apply", "--dry-run", "-f", "db.yaml", "--state-out", "cluster.json"], folder)
    return json.loads(run([*argv, "--dry-run", "--cluster", "cluster.json", "-o", "json"], folder).stdout)


def test_a_pod_that_its_owner_makes_anew(tmp_path: Path) -> None:
    plan = planned(tmp_path, "delete", "pod", "db-0")
    assert [(c["actions"], c["ref"]["name"]) for c in plan["changes"]] == [(["delete"], "db-0")]
    assert [(c["actions"], c["ref"]["name"]) for c in plan["consequences"] if c["ref"]["kind"] == "Pod"] == [(["create"], "db-0")]


def test_a_pod_that_nobody_makes_anew(tmp_path: Path) -> None:
    plan = planned(tmp_path, "delete", "statefulset/db", "pod/db-0")
    assert [c["actions"] for c in plan["consequences"] if c["ref"]["kind"] == "Pod"] == [["delete"]], "db-1 goes with its owner"


def test_a_pod_whose_volume_is_on_a_node_cannot_leave_it(tmp_path: Path) -> None:
    """The class of kind keeps volumes on nodes, as that of k3s does."""
    plan = planned(tmp_path, "drain", "kind-worker", "--ignore-daemonsets")
    assert [u["ref"]["name"] for u in plan["unscheduled"]] == ["db-0"]
    assert "didn't match PersistentVolume's node affinity" in plan["unscheduled"][0]["message"]
