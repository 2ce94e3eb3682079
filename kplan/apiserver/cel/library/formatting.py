"""``'%s is %d'.format([a, b])``.

Mirrors: github.com/google/cel-go/ext/formatting.go (0.26; strings version 2, locale en_US)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kplan.apiserver.cel.values import Duration, EvaluationError, Timestamp, TypeValue, type_name

_CLAUSE = re.compile(r"(\.(\d*))?", re.ASCII)
_DEFAULT_PRECISION = 6
_EXCEPTIONS = ("NaN", "Infinity", "-Infinity")
_SAID = {
    "s": "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given {}",
    "d": "decimal clause can only be used on integers, was given {}",
    "f": "fixed-point clause can only be used on doubles, was given {}",
    "e": "scientific clause can only be used on doubles, was given {}",
    "b": "only integers and bools can be formatted as binary, was given {}",
    "x": "only integers, byte buffers, and strings can be formatted as hex, was given {}",
    "o": "octal clause can only be used on integers, was given {}",
}


class ClauseError(ValueError):
    """What is wrong with a clause or its argument."""


def clause_error(clause: str, kind: str) -> ClauseError:
    """The error of an argument of the wrong type for a clause."""
    return ClauseError(_SAID[clause.lower()].format(kind))


def clauses(template: str) -> list[tuple[str, str, int | None]]:
    """The parts of a template: text before, clause letter ("" at the end), precision.

    Raises: ClauseError.
    """
    found: list[tuple[str, str, int | None]] = []
    before, at = "", 0
    while at < len(template):
        if template[at] != "%":
            before += template[at]
            at += 1
            continue
        if template[at + 1 : at + 2] == "%":
            before += "%"
            at += 2
            continue
        if at + 1 >= len(template):
            raise ClauseError("unexpected end of string")
        match = _CLAUSE.match(template, at + 1)
        assert match is not None
        letter = template[match.end() : match.end() + 1]
        if not letter:
            raise ClauseError("could not parse formatting clause: error while parsing precision: could not find end of precision specifier")
        if match[1] == ".":
            raise ClauseError(
                'could not parse formatting clause: error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax'
            )
        if letter not in "sdfebxXo":
            raise ClauseError(f'could not parse formatting clause: unrecognized formatting clause "{letter}"')
        found.append((before, letter, int(match[2]) if match[2] else None))
        before, at = "", match.end() + 1
    found.append((before, "", None))
    return found


def format_string(template: str, args: Any) -> str:
    """A template with its arguments filled in.

    Raises: EvaluationError.
    """
    out = []
    try:
        for i, (before, letter, precision) in enumerate(clauses(template)):
            out.append(before)
            if not letter:
                break
            if i >= len(args):
                raise EvaluationError(f"index {i} out of range")
            try:
                out.append(_format_clause(letter, precision, args[i]))
            except ClauseError as refused:
                raise EvaluationError(f"error during formatting: {refused}") from None
    except ClauseError as refused:
        raise EvaluationError(str(refused)) from None
    return "".join(out)


def _format_clause(letter: str, precision: int | None, value: Any) -> str:
    match letter:
        case "s":
            return _text(value)
        case "d":
            return _decimal(value)
        case "f" | "e":
            return _floating(letter, _DEFAULT_PRECISION if precision is None else precision, value)
        case "b":
            return _binary(value)
        case "x" | "X":
            return _hexadecimal(value, letter)
        case _:
            return _octal(value)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _text(value: Any) -> str:
    match value:
        case None:
            return "null"
        case list() | tuple():
            return "[" + ", ".join(map(_quoted, value)) + "]"
        case Mapping():
            return "{" + ", ".join(f"{k}:{v}" for k, v in sorted((_quoted(k), _quoted(v)) for k, v in value.items())) + "}"
        case str():
            return value
        case bool() | int() | float() | bytes() | Timestamp() | Duration() | TypeValue():
            from kplan.apiserver.cel.library.conversions import to_text

            return to_text(value)
        case _:
            raise clause_error("s", type_name(value))


def _quoted(value: Any) -> str:
    """A member of a list or map, as CEL would write it."""
    match value:
        case str():
            return '"' + value.replace('"', '\\"') + '"'
        case bytes():
            return f'b"{value.decode(errors="replace")}"'
        case Duration():
            return f'duration("{_text(value)}")'
        case Timestamp():
            return f'timestamp("{_text(value)}")'
        case float():
            return _floating("f", _DEFAULT_PRECISION, value)
        case _:
            return _text(value)


def _decimal(value: Any) -> str:
    if not _is_int(value):
        raise clause_error("d", type_name(value))
    return str(int(value))


def _floating(letter: str, precision: int, value: Any) -> str:
    if isinstance(value, str) and value in _EXCEPTIONS:
        return {"NaN": "NaN", "Infinity": "∞", "-Infinity": "-∞"}[value]
    if not isinstance(value, float):
        raise clause_error(letter, type_name(value))
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "-∞"
    if letter == "f":
        return f"{value:,.{precision}f}"
    mantissa, _, exponent = f"{value:.{precision}e}".partition("e")
    # The locale's way of writing powers.
    digits = str(int(exponent)).rjust(2, "0") if int(exponent) >= 0 else "-" + str(-int(exponent)).rjust(2, "0")
    return f"{mantissa}×10{_superscript(digits)}"


def _superscript(text: str) -> str:
    return text.translate(str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))


def _binary(value: Any) -> str:
    if not isinstance(value, int):
        raise clause_error("b", type_name(value))
    return f"{int(value):b}"


def _hexadecimal(value: Any, letter: str) -> str:
    if isinstance(value, (str, bytes)):
        shown = (value.encode() if isinstance(value, str) else value).hex()
        return shown.upper() if letter == "X" else shown
    if not _is_int(value):
        raise clause_error("x", type_name(value))
    return f"{int(value):{letter}}"


def _octal(value: Any) -> str:
    if not _is_int(value):
        raise clause_error("o", type_name(value))
    return f"{int(value):o}"


