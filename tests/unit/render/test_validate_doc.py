"""``docs/validate.md``: its examples print what it says, and its table tells of every flag of kubeconform's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kplan.cli.kubeconform import FLAGS
from tests.examples import ROOT, is_printed, play, sections

DOC = (ROOT / "docs" / "validate.md").read_text()
SECTIONS = sections(DOC)


@pytest.mark.parametrize("heading", [h for h, text in SECTIONS.items() if "```console" in text])
def test_an_example_prints_what_is_written(heading: str, tmp_path: Path) -> None:
    for command, lines, printed in play(SECTIONS[heading], tmp_path):
        assert [line for line in lines if not is_printed(line, printed)] == [], command


def test_every_flag_of_kubeconform_is_told_of() -> None:
    told = re.findall(r"`-([a-z-]+)", "\n".join(line.split("|")[1] for line in SECTIONS["From kubeconform"].splitlines() if line.startswith("| `")))
    assert sorted(set(told)) == sorted(FLAGS)
