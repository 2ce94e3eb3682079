"""Whatever is wrong with the input or the flags, ``explain``, ``validate``, ``admit`` and ``apply`` say so in a few lines,
name the place, and exit with 1 (the input) or 2 (the command line)."""

from __future__ import annotations

import io
import os
import sys
import time
from pathlib import Path

import pytest

from tests.oracle.running import Said, run

COMMANDS = {
    "apply": ["apply", "--dry-run", "-f"],
    "explain": ["explain", "deployment/web", "-f"],
    "explain by field": ["explain", "-f"],
    "validate": ["validate", "-f"],
    "validate the schema": ["validate", "--schema-only", "-f"],
    "admit": ["admit", "-f"],
}
BOMB = "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9) if i else 'x'}]\n" for i in range(30))
FILES: dict[str, tuple[bytes, str]] = {
    "binary.yaml": (b"\x7fELF\x02\x01\x00\x00\xff\xfe", "binary.yaml:1:"),
    "image.json": (b"\x89PNG\r\n\x1a\n\x00\x00", "image.json:1:"),
    "empty.yaml": (b"", ""),
    "blank.yaml": (b"\n---\n# nothing\n---\n", ""),
    "bomb.yaml": (BOMB.encode(), "excessive aliasing"),
    "deep.yaml": (b"a: " + b"[" * 20_000, "exceeded max depth"),
    "deep.json": (b'{"a":' * 20_000, "exceeded max depth"),
    "text.yaml": (b"Dear diary\n", "text.yaml:1"),
    "list.yaml": (b"apiVersion: v1\nkind: List\nitems: 3\n", ""),
    "null-metadata.yaml": (b"apiVersion: v1\nkind: Pod\nmetadata: null\nspec: {}\n", "null-metadata.yaml"),
    "unknown-kind.yaml": (b"apiVersion: v1\nkind: Deploymnet\nmetadata: {name: web}\n", 'no matches for kind "Deploymnet" in version "v1"'),
    "wrong-version.yaml": (b"apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: web}\n", 'no matches for kind "Deployment" in version "apps/v1beta1"'),
}


def said_of(command: str, path: str, folder: Path) -> Said:
    begin = time.process_time()
    said = run([*COMMANDS[command], path], folder)
    assert time.process_time() - begin < 3
    return said


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_bad_file(command: str, name: str, tmp_path: Path) -> None:
    content, words = FILES[name]
    (tmp_path / name).write_bytes(content)
    said = said_of(command, name, tmp_path)
    told = said.stdout + said.stderr
    assert words in told
    assert len(told.splitlines()) < 16
    assert said.code == (1 if words or not command.startswith("validate") else 0)
    assert "Traceback" not in told and "internal error" not in told


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_nothing_to_read(command: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "README.md").write_text("hello")
    for path, words in (
        ("nowhere.yaml", 'the path "nowhere.yaml" does not exist'),
        ("folder", "error reading [folder]: recognized file extensions are [.json .yaml .yml]"),
        ("no*.yaml", 'the path "no*.yaml" does not exist'),
        ("https://example.com/a.yaml", "kplan does not use the network; download the file and name it"),
    ):
        said = said_of(command, path, tmp_path)
        assert said.code == 1
        assert words in said.stdout + said.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_file_that_may_not_be_read(command: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a")
    (tmp_path / "a.yaml").chmod(0)
    said = said_of(command, "a.yaml", tmp_path)
    assert said.code == 1 and "open a.yaml: permission denied" in said.stdout + said.stderr


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_link_to_nowhere(command: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("gone.yaml")
    said = said_of(command, "a.yaml", tmp_path)
    assert said.code == 1 and "open a.yaml: no such file or directory" in said.stdout + said.stderr


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_standard_input(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for content, code in ((b"apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: c}]}\n", 1), (b"a: [", 1)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        if command == "validate the schema" and content.startswith(b"api"):
            code = 0
        if command == "explain":
            code = 1
        said = said_of(command, "-", tmp_path)
        assert said.code == code
        assert not code or "STDIN" in said.stdout + said.stderr


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("validate", "name files or folders"),
        ("validate a.yaml -o yaml", "-o yaml: expected one of github, json, junit, kubeconform, sarif, tap, text"),
        ("validate a.yaml -o json=nowhere/out.json", "nowhere/out.json: no such file or directory"),
        ("validate a.yaml --kubernetes-version 1.2", "--kubernetes-version 1.2: "),
        ("validate a.yaml --cluster nowhere.json", "--cluster nowhere.json: "),
        ("validate a.yaml --cluster bad.jsonl", "--cluster bad.jsonl: "),
        ("validate a.yaml --color blue", "--color blue: expected auto, always or never"),
        ("validate a.yaml -j many", "'-j' / '--jobs'"),
        ("validate a.yaml -j -1", "'-j' / '--jobs'"),
        ("validate a.yaml --crds nowhere", "--crds nowhere: "),
        ("validate a.yaml --nonsense", "--nonsense"),
        ("admit", "must specify -f or --batch"),
        ("admit -f a.yaml -o text", "-o text: expected yaml or json"),
        ("admit -f a.yaml --kubernetes-version x", "--kubernetes-version x: "),
        ("admit -f a.yaml --cluster nowhere", "--cluster nowhere: "),
        ("admit --batch nowhere", "--batch nowhere: there is no such file"),
        ("admit --batch bad.jsonl", "--batch bad.jsonl: expected JSON lines"),
        ("explain", "say what to explain"),
        ("explain x -f a.yaml -o yaml", "-o yaml: expected text, or json with --defaults"),
        ("explain x -f a.yaml --assume sleeping", "--assume sleeping: expected one of"),
        ("explain x -f a.yaml --now tomorrow", "--now tomorrow: expected an RFC 3339 instant"),
        ("explain x -f a.yaml --for ever", "--for ever: "),
        ("apply -f a.yaml", "--dry-run"),
        ("apply --dry-run -f a.yaml -o yml", "-o yml: "),
        ("apply --dry-run -f a.yaml --fail-on rain", "--fail-on rain: expected some of"),
        ("apply --dry-run -f a.yaml --scheduler-config nowhere", "--scheduler-config nowhere: "),
        ("apply --dry-run -f a.yaml --kubernetes-version 2", "--kubernetes-version 2: "),
    ],
)
def test_a_wrong_command_line(argv: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
    (tmp_path / "bad.jsonl").write_text("{\n")
    said = run(argv.split(), tmp_path)
    assert said.code == 2, said
    assert words in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_what_is_refused_names_file_line_column_object_field_and_what_to_do(command: str, tmp_path: Path) -> None:
    manifest = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n  - port: 80\n    targetport: 8080\n"
    (tmp_path / "m.yaml").write_text(manifest)
    told = "".join(said_of(command, "m.yaml", tmp_path)[1:])
    assert "m.yaml:8:5: error: " in told
    assert "targetport" in told and "[KP201]" in told
    if command in ("validate", "validate the schema", "admit"):
        assert "Service web: unknown field" in told
        assert '    = did you mean "targetPort"?' in told
        assert "8 |     targetport: 8080\n      |     ^" in told
