"""Runs the table ``tests/cases/jsonpath/templates.yaml``."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.kubectl.output.jsonpath import BadTemplate, Template
from tests.tables import table

TABLE: dict[str, Any] = table("jsonpath/templates")


@pytest.mark.parametrize(("template", "wanted"), [pytest.param(t, text, id=name) for t, (name, text) in TABLE["prints"].items()])
def test_what_it_prints(template: str, wanted: str) -> None:
    assert Template(template).print(TABLE["data"]) == wanted


@pytest.mark.parametrize(("template", "words"), TABLE["error"].items())
def test_what_is_wrong(template: str, words: str) -> None:
    with pytest.raises(BadTemplate) as raised:
        Template(template).print(TABLE["data"])
    assert words in str(raised.value)
