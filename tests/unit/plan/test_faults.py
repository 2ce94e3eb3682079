"""A value that cannot be decoded is shown where it stands, whatever the server's words leave out, with what to write instead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.oracle.running import run

POD = """apiVersion: v1
kind: Pod
metadata: {name: web, namespace: default}
spec:
  containers:
  - name: first
    image: web:1
    env: [{name: OK, value: fine}]
  - name: second
    image: web:1
    %s
"""
QUOTES, NUMBER, TRUTH = "put it in quotes", "write a number, without quotes", "write true or false, without quotes"
LIST, QUANTITY = "write a list, in which each item begins with a dash", "a quantity is a number and at most one unit: 500m, 1.5, 128Mi, 2Gi, 1G"
SLIPS = [
    ("env: [{name: A, value: fine}, {name: B, value: 1}]", "1}", QUOTES),
    ("env: [{name: A, value: true}]", "true", QUOTES),
    ("ports: [{containerPort: '80'}]", "'80'", NUMBER),
    ("securityContext: {runAsUser: root}", "root", NUMBER),
    ("tty: 'yes'", "'yes'", TRUTH),
    ("command: sh -c x", "sh", LIST),
    ("env: {A: b}", "{A", LIST),
    ("resources: {requests: {cpu: 2, memory: 1GB}}", "1GB", QUANTITY),
    ("{tty: 'yes', resources: {requests: {memory: 1GB}}}", "1GB", QUANTITY),
    ("livenessProbe: {httpGet: {port: 1.5}}", "1.5", ""),
]


@pytest.mark.parametrize(("said", "at", "hint"), SLIPS)
@pytest.mark.parametrize("argv", [["validate", "-o", "json"], ["apply", "--dry-run", "-o", "json", "-f"]])
def test_it_is_shown_where_it_stands(tmp_path: Path, argv: list[str], said: str, at: str, hint: str) -> None:
    text = POD % (said if not said.startswith("{") else said[1:-1].replace(", resources", "\n    resources"))
    (tmp_path / "pod.yaml").write_text(text)
    answer = json.loads(run([*argv, "pod.yaml"], tmp_path).stdout)
    found, *more = answer["resources"][0]["findings"] if "resources" in answer else answer["diagnostics"]
    assert len(more) == (argv[0] == "validate" and said.startswith("{tty")), "kplan validate goes on where the server stops"
    lines = text.splitlines()
    line, column = next((i, lines[i].index(at)) for i in range(len(lines) - 1, 9, -1) if at in lines[i])
    assert (found["at"]["line"], found["at"]["column"]) == (line + 1, column + 1)
    assert (found["code"], found.get("hint", "")) == ("KP202", hint)


def test_bytes_that_are_no_base64(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: default}\ndata:\n  a: YQ==\n  b: b!\n")
    answer = json.loads(run(["apply", "--dry-run", "-f", "secret.yaml", "-o", "json"], tmp_path).stdout)
    (found,) = answer["diagnostics"]
    assert (found["at"]["line"], found["at"]["column"]) == (6, 6)
    assert found["hint"] == "values of data are base64; as plain text they go below stringData"
