"""The quick reader of everyday YAML: block style, one entry a line, as people and tools write manifests.

It takes a subset that it surely understands and declines everything else (anchors, tags, merge keys, complex keys,
tabs, repeated keys, errors of any kind): ``scanner`` and its friends then decide. What it accepts means exactly what
they would say it means; a property test holds it to that. Lines are understood once and remembered, since manifests
repeat them.
"""

from __future__ import annotations

import re
from typing import Any

from kplan.load.construct import Constructor, ConversionError
from kplan.load.cursor import Cursor, YAMLError
from kplan.load.nodes import parse_flow
from kplan.load.resolve import resolve_plain
from kplan.load.scalars import scan_block, scan_quoted
from kplan.load.scanner import MAX_DEPTH

_STRANGE = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_LINE = re.compile(
    r"""(?P<indent>\ *) (?P<dashes>(?:-(?:\ +|$))*)
    (?:(?P<key>[A-Za-z0-9_$/.][^\s:,\[\]{}\#&*!|>'"%@`]{0,400} | "[^"\\\t]{0,400}" | '[^'\t]{0,400}') :(?:\ +|$))?
    (?P<value>.*)""",
    re.VERBOSE,
)
_PLAIN = re.compile(r"(?:[^\s\-?:,\[\]{}#&*!|>'\"%@`]|[\-?:](?=[^\s]))[^\t]*")
_COMMENT_OR_COLON = re.compile(r"(?<! )[ ]+#.*|:(?= |$)")
_QUOTED = re.compile(r"""(?:"(?P<double>[^"\\\t]*)"|'(?P<single>(?:[^'\t]|'')*)')[ ]*(?:(?<=[ ])\#.*)?$""", re.VERBOSE)
_HEADER = re.compile(r"(?P<style>[|>])(?P<chomping>[+-]?)[ ]*(?:(?<=[ ])#.*)?$")
_FLOW_MARK = re.compile(r"""(?<![^\s,\[{])"(?:[^"\\]|\\.)*"|(?<![^\s,\[{])'(?:[^']|'')*'|[\[\]{}]""")
_SINGLE_LINE = re.compile(r"(?:[^']|'')*'(?!')")
_DOUBLE_LINE = re.compile(r'(?:[^"\\]|\\.)*"')
_NOTHING_MORE = re.compile(r" *(?:(?<= )#.*)?")
_CONTINUED = re.compile(r"(?!#|:(?: |$))\S(?:(?!:(?: |$)| #|\t).)*")
_CACHE_SIZE = 100_000
_LONGEST_REMEMBERED = 200
_LONGEST_FLOW = 20_000
_DEEPEST = MAX_DEPTH // 2

# What a line, or a part of it, asks for.
_VALUE, _PLAIN_VALUE, _OPEN, _DASH, _BLOCK, _QUOTE, _FLOW, _TEXT = range(8)

_Part = tuple[int, int, str | None, Any, str]
"""Column, what it asks for, the key (None for an item of a list), the value, and the text it came from or is in."""

_remembered: dict[str, tuple[_Part, ...]] = {}


class Declined(Exception):
    """The text is beyond the quick reader; nothing is said about whether it is right."""


def read_lines(text: str) -> Any:
    """The JSON value of a document, quickly.

    Raises: Declined where the exact reader must decide.
    """
    if _STRANGE.search(text):
        raise Declined
    return _Reader(text).read()


def _parts(line: str) -> tuple[_Part, ...]:
    match = _LINE.fullmatch(line)
    assert match is not None, line
    indent, dashes, key, value = match.group("indent", "dashes", "key", "value")
    column = len(indent)
    if not dashes:
        if value[:1] == "#" and key is None:
            return ()
        return (_entry(column, key, value),)
    if len(dashes) > _DEEPEST:
        raise Declined
    parts: list[_Part] = [(column + at, _DASH, None, None, "") for at, char in enumerate(dashes) if char == "-"]
    column += len(dashes)
    if key is not None or (value and value[0] != "#"):
        parts.append(_entry(column, key, value))
    return tuple(parts)


def _entry(column: int, key: str | None, value: str) -> _Part:
    if key is not None:
        key = key[1:-1] if key[0] in "\"'" else _plain_key(key)
        if not value or value[0] == "#":
            return column, _OPEN, key, None, ""
    try:
        return _value(column, key, value)
    except Declined:
        return column, _TEXT, key, None, ""


def _value(column: int, key: str | None, value: str) -> _Part:
    first = value[0]
    if first in "\"'":
        return _quoted(column, key, value)
    if first in "[{":
        return _flow(column, key, value)
    if first in "|>" and _HEADER.fullmatch(value):
        return column, _BLOCK, key, None, value
    return _plain(column, key, value)


def _plain_key(text: str) -> str:
    found = resolve_plain(text)
    if isinstance(found, str):
        return found
    if found is None or isinstance(found, float):
        raise Declined
    return str(found).lower() if isinstance(found, bool) else str(found)


