"""``docs/findings.md`` explains every code there is and no other, and its examples print what it says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from kplan.checks.contract import Check
from kplan.engine.discovery import discover
from kplan.model.codes import CODES
from tests.examples import is_printed, play, sections

ROOT = Path(__file__).parents[3]
DOC = (ROOT / "docs" / "findings.md").read_text()
SECTIONS = {heading.split()[0]: text for heading, text in sections(DOC).items()}
CHECKS: dict[str, Check] = {c.code: c for c in discover("kplan.checks", "CHECK")}


def emitted() -> set[str]:
    """The codes that stand in the source as texts of their own, but for the registry."""
    found = set()
    for path in (ROOT / "kplan").rglob("*.py"):
        if path.name != "codes.py":
            texts = [n.value for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
            found |= {t for t in texts if re.fullmatch(r"KP\d{3}", t)}
    return found


def test_every_code_that_is_emitted_is_explained_and_no_other() -> None:
    assert list(SECTIONS) == sorted(SECTIONS)
    assert set(SECTIONS) == emitted() == set(CODES) | set(CHECKS)


@pytest.mark.parametrize("code", sorted(SECTIONS))
def test_a_code_means_what_the_registry_says(code: str) -> None:
    if code in CODES:
        assert SECTIONS[code].startswith(f"{code} {CODES[code].name}\n\n{CODES[code].about}\n")
    else:
        title = CHECKS[code].title
        assert SECTIONS[code].startswith(f"{code}\n\n{title[0].upper()}{title[1:]}. ({str(CHECKS[code].severity).capitalize()})\n")


@pytest.mark.parametrize("code", sorted(SECTIONS))
def test_an_example_prints_what_is_written(code: str, tmp_path: Path) -> None:
    ((_, lines, printed),) = play(SECTIONS[code], tmp_path)
    assert lines and all(line.endswith(f"[{code}]") for line in lines)
    found = [line for line in printed if f"[{code}]" in line]
    assert len(found) == len(lines)
    assert [line for line in lines if not is_printed(line, found)] == []
