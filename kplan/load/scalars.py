"""Scalars of a YAML text: plain, quoted and block, folded and chomped.

Mirrors: go.yaml.in/yaml/v2 scannerc.go: scan_plain_scalar, scan_flow_scalar, scan_block_scalar (1.36)
"""

from __future__ import annotations

import re

from kplan.load.cursor import BREAKS, TO_LINE_END, Cursor

_END = f" \t\0{BREAKS}"


def _plain(stops: str) -> re.Pattern[str]:
    """Words on one line: a colon ends them before a blank, ``#`` after one, ``stops`` anywhere."""
    word = rf"(?:[^{_END}:{stops}]++|:(?![{_END}]))++"
    return re.compile(rf"{word}(?:[ \t]++(?!#){word})*+")


_PLAIN_BLOCK = _plain("")
_PLAIN_FLOW = _plain(r",?\[\]{}")
_SINGLE_RUN = re.compile(f"(?:[^' \t\0{BREAKS}]|'')*")
_DOUBLE_RUN = re.compile(f'[^"\\\\ \t\0{BREAKS}]*')
_BLANKS = re.compile("[ \t]*")
_ONE_LINE = {"'": re.compile(f"'((?:[^'\0{BREAKS}]|'')*)'(?!')"), '"': re.compile(f'"([^"\\\\\0{BREAKS}]*)"')}
_SPACES = re.compile(" *")
_ESCAPES = {
    "0": "\0", "a": "\x07", "b": "\x08", "t": "\t", "\t": "\t", "n": "\n", "v": "\x0b", "f": "\x0c", "r": "\r",
    "e": "\x1b", " ": " ", '"': '"', "'": "'", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_CODE_LENGTH = {"x": 2, "u": 4, "U": 8}
_HEX = frozenset("0123456789abcdefABCDEF")


def _fold(first: str, others: str) -> str:
    """Line breaks between two parts of a flow scalar: one is a space, of several all but the first stay."""
    if first == "\n":
        return others or " "
    return first + others


def scan_plain(cursor: Cursor) -> tuple[str, bool]:
    """A plain scalar here, and whether it ended behind a line break."""
    text = cursor.text
    pattern = _PLAIN_FLOW if cursor.flow_level else _PLAIN_BLOCK
    parts: list[str] = []
    joint, broken, blanks = "", False, ""
    while not cursor.at_document_mark() and text[cursor.at] != "#":
        match = pattern.match(text, cursor.at)
        if match:
            parts += (joint if broken else blanks, match[0])
            broken = False
            cursor.at = match.end()
        if text[cursor.at] not in " \t" and text[cursor.at] not in BREAKS:
            break
        blanks = cursor.take(_BLANKS) if not broken else ""
        joint_now, broken_now = _skip_breaks(cursor)
        if broken_now:
            joint, broken = joint_now, True
        if not cursor.flow_level and cursor.column < cursor.indent + 1:
            break
    return "".join(parts), broken


def _skip_breaks(cursor: Cursor) -> tuple[str, bool]:
    first = cursor.take_break()
    if not first:
        return "", False
    others = ""
    while True:
        cursor.take(_SPACES)
        if cursor.text[cursor.at] == "\t":
            if cursor.column < cursor.indent + 1:
                raise cursor.error("found a tab character that violates indentation")
            cursor.at += 1
            continue
        another = cursor.take_break()
        if not another:
            return _fold(first, others), True
        others += another


def scan_quoted(cursor: Cursor) -> str:
    """A single- or double-quoted scalar here."""
    quote = cursor.text[cursor.at]
    match = _ONE_LINE[quote].match(cursor.text, cursor.at)
    if match:
        cursor.at = match.end()
        return match[1].replace("''", "'") if quote == "'" else match[1]
    cursor.at += 1
    text = cursor.text
    parts: list[str] = []
    while True:
        if cursor.at_document_mark():
            raise cursor.error("found unexpected document indicator")
        if text[cursor.at] == "\0":
            raise cursor.error("found unexpected end of stream")
        escaped_break = _scan_single_run(cursor, parts) if quote == "'" else _scan_double_run(cursor, parts)
        if text[cursor.at] == quote:
            cursor.at += 1
            return "".join(parts)
        parts.append(_scan_white(cursor, escaped_break))


def _scan_white(cursor: Cursor, escaped_break: bool) -> str:
    """Blanks and line breaks inside a quoted scalar, folded."""
    blanks = cursor.take(_BLANKS)
    if not escaped_break:
        first = cursor.take_break()
        if not first:
            return blanks
    else:
        first = ""
    others = ""
    while True:
        cursor.take(_BLANKS)
        another = cursor.take_break()
        if not another:
            return _fold(first, others)
        others += another


def _scan_single_run(cursor: Cursor, parts: list[str]) -> bool:
    parts.append(cursor.take(_SINGLE_RUN).replace("''", "'"))
    return False


def _scan_double_run(cursor: Cursor, parts: list[str]) -> bool:
    """Characters up to a blank or the closing quote; True where an escaped line break ended them."""
    text = cursor.text
    while True:
        parts.append(cursor.take(_DOUBLE_RUN))
        if text[cursor.at] != "\\":
            return False
        code = text[cursor.at + 1]
        if code in BREAKS:
            cursor.at += 1
            cursor.take_break()
            return True
        parts.append(_scan_escape(cursor, code))


def _scan_escape(cursor: Cursor, code: str) -> str:
    if code in _ESCAPES:
        cursor.at += 2
        return _ESCAPES[code]
    if code not in _CODE_LENGTH:
        raise cursor.error("found unknown escape character")
    cursor.at += 2
    digits = cursor.text[cursor.at : cursor.at + _CODE_LENGTH[code]]
    if len(digits) < _CODE_LENGTH[code] or not _HEX.issuperset(digits):
        raise cursor.error("did not find expected hexdecimal number")
    value = int(digits, 16)
    if 0xD800 <= value <= 0xDFFF or value > 0x10FFFF:
        raise cursor.error("found invalid Unicode character escape code")
    cursor.at += len(digits)
    return chr(value)


def scan_block(cursor: Cursor) -> str:
    """A literal (``|``) or folded (``>``) scalar here."""
    text = cursor.text
    literal = text[cursor.at] == "|"
    cursor.at += 1
    chomping, increment = _scan_header(cursor)
    indent = max(cursor.indent, 0) + increment if increment else 0
    indent, trailing = _scan_indentation(cursor, indent)
    parts: list[str] = []
    leading_break, leading_blank = "", False
    while cursor.column == indent and text[cursor.at] != "\0":
        blank = text[cursor.at] in " \t"
        if not literal and leading_break == "\n" and not leading_blank and not blank:
            parts.append("" if trailing else " ")
        else:
            parts.append(leading_break)
        parts.append(trailing)
        leading_blank = blank
        parts.append(cursor.take(TO_LINE_END))
        leading_break = cursor.take_break()
        indent, trailing = _scan_indentation(cursor, indent)
    if chomping != "-":
        parts.append(leading_break)
    if chomping == "+":
        parts.append(trailing)
    return "".join(parts)


def _scan_header(cursor: Cursor) -> tuple[str, int]:
    chomping, increment = "", 0
    text = cursor.text
    for _ in range(2):
        char = text[cursor.at]
        if char in "+-" and not chomping:
            chomping = char
        elif char in "0123456789" and not increment:
            if char == "0":
                raise cursor.error("found an indentation indicator equal to 0")
            increment = int(char)
        else:
            break
        cursor.at += 1
    cursor.skip_blanks()
    if text[cursor.at] == "#":
        cursor.take(TO_LINE_END)
    if text[cursor.at] != "\0" and not cursor.take_break():
        raise cursor.error("did not find expected comment or line break")
    return chomping, increment


def _scan_indentation(cursor: Cursor, indent: int) -> tuple[int, str]:
    """Indentation and empty lines before a line of a block scalar: the indent (found out when 0) and the line breaks."""
    text, breaks, deepest = cursor.text, "", 0
    while True:
        spaces = len(_SPACES.match(text, cursor.at)[0])  # type: ignore[index]
        cursor.at += min(spaces, max(indent - cursor.column, 0)) if indent else spaces
        deepest = max(deepest, cursor.column)
        if (not indent or cursor.column < indent) and text[cursor.at] == "\t":
            raise cursor.error("found a tab character where an indentation space is expected")
        another = cursor.take_break()
        if not another:
            return indent or max(deepest, cursor.indent + 1, 1), breaks
        breaks += another
