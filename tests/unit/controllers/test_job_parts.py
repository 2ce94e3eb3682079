"""Completion indexes and back-off of Jobs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kplan.controllers.job.backoff import Backoff, remaining_for_index
from kplan.controllers.job.indexes import (
    first_pending,
    generate_name,
    has,
    merge,
    overlap,
    read_indexes,
    singles,
    total,
    write_indexes,
)

INDEXES = st.sets(st.integers(0, 40))


def members(intervals: list[tuple[int, int]]) -> set[int]:
    return {i for first, last in intervals for i in range(first, last + 1)}


@given(INDEXES)
def test_indexes_round_trip(indexes: set[int]) -> None:
    intervals = singles(indexes)
    assert members(intervals) == indexes
    assert total(intervals) == len(indexes)
    assert read_indexes(write_indexes(intervals), 41) == intervals
    assert all(has(intervals, i) == (i in indexes) for i in range(42))


@given(INDEXES, INDEXES)
def test_merge_is_union_and_overlap_intersection(a: set[int], b: set[int]) -> None:
    assert merge(singles(a), singles(b)) == singles(a | b)
    assert overlap(singles(a), singles(b)) == len(a & b)


@given(INDEXES, st.integers(0, 50), st.integers(1, 30))
def test_the_first_pending_indexes(taken: set[int], completions: int, count: int) -> None:
    expected = [i for i in range(completions) if i not in taken][:count]
    assert first_pending(count, completions, singles(taken)) == expected


@pytest.mark.parametrize(
    ("text", "intervals"),
    [("", []), ("1,3-5", [(1, 1), (3, 5)]), ("1,2", [(1, 2)]), ("3-20", [(3, 9)]), ("12", []), ("x,4", [(4, 4)])],
)
def test_reading(text: str, intervals: list[tuple[int, int]]) -> None:
    assert read_indexes(text, 10) == intervals


def test_two_neighbours_are_written_apart() -> None:
    assert write_indexes([(1, 2), (4, 6)]) == "1,2,4-6"


def test_a_long_name_keeps_its_index() -> None:
    assert generate_name("job", 3) == "job-3-"
    assert generate_name("x" * 60, 12) == "x" * 54 + "-12-"


def ended(at: str, failures: int = 0) -> dict[str, Any]:
    return {
        "metadata": {"annotations": {"batch.kubernetes.io/job-index-failure-count": str(failures)}},
        "spec": {"containers": []},
        "status": {"containerStatuses": [{"name": "c", "state": {"terminated": {"finishedAt": at}}}]},
    }


def test_back_off_doubles_and_a_success_ends_it() -> None:
    first = Backoff().after([], [ended("1970-01-01T00:01:40Z")])
    assert first.remaining(100) == 10 and first.remaining(104) == 6 and first.remaining(200) == 0
    third = first.after([], [ended("1970-01-01T00:03:20Z"), ended("1970-01-01T00:03:10Z")])
    assert third == Backoff(3, 200.0) and third.remaining(200) == 40
    assert Backoff(30, 0.0).remaining(0) == 600
    assert third.after([ended("1970-01-01T00:05:00Z")], []) == Backoff()
    assert third.after([ended("1970-01-01T00:05:00Z")], [ended("1970-01-01T00:04:00Z"), ended("1970-01-01T00:06:00Z")]) == Backoff(1, 360.0)


def test_back_off_of_one_index_counts_its_own_failures() -> None:
    assert remaining_for_index(None, 0) == 0
    assert remaining_for_index(ended("1970-01-01T00:00:00Z", failures=2), 0) == 40
