"""The differences a plan shows, held against a general differ: nothing is missed, nothing is made up."""

from __future__ import annotations

import copy
from typing import Any

from deepdiff import DeepDiff
from hypothesis import given, settings
from hypothesis import strategies as st

from kplan.plan.diff import ABSENT, ORDER, FieldChange, changes

NAMES = st.sampled_from(["web", "proxy", "init", "sidecar"])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(2, 5), st.sampled_from(["", "a", "b"]))
"""No 0 and no 1: in lists the general differ takes them for false and true."""
ITEMS = st.fixed_dictionaries({"name": NAMES}, optional={"image": LEAVES, "args": st.lists(LEAVES, max_size=2)})
NAMED = st.lists(ITEMS, max_size=4, unique_by=lambda item: item["name"])
VALUES = st.recursive(
    st.one_of(LEAVES, NAMED),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["spec", "x", "y", "labels"]), inner, max_size=3)),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(["spec", "data", "status"]), VALUES, max_size=3)


@settings(max_examples=300, deadline=None)
@given(OBJECTS, OBJECTS)
def test_what_differs_is_shown_and_nothing_else(before: dict[str, Any], after: dict[str, Any]) -> None:
    found = changes(before, after, status=True)
    assert bool(found) == bool(DeepDiff(before, after, ignore_type_in_groups=[], ignore_numeric_type_changes=False))


@settings(max_examples=300, deadline=None)
@given(OBJECTS, OBJECTS)
def test_every_change_names_values_that_are_there(before: dict[str, Any], after: dict[str, Any]) -> None:
    for change in changes(before, after, status=True):
        if change.path[-1] == ORDER:
            assert sorted(set(change.before) & set(change.after)) == sorted(set(change.after) & set(change.before))
            assert change.before != change.after
        else:
            assert _at(before, change) == change.before
            assert _at(after, change) == change.after


def test_a_number_is_no_boolean() -> None:
    (change,) = changes({"data": {"a": [True, None]}}, {"data": {"a": [1, None]}})
    assert (change.text, change.before, change.after) == ("data.a[0]", True, 1)


@given(OBJECTS)
def test_a_copy_differs_in_nothing(value: dict[str, Any]) -> None:
    assert changes(value, copy.deepcopy(value), status=True) == []


def test_containers_in_another_order_are_a_change() -> None:
    web, proxy = {"name": "web", "image": "a"}, {"name": "proxy", "image": "b"}
    (change,) = changes({"spec": {"containers": [web, proxy]}}, {"spec": {"containers": [proxy, web]}})
    assert (change.text, change.before, change.after) == ("spec.containers[order]", ["web", "proxy"], ["proxy", "web"])


def _at(value: Any, change: FieldChange) -> Any:
    for step in change.path:
        if isinstance(step, str) and step.startswith("["):
            value = next((x for x in value if str(x["name"]) == step[1:-1]), ABSENT)
        elif isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else ABSENT
        else:
            value = value.get(step, ABSENT) if isinstance(value, dict) else ABSENT
        if value is ABSENT:
            return ABSENT
    return value


def test_being_created_at_no_time_is_no_change() -> None:
    old = {"spec": {"template": {"metadata": {"creationTimestamp": None, "labels": {"a": "b"}}}}}
    new = {"spec": {"template": {"metadata": {"labels": {"a": "c"}}}}}
    assert [c.text for c in changes(old, new)] == ["spec.template.metadata.labels.a"]
    assert [c.text for c in changes({"spec": {"a": None}}, {"spec": {}})] == ["spec.a"]
