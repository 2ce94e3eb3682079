"""JSON: Go's words for what it refuses, and the walk that finds them agrees with a real parser."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kplan.load.json import JSONError, find_duplicates, find_places, read_value, scan


@pytest.mark.parametrize(
    ("text", "words", "at"),
    [
        ('{"a" 1}', "invalid character '1' after object key", 5),
        ('{"a": 1 "b"}', "invalid character '\"' after object key:value pair", 8),
        ("{'a': 1}", "invalid character '\\'' looking for beginning of object key string", 1),
        ('{"a": 1,}', "invalid character '}' looking for beginning of object key string", 8),
        ("[1 2]", "invalid character '2' after array element", 3),
        ("[1,]", "invalid character ']' looking for beginning of value", 3),
        ("[tru]", "invalid character ']' in literal true (expecting 'e')", 4),
        ("[nul", "unexpected EOF", 4),
        ("[-a]", "invalid character 'a' in numeric literal", 2),
        ("[1.a]", "invalid character 'a' after decimal point in numeric literal", 3),
        ("[1e+a]", "invalid character 'a' in exponent of numeric literal", 4),
        ("[01]", "invalid character '1' after array element", 2),
        ('["a\nb"]', "invalid character '\\n' in string literal", 3),
        ('["\\x"]', "invalid character 'x' in string escape code", 3),
        ('["\\u12G4"]', "invalid character 'G' in \\u hexadecimal character escape", 6),
        ('["a', "unexpected EOF", 3),
        ("NaN", "invalid character 'N' looking for beginning of value", 0),
    ],
)
def test_words(text: str, words: str, at: int) -> None:
    with pytest.raises(JSONError) as refused:
        read_value(text)
    assert (refused.value.problem, refused.value.at) == (words, at)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='{}[]",:01.eE+-truefalsn\\u \n', max_size=14))
def test_the_walk_and_a_parser_agree(text: str) -> None:
    try:
        json.loads(text)
        good = True
    except ValueError:
        good = False
    try:
        end = scan(text.lstrip(), 0)
        assert good == (not text.lstrip()[end:].strip())
    except JSONError:
        assert not good


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.integers(-9, 9) | st.text(max_size=3),
        lambda v: st.lists(v) | st.dictionaries(st.text(max_size=2), v),
        max_leaves=10,
    )
)
def test_every_value_has_its_place(value: object) -> None:
    text = json.dumps(value)
    for path, (_, at) in find_places(text).items():
        inner = value
        for step in path:
            inner = inner[step]  # type: ignore[index]
        assert json.JSONDecoder().raw_decode(text, at)[0] == inner
    assert find_duplicates(text) == []


def test_repeated_keys_and_surrogates() -> None:
    text = '{"a": {"b": 1, "b": 2}, "c": [{"d": 1}, {"d": 1, "d": 2}], "a": 3}'
    assert [path for path, _ in find_duplicates(text)] == [("a", "b"), ("c", 1, "d"), ("a",)]
    assert read_value('["\\ud83d\\ude00", 1.0, 12345678901234567890]')[0] == ["😀", 1, 12345678901234567000.0]


def test_what_a_json_library_stumbles_over() -> None:
    assert read_value('["\\ud83d", "\\ud83dx"]')[0] == ["\ufffd", "\ufffdx"]
    assert read_value(f"[{10**200}]")[0] == [1e200]
    for huge in ("1e999", "1" * 5000, "-1e400"):
        with pytest.raises(JSONError, match=r"cannot unmarshal number -?1"):
            read_value(f"[{huge}]")
