"""The two readers of YAML agree: whatever the quick one takes means what the exact one says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from kplan.load.lines import Declined, read_lines
from kplan.load.stream import read_stream
from kplan.load.yaml import read_exactly

FIXTURES = Path(__file__).parents[3] / "fixtures" / "manifests"

PIECES = st.sampled_from(
    [
        *("a", "key", "x: 1", "foo: bar", "- ", "-", " ", "  ", "    ", "\n", "\n  ", "\n    ", "\n- ", "\n  - "),
        *(": ", ":", "? ", "# c", " # c", "'q'", "'it''s'", '"d"', '"e\\n"', "'", '"', "[", "]", "{", "}", ", ", ","),
        *("|", "|-", "|+", ">", ">-", "|2", "\n  text", "\n   more", "&a ", "*a", "!!str ", "!t ", "<<: ", "yes", "no"),
        *(
            "0644",
            "1.5",
            "1_0",
            "~",
            "null",
            "...",
            "---",
            "%",
            "@",
            "\t",
            "http://x:80",
            "a:b",
            "-1",
            "--x",
            ":x",
            "?x",
        ),
        *("é", "\u2028", "\x85", "\r", "'multi\n line'", '"multi\n  line"', "[a,\n b]", "{a: b,\n c: d}", "{{ x }}"),
        *("|\n  lit\n  eral\n", "a:\n", "  b: c\n", "- c\n", "- d: e\n  f: g\n", "=", "<", ".inf", "\\", "\ufeff"),
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=20),
    st.text(alphabet="ab:# -'\"{}[],&*!|>%@?\n", max_size=12),
    st.sampled_from(["yes", "0644", "1e3", "~", "", "on", "a: b", "a #b", "- a", "\n\n a\n"]),
)
KEYS = st.one_of(st.text(alphabet="abcXY019._/-", min_size=1, max_size=8), st.sampled_from(["on", "a b", "1", "é", ""]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


def same(text: str) -> bool:
    """Whether the quick reader takes a text; then it must agree with the exact one, order and types included."""
    try:
        quick = read_lines(text)
    except Declined:
        return False
    value, duplicates = read_exactly(text)
    assert json.dumps(quick) == json.dumps(value)
    assert not duplicates
    return True


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=14).map("".join))
@example("...")
@example("1.5\n    : }:x")
@example("a: b\n  ...\n")
@example("a: |\n   \n  b")
@example("a: |\n\n \n  b\n \nc: d")
@example("- - a\n  - b\n-\n  - c\n-\n")
@example("a:\n- b\nc:\n  - d\n - e")
@example("a: 'b' # c\nd: \"e\" #f")
@example("a: {b: c}#d")
@example("---#a\nb: c")
@example('a: "b\n  c": d')
def test_any_text(text: str) -> None:
    same(text + "\n")


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_what_programs_write(value: dict[str, Any]) -> None:
    import io

    for layout in ({}, {"width": 30}):
        writer = YAML(typ="safe", pure=True)
        writer.default_flow_style = False
        for name, setting in layout.items():
            setattr(writer, name, setting)
        out = io.StringIO()
        writer.dump(value, out)
        text = out.getvalue()
        same(text if text.endswith("\n") else text + "\n")


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("shop/*.yaml")), ids=lambda path: path.name)
def test_real_manifests_take_the_quick_way(path: Path) -> None:
    taken = [same(reading.chunk.text) for reading in read_stream(path.read_text())]
    assert taken.count(False) == path.read_text().count("&database")


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\n", "a: *x\n", "a: !!str 1\n", "<<: {a: 1}\n", "? a\n: b\n", "a: 1\na: 2\n", "a:\tb\n", "\ta: b\n",
        "a: b: c\n", "a: .inf\n", "~: a\n", "a: [b\n", "a: 'b\n", "just text\n", "%YAML 1.1\n---\na: b\n", "a: b\n...\n",
    ],
)  # fmt: skip
def test_what_is_beyond_it_is_declined(text: str) -> None:
    with pytest.raises(Declined):
        read_lines(text)