def _plain(column: int, key: str | None, value: str) -> _Part:
    if not _PLAIN.fullmatch(value):
        return column, _TEXT, key, None, ""
    stop = _COMMENT_OR_COLON.search(value)
    if stop is not None:
        if value[stop.start()] == ":":
            return column, _TEXT, key, None, ""
        return column, _VALUE, key, _finite(resolve_plain(value[: stop.start()])), ""
    text = value.rstrip(" ")
    return column, _PLAIN_VALUE, key, _finite(resolve_plain(text)), text


def _finite(value: Any) -> Any:
    if type(value) is float and (value != value or value in (float("inf"), float("-inf"))):
        raise Declined
    return value


def _quoted(column: int, key: str | None, value: str) -> _Part:
    match = _QUOTED.fullmatch(value)
    if match is None:
        closes = (_DOUBLE_LINE if value[0] == '"' else _SINGLE_LINE).match(value, 1)
        if not closes:
            return column, _QUOTE, key, None, value
        return column, _VALUE, key, _read_quoted(value), ""
    double, single = match.group("double", "single")
    return column, _VALUE, key, double if double is not None else single.replace("''", "'"), ""


def _flow(column: int, key: str | None, value: str) -> _Part:
    if _open_brackets(value):
        return column, _FLOW, key, None, value
    return column, _VALUE, key, {} if value == "{}" else [] if value == "[]" else _read_flow(value), ""


def _open_brackets(text: str) -> int:
    depth = 0
    for match in _FLOW_MARK.finditer(text):
        char = match[0]
        if char in "[{":
            depth += 1
        elif char in "]}":
            depth -= 1
    return depth


def _read_flow(text: str) -> Any:
    if (
        len(text) > _LONGEST_FLOW
        or text.count("[") + text.count("{") > _DEEPEST
        or "\t" in text
        or "\n---" in text
        or "\n..." in text
    ):
        raise Declined
    try:
        constructor = Constructor()
        value = constructor.value(parse_flow(text))
    except (YAMLError, ConversionError):
        raise Declined from None
    if constructor.duplicates:
        raise Declined
    return value


class _Frame:
    """An open collection: where its entries stand, and the entry that still waits for its value."""

    __slots__ = ("column", "into", "is_list", "waiting")

    def __init__(self, column: int, into: Any, is_list: bool) -> None:
        self.column, self.into, self.is_list = column, into, is_list
        self.waiting: Any = None


