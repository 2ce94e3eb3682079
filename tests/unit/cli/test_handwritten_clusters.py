"""A cluster may be written by hand: what a server would have filled in is filled in, and what it cannot hold is said."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.oracle.running import run

CLUSTER = """\
apiVersion: v1
kind: Node
metadata: {name: big}
status:
  allocatable: {cpu: "4", memory: 8Gi, pods: "110"}
  conditions: [{type: Ready, status: "True"}]
---
apiVersion: v1
kind: Namespace
metadata: {name: default}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: c, image: nginx}]
---
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {maxReplicas: 5, targetCPUUtilizationPercentage: 80, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
"""


def plan(cluster: str, work: Path) -> tuple[int, str]:
    """The exit code and what is said of scaling a Deployment of that cluster."""
    (work / "c.yaml").write_text(cluster)
    argv = ["scale", "deployment/web", "--replicas=3", "--dry-run", "-o", "kubectl", "--cluster", "c.yaml", "--state-out", "out.json"]
    said = run(argv, work)
    return said.code, said.stdout + said.stderr


def test_what_a_server_fills_in_is_filled_in(tmp_path: Path) -> None:
    assert plan(CLUSTER, tmp_path) == (0, "deployment.apps/web scaled\n")
    items = orjson.loads((tmp_path / "out.json").read_bytes())["items"]
    (web,) = (o for o in items if o["kind"] == "Deployment")
    assert web["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": "25%"}
    assert web["status"]["availableReplicas"] == 3
    assert "labels" not in web["metadata"]
    (hpa,) = (o for o in items if o["kind"] == "HorizontalPodAutoscaler")
    assert hpa["apiVersion"] == "autoscaling/v2"
    assert hpa["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 80


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("replicas: 2", 'replicas: "2"', 'c.yaml:16:13: Deployment default/web: spec.replicas: got string "2", want integer'),
        (", image: nginx", "", "c.yaml:21:20: Deployment default/web: spec.template.spec.containers[0].image: Required value"),
        ("{labels: {app: web}}", "{labels: {app: api}}", "c.yaml:19:24: Deployment default/web: spec.template.metadata.labels: Invalid value"),
        ('pods: "110"', "pods: [1]", "c.yaml:5:46: Node big: status.allocatable.pods: got array, want"),
        ("conditions: [{", "conditions: [4, {", "c.yaml:6:16: Node big: status.conditions[0]: got integer 4, want object"),
    ],
)
def test_what_no_server_can_hold_is_told_with_its_place(right: str, wrong: str, said: str, tmp_path: Path) -> None:
    assert right in CLUSTER
    code, text = plan(CLUSTER.replace(right, wrong), tmp_path)
    assert code == 2
    assert f"error: --cluster c.yaml: {said}" in text
    assert not (tmp_path / "out.json").exists()


def test_a_dump_of_a_server_stays_as_it_is(tmp_path: Path) -> None:
    plan(CLUSTER, tmp_path)
    before = orjson.loads((tmp_path / "out.json").read_bytes())
    again = ["annotate", "deployment/web", "none-", "--dry-run", "-o", "kubectl", "--cluster", "out.json", "--state-out", "again.json"]
    assert run(again, tmp_path).code == 0
    after = orjson.loads((tmp_path / "again.json").read_bytes())
    assert after == before


PART = """\
apiVersion: v1
kind: Node
metadata: {name: big}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: disk, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
POD = """\
---
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop}
spec:
  nodeName: big
  serviceAccountName: robot
  containers:
  - {name: c, image: nginx, env: [{name: P, valueFrom: {secretKeyRef: {name: db, key: password}}}], envFrom: [{configMapRef: {name: settings}}]}
  volumes: [{name: v, secret: {secretName: files, items: [{key: one, path: one}]}}]
"""
STATUS = "status: {phase: Running, conditions: [{type: Ready, status: \"True\"}]}\n"
CONTROLLED = "metadata: {name: a, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: a, uid: u, controller: true}]}"
TAKEN = "the cluster was given without Namespaces, ServiceAccounts, ConfigMaps, Secrets: what must be there is taken for granted"


def test_what_must_be_there_is_taken_for_granted(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(PART + POD + STATUS)
    (tmp_path / "b.yaml").write_text(POD.replace("name: a,", "name: b,"))
    for namespace, code in (("default", 0), ("shop", 0), ("elsewhere", 1)):
        said = run(["create", "deployment", "web", "--image=nginx", "-n", namespace, "--dry-run", "-o", "json", "--cluster", "c.yaml"], tmp_path)
        assert said.code == code, said.stdout
    said = run(["apply", "-f", "b.yaml", "--dry-run", "-o", "json", "--cluster", "c.yaml"], tmp_path)
    plan = orjson.loads(said.stdout)
    assert [d for d in plan["drift"] if d["actions"] == ["create"]] == []
    assert plan["quality"]["assumed"][-1] == TAKEN
    assert plan["diagnostics"] == []


def test_a_kind_that_was_taken_is_taken_as_it_is(tmp_path: Path) -> None:
    secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: other, namespace: shop}\n"
    (tmp_path / "c.yaml").write_text(PART + POD + STATUS + secret)
    (tmp_path / "b.yaml").write_text(POD.replace("name: a,", "name: b,"))
    said = run(["apply", "-f", "b.yaml", "--dry-run", "--cluster", "c.yaml"], tmp_path)
    assert "Secret shop/db, which does not exist [KP404]" in said.stdout
    assert "without Namespaces, ServiceAccounts, ConfigMaps: what" in said.stdout


def test_a_pod_that_has_not_started_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(PART + POD)
    said = run(["get", "secrets", "-n", "shop", "--cluster", "c.yaml"], tmp_path)
    assert said.stderr == "No resources found in shop namespace.\n"


@pytest.mark.parametrize(
    ("cluster", "missing"),
    [(POD, "the nodes they run on"), (PART + POD.replace("metadata: {name: a, namespace: shop}", CONTROLLED), "the ReplicaSets that control them")],
)
def test_pods_without_what_they_hang_on_are_no_cluster(cluster: str, missing: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(cluster)
    said = run(["get", "pods", "--cluster", "c.yaml"], tmp_path)
    assert said.code == 2
    assert said.stderr.startswith(f"error: --cluster c.yaml: holds pods (shop/a …), but not {missing}: it is only a part of a cluster.")


def test_pods_that_are_going_may_outlive_both(tmp_path: Path) -> None:
    going = CONTROLLED.replace("name: a,", 'name: a, deletionTimestamp: "2026-01-01T00:00:30Z", finalizers: [example.com/hold],')
    assert going != CONTROLLED
    (tmp_path / "c.yaml").write_text(POD.replace("metadata: {name: a, namespace: shop}", going))
    said = run(["get", "pods", "-n", "shop", "-o", "name", "--cluster", "c.yaml"], tmp_path)
    assert (said.code, said.stdout) == (0, "pod/a\n")
