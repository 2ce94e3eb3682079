"""The tables of cases in ``tests/cases``: a list of rows with names, or rows by name under ``cases``, beside what they share.

A row with a key that its test does not know is refused: what is misspelt would assert nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

CASES = Path(__file__).parent / "cases"


def table(name: str) -> Any:
    """One table, ``folder/name``."""
    return YAML(typ="safe").load(CASES / f"{name}.yaml")


def rows(where: str, keys: str, *, shared: bool = False) -> list[Any]:
    """The parameters of a test: every row of a table, or of all tables of a folder; ``shared`` puts its table before it."""
    out: list[Any] = []
    names = sorted(f"{where}/{path.stem}" for path in (CASES / where).glob("*.yaml")) or [where]
    for name in names:
        found = table(name)
        by_name = {row["name"]: row for row in found} if isinstance(found, list) else found["cases"]
        assert not isinstance(found, list) or len(by_name) == len(found), f"{name}: two rows of one name"
        for said, row in by_name.items():
            unknown = row.keys() - keys.split() - {"name"}
            assert not unknown, f"{name}: {said}: nothing reads {', '.join(sorted(unknown))}"
            label = said if len(names) == 1 else f"{name.rpartition('/')[2]}: {said}"
            out.append(pytest.param(found, row, id=label) if shared else pytest.param(row, id=label))
    return out
