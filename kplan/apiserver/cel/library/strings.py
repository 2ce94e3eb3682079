"""Strings: searching, cutting, joining, regular expressions; ``format`` is in ``formatting``.

Mirrors: github.com/google/cel-go/ext/strings.go (0.26), staging/src/k8s.io/apiserver/pkg/cel/library/{regex,jsonpatch}.go (1.36)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kplan.apiserver.cel.library.formatting import format_string
from kplan.apiserver.cel.values import EvaluationError
from kplan.apiserver.goregexp import RegexpError, compile_regexp

_UPPER = {c: c - 32 for c in range(ord("a"), ord("z") + 1)}
_LOWER = {c: c + 32 for c in range(ord("A"), ord("Z") + 1)}
_QUOTED = str.maketrans(
    {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\", '"': '\\"'}
)


def _out_of_range(i: int) -> EvaluationError:
    return EvaluationError(f"index out of range: {i}")


def _char_at(text: str, i: int) -> str:
    if not 0 <= i <= len(text):
        raise _out_of_range(i)
    return text[i : i + 1]


def _index_of(text: str, part: str, start: int = 0) -> int:
    if part == "":
        return start
    if not 0 <= start < len(text):
        if start == 0:
            return -1
        raise _out_of_range(start)
    return text.find(part, start)


def _last_index_of(text: str, part: str, start: int | None = None) -> int:
    if part == "":
        return len(text) if start is None else start
    if start is None:
        return text.rfind(part)
    if not 0 <= start < len(text):
        raise _out_of_range(start)
    return text.rfind(part, 0, start + len(part))


def _substring(text: str, start: int, end: int | None = None) -> str:
    if end is not None and start > end:
        raise EvaluationError(f"invalid substring range. start: {start}, end: {end}")
    for i in (start, len(text) if end is None else end):
        if not 0 <= i <= len(text):
            raise _out_of_range(i)
    return text[start:end]


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    return text.replace(old, new, count if count >= 0 else -1)


def _split(text: str, separator: str, count: int = -1) -> list[str]:
    if count == 0:
        return []
    if separator == "":
        return list(text) if count < 0 or count >= len(text) else [*text[: count - 1], text[count - 1 :]]
    return text.split(separator) if count < 0 else text.split(separator, count - 1)


def _join(items: Any, separator: str = "") -> str:
    for item in items:
        if not isinstance(item, str):
            raise EvaluationError(f"join: invalid input: {item}")
    return separator.join(items)


def _matches(text: str, pattern: str) -> bool:
    try:
        return compile_regexp(pattern).search(text) is not None
    except RegexpError as refused:
        raise EvaluationError(str(refused)) from None


def _find(text: str, pattern: str) -> str:
    found = _compiled(pattern).search(text)
    return found.group(0) if found is not None else ""


def _find_all(text: str, pattern: str, count: int = -1) -> list[str]:
    found = [m.group(0) for m in _compiled(pattern).finditer(text)]
    return found if count < 0 else found[:count]


def _compiled(pattern: str) -> Any:
    try:
        return compile_regexp(pattern)
    except RegexpError as refused:
        raise EvaluationError(f"Illegal regex: {refused}") from None


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains_string": lambda text, part: part in text,
    "ends_with_string": str.endswith,
    "starts_with_string": str.startswith,
    "matches": _matches,
    "matches_string": _matches,
    "string_char_at_int": _char_at,
    "string_index_of_string": _index_of,
    "string_index_of_string_int": _index_of,
    "string_last_index_of_string": _last_index_of,
    "string_last_index_of_string_int": _last_index_of,
    "string_lower_ascii": lambda text: text.translate(_LOWER),
    "string_upper_ascii": lambda text: text.translate(_UPPER),
    "string_replace_string_string": _replace,
    "string_replace_string_string_int": _replace,
    "string_split_string": _split,
    "string_split_string_int": _split,
    "string_substring_int": _substring,
    "string_substring_int_int": _substring,
    "string_trim": str.strip,
    "string_format": format_string,
    "strings_quote": lambda text: f'"{text.translate(_QUOTED)}"',
    "list_join": _join,
    "list_join_string": _join,
    "string_find_string": _find,
    "string_find_all_string": _find_all,
    "string_find_all_string_int": _find_all,
    "string_jsonpatch_escapeKey_string": lambda text: text.replace("~", "~0").replace("/", "~1"),
}
