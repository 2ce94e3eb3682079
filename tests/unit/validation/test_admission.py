"""``validate --cluster`` asks admission as the server would, of objects that come with their namespace."""

from __future__ import annotations

from pathlib import Path

from tests.oracle.running import run

MANIFEST = """
apiVersion: v1
kind: Namespace
metadata: {name: strict, labels: {pod-security.kubernetes.io/enforce: baseline}}
---
apiVersion: v1
kind: Pod
metadata: {name: good, namespace: strict}
spec: {containers: [{name: c, image: "x:1"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: bad, namespace: strict}
spec: {hostNetwork: true, containers: [{name: c, image: "x:1"}]}
"""


def test_a_namespace_of_the_same_input_serves_the_pods_after_it(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(MANIFEST)
    said = run(["validate", "--cluster", "profile:kind", "m.yaml"], tmp_path)
    assert "Valid: 2, Invalid: 1" in said.stdout
    assert 'pods "bad" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)' in said.stdout


def test_without_a_cluster_admission_is_not_asked(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(MANIFEST)
    assert "Valid: 3, Invalid: 0" in run(["validate", "m.yaml"], tmp_path).stdout


def test_what_the_cluster_has_is_judged_as_an_update(tmp_path: Path) -> None:
    deployment = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: %s}}
  template:
    metadata: {labels: {app: %s}}
    spec: {containers: [{name: c, image: "x:%s"}]}
"""
    (tmp_path / "web.yaml").write_text(deployment % ("web", "web", 1))
    assert run(["apply", "--dry-run", "-f", "web.yaml", "--cluster", "profile:kind", "--state-out", "state.json"], tmp_path).code == 0
    (tmp_path / "web.yaml").write_text(deployment % ("web", "web", 2))
    assert "Valid: 1, Invalid: 0" in run(["validate", "--cluster", "state.json", "web.yaml"], tmp_path).stdout
    (tmp_path / "web.yaml").write_text(deployment % ("other", "other", 2))
    said = run(["validate", "--cluster", "state.json", "web.yaml"], tmp_path).stdout
    assert "Valid: 0, Invalid: 1" in said
    assert 'spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable' in said


def test_a_full_quota_lets_what_is_there_be(tmp_path: Path) -> None:
    quota = 'apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {configmaps: "2"}}\n'
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"
    (tmp_path / "m.yaml").write_text(f"{config % 'mine'}---\n{quota}")
    assert run(["apply", "--dry-run", "-f", "m.yaml", "--cluster", "profile:kind", "--state-out", "state.json"], tmp_path).code == 0
    (tmp_path / "m.yaml").write_text(f"{config % 'mine'}---\n{config % 'another'}")
    said = run(["validate", "--cluster", "state.json", "m.yaml"], tmp_path).stdout
    assert "Valid: 1, Invalid: 1" in said
    assert 'configmaps "another" is forbidden: exceeded quota: q' in said
