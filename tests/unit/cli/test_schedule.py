"""``kplan schedule``: tables, documents, batches, and one-line errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kplan.cli.app import main

Capture = pytest.CaptureFixture[str]


def manifest(folder: Path, **spec: Any) -> str:
    """A file with a pod."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "main", "image": "web:1"}], **spec}}
    path = folder / "pod.json"
    path.write_text(json.dumps(pod))
    return str(path)


def cluster(folder: Path) -> str:
    """A file with two nodes and a Deployment."""
    labels = {"app": "web"}
    nodes = [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
            "spec": {"taints": [{"key": "dedicated", "value": "db", "effect": "NoSchedule"}]} if name == "n2" else {},
            "status": {"allocatable": {"cpu": "2", "memory": "4Gi", "pods": "10"}, "conditions": [{"type": "Ready", "status": "True"}]},
        }
        for name in ("n1", "n2")
    ]
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "web:1"}]}}
    web = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default", "uid": "web"},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template, "strategy": {"type": "Recreate"}},
    }
    basics = [{"apiVersion": "v1", "kind": kind, "metadata": {"name": "default", **extra}} for kind, extra in (("Namespace", {}), ("ServiceAccount", {"namespace": "default"}))]
    path = folder / "cluster.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [*basics, *nodes, web]}))
    return str(path)


def test_a_pod_that_fits_gets_a_table_of_scores(tmp_path: Path, capfd: Capture) -> None:
    assert main(["schedule", manifest(tmp_path), "--cluster", cluster(tmp_path)]) == 0
    text = capfd.readouterr().out
    assert text.startswith("default/a → n1\n")
    head, row = text.splitlines()[1:3]
    assert head.split()[:2] == ["node", "total"] and row.split()[0] == "n1"
    assert sum(map(int, row.split()[2:])) == int(row.split()[1])
    assert "= add toleration dedicated=db:NoSchedule" in text


def test_every_plugin_that_refuses_is_told_with_its_remedy(tmp_path: Path, capfd: Capture) -> None:
    asked = [{"name": "main", "image": "web:1", "resources": {"requests": {"cpu": "2500m"}}}]
    target = manifest(tmp_path, containers=asked, nodeSelector={"disk": "ssd"})
    assert main(["schedule", target, "--cluster", cluster(tmp_path), "-o", "json"]) == 1
    (pod,) = json.loads(capfd.readouterr().out)["pods"]
    assert pod["message"] == "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint(s)."
    refusals = {n["node"]: {r["plugin"]: r["remedies"] for r in n["refused_by"]} for n in pod["nodes"]}
    assert refusals["n2"] == {
        "TaintToleration": ["add toleration dedicated=db:NoSchedule"],
        "NodeAffinity": ["label n2 disk=ssd (it has none)"],
        "NodeResourcesFit": ["needs 500m more cpu (asks 2500m, 2 of 2 free)"],
    }


def test_the_next_pod_of_a_workload(tmp_path: Path, capfd: Capture) -> None:
    assert main(["schedule", "deployment/web", "--cluster", cluster(tmp_path), "-o", "json"]) == 0
    (pod,) = json.loads(capfd.readouterr().out)["pods"]
    assert pod["node"] == "n1" and pod["equal_nodes"] == ["n1"]


def test_batch_answers_line_by_line(tmp_path: Path, capfd: Capture) -> None:
    pod = json.loads(Path(manifest(tmp_path)).read_text())
    nodes = [o for o in json.loads(Path(cluster(tmp_path)).read_text())["items"] if o["kind"] == "Node"]
    lines = tmp_path / "cases.jsonl"
    lines.write_text(json.dumps({"objects": nodes, "pod": {**pod, "metadata": {"name": "a", "namespace": "default"}}}) + "\n" + json.dumps({"objects": [], "pod": pod}) + "\n")
    assert main(["schedule", "--batch", str(lines), "-o", "json"]) == 0
    first, second = (json.loads(line) for line in capfd.readouterr().out.splitlines())
    assert [n["node"] for n in first["nodes"]] == ["n1", "n2"]
    assert first["nodes"][0]["total"] == sum(first["nodes"][0]["scores"].values())
    assert first["nodes"][1] == {"node": "n2", "plugin": "TaintToleration", "reasons": ["node(s) had untolerated taint(s)"]}
    assert second["nodes"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name a manifest"),
        (["pod/none"], "neither a file nor an object of the cluster"),
        (["configmap/kube-root-ca.crt", "--cluster", "profile:kind"], "makes no pods"),
        (["x", "-o", "yaml"], "expected one of text, json"),
        (["--batch", "/nowhere"], "No such file"),
    ],
)
def test_errors_are_one_line(arguments: list[str], words: str, capfd: Capture) -> None:
    assert main(["schedule", *arguments]) == 2
    said = capfd.readouterr().err
    assert words in said and len(said.strip().splitlines()) == 1


def test_a_batch_line_that_is_no_case(tmp_path: Path, capfd: Capture) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("[]\n")
    assert main(["schedule", "--batch", str(path)]) == 2
    assert f"{path}:1: expected one JSON object" in capfd.readouterr().err


def test_another_schedulers_pod_is_an_error(tmp_path: Path, capfd: Capture) -> None:
    assert main(["schedule", manifest(tmp_path, schedulerName="mine"), "--cluster", cluster(tmp_path)]) == 1
    assert "no scheduler profile" in capfd.readouterr().err


def test_explaining_a_pending_pod_shows_the_table(tmp_path: Path, capfd: Capture) -> None:
    target = manifest(tmp_path, nodeSelector={"disk": "ssd"})
    assert main(["explain", "pod/a", "-f", target, "--cluster", cluster(tmp_path)]) == 0
    assert "= label n1 disk=ssd (it has none)" in capfd.readouterr().out
