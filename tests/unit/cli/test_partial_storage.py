"""A dump without claims or volumes: those that must be there are taken for granted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.oracle.running import run

NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "n1"},
    "status": {"conditions": [{"type": "Ready", "status": "True"}], "allocatable": {"cpu": "8", "memory": "8Gi", "pods": "110"}},
}
SPEC = {"accessModes": ["ReadWriteMany"], "storageClassName": "gp3", "volumeMode": "Filesystem", "resources": {"requests": {"storage": "7Gi"}}}
TEMPLATE = {
    "metadata": {"labels": {"app": "db"}},
    "spec": {"containers": [{"name": "db", "image": "db:1", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]},
}
SET = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "db", "namespace": "default"},
    "spec": {
        "replicas": 1,
        "serviceName": "db",
        "selector": {"matchLabels": {"app": "db"}},
        "template": TEMPLATE,
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": SPEC}],
    },
}


def claim(**annotations: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "default", "annotations": {"pv.kubernetes.io/bind-completed": "yes", **annotations}},
        "spec": {**SPEC, "volumeName": "pvc-1"},
        "status": {"phase": "Bound", "accessModes": ["ReadWriteMany"], "capacity": {"storage": "8Gi"}},
    }


def plan(work: Path, objects: list[dict[str, Any]], argv: list[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The plan of a command over a dump, and the cluster after it."""
    (work / "dump.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    said = run([*argv, "--dry-run", "-o", "json", "--cluster", "dump.json", "--state-out", "after.json"], work)
    return json.loads(said.stdout), json.loads((work / "after.json").read_text())["items"]


def found(items: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [o for o in items if o["kind"] == kind]


def test_a_bound_claim_has_its_volume(tmp_path: Path) -> None:
    said, after = plan(tmp_path, [NODE, claim()], ["label", "node", "n1", "a=b"])
    assert "PersistentVolumes: what must be there is taken for granted" in " ".join(said["quality"]["assumed"])
    (volume,), (data,) = found(after, "PersistentVolume"), found(after, "PersistentVolumeClaim")
    assert data["status"]["phase"] == "Bound"
    assert volume["metadata"]["name"] == "pvc-1"
    assert volume["spec"]["capacity"] == {"storage": "8Gi"}
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert volume["status"]["phase"] == "Bound"


def test_what_was_provisioned_goes_with_its_claim(tmp_path: Path) -> None:
    given = [NODE, claim(**{"volume.kubernetes.io/storage-provisioner": "ebs.csi.aws.com"})]
    said, after = plan(tmp_path, given, ["delete", "pvc", "data"])
    assert [d["code"] for d in said["diagnostics"]] == ["KP804"]
    assert not found(after, "PersistentVolume") and not found(after, "PersistentVolumeClaim")


def test_a_claim_is_lost_where_other_volumes_are_known(tmp_path: Path) -> None:
    other = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "other"},
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "nfs": {"server": "s", "path": "/"}},
    }
    _, after = plan(tmp_path, [NODE, claim(), other], ["label", "node", "n1", "a=b"])
    (data,) = found(after, "PersistentVolumeClaim")
    assert data["status"]["phase"] == "Lost"


def test_pods_have_started_with_their_claims(tmp_path: Path) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "db-0",
            "namespace": "default",
            "labels": {"app": "db", "statefulset.kubernetes.io/pod-name": "db-0", "apps.kubernetes.io/pod-index": "0"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "set-1", "controller": True}],
        },
        "spec": {
            **TEMPLATE["spec"],
            "nodeName": "n1",
            "hostname": "db-0",
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}],
        },
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }
    given = {**SET, "metadata": {**SET["metadata"], "uid": "set-1"}}
    said, after = plan(tmp_path, [NODE, given, pod], ["scale", "statefulset/db", "--replicas=2"])
    claims = {c["metadata"]["name"]: c for c in found(after, "PersistentVolumeClaim")}
    assert claims["data-db-0"]["status"] == {"phase": "Bound", "accessModes": ["ReadWriteMany"], "capacity": {"storage": "7Gi"}}
    assert claims["data-db-0"]["spec"]["volumeName"] in {v["metadata"]["name"] for v in found(after, "PersistentVolume")}
    assert "data-db-1" in claims
    changed = {c["ref"]["name"] for c in [*said["changes"], *said["consequences"], *said["drift"]] if c["ref"]["kind"] == "PersistentVolumeClaim"}
    assert changed == {"data-db-1"}
