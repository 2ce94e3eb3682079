"""Completion indexes and back-off of Jobs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kplan.controllers.job.backoff import Backoff, finished_at, remaining_for_index
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
from kplan.controllers.job.policies import Verdict, match_failure_policy, match_success_policy

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


def failed_pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "mypod", "namespace": "default"}, "spec": {}, "status": {"phase": "Failed", **status}}


def exited(name: str, code: int) -> dict[str, Any]:
    return {"name": name, "state": {"terminated": {"exitCode": code}}}


def on_codes(action: str, operator: str, values: list[int], **more: str) -> dict[str, Any]:
    return {"action": action, "onExitCodes": {"operator": operator, "values": values, **more}}


def on_condition(action: str, kind: str = "DisruptionTarget", status: str = "True") -> dict[str, Any]:
    return {"action": action, "onPodConditions": [{"type": kind, "status": status}]}


DISRUPTED = {"conditions": [{"type": "DisruptionTarget", "status": "True"}]}
SAID = "Container main for pod default/mypod failed with exit code {} matching FailJob rule at index {}"


@pytest.mark.parametrize(
    ("rules", "status", "verdict"),
    [
        (None, {"containerStatuses": [exited("main", 2)]}, Verdict()),
        ([on_codes("Ignore", "In", [1, 2, 3])], {"containerStatuses": [exited("main", 2)]}, Verdict("", False, "Ignore")),
        ([on_codes("Ignore", "In", [-1073741510])], {"containerStatuses": [exited("main", -1073741510)]}, Verdict("", False, "Ignore")),
        ([on_codes("FailJob", "In", [1, 2, 3])], {"containerStatuses": [exited("main", 2)]}, Verdict(SAID.format(2, 0), True, "FailJob")),
        (
            [on_codes("FailJob", "NotIn", [111])],
            {"initContainerStatuses": [exited("init", 0)], "containerStatuses": [exited("main", 111), exited("other", 0)]},
            Verdict(),
        ),
        ([on_codes("FailIndex", "In", [2])], {"containerStatuses": [exited("main", 2)]}, Verdict("", True, "FailIndex")),
        ([on_codes("FailJob", "NotIn", [0])], {"containerStatuses": [exited("main", 1), exited("b", 0)]}, Verdict(SAID.format(1, 0), True, "FailJob")),
        (
            [on_codes("Count", "In", [1, 2, 3]), on_codes("FailJob", "In", [4, 5, 6])],
            {"containerStatuses": [exited("main", 6)]},
            Verdict(SAID.format(6, 1), True, "FailJob"),
        ),
        ([on_codes("Count", "In", [2])], {"containerStatuses": [{"name": "a"}, exited("b", 2)]}, Verdict("", True, "Count")),
        ([on_codes("FailJob", "In", [2], containerName="main")], {"containerStatuses": [exited("side", 2)]}, Verdict()),
        (
            [on_codes("FailJob", "In", [5])],
            {"initContainerStatuses": [exited("main", 5)], "containerStatuses": [{"name": "x"}]},
            Verdict(SAID.format(5, 0), True, "FailJob"),
        ),
        ([on_condition("Ignore")], DISRUPTED, Verdict("", False, "Ignore")),
        ([on_condition("Ignore", status="False")], DISRUPTED, Verdict()),
        ([on_condition("Count"), on_condition("Ignore")], DISRUPTED, Verdict("", True, "Count")),
        ([on_condition("FailIndex")], DISRUPTED, Verdict("", True, "FailIndex")),
        (
            [on_condition("FailJob")],
            DISRUPTED,
            Verdict("Pod default/mypod has condition DisruptionTarget matching FailJob rule at index 0", True, "FailJob"),
        ),
        ([on_codes("FailJob", "In", [1]), on_condition("Ignore")], {**DISRUPTED, "containerStatuses": [exited("main", 137)]}, Verdict("", False, "Ignore")),
        ([on_codes("FailJob", "In", [1])], {}, Verdict()),
    ],
)
def test_the_first_rule_of_a_failure_policy_that_matches_decides(rules: Any, status: dict[str, Any], verdict: Verdict) -> None:
    job = {"spec": {} if rules is None else {"podFailurePolicy": {"rules": rules}}}
    assert match_failure_policy(job, failed_pod(**status)) == verdict


@pytest.mark.parametrize(
    ("rules", "succeeded", "rule"),
    [
        (None, [(0, 0)], None),
        ([], [(0, 0)], None),
        ([{"succeededIndexes": "invalid-form"}], [(0, 0)], None),
        ([{"succeededIndexes": "0-2"}], [(0, 2), (4, 7)], 0),
        ([{"succeededIndexes": "3"}], [(0, 2)], None),
        ([{"succeededCount": 2}], [(0, 2)], 0),
        ([{"succeededCount": 4}], [(0, 2)], None),
        ([{"succeededIndexes": "9"}, {"succeededIndexes": "4,6"}], [(0, 2), (4, 7)], 1),
        ([{"succeededIndexes": "0,1"}, {"succeededIndexes": "5"}], [(0, 2), (4, 7)], 0),
        ([{"succeededIndexes": "3-6", "succeededCount": 2}], [(0, 2), (4, 7)], 0),
        ([{"succeededIndexes": "3-6", "succeededCount": 2}], [(0, 2), (6, 7)], None),
        ([{"succeededCount": 4}], [], None),
        ([{"succeededIndexes": "2-4,6-8"}], [(1, 5), (6, 9)], 0),
        ([{"succeededIndexes": "2-4,6-9"}], [(2, 4), (6, 9)], 0),
        ([{"succeededIndexes": ""}], [(1, 3)], None),
        ([{"succeededIndexes": "10-12,14-16"}], [(1, 3), (5, 7)], None),
        ([{"succeededIndexes": "1-3,5-7"}], [(2, 4), (6, 8)], None),
        ([{"succeededIndexes": "1-3,5-7", "succeededCount": 4}], [(2, 4), (6, 8)], 0),
        ([{"succeededIndexes": "0-4,6-9", "succeededCount": 5}], [(1, 3), (7, 8)], 0),
        ([{"succeededIndexes": "0-6,8-9"}], [(1, 3), (5, 9)], None),
        ([{"succeededIndexes": "0-6,8-9", "succeededCount": 7}], [(1, 3), (5, 9)], 0),
        ([{"succeededIndexes": "0-3,6-9", "succeededCount": 7}], [(1, 10)], 0),
    ],
)
def test_the_first_rule_of_a_success_policy_that_is_met(rules: Any, succeeded: list[tuple[int, int]], rule: int | None) -> None:
    job = {"spec": {"completions": 10} | ({} if rules is None else {"successPolicy": {"rules": rules}})}
    assert match_success_policy(job, succeeded) == ("" if rule is None else f"Matched rules at index {rule}")


@pytest.mark.parametrize(
    ("pod", "at"),
    [
        ({"status": {"containerStatuses": [{"name": "a", "state": {"terminated": {"finishedAt": "1970-01-01T00:01:00Z"}}}]}}, 60),
        (
            {
                "status": {
                    "containerStatuses": [
                        {"name": "a", "state": {"terminated": {"finishedAt": "1970-01-01T00:01:00Z"}}},
                        {"name": "b", "state": {"terminated": {"finishedAt": "1970-01-01T00:02:00Z"}}},
                    ]
                }
            },
            120,
        ),
        (
            {
                "status": {
                    "containerStatuses": [{"name": "a", "state": {"terminated": {"finishedAt": "1970-01-01T00:01:00Z"}}}, {"name": "b", "state": {"running": {}}}],
                    "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": "1970-01-01T00:00:30Z"}],
                }
            },
            30,
        ),
        ({"status": {"conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": "1970-01-01T00:00:30Z"}]}}, 30),
        ({"metadata": {"deletionTimestamp": "1970-01-01T00:01:40Z", "deletionGracePeriodSeconds": 30}}, 70),
        ({"metadata": {"deletionTimestamp": "1970-01-01T00:01:40Z"}}, 100),
        ({"metadata": {"creationTimestamp": "1970-01-01T00:00:05Z"}}, 5),
        (
            {
                "spec": {"initContainers": [{"name": "side", "restartPolicy": "Always"}, {"name": "init"}]},
                "status": {
                    "containerStatuses": [{"name": "a", "state": {"terminated": {"finishedAt": "1970-01-01T00:01:00Z"}}}],
                    "initContainerStatuses": [
                        {"name": "side", "state": {"terminated": {"finishedAt": "1970-01-01T00:01:30Z"}}},
                        {"name": "init", "state": {"terminated": {"finishedAt": "1970-01-01T00:09:00Z"}}},
                    ],
                },
            },
            90,
        ),
    ],
)
def test_when_a_pod_finished(pod: dict[str, Any], at: float) -> None:
    assert finished_at({"metadata": {}, "spec": {}, **pod}) == at
