"""YAML as kubectl writes it.

Keys are in natural order, lists are not indented below their key, texts are plain where they can be, several lines are a
block, and what is longer than a line is folded.

Mirrors: sigs.k8s.io/yaml/goyaml.v2/{encode,emitterc,resolve,sorter}.go
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cmp_to_key
from typing import Any

from kplan.model.gotext import go_json
from kplan.model.objects import Path

WIDTH = 80

_INTEGER = re.compile(r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|[0-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SIXTY = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([Tt ]\s*\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?\s*(Z|[-+]\d{1,2}(:?\d{2})?)?)?")
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "", "<<", ".inf", "+.inf", "-.inf", ".nan"))


def yaml_text(value: Any) -> str:
    """A value as a YAML document."""
    return "".join(f"{line}\n" for _, line in yaml_lines(value))


def yaml_lines(value: Any) -> Iterator[tuple[Path, str]]:
    """The lines of a YAML document, each with the path of what begins or goes on in it."""
    return _lines(value, 0, ())


def _lines(value: Any, depth: int, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Mapping) and value:
        for key in sorted(value, key=cmp_to_key(_natural)):
            yield from _entry(_scalar(key, depth, key=True), value[key], depth, (*path, key))
    elif isinstance(value, list) and value:
        for i, item in enumerate(value):
            yield from _item(item, depth, (*path, i))
    else:
        yield from _pieces(_pad(depth) + _scalar(value, depth), path)


def _entry(key: str, value: Any, depth: int, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Mapping) and value:
        yield path, f"{_pad(depth)}{key}:"
        yield from _lines(value, depth + 2, path)
    elif isinstance(value, list) and value:
        yield path, f"{_pad(depth)}{key}:"
        yield from _lines(value, depth, path)
    else:
        yield from _pieces(f"{_pad(depth)}{key}: {_scalar(value, depth, len(key) + depth + 2)}", path)


def _item(value: Any, depth: int, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Mapping | list) and value:
        inner = _lines(value, depth + 2, path)
        first, line = next(inner)
        yield first, f"{_pad(depth)}- {line[depth + 2 :]}"
        yield from inner
    else:
        yield from _pieces(f"{_pad(depth)}- {_scalar(value, depth, depth + 2)}", path)


def _pieces(text: str, path: Path) -> Iterator[tuple[Path, str]]:
    return ((path, line) for line in text.split("\n"))


def _pad(depth: int) -> str:
    return " " * depth


def _natural(a: str, b: str) -> int:
    """Keys in natural order: ``a2`` before ``a10``, other characters before letters."""
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x == y:
            continue
        if x.isalpha() and y.isalpha():
            return -1 if x < y else 1
        if x.isalpha() or y.isalpha():
            return -1 if y.isalpha() else 1
        (n, width), (m, other) = _number(a, i, "0" in (x, y)), _number(b, i, "0" in (x, y))
        if n != m:
            return -1 if n < m else 1
        if width != other:
            return -1 if width < other else 1
        return -1 if x < y else 1
    return (len(a) > len(b)) - (len(a) < len(b))


def _number(text: str, at: int, zero: bool) -> tuple[int, int]:
    """The number that begins at a place and where it ends; a zero within a number is not its beginning."""
    before = 0
    if zero:
        j = at - 1
        while j >= 0 and text[j].isdigit():
            if text[j] != "0":
                before = 1
                break
            j -= 1
    end = at
    while end < len(text) and text[end].isdigit():
        end += 1
    digits = text[at:end]
    return int(f"{before}{digits}" if digits else str(before)), end


def _scalar(value: Any, depth: int, column: int = 0, *, key: bool = False) -> str:
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list):
        return "[]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value, depth, column, key)
    return go_json(value)


def _text(text: str, depth: int, column: int, key: bool) -> str:
    if _means_something_else(text):
        return _double(text, depth, column, key)
    if "\n" in text and not key:
        if not _special(text) and not re.search(r" +(\n|$)", text) and not text.startswith((" ", "\t")):
            return _block(text, depth)
        return _double(text, depth, column, key)
    if _special(text) or "\t" in text:
        return _double(text, depth, column, key)
    if _plain_allowed(text):
        return text if key else _folded(text, depth, column)
    if key:
        return "'" + text.replace("'", "''") + "'"
    return _folded("'" + text.replace("'", "''") + "'", depth, column)


def _means_something_else(text: str) -> bool:
    """Whether a text, as it is, would be read as something else."""
    if text.lower() in _WORDS or text in (".Inf", ".INF", ".NaN", ".NAN"):
        return True
    if not text or text[0] not in "+-.0123456789":
        return False
    return any(p.fullmatch(text) for p in (_INTEGER, _FLOAT, _SIXTY, _DATE))


def _special(text: str) -> bool:
    """Whether there is a character that only an escape can show."""
    return any((ord(c) < 32 and c not in "\n\t") or c == "\x7f" or c in "\x85\u2028\u2029\ufeff" or 0x80 <= ord(c) < 0xA0 for c in text)


def _plain_allowed(text: str) -> bool:
    if text[0] in "#,[]{}&*!|>'\"%@`" or text.startswith(("---", "...")) or text[0] == " " or text[-1] == " ":
        return False
    if text[0] in "-?:" and (len(text) == 1 or text[1] == " "):
        return False
    return ": " not in text and not text.endswith(":") and " #" not in text


def _block(text: str, depth: int) -> str:
    chomp = "" if text.endswith("\n") and not text.endswith("\n\n") else "+" if text.endswith("\n") else "-"
    lines = text[:-1].split("\n") if text.endswith("\n") else text.split("\n")
    inner = _pad(depth + 2)
    return "\n".join([f"|{chomp}", *(inner + line if line else "" for line in lines)])


def _folded(text: str, depth: int, column: int) -> str:
    """A text on as many lines as it takes: broken at the first single space behind the width."""
    out, spaces = [], False
    for i, char in enumerate(text):
        if char == " ":
            last = i == 0 or i == len(text) - 1
            if not spaces and column > WIDTH and not last and text[i + 1] != " ":
                out.append("\n" + _pad(depth + 2))
                column = depth + 2
            else:
                out.append(char)
                column += 1
            spaces = True
        else:
            out.append(char)
            column += 1
            spaces = False
    return "".join(out)


_ESCAPES = {"\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e", '"': '"', "\\": "\\"}
_ESCAPES |= {"\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P"}


def _double(text: str, depth: int, column: int, key: bool) -> str:
    out, spaces = ['"'], False
    column += 1
    for i, char in enumerate(text):
        escaped = _escaped(char)
        if escaped:
            out.append(escaped)
            column += len(escaped)
            spaces = False
        elif char == " ":
            if not key and not spaces and column > WIDTH and 0 < i < len(text) - 1:
                out.append("\n" + _pad(depth + 2) + ("\\" if text[i + 1] == " " else ""))
                column = depth + 2
            else:
                out.append(char)
                column += 1
            spaces = True
        else:
            out.append(char)
            column += 1
            spaces = False
    return "".join([*out, '"'])


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return "\\" + _ESCAPES[char]
    if char == "\ufeff" or (not char.isprintable() and char != " "):
        code = ord(char)
        return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
    return ""
