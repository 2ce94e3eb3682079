"""Bad input ends on one clear line with its place, whatever the command: no traceback, nothing lost."""

from pathlib import Path

import pytest

from tests.oracle.running import run

BAD = Path(__file__).parents[3] / "fixtures" / "manifests" / "bad"
UNREADABLE = {
    "binary.yaml": ":1:8: error: a binary file",
    "bomb.yaml": "document contains excessive aliasing [KP102]",
    "deep.json": "exceeded max depth of",
    "deep.yaml": "exceeded max depth of",
    "helm-template.yaml": ":6:7: error: a Helm template, not YAML yet",
    "kustomization.yaml": "error: a kustomization, not an object",
    "latin-1.yaml": ":4:12: error: not UTF-8 text",
    "missing-kind.yaml": "error: kind not set",
    "not-kubernetes.yaml": "error: not a Kubernetes object",
    "numeric-name.yaml": "cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string",
    "syntax-error.json": ":1:68: error: json: offset 68: invalid character",
    "tab.yaml": ":4:1: error: error converting YAML to JSON: yaml: line 4: found character that cannot start any token",
}


@pytest.mark.parametrize("name", sorted(UNREADABLE))
@pytest.mark.parametrize("command", [["apply", "--dry-run"], ["diff"]])
def test_what_cannot_be_read_is_said_on_one_line(name: str, command: list[str], tmp_path: Path) -> None:
    said = run([*command, "-f", str(BAD / name)], tmp_path)
    assert said.code == 1
    assert said.stdout == ""
    (line,) = said.stderr.splitlines()
    assert line.startswith(str(BAD / name))
    assert UNREADABLE[name] in line


@pytest.mark.parametrize("name", sorted(UNREADABLE))
def test_validate_says_the_same(name: str, tmp_path: Path) -> None:
    said = run(["validate", str(BAD / name)], tmp_path)
    assert said.code == 1
    assert UNREADABLE[name] in said.stdout
    assert "Errors: 1" in said.stdout.splitlines()[-1]


def test_an_empty_file_holds_nothing_to_plan(tmp_path: Path) -> None:
    said = run(["apply", "--dry-run", "-f", str(BAD / "empty.yaml")], tmp_path)
    assert (said.code, said.stdout) == (1, "")
    assert said.stderr.startswith("error: no Kubernetes objects in ")


def test_a_folder_without_manifests_and_a_path_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        said = run(["apply", "--dry-run", "-f", str(path)], tmp_path)
        assert said.code == 1
        assert len(said.stderr.splitlines()) == 1


@pytest.mark.parametrize("verb", ["apply", "create", "delete", "replace"])
def test_kubectl_says_of_a_path_that_is_not_there(verb: str, tmp_path: Path) -> None:
    said = run([verb, "-f", "nowhere.yaml", "--dry-run", "-o", "kubectl"], tmp_path)
    assert (said.code, said.stdout, said.stderr) == (1, "", 'error: the path "nowhere.yaml" does not exist\n')


def test_the_documents_before_an_error_are_planned_and_the_error_is_told(tmp_path: Path) -> None:
    said = run(["apply", "--dry-run", "-f", str(BAD / "syntax-error.yaml")], tmp_path)
    assert said.code == 1
    assert "Plan: 2 to add" in said.stdout
    assert "syntax-error.yaml:10:2: error: error converting YAML to JSON: yaml: line 4: did not find expected key" in said.stdout


@pytest.mark.parametrize(
    ("name", "place", "words"),
    [
        ("unknown-field.yaml", ":10:7: error:", 'unknown field "spec.ports[0].targetport" [KP201]'),
        ("wrong-types.yaml", ":5:11: error:", "cannot unmarshal array into Go struct field ObjectMeta.metadata.labels"),
    ],
)
@pytest.mark.parametrize("command", [["apply", "--dry-run", "-f"], ["validate"]])
def test_what_the_server_refuses_is_located_to_the_field(name: str, place: str, words: str, command: list[str], tmp_path: Path) -> None:
    said = run([*command, str(BAD / name)], tmp_path)
    assert said.code == 1
    assert f"{name}{place}" in said.stdout
    assert words in said.stdout
    assert "No changes" not in said.stdout


def test_a_key_given_twice_is_a_warning_to_apply_and_an_error_to_validate(tmp_path: Path) -> None:
    path = str(BAD / "duplicate-keys.yaml")
    planned, judged = run(["apply", "--dry-run", "-f", path], tmp_path), run(["validate", path], tmp_path)
    assert (planned.code, judged.code) == (0, 1)
    assert ":8:3: warning: " in planned.stdout
    assert ":8:3: error: " in judged.stdout


def test_usage_errors_exit_with_two(tmp_path: Path) -> None:
    for argv in (["apply", "-f", "x"], ["apply", "--dry-run"], ["validate"], ["nonsense"], ["apply", "--dry-run", "-f", str(BAD), "--cluster", str(tmp_path)]):
        said = run(argv, tmp_path)
        assert said.code == 2, argv
        assert "Traceback" not in said.stderr
