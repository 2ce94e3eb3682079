"""``docs/planning-behaviours.md`` tells what is true: its examples are played."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples import ROOT, is_printed, play, sections

SECTIONS = sections((ROOT / "docs" / "planning-behaviours.md").read_text())


@pytest.mark.parametrize("heading", [h for h, text in SECTIONS.items() if "```console" in text])
def test_an_example_prints_what_is_written(heading: str, tmp_path: Path) -> None:
    played = play(SECTIONS[heading], tmp_path)
    assert played
    for command, lines, printed in played:
        assert lines
        assert [line for line in lines if not is_printed(line, printed)] == [], (command, printed)


def test_sections_without_an_example_are_few() -> None:
    assert sum("```console" not in text for text in SECTIONS.values()) <= 5
