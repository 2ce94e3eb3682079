"""``kplan apply -o github``: what a plan finds stands at the lines of a pull request."""

from __future__ import annotations

from pathlib import Path

from tests.oracle.running import run

INGRESS = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: default}
spec:
  defaultBackend: {service: {name: web, port: {number: 80}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: Web, namespace: default}
"""


def test_findings_are_annotations(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(INGRESS)
    said = run(["apply", "--dry-run", "-f", "a.yaml", "-o", "github", "-o", "text=plan.txt"], tmp_path)
    refused, nowhere = said.stdout.splitlines()
    assert refused.startswith('::error file=a.yaml,line=9,col=18,title=kplan KP301::ConfigMap default/Web: metadata.name: Invalid value: "Web"')
    assert nowhere == "::warning file=a.yaml,line=5,col=29,title=kplan KP403::Ingress default/web: everything else leads to web:80, but there is no such Service"
    assert said.code == 1
    assert "Plan: 1 to add" in (tmp_path / "plan.txt").read_text()


def test_without_findings_there_is_nothing_to_say(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n")
    assert run(["apply", "--dry-run", "-f", "a.yaml", "-o", "github"], tmp_path) == (0, "", "")
