"""``kplan lose``: nodes die, and what follows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.running import run

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeSelector: {kubernetes.io/hostname: kind-worker2}
      containers: [{name: web, image: web:1}]
"""


@pytest.fixture
def state(tmp_path: Path) -> str:
    (tmp_path / "web.yaml").write_text(WEB)
    assert run(["apply", "--dry-run", "-f", "web.yaml", "--state-out", "state.json"], tmp_path).code == 0
    return "state.json"


def test_a_lost_node_is_told_with_what_becomes_of_its_pods(state: str, tmp_path: Path) -> None:
    said = run(["lose", "kind-worker2", "--cluster", state, "--color", "never"], tmp_path)
    assert said.code == 0
    assert "~ Node kind-worker2  [+metadata.annotations[sim.kplan.dev/kubelet] lost]" in said.stdout
    assert "2 pods no longer ready: 2 on kind-worker2" in said.stdout
    assert "is evicted from node kind-worker2" in said.stdout


def test_after_five_minutes_the_pods_are_made_anew(state: str, tmp_path: Path) -> None:
    said = run(["lose", "node/kind-worker2", "--cluster", state, "--for", "6m30s", "--color", "never"], tmp_path)
    assert "2 pods being deleted, and still there: 2 on kind-worker2" in said.stdout
    assert "2 pods created: 2 Pending" in said.stdout


def test_a_zone_is_lost_by_its_label(state: str, tmp_path: Path) -> None:
    said = run(["lose", "-l", "topology.kubernetes.io/zone=zone-b", "--cluster", state, "-o", "json"], tmp_path)
    lost: list[Any] = [c["ref"]["name"] for c in json.loads(said.stdout)["changes"]]
    nodes = json.loads(run(["get", "nodes", "-l", "topology.kubernetes.io/zone=zone-b", "-o", "json", "--cluster", state], tmp_path).stdout)
    assert lost == [n["metadata"]["name"] for n in nodes["items"]]
    assert lost


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "say which nodes die: NODE… or -l SELECTOR"),
        (["n9"], 'nodes "n9" not found; there are kind-control-plane, kind-worker, kind-worker2, kind-worker3'),
        (["-l", "zone=moon"], "--selector zone=moon: no node has these labels"),
        (["-l", "a b c"], "--selector a b c: "),
        (["kind-worker", "-l", "a=b"], "say which nodes die"),
    ],
)
def test_what_is_said_of_a_wrong_command_line(words: list[str], complaint: str, tmp_path: Path) -> None:
    said = run(["lose", *words], tmp_path)
    assert said.code == 2
    assert complaint in said.stderr
