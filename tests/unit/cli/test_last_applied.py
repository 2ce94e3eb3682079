"""``kplan apply set-last-applied`` and ``view-last-applied``, which are verbs of their own below a command of kplan's."""

from __future__ import annotations

from pathlib import Path

from tests.oracle.running import run

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n"


def test_the_annotation_is_planned_and_shown(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MANIFEST)
    assert run(["apply", "-f", "a.yaml", "--dry-run", "--state-out", "first.json"], tmp_path).code == 0
    (tmp_path / "a.yaml").write_text(MANIFEST.replace("k: v", "k: w"))
    argv = ["apply", "set-last-applied", "-f", "a.yaml", "--dry-run", "--cluster", "first.json", "-o", "kubectl"]
    said = run([*argv, "--state-out", "second.json"], tmp_path)
    assert (said.code, said.stdout, said.stderr) == (0, "configmap/a configured\n", "")
    shown = run(["apply", "view-last-applied", "cm/a", "-o", "json", "--cluster", "second.json"], tmp_path)
    assert '"k": "w"' in shown.stdout


def test_nothing_is_written_without_a_dry_run(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MANIFEST)
    said = run(["apply", "set-last-applied", "-f", "a.yaml"], tmp_path)
    assert said.code == 2
    assert "kplan never writes to a cluster" in said.stderr
