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
