"""Every command and every verb has a help page, and its example can be read."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from kplan.cli.app import main
from kplan.cli.verbhelp import EXAMPLES, sub_verbs
from kplan.kubectl.flags import GLOBAL, Arguments, parse
from kplan.kubectl.main import verb_module, verbs
from tests.oracle.running import run

OWN = ("admit", "apply", "diff", "explain", "fidelity", "graph", "lose", "schedule", "validate", "version")
PLAYED = ("create deployment", "create secret", "create job", "run", "api-versions")


def test_the_list_of_commands_says_a_line_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out.split("Commands:\n")[1].split("\n\n")[0]
    told = dict(line.split(maxsplit=1) for line in listed.splitlines() if not line.startswith("   "))
    assert sorted(told) == sorted({*OWN, *verbs()})


@pytest.mark.parametrize("command", OWN)
def test_a_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"Usage: kplan {command}" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_verb(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*name.split(), "--help"]) == 0
    said = capsys.readouterr().out
    assert f"Usage: kplan {name} " in said and f"kplan {name} {EXAMPLES[name]}".rstrip() in said
    for sub in sub_verbs(name):
        assert f"\n  {sub} " in said


def test_every_verb_has_an_example() -> None:
    known = {v for v in verbs() if v != "apply"}
    assert set(EXAMPLES) == known | {f"{v} {s}" for v in known for s in sub_verbs(v)}


@pytest.mark.parametrize("name", [n for n in sorted(EXAMPLES) if n not in ("rollout", "set")])
def test_an_example_has_flags_that_there_are(name: str) -> None:
    ours = {"--cluster": 2}
    words = shlex.split(EXAMPLES[name])
    for flag, size in ours.items():
        if flag in words:
            at = words.index(flag)
            words[at : at + size] = []
    module = verb_module(name)
    assert module is not None
    assert isinstance(parse(words, (*GLOBAL, *module.FLAGS)), Arguments)


@pytest.mark.parametrize("name", PLAYED)
def test_an_example_runs(name: str, tmp_path: Path) -> None:
    said = run([*name.split(), *shlex.split(EXAMPLES[name])], tmp_path)
    assert (said.code, said.stderr) == (0, "")


def test_help_behind_a_dash_is_the_containers(tmp_path: Path) -> None:
    said = run(["run", "a", "--image=i", "--dry-run=client", "-o", "yaml", "--", "ls", "--help"], tmp_path)
    assert "- --help" in said.stdout
