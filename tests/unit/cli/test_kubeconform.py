"""kubeconform's command lines are understood: what they become, and what is said of what has no meaning here."""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path

import pytest
import typer

from kplan.cli.kubeconform import FLAGS, translated
from tests.oracle.running import run

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec: {containers: [{name: c, image: i}]}\n"


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        ("-strict -summary dir", "--recursive dir"),
        ("--strict --summary dir", "--recursive dir"),
        ("-strict=true -n=8 dir", "--recursive --jobs 8 dir"),
        ("-n 8 -output json a.yaml", "--recursive --jobs 8 --output kubeconform a.yaml"),
        ("-output=pretty a.yaml", "--recursive --output text a.yaml"),
        ("-output junit a.yaml", "--recursive --output junit a.yaml"),
        ("-kubernetes-version 1.36.0 a", "--recursive --kubernetes-version 1.36.0 a"),
        ("-kubernetes-version master a", "--recursive --kubernetes-version latest a"),
        ("-skip Pod,Secret -reject=v1/Pod a", "--recursive --skip Pod,Secret --reject v1/Pod a"),
        ("-ignore-missing-schemas -verbose -exit-on-error a", "--recursive --ignore-missing-schemas --verbose --fail-fast a"),
        ("-ignore-filename-pattern ^x -ignore-filename-pattern y a", "--recursive --ignore-filename-pattern ^x --ignore-filename-pattern y a"),
        ("-schema-location default -strict a", "--recursive a"),
        ("-o json -j 4 --output sarif -v a", "-o json -j 4 --output sarif -v a"),
        ("--output json --skip Pod a", "--output json --skip Pod a"),
        ("-f a -R -q", "-f a -R -q"),
        ("-strict -- -summary", "--recursive -- -summary"),
        ("-", "-"),
    ],
)
def test_what_a_command_line_becomes(given: str, becomes: str) -> None:
    assert translated(given.split()) == becomes.split()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("-schema-location https://example.com/{{.ResourceKind}}.json", "note: -schema-location: kplan opens no socket and brings the schemas"),
        ("-schema-location=schemas/", "give the files or folders of their CustomResourceDefinitions with --crds"),
        ("-cache /tmp", "note: -cache: kplan opens no socket: there is nothing to cache"),
        ("-insecure-skip-tls-verify", "there is no certificate to verify"),
        ("-debug", "KPLAN_DEBUG=1"),
        ("-strict=false", "note: -strict=false: kplan is always as strict as kubectl"),
    ],
)
def test_what_has_no_meaning_here_is_told(given: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert translated(given.split()) == ["--recursive"]
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("given", ["-n shop", "-n", "-strict=maybe", "-summary=2"])
def test_wrong_values_are_usage_errors(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as stopped:
        translated(given.split())
    assert stopped.value.exit_code == 2
    assert "expected" in capsys.readouterr().err


def test_every_flag_that_becomes_an_option_becomes_one_that_is_there(tmp_path: Path) -> None:
    shown = run(["validate", "-h"], tmp_path)
    assert shown.code == 0 and "Judge manifests" in shown.stdout
    options = {f.becomes for f in FLAGS.values() if f.becomes}
    (tmp_path / "a.yaml").write_text(POD % "a")
    values = {"--kubernetes-version": ["1.36"], "--jobs": ["1"], "--output": ["json"], "--skip": ["X"], "--reject": ["X"], "--ignore-filename-pattern": ["x"]}
    for option in sorted(options):
        assert run(["validate", option, *values.get(option, []), "a.yaml"], tmp_path).code == 0, option


def test_a_line_from_somebodys_pipeline(tmp_path: Path) -> None:
    (tmp_path / "k8s" / "deep").mkdir(parents=True)
    (tmp_path / "k8s" / "a.yaml").write_text(POD % "a")
    (tmp_path / "k8s" / "deep" / "b.yaml").write_text(POD % "b" + "bogus: 1\n")
    (tmp_path / "k8s" / "deep" / "b_test.yaml").write_text("a: [")
    said = run(["validate", "-strict", "-summary", "-ignore-filename-pattern", r"_test\.yaml$", "-n", "2", "k8s"], tmp_path)
    assert said.code == 1
    assert said.stdout.splitlines()[-1] == "Summary: 2 resources found in 2 files - Valid: 1, Invalid: 1, Errors: 0, Skipped: 0"
    said = run(["validate", "-strict", "-output", "json", "-ignore-filename-pattern", "_test", "k8s"], tmp_path)
    assert [r["status"] for r in json.loads(said.stdout)["resources"]] == ["statusInvalid"]


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ([], "Summary: 0 resource found in 0 file - Valid: 0, Invalid: 0, Errors: 0, Skipped: 0"),
        (["a"], "Summary: 1 resource found in 1 file - Valid: 1, Invalid: 0, Errors: 0, Skipped: 0"),
        (["a", "b"], "Summary: 2 resources found in 2 files - Valid: 2, Invalid: 0, Errors: 0, Skipped: 0"),
    ],
)
def test_the_closing_line(files: list[str], line: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(POD % "x")
    for name in files:
        (tmp_path / f"{name}.yaml").write_text(POD % name)
    assert run(["validate", "--exclude", "x.yaml", "."], tmp_path).stdout == line + "\n"


def test_the_closing_line_of_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((POD % "a").encode())))
    said = run(["validate", "-summary", "-"], tmp_path)
    assert said.stdout == "Summary: 1 resource found parsing stdin - Valid: 1, Invalid: 0, Errors: 0, Skipped: 0\n"


def test_the_version_is_told(tmp_path: Path) -> None:
    assert run(["validate", "-v"], tmp_path).stdout.startswith("kplan ")


def test_no_pattern_can_hang(tmp_path: Path) -> None:
    name = "a" * 200 + ".yaml"
    (tmp_path / name).write_text(POD % "a")
    begin = time.process_time()
    assert run(["validate", "-ignore-filename-pattern", "^(a+)+$", "."], tmp_path).code == 0
    assert run(["validate", "--exclude", "*a" * 60 + "b", "."], tmp_path).code == 0
    assert time.process_time() - begin < 2
    for pattern in ("(", "x" * 5000, ""):
        refused = run(["validate", "-ignore-filename-pattern", pattern, "."], tmp_path)
        assert refused.code == 2 and "--ignore-filename-pattern" in refused.stderr
