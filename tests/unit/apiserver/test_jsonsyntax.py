"""What is wrong with JSON, in Go's words."""

from __future__ import annotations

import pytest

from kplan.apiserver.rules.jsonsyntax import object_error

KIND = "json: cannot unmarshal {} into Go value of type map[string]interface {{}}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"auths": {"a": [1, -2.5e+3, true, null, "\\u00e4\\n"]}, "b": {}}', ""),
        (b"null", ""),
        (b"", "unexpected end of JSON input"),
        (b'{"auths":', "unexpected end of JSON input"),
        (b'{"a":"', "unexpected end of JSON input"),
        (b"text", "invalid character 'e' in literal true (expecting 'r')"),
        (b"In", "invalid character 'I' looking for beginning of value"),
        (b"300.1.1.1", "invalid character '.' after top-level value"),
        (b"{} x", "invalid character 'x' after top-level value"),
        (b"{a: 1}", "invalid character 'a' looking for beginning of object key string"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b'{"a": 1 "b"}', "invalid character '\"' after object key:value pair"),
        (b'{"a": [1 2]}', "invalid character '2' after array element"),
        (b'{"a": 1,}', "invalid character '}' looking for beginning of object key string"),
        (b'{"a": [1,]}', "invalid character ']' looking for beginning of value"),
        (b'{"a": "\n"}', "invalid character '\\n' in string literal"),
        (b'{"a": "\\x"}', "invalid character 'x' in string escape code"),
        (b'{"a": "\\u12g"}', "invalid character 'g' in \\u hexadecimal character escape"),
        (b'{"a": -}', "invalid character '}' in numeric literal"),
        (b'{"a": 1.}', "invalid character '}' after decimal point in numeric literal"),
        (b'{"a": 1e}', "invalid character '}' in exponent of numeric literal"),
        (b'{"a": 01}', "invalid character '1' after object key:value pair"),
        (b"'a'", "invalid character '\\'' looking for beginning of value"),
        (b"[1]", KIND.format("array")),
        (b'"a"', KIND.format("string")),
        (b"-1", KIND.format("number")),
        (b"true", KIND.format("bool")),
    ],
)
def test_object_error(text: bytes, said: str) -> None:
    assert object_error(text) == said


def test_deep_nesting_is_no_trouble() -> None:
    assert object_error(b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}") == ""
