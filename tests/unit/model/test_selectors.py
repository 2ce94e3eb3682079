"""Selectors: what they match and how kubectl writes them."""

import pytest

from kplan.model.selectors import EVERYTHING, NOTHING, from_label_selector, from_labels, parse_selector


@pytest.mark.parametrize(
    ("text", "labels", "matches"),
    [
        ("app=web", {"app": "web"}, True),
        ("app==web,tier!=db", {"app": "web"}, True),
        ("app=web,tier!=db", {"app": "web", "tier": "db"}, False),
        ("env in (a, b)", {"env": "b"}, True),
        ("env notin (a,b)", {}, True),
        ("env notin (a,b)", {"env": "a"}, False),
        ("!gone", {"gone": ""}, False),
        ("here", {"here": ""}, True),
        ("size>3", {"size": "4"}, True),
        ("size>3", {"size": "x"}, False),
        ("", {"any": "thing"}, True),
        ("app=", {"app": ""}, True),
    ],
)
def test_text_selectors(text: str, labels: dict[str, str], matches: bool) -> None:
    assert parse_selector(text).matches(labels) is matches


def test_unparsable_text_is_refused() -> None:
    with pytest.raises(ValueError, match="unable to parse requirement"):
        parse_selector("=x")


def test_absent_matches_nothing_and_empty_everything() -> None:
    assert from_label_selector(None) is NOTHING
    assert not NOTHING.matches({})
    assert from_label_selector({}) == EVERYTHING
    assert from_labels({}).matches({"a": "b"})


def test_expressions_and_labels_are_joined_by_and() -> None:
    selector = from_label_selector(
        {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "env", "operator": "In", "values": ["a", "b"]}, {"key": "x", "operator": "Exists"}]}
    )
    assert selector.matches({"app": "web", "env": "a", "x": "1"})
    assert not selector.matches({"app": "web", "env": "a"})
    assert str(selector) == "app=web,env in (a,b),x"
    assert selector.exact == {"app": "web"}
