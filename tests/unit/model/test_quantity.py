"""Quantities: the canonical forms and the rounding a real API server shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kplan.model.quantity import MALFORMED, Quantity, QuantityError


@pytest.mark.parametrize(
    ("text", "canonical", "value", "milli"),
    [
        ("0.5", "500m", 1, 500),
        ("1024Mi", "1Gi", 1073741824, 1073741824000),
        ("1000Mi", "1000Mi", 1048576000, 1048576000000),
        ("1.5Gi", "1536Mi", 1610612736, 1610612736000),
        ("0.1Gi", "107374182400m", 107374183, 107374182400),
        ("12e6", "12e6", 12000000, 12000000000),
        ("1000m", "1", 1, 1000),
        ("0", "0", 0, 0),
        (".5", "500m", 1, 500),
        ("-1500m", "-1500m", -2, -1500),
        ("0.0000000001", "1n", 1, 1),
        ("512Ki", "512Ki", 524288, 524288000),
        ("1Ki", "1Ki", 1024, 1024000),
        ("0.5Ki", "512", 512, 512000),
    ],
)
def test_canonical_form_and_rounding(text: str, canonical: str, value: int, milli: int) -> None:
    quantity = Quantity.parse(text)
    assert (str(quantity), quantity.value(), quantity.milli_value()) == (canonical, value, milli)


@pytest.mark.parametrize("text", ["", "1.2.3", "1 Gi"])
def test_malformed_texts_are_refused_in_the_servers_words(text: str) -> None:
    with pytest.raises(QuantityError, match="quantities must match"):
        Quantity.parse(text)
    assert MALFORMED.startswith("quantities must match the regular expression")


@pytest.mark.parametrize("text", ["1x", "x", "1e", "1mi", "1kk", "--1"])
def test_unknown_suffixes_are_refused(text: str) -> None:
    with pytest.raises(QuantityError):
        Quantity.parse(text)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["", "m", "u", "n", "k", "M", "Ki", "Mi", "Gi"]))
def test_writing_and_reading_again_changes_nothing(number: int, suffix: str) -> None:
    quantity = Quantity.parse(f"{number}{suffix}")
    again = Quantity.parse(str(quantity))
    assert again == quantity
    assert str(again) == str(quantity)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_order_and_sum_are_those_of_numbers(a: int, b: int) -> None:
    x, y = Quantity.parse(f"{a}m"), Quantity.parse(f"{b}m")
    assert (x < y) == (a < b)
    assert (x + y).milli_value() == a + b
    assert (x - y).milli_value() == a - b
