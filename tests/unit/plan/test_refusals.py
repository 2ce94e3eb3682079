"""A refusal is told at the field and line that matter, with what would have changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.running import run

JOB = """apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  namespace: default
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: migrate
        image: migrate:1
"""
CLAIM = """apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
  namespace: default
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: standard
  resources:
    requests:
      storage: 2Gi
"""


def refused(folder: Path, before: str, after: str, *flags: str) -> Any:
    """The plan of changing one manifest into another."""
    (folder / "before.yaml").write_text(before)
    (folder / "after.yaml").write_text(after)
    run(["apply", "--dry-run", "-f", "before.yaml", "--state-out", "cluster.json", "-o", "kubectl"], folder)
    said = run(["apply", "--dry-run", *flags, "-f", "after.yaml", "--cluster", "cluster.json", "-o", "json"], folder)
    return json.loads(said.stdout)


@pytest.mark.parametrize(
    ("before", "after", "code", "line", "fields"),
    [
        (JOB, JOB.replace("migrate:1", "migrate:2"), "KP301", 12, ["spec.template.spec.containers[migrate].image"]),
        (JOB, JOB.replace("spec:\n  template", "spec:\n  completoins: 1\n  template", 1), "KP201", 7, ["spec.completoins"]),
        (CLAIM, CLAIM.replace("ReadWriteOnce", "ReadOnlyMany"), "KP301", 7, ["spec.accessModes[0]"]),
        (CLAIM, CLAIM.replace("2Gi", "1Gi"), "KP301", 11, ["spec.resources.requests.storage"]),
    ],
)
def test_a_refusal_names_line_and_fields(tmp_path: Path, before: str, after: str, code: str, line: int, fields: list[str]) -> None:
    plan = refused(tmp_path, before, after)
    (change,) = plan["changes"]
    assert change["actions"] == ["refused"]
    assert [f["text"] for f in change["fields"]] == fields
    first = plan["diagnostics"][0]
    assert (first["code"], first["at"]["line"]) == (code, line)


def test_what_cannot_be_changed_is_said_with_what_would_help(tmp_path: Path) -> None:
    plan = refused(tmp_path, JOB, JOB.replace("migrate:1", "migrate:2"))
    assert plan["diagnostics"][0]["hint"] == "it cannot be changed: kubectl apply --force would delete the object and create it anew"


def test_a_replace_says_which_field_forces_it(tmp_path: Path) -> None:
    plan = refused(tmp_path, JOB, JOB.replace("migrate:1", "migrate:2"), "--force")
    (change,) = plan["changes"]
    assert change["actions"] == ["delete", "create"]
    assert change["message"] == "spec.template cannot be changed: deleted and created anew"


def test_a_kind_that_is_gone_is_told_where_it_was_written(tmp_path: Path) -> None:
    plan = refused(tmp_path, CLAIM, "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: a}\n")
    (found,) = plan["diagnostics"]
    assert (found["code"], found["at"]["line"], found["hint"]) == ("KP210", 2, "removed in 1.16; use apps/v1 Deployment")


def test_a_warning_is_told_at_its_object(tmp_path: Path) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: default}\nspec:\n  containers:\n  - {name: a, image: a, env: [{name: X, value: a}, {name: X, value: b}]}\n"
    (found,) = refused(tmp_path, CLAIM, pod)["diagnostics"]
    assert (found["code"], found["ref"]["name"], found["at"]["line"]) == ("KP302", "p", 6)
