"""Texts with a grammar, read as Go reads them."""

from __future__ import annotations

from typing import Any

import pytest

from kplan.validate.formats import is_base64, is_micro_time, is_quantity, is_time


@pytest.mark.parametrize(
    ("text", "time", "micro_time"),
    [
        ("2026-11-21T00:29:45Z", True, False),
        ("2026-11-21T00:29:45+02:00", True, False),
        ("2026-11-21T00:29:45.5Z", True, False),
        ("2026-11-21T00:29:45.123456Z", True, True),
        ("2026-11-21T00:29:45.1234567Z", True, False),
        ("2024-02-29T00:00:00Z", True, False),
        ("2026-02-29T00:00:00.000000Z", False, False),
        ("2026-11-21T24:00:00Z", False, False),
        ("2026-11-21T00:60:00Z", False, False),
        ("2026-13-01T00:00:00Z", False, False),
        ("2026-11-21T00:29:45", False, False),
        ("2026-11-21 00:29:45Z", False, False),
        ("2026-11-21t00:29:45z", False, False),
        ("2026-11-21", False, False),
        ("", False, False),
        (None, False, False),
        (1763684985, False, False),
    ],
)
def test_instants(text: Any, time: bool, micro_time: bool) -> None:
    assert (is_time(text), is_micro_time(text)) == (time, micro_time)


@pytest.mark.parametrize("value", ["1", "0", "100m", "1.5Gi", ".5", "5.", "1e3", "1E3", "-2Ki", " 1 ", 1, 0.5, "Gi"])
def test_quantities(value: Any) -> None:
    assert is_quantity(value)


@pytest.mark.parametrize("value", ["", " ", "1 Gi", "1GB", "1.2.3", "1e", "1KI", True, None, [], "1/2"])
def test_no_quantities(value: Any) -> None:
    assert not is_quantity(value)


@pytest.mark.parametrize(("value", "is_it"), [("", True), ("aGk=", True), ("aGk", False), ("a-_=", False), ("aG\nk=", True), (1, False), ("é", False)])
def test_base64(value: Any, is_it: bool) -> None:
    assert is_base64(value) is is_it
