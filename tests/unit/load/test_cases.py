"""Runs the tables in ``tests/cases/load``.

``scalars``: plain texts and their JSON (``itself``: the text). ``documents``: a text and its JSON, by the exact reader,
and by the quick one where it does not decline. ``refusals``: go-yaml's words and the place. ``streams``: a file's
values up to the first broken document, what is said of that and where, and what follows it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from kplan.load.lines import Declined, read_lines
from kplan.load.stream import read_stream
from kplan.load.yaml import YAMLRefused, read_exactly, read_yaml
from tests.tables import rows


def quickly(text: str) -> Any:
    try:
        return read_lines(text)
    except Declined:
        return read_exactly(text)[0]


@pytest.mark.parametrize("case", rows("load/scalars", "texts json itself"))
def test_scalars(case: dict[str, Any]) -> None:
    for text in case["texts"]:
        wanted = text if case.get("itself") else json.loads(case["json"])
        for read in (read_exactly(f"value: {text}\n")[0], quickly(f"value: {text}\n"), quickly(f"value: [{text}]\n")):
            value = read["value"]
            value = value[0] if isinstance(value, list) and value else value
            if value == []:
                value = None
            assert (value, type(value)) == (wanted, type(wanted)), text


@pytest.mark.parametrize("case", rows("load/documents", "text json duplicates"))
def test_documents(case: dict[str, Any]) -> None:
    wanted = json.loads(case["json"], strict=False)
    value, duplicates = read_exactly(case["text"])
    assert value == wanted
    assert quickly(case["text"]) == wanted
    found = [[list(path), line + 1, column + 1] for path, line, column in duplicates]
    assert found == case.get("duplicates", [])
    assert read_yaml(case["text"])[1] == duplicates


@pytest.mark.parametrize("case", rows("load/refusals", "text words at"))
def test_refusals(case: dict[str, Any]) -> None:
    with pytest.raises(YAMLRefused) as refused:
        read_yaml(case["text"])
    assert refused.value.problem == case["words"]
    assert f"{refused.value.line + 1}:{refused.value.column + 1}" == case["at"]


@pytest.mark.parametrize("case", rows("load/streams", "text values words at rest"))
def test_streams(case: dict[str, Any]) -> None:
    readings = list(read_stream(case["text"]))
    broken = next((number for number, reading in enumerate(readings) if reading.problem), len(readings))
    assert [reading.value for reading in readings[:broken]] == case["values"]
    if "words" in case:
        refused = readings[broken]
        assert refused.problem == case["words"]
        assert f"{refused.line + 1}:{refused.column + 1}" == case["at"]
        assert [reading.value for reading in readings[broken + 1 :] if not reading.problem] == case.get("rest", [])
    else:
        assert broken == len(readings)
