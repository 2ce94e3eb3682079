"""Texts that are integers to Go, whatever Python thinks of them."""

from __future__ import annotations

import pytest

from kplan.model.integers import complaint, parse_digits, parse_int
from kplan.model.selectors import parse_selector

LONG = "9" * 5000


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("-7", -7), ("+7", 7), ("007", 7), ("0" * 5000 + "7", 7), ("9223372036854775807", 2**63 - 1), ("-9223372036854775808", -(2**63))],
)
def test_integers(text: str, number: int) -> None:
    assert parse_int(text) == number
    assert complaint(text) == ""


@pytest.mark.parametrize("text", ["", " 7", "7 ", "1_000", "٣", "0x1", "1.0", "--1", "+"])
def test_python_reads_some_that_go_does_not(text: str) -> None:
    assert parse_int(text) is None
    assert complaint(text) == "invalid syntax"


@pytest.mark.parametrize(("text", "bits"), [("9223372036854775808", 64), (LONG, 64), ("-" + LONG, 64), ("2147483648", 32)])
def test_numbers_out_of_range_are_told_apart(text: str, bits: int) -> None:
    assert parse_int(text, bits) is None
    assert complaint(text, bits) == "value out of range"


def test_digits_are_held_at_the_largest_number() -> None:
    assert parse_digits(LONG) == 2**63 - 1
    assert parse_digits("12") == 12


def test_labels_compare_as_go_reads_them() -> None:
    assert parse_selector("size>3").matches({"size": "10"})
    assert not parse_selector("size>3").matches({"size": "1_0"})
