"""JSON as kubectl reads it: several values in a row, Go's error texts, and the place of every value on demand.

Reading is orjson's; this scanner walks a text only to explain an error or to find a place.

Mirrors: encoding/json scanner.go, k8s.io/apimachinery/pkg/util/yaml/decoder.go (1.36)
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

import orjson

from kplan.load.resolve import json_number
from kplan.load.scanner import MAX_DEPTH
from kplan.model.objects import Path

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_STRING_PART = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_SCALAR = rf"(?:{_STRING.pattern}|{_NUMBER.pattern}|true|false|null)[ \t\r\n]*,[ \t\r\n]*"
_SCALARS = re.compile(rf"(?:{_SCALAR})++", re.ASCII)
_MEMBERS = re.compile(rf"(?:{_STRING.pattern}[ \t\r\n]*:[ \t\r\n]*{_SCALAR})++", re.ASCII)
_LITERALS = {"t": "true", "f": "false", "n": "null"}
_ODD_NUMBER = re.compile(r"[0-9][.eE][0-9+-]|[0-9]{19}", re.ASCII)

_LONG_INTEGER = 30
_DECODER = json.JSONDecoder(parse_int=len)
"""Finds where a value ends; integers of any length are no business of its."""

Visit = Callable[[Path, int, int], None]
"""Told of every value: its path, where its key begins (its own place for a list's item), and where it begins."""


class JSONError(Exception):
    """A text Go's JSON refuses; ``at`` is the index of the character, the text's length where it ended too early."""

    def __init__(self, problem: str, at: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.at = at


def read_value(text: str, at: int = 0) -> tuple[Any, int]:
    """The JSON value that begins at an index, and the index behind it.

    Raises: JSONError where Go would not read it.
    """
    begin = _skip_space(text, at)
    try:
        end = _DECODER.raw_decode(text, begin)[1]
        value = orjson.loads(text[begin:end])
    except (ValueError, RecursionError):
        end = scan(text, begin)
        value = _read_odd(text[begin:end], begin)
    return _tidy(value, text[begin:end]), end


def _read_odd(text: str, at: int) -> Any:
    """A value orjson does not take but Go does: halves of surrogate pairs, long integers."""

    def number(digits: str) -> float:
        found = float(digits)
        if math.isinf(found):
            raise JSONError(f"json: cannot unmarshal number {digits} into Go value of type float64", at)
        return found

    def integer(digits: str) -> float:
        return int(digits) if len(digits) < _LONG_INTEGER else number(digits)

    value = json.loads(text, parse_int=integer, parse_float=number)
    plain = json.dumps(value, ensure_ascii=False)
    return json.loads(plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))


def _tidy(value: Any, text: str) -> Any:
    """A value with its numbers as Go leaves them."""
    if text.count("{") + text.count("[") > MAX_DEPTH or _ODD_NUMBER.search(text):
        return _normalise(value, MAX_DEPTH)
    return value


def _normalise(value: Any, depth: int) -> Any:
    if depth < 0:
        raise JSONError(f"exceeded max depth of {MAX_DEPTH}", 0)
    if isinstance(value, dict):
        return {key: _normalise(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_normalise(item, depth - 1) for item in value]
    return json_number(value)


def find_duplicates(text: str, at: int = 0) -> list[tuple[Path, int]]:
    """The keys that an object of the text has more than once: path and index of each repetition."""
    if not _repeats_a_key(text, at):
        return []
    seen: set[Path] = set()
    found: list[tuple[Path, int]] = []

    def visit(path: Path, key_at: int, _: int) -> None:
        if path in seen:
            found.append((path, key_at))
        seen.add(path)

    scan(text, _skip_space(text, at), visit)
    return found


def _repeats_a_key(text: str, at: int) -> bool:
    repeated = False

    def pairs(items: list[tuple[str, Any]]) -> None:
        nonlocal repeated
        repeated = repeated or len({key for key, _ in items}) != len(items)

    json.JSONDecoder(object_pairs_hook=pairs, parse_int=len).raw_decode(text, _skip_space(text, at))
    return repeated


def find_places(text: str, at: int = 0) -> dict[Path, tuple[int, int]]:
    """The place of every value of the text: index of its key and of the value; of repeated keys the last."""
    places: dict[Path, tuple[int, int]] = {}

    def visit(path: Path, key_at: int, value_at: int) -> None:
        places[path] = key_at, value_at

    scan(text, _skip_space(text, at), visit)
    return places


def scan(text: str, at: int, visit: Visit | None = None) -> int:
    """Walk over one value and return the index behind it.

    Raises: JSONError with the words of Go's scanner.
    """
    return _Walk(text, visit).value(at)


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()


class _Walk:
    def __init__(self, text: str, visit: Visit | None) -> None:
        self.text, self.visit = text, visit
        self.path: list[str | int] = []

    def value(self, at: int, key_at: int = -1, depth: int = 0) -> int:
        if self.visit is not None:
            self.visit(tuple(self.path), at if key_at < 0 else key_at, at)
        if depth > MAX_DEPTH:
            raise JSONError(f"exceeded max depth of {MAX_DEPTH}", at)
        char = self.text[at : at + 1]
        if char == "{":
            return self._object(at, depth)
        if char == "[":
            return self._array(at, depth)
        if char == '"':
            return self._string(at)
        if char in _LITERALS:
            return self._literal(at, _LITERALS[char])
        if char and char in "-0123456789":
            return self._number(at)
        raise self._unexpected(at, "looking for beginning of value")

    def _unexpected(self, at: int, context: str) -> JSONError:
        if at >= len(self.text):
            return JSONError("unexpected EOF", len(self.text))
        return JSONError(f"invalid character {_quote(self.text[at])} {context}", at)

    def _skip_many(self, pattern: re.Pattern[str], at: int) -> int:
        """Move over simple values that nobody wants to hear of."""
        match = pattern.match(self.text, at) if self.visit is None else None
        return match.end() if match else at

    def _object(self, at: int, depth: int) -> int:
        text = self.text
        at = _skip_space(text, at + 1)
        if text[at : at + 1] == "}":
            return at + 1
        while True:
            at = self._skip_many(_MEMBERS, at)
            if text[at : at + 1] != '"':
                raise self._unexpected(at, "looking for beginning of object key string")
            key_at, at = at, self._string(at)
            self.path.append(json.loads(text[key_at:at]))
            at = _skip_space(text, at)
            if text[at : at + 1] != ":":
                raise self._unexpected(at, "after object key")
            at = _skip_space(text, self.value(_skip_space(text, at + 1), key_at, depth + 1))
            self.path.pop()
            if text[at : at + 1] == "}":
                return at + 1
            if text[at : at + 1] != ",":
                raise self._unexpected(at, "after object key:value pair")
            at = _skip_space(text, at + 1)

    def _array(self, at: int, depth: int) -> int:
        text = self.text
        at = _skip_space(text, at + 1)
        if text[at : at + 1] == "]":
            return at + 1
        self.path.append(0)
        index = 0
        while True:
            self.path[-1] = index
            at = _skip_space(text, self.value(self._skip_many(_SCALARS, at), depth=depth + 1))
            if text[at : at + 1] == "]":
                self.path.pop()
                return at + 1
            if text[at : at + 1] != ",":
                raise self._unexpected(at, "after array element")
            at = _skip_space(text, at + 1)
            index += 1

    def _string(self, at: int) -> int:
        match = _STRING.match(self.text, at)
        if match:
            return match.end()
        part = _STRING_PART.match(self.text, at)
        assert part is not None
        stop = part.end()
        if self.text[stop : stop + 1] != "\\":
            raise self._unexpected(stop, "in string literal")
        if self.text[stop + 1 : stop + 2] != "u":
            raise self._unexpected(stop + 1, "in string escape code")
        digits = re.compile("[0-9a-fA-F]*").match(self.text, stop + 2)
        assert digits is not None
        raise self._unexpected(digits.end(), "in \\u hexadecimal character escape")

    def _literal(self, at: int, word: str) -> int:
        for offset, expected in enumerate(word):
            if self.text[at + offset : at + offset + 1] != expected:
                raise self._unexpected(at + offset, f"in literal {word} (expecting {_quote(expected)})")
        return at + len(word)

    def _number(self, at: int) -> int:
        match = _NUMBER.match(self.text, at)
        if match is None:
            raise self._unexpected(at + 1, "in numeric literal")
        end = match.end()
        following = self.text[end : end + 1]
        if following == "." and "." not in match[0] and "e" not in match[0].lower():
            raise self._unexpected(end + 1, "after decimal point in numeric literal")
        if following in ("e", "E") and "e" not in match[0].lower():
            sign = 1 if self.text[end + 1 : end + 2] in ("+", "-") else 0
            raise self._unexpected(end + 1 + sign, "in exponent of numeric literal")
        return end


def _quote(char: str) -> str:
    if char == "'":
        return r"'\''"
    if char == '"':
        return "'\"'"
    return "'" + json.dumps(char, ensure_ascii=ord(char) < 32)[1:-1].replace("\\u00", "\\x") + "'"