class _Reader:
    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        if self.lines.pop():
            raise Declined
        self.at = 0
        self.root = self.top = _Frame(-1, [], is_list=True)
        self.root.waiting = True
        self.stack = [self.root]
        self.plain_line, self.plain_key, self.plain_text = -1, "", ""
        """The last plain scalar, which the next line may go on with: its last line, its key, its text."""

    def read(self) -> Any:
        lines, remembered, take = self.lines, _remembered, self._take
        while self.at < len(lines):
            line = lines[self.at]
            parts = remembered.get(line)
            if parts is None:
                parts = self._understand(line)
            for part in parts:
                column, asks, key, value, text = part
                top = self.top
                if asks <= _PLAIN_VALUE and column == top.column and key is not None and not top.is_list:
                    into = top.into
                    if key in into:
                        raise Declined
                    into[key] = value
                    top.waiting = None
                    if asks:
                        self.plain_line, self.plain_key, self.plain_text = self.at, key, text
                elif take(part):
                    break
            self.at += 1
        while len(self.stack) > 1:
            self._close()
        value = self.root.into[0] if self.root.into else None
        if isinstance(value, str | int | float):
            raise Declined
        return value

    def _understand(self, line: str) -> tuple[_Part, ...]:
        if not line.strip(" "):
            return ()
        if line.startswith("---"):
            self._check_start(line)
            return ()
        parts = _parts(line)
        if len(line) <= _LONGEST_REMEMBERED:
            if len(_remembered) >= _CACHE_SIZE:
                _remembered.clear()
            _remembered[line] = parts
        return parts

    def _check_start(self, line: str) -> None:
        if self.root.into or len(self.stack) > 1 or line[3:4].strip(" ") or line[3:].strip(" ")[:1] not in ("", "#"):
            raise Declined

    def _take(self, part: _Part) -> bool:
        """Put a part where it belongs; True where the rest of the line went with it."""
        column, asks, key, value, text = part
        top = self.top
        if column > top.column and top.waiting is None:
            self._go_on()
            return True
        if key is not None:
            while column < top.column or (column == top.column and top.is_list):
                top = self._close()
            if column > top.column:
                top = self._open(column, {}, is_list=False)
            if key in top.into:
                raise Declined
            top.into[key] = None
            top.waiting = key
            if asks == _OPEN:
                return False
        elif asks == _DASH:
            while column < top.column:
                top = self._close()
            if column > top.column or not top.is_list:
                top = self._open(column, [], is_list=True)
            elif top.waiting is not None:
                top.into.append(None)
            top.waiting = True
            return False
        elif column <= top.column:
            raise Declined
        self._put(asks, value, text)
        return False

    def _put(self, asks: int, value: Any, text: str) -> None:
        """Give the waiting entry its value."""
        top = self.top
        key = top.waiting
        if asks == _PLAIN_VALUE:
            self.plain_line, self.plain_key, self.plain_text = self.at, key, text
        elif asks != _VALUE:
            value = self._read_on(asks, text)
        if top.is_list:
            top.into.append(value)
        else:
            top.into[key] = value
        top.waiting = None

    def _open(self, column: int, into: Any, *, is_list: bool) -> _Frame:
        top = self.top
        if top.waiting is None or len(self.stack) > _DEEPEST:
            raise Declined
        if top.is_list:
            top.into.append(into)
        else:
            top.into[top.waiting] = into
        top.waiting = None
        self.top = frame = _Frame(column, into, is_list)
        self.stack.append(frame)
        return frame

    def _close(self) -> _Frame:
        frame = self.stack.pop()
        if frame.is_list and frame.waiting is not None:
            frame.into.append(None)
        self.top = self.stack[-1]
        return self.top

    def _go_on(self) -> None:
        """Fold this line and those that follow into the last plain scalar."""
        top, lines = self.top, self.lines
        if self.plain_line < 0 or any(line.strip(" ") for line in lines[self.plain_line + 1 : self.at]):
            raise Declined
        parts, last = [self.plain_text], self.plain_line
        for at in range(self.at, len(lines)):
            text = lines[at].strip(" ")
            if not text:
                continue
            if len(lines[at]) - len(lines[at].lstrip(" ")) <= top.column or not _CONTINUED.fullmatch(text):
                break
            parts += ("\n" * (at - last - 1) or " ", text)
            last = at
        if last == self.plain_line:
            raise Declined
        value = "".join(parts)
        if top.is_list:
            top.into[-1] = value
        else:
            top.into[self.plain_key] = value
        self.at, self.plain_line, self.plain_text = last, last, value

    def _read_on(self, asks: int, text: str) -> Any:
        """A value that lies on the lines that follow, too."""
        if asks == _BLOCK:
            return self._read_block(text)
        if asks == _QUOTE:
            return self._read_quoted(text)
        if asks == _FLOW:
            return self._read_flow(text)
        raise Declined

    def _read_block(self, header: str) -> str:
        deeper = " " * (self.top.column + 1)
        lines, begin = self.lines, self.at + 1
        end = begin
        while end < len(lines) and (lines[end].startswith(deeper) or not lines[end].strip(" ")):
            end += 1
        content = lines[begin:end]
        self.at = end - 1
        if header[0] == ">":
            return _fold(header, content, self.top.column)
        first = next((line for line in content if line.strip(" ")), "")
        indent = len(first) - len(first.lstrip(" "))
        margin = " " * indent
        if not indent or any(not line.startswith(margin) and line.strip(" ") for line in content):
            raise Declined
        if any(len(line) > indent for line in content[: content.index(first)]):
            raise Declined
        text = "\n".join([line[indent:] for line in content]) + "\n"
        chomping = header[1:2]
        if chomping == "+":
            return text
        text = text.rstrip("\n")
        return text if chomping == "-" else text + "\n"

    def _read_quoted(self, value: str) -> str:
        closing = _DOUBLE_LINE if value[0] == '"' else _SINGLE_LINE
        begin = self.at
        match = closing.match(value, 1)
        while match is None:
            self.at += 1
            if self.at >= len(self.lines):
                raise Declined
            match = closing.match(self.lines[self.at])
        return _read_quoted("\n".join([value, *self.lines[begin + 1 : self.at + 1]]))

    def _read_flow(self, value: str) -> Any:
        begin, depth = self.at, _open_brackets(value)
        while depth > 0:
            self.at += 1
            if self.at >= len(self.lines):
                raise Declined
            depth += _open_brackets(self.lines[self.at])
        return _read_flow("\n".join([value, *self.lines[begin + 1 : self.at + 1]]))


def _fold(header: str, content: list[str], indent: int) -> str:
    try:
        cursor = Cursor("\n".join([header, *content, ""]))
        cursor.indent = indent
        value = scan_block(cursor)
    except YAMLError:
        raise Declined from None
    if cursor.text[cursor.at] != "\0":
        raise Declined
    return value


def _read_quoted(text: str) -> str:
    try:
        cursor = Cursor(text)
        value = scan_quoted(cursor)
    except YAMLError:
        raise Declined from None
    if not _NOTHING_MORE.fullmatch(text, cursor.at):
        raise Declined
    return value
