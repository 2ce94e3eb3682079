"""Who set what, as server-side apply tells it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.oracle.running import run

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: nginx}]}}
"""
AUTOSCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {minReplicas: 5, maxReplicas: 8, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
"""
RESIZED = {
    '"kube-controller-manager" with subresource "scale"': ["apply", "-f", "autoscaler.yaml"],
    '"kubectl" with subresource "scale"': ["scale", "deployment/web", "--replicas=2"],
    '"kubectl-patch"': ["patch", "deployment/web", "-p", '{"spec":{"replicas":4}}'],
}


@pytest.mark.parametrize("who", sorted(RESIZED))
def test_an_apply_conflicts_with_who_set_the_size(who: str, tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(WEB)
    (tmp_path / "autoscaler.yaml").write_text(AUTOSCALER)
    applied = ["apply", "-f", "web.yaml", "--server-side", "--dry-run"]
    assert run([*applied, "--state-out", "first.json"], tmp_path).code == 0
    assert run([*RESIZED[who], "--dry-run", "--cluster", "first.json", "--state-out", "second.json"], tmp_path).code == 0
    said = run([*applied, "--cluster", "second.json", "-o", "kubectl"], tmp_path)
    assert f"error: Apply failed with 1 conflict: conflict with {who} using apps/v1: .spec.replicas\n" in said.stderr


def test_a_cluster_without_managers_makes_no_conflicts_but_says_so(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(WEB)
    (tmp_path / "cluster.yaml").write_text(WEB.replace("replicas: 3", "replicas: 2") + "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n")
    said = run(["apply", "-f", "web.yaml", "--server-side", "--dry-run", "--cluster", "cluster.yaml"], tmp_path)
    assert said.code == 0
    assert "~ Deployment default/web  [~spec.replicas 2→3]" in said.stdout
    assert "server-side apply to Deployment default/web: the cluster was given without managedFields" in said.stdout


def test_what_was_applied_client_side_is_taken_over_though_controllers_write_meanwhile(tmp_path: Path) -> None:
    (tmp_path / "web.yaml").write_text(WEB)
    assert run(["apply", "-f", "web.yaml", "--dry-run", "--state-out", "first.json"], tmp_path).code == 0
    (tmp_path / "web.yaml").write_text(WEB.replace("nginx", "nginx:1.27"))
    argv = ["apply", "-f", "web.yaml", "--server-side", "--force-conflicts", "--dry-run", "--cluster", "first.json"]
    said = run([*argv, "--state-out", "second.json", "-o", "kubectl"], tmp_path)
    assert (said.stdout, said.stderr) == ("deployment.apps/web serverside-applied\n", "")
    items = json.loads((tmp_path / "second.json").read_text())["items"]
    entries = next(o for o in items if o["kind"] == "Deployment" and o["metadata"]["name"] == "web")["metadata"]["managedFields"]
    assert sorted(e["manager"] for e in entries if e["operation"] == "Apply") == ["kubectl", "kubectl-last-applied"]
    assert not [e for e in entries if e["manager"] == "kubectl-client-side-apply"]
