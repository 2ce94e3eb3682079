"""``-k``: the program that is there builds, and what it says or makes is told under the folder's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.running import run

BUILT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: nowhere}\n"


@pytest.fixture
def kustomize(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of that name, which prints what stands in the folder."""
    program = tmp_path / "bin" / "kustomize"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nif [ -e "$2/built.yaml" ]; then cat "$2/built.yaml"; else echo "Error: no kustomization in $2" >&2; exit 1; fi\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin:/usr/bin")
    return tmp_path


def test_what_is_built_is_told_under_the_name_of_its_folder(kustomize: Path) -> None:
    (kustomize / "prod").mkdir()
    (kustomize / "prod" / "built.yaml").write_text(BUILT % "a")
    said = run(["apply", "--dry-run", "-k", "prod"], kustomize).stdout
    assert 'prod:1:1: error: ConfigMap nowhere/a: namespaces "nowhere" not found [KP501]' in said
    assert "give the Namespace, too, or plan against the cluster that has it (--cluster)" in said
    said = run(["apply", "--dry-run", "-k", "prod", "-o", "kubectl"], kustomize).stderr
    assert said == 'Error from server (NotFound): error when creating "prod": namespaces "nowhere" not found\n'


def test_a_folder_that_cannot_be_built(kustomize: Path) -> None:
    said = run(["apply", "--dry-run", "-k", "prod"], kustomize)
    assert said.code != 0
    assert "no kustomization in prod" in said.stderr


def test_nobody_is_there_to_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = run(["apply", "--dry-run", "-k", "prod"], tmp_path)
    assert said.code != 0
    assert "neither is here; build it elsewhere and use -f" in said.stderr
