"""What a YAML scalar means to Kubernetes: YAML 1.1 as go-yaml reads it, then JSON as Go writes it.

``yes`` and ``off`` are booleans, ``0644`` is 420, ``1_000`` is 1000, ``12:30`` and ``2024-01-01`` are strings.  What is
resolved then passes through JSON, so ``2.0`` is the integer 2 and an integer beyond 64 bits is a float.

Mirrors: go.yaml.in/yaml/v2 resolve.go, sigs.k8s.io/yaml/yaml.go, sigs.k8s.io/json (1.36)
"""

from __future__ import annotations

import base64
import math
import re
from typing import Any

STR, BOOL, INT, FLOAT, NULL, BINARY, MERGE, TIMESTAMP = (
    f"tag:yaml.org,2002:{name}" for name in ("str", "bool", "int", "float", "null", "binary", "merge", "timestamp")
)
_RESOLVABLE = frozenset(("", STR, BOOL, INT, FLOAT, NULL, TIMESTAMP))


def _cases(*words: str) -> list[str]:
    return [form for word in words for form in (word, word.capitalize(), word.upper())]


_WORDS: dict[str, tuple[str, Any]] = {
    **dict.fromkeys(("y", "Y", *_cases("yes", "true", "on")), (BOOL, True)),
    **dict.fromkeys(("n", "N", *_cases("no", "false", "off")), (BOOL, False)),
    **dict.fromkeys(("", "~", *_cases("null")), (NULL, None)),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), (FLOAT, math.nan)),
    **{sign + word: (FLOAT, math.inf) for word in (".inf", ".Inf", ".INF") for sign in ("", "+")},
    **{"-" + word: (FLOAT, -math.inf) for word in (".inf", ".Inf", ".INF")},
    "<<": (MERGE, "<<"),
}

_PLAIN_DECIMAL = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_GO_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)", re.ASCII)
_GO_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_BINARY_DIGITS = re.compile(r"(-?)0b([-+]?[01]+)", re.ASCII)
_NUMBER_START = frozenset("0123456789+-.")
_LONGEST_NUMBER = 1024
_INT64 = 2**63


class ResolveError(ValueError):
    """A scalar that its tag forbids; the message is go-yaml's without its ``yaml:`` prefix."""


def resolve_plain(text: str) -> Any:
    """The JSON value of an untagged plain scalar; NaN and infinities stay floats, which JSON has no form for."""
    first = text[:1]
    if first not in _NUMBER_START:
        word = _WORDS.get(text)
        return text if word is None else word[1]
    if _PLAIN_DECIMAL.fullmatch(text):
        return int(text)
    return json_number(_resolve_number(text)[1])


def resolve_tagged(tag: str, text: str) -> Any:
    """The JSON value of a scalar with an explicit tag.

    Raises: ResolveError where the text is no value of that tag.
    """
    if tag == BINARY:
        return _decode_binary(text)
    if tag not in _RESOLVABLE or tag == STR:
        return text
    found, value = _resolve(text)
    if tag == FLOAT and found == INT:
        found, value = FLOAT, float(value)
    if tag == TIMESTAMP and found == STR and re.match(r"[0-9]{4}-", text):
        return text
    if found != tag:
        raise ResolveError(f"cannot decode {_short(found)} `{text}` as a {_short(tag)}")
    return json_number(value)


def json_number(value: Any) -> Any:
    """A number as it comes out of Go's JSON: whole floats are integers, integers beyond int64 are floats."""
    if type(value) is int:
        return value if -_INT64 <= value < _INT64 else float(value)
    if type(value) is float and value.is_integer() and -_INT64 <= value < _INT64:
        return int(value)
    return value


def _resolve(text: str) -> tuple[str, Any]:
    if text in _WORDS:
        return _WORDS[text]
    return _resolve_number(text) if text[:1] in _NUMBER_START else (STR, text)


def _resolve_number(text: str) -> tuple[str, Any]:
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST_NUMBER:
        return STR, text
    if text[0] == ".":
        return _read_float(text, text)
    plain = text.replace("_", "")
    match = _GO_INTEGER.fullmatch(plain)
    if match:
        value = _go_integer(match[2]) * (-1 if match[1] == "-" else 1)
        if -_INT64 <= value < _INT64 or (value < 2 * _INT64 and not match[1]):
            return INT, value
    found = _read_float(plain, text)
    if found[0] == STR and (match := _BINARY_DIGITS.fullmatch(plain)) and not (match[1] and match[2][0] in "+-"):
        value = int(match[1] + match[2], 2)
        if -_INT64 <= value < 2 * _INT64:
            return INT, value
    return found


def _go_integer(digits: str) -> int:
    if len(digits) > 1 and digits[0] == "0" and digits[1] in "01234567":
        return int(digits, 8)
    return int(digits, 0)


def _read_float(plain: str, text: str) -> tuple[str, Any]:
    if _GO_FLOAT.fullmatch(plain):
        value = float(plain)
        if not math.isinf(value):
            return FLOAT, value
    return STR, text


def _decode_binary(text: str) -> str:
    try:
        return base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True).decode("utf-8", "replace")
    except ValueError:
        raise ResolveError("!!binary value contains invalid base64 data") from None


def _short(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
