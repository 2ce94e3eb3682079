"""Hostile input ends with an answer: no exception, no hang (``tests/bench/fuzz.py`` does the same for as long as one likes)."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bench.fuzz import MOST_SECONDS, corpus, measured, server, through_the_door, through_the_loader

DOOR = server()


@settings(max_examples=150, deadline=None, database=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_any_bytes_can_be_loaded(seed: int) -> None:
    _, took = measured(lambda: through_the_loader(random.Random(seed), corpus()))
    assert took < MOST_SECONDS * 2


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_any_object_can_be_asked_for(seed: int) -> None:
    _, took = measured(lambda: through_the_door(random.Random(seed), DOOR, corpus()))
    assert took < MOST_SECONDS * 2
