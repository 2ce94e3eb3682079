"""The YAML scanner: text to tokens, accepting and refusing what kubectl's does, in its words.

kubectl reads YAML with go-yaml v2, a relative of libyaml.  Its grammar (YAML 1.1, tabs, colons without a blank) and its
error texts differ in corners from every Python library, and people read those texts.  This is the slow and exact path;
``lines.py`` is the fast one for everyday manifests.

Mirrors: go.yaml.in/yaml/v2 scannerc.go (1.36)
Differs: nesting and the number of tokens are limited lower, so that hostile input is refused early.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from kplan.load.cursor import BLANKZ, BREAKS, TO_LINE_END, Cursor, YAMLError
from kplan.load.properties import scan_directive, scan_name, scan_tag
from kplan.load.scalars import scan_block, scan_plain, scan_quoted

MAX_DEPTH = 200
"""Deepest nesting of collections taken; the real limit is 10 000, and no Kubernetes object comes near this one."""

MAX_TOKENS = 250_000
"""Most tokens taken of one document; it bounds the time hostile input can cost."""

_SIMPLE_KEY_REACH = 1024
_NOT_PLAIN_START = BLANKZ | frozenset("-?:,[]{}#&*!|>'\"%@`")


class Token(NamedTuple):
    """One token; lines and columns count from 0. ``extra`` is a scalar's style or a tag's suffix."""

    kind: str
    line: int
    column: int
    value: str = ""
    extra: str = ""


class _Key:
    """A place where a simple key may have begun: only a colon behind it tells."""

    __slots__ = ("column", "index", "line", "number", "possible", "required")

    def __init__(self, cursor: Cursor, number: int, *, possible: bool = False, required: bool = False) -> None:
        self.possible, self.required, self.number = possible, required, number
        self.index, self.line, self.column = cursor.at, cursor.line, cursor.column


class Scanner(Cursor):
    """The tokens of one document, made as the parser asks for them."""

    __slots__ = ("_available", "_head", "_indents", "_key_allowed", "_key_of_token", "_keys", "_parsed", "_tokens")

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._tokens: list[Token] = []
        self._head = 0
        self._parsed = 0
        self._available = False
        self._indents: list[int] = []
        self._key_allowed = True
        self._keys = [_Key(self, 0)]
        self._key_of_token: dict[int, _Key] = {}

    def peek(self) -> Token:
        """The next token."""
        if not self._available:
            self._fetch_more()
        return self._tokens[self._head]

    def skip(self) -> Token:
        """Drop the token that was peeked at, and peek at the next, but for the end."""
        token = self._tokens[self._head]
        self._available = False
        self._parsed += 1
        self._head += 1
        if self._head == len(self._tokens):
            self._tokens.clear()
            self._head = 0
        if self._parsed > MAX_TOKENS:
            raise YAMLError(f"document has more than {MAX_TOKENS} tokens", token.line, token.column)
        return token

    def _fetch_more(self) -> None:
        while True:
            if self._tokens:
                key = self._key_of_token.get(self._parsed)
                if key is None or not self._is_valid(key):
                    break
            self._fetch_next()
        self._available = True

    def _add(self, kind: str, *, width: int = 0) -> None:
        self._tokens.append(Token(kind, self.line, self.at - self.line_start))
        self.at += width

    def _next_number(self) -> int:
        return self._parsed + len(self._tokens) - self._head

    # Simple keys.

    def _is_valid(self, key: _Key) -> bool:
        if not key.possible:
            return False
        if key.line < self.line or key.index + _SIMPLE_KEY_REACH < self.at:
            if key.required:
                raise self.error("could not find expected ':'")
            key.possible = False
        return key.possible

    def _save_key(self) -> None:
        if not self._key_allowed:
            return
        required = not self.flow_level and self.indent == self.column
        number = self._next_number()
        self._remove_key()
        self._keys[-1] = self._key_of_token[number] = _Key(self, number, possible=True, required=required)

    def _remove_key(self) -> None:
        key = self._keys[-1]
        if key.possible:
            if key.required:
                raise self.error("could not find expected ':'")
            key.possible = False
            self._key_of_token.pop(key.number, None)

    # Indentation.

    def _roll(self, kind: str, line: int, column: int, number: int = -1) -> None:
        if self.flow_level or self.indent >= column:
            return
        self._indents.append(self.indent)
        self.indent = column
        self._check_depth()
        place = len(self._tokens) if number < 0 else self._head + number - self._parsed
        self._tokens.insert(place, Token(kind, line, column))

    def _unroll(self, column: int) -> None:
        if not self.flow_level:
            while self.indent > column:
                self._add("block-end")
                self.indent = self._indents.pop()

    def _check_depth(self) -> None:
        if len(self._indents) + self.flow_level > MAX_DEPTH:
            raise self.error(f"exceeded max depth of {MAX_DEPTH}")

    # Tokens.

    def _fetch_next(self) -> None:
        self._to_next_token()
        text, at = self.text, self.at
        if not self.flow_level and self.indent > at - self.line_start:
            self._unroll(self.column)
        char = text[at]
        fetch = _FETCH.get(char)
        if fetch is not None:
            return fetch(self)
        if char in "%-." and at == self.line_start:
            if char == "%":
                return self._fetch_directive()
            if self.at_document_mark():
                return self._fetch_document_mark()
        blank_follows = text[at + 1] in BLANKZ
        if char == "-" and blank_follows:
            return self._fetch_block_entry()
        if char == "?" and (self.flow_level or blank_follows):
            return self._fetch_key()
        if char == ":" and (self.flow_level or blank_follows):
            return self._fetch_value()
        if char in "|>" and not self.flow_level:
            return self._fetch_block_scalar()
        if char in _NOT_PLAIN_START and not (char == "-" or (char in "?:" and not self.flow_level)):
            raise self.error("found character that cannot start any token")
        return self._fetch_plain()

    def _to_next_token(self) -> None:
        text = self.text
        while True:
            if text[self.at] == "\ufeff" and self.at == self.line_start:
                self.at += 1
            self.skip_blanks(tabs=self.flow_level > 0 or not self._key_allowed)
            if text[self.at] == "#":
                self.take(TO_LINE_END)
            if text[self.at] not in BREAKS:
                return
            self.take_break()
            if not self.flow_level:
                self._key_allowed = True

    def _fetch_stream_end(self) -> None:
        if self.at != self.line_start:
            self.line += 1
            self.line_start = self.at
        self._end_document()
        self._add("stream-end")

    def _end_document(self) -> None:
        self._unroll(-1)
        self._remove_key()
        self._key_allowed = False

    def _fetch_document_mark(self) -> None:
        self._end_document()
        self._add("document-start" if self.text[self.at] == "-" else "document-end", width=3)

    def _fetch_directive(self) -> None:
        self._end_document()
        line = self.line
        kind, value, extra = scan_directive(self)
        self._tokens.append(Token(kind, line, 0, value, extra))

    def _fetch_flow_start(self) -> None:
        self._save_key()
        self._keys.append(_Key(self, self._next_number()))
        self.flow_level += 1
        self._check_depth()
        self._key_allowed = True
        self._add(self.text[self.at], width=1)

    def _fetch_flow_end(self) -> None:
        self._remove_key()
        if self.flow_level:
            self.flow_level -= 1
            self._key_of_token.pop(self._keys.pop().number, None)
        self._key_allowed = False
        self._add(self.text[self.at], width=1)

    def _fetch_flow_entry(self) -> None:
        self._remove_key()
        self._key_allowed = True
        self._add(",", width=1)

    def _fetch_block_entry(self) -> None:
        if not self.flow_level:
            if not self._key_allowed:
                raise self.error("block sequence entries are not allowed in this context")
            self._roll("block-sequence", self.line, self.column)
        self._remove_key()
        self._key_allowed = True
        self._add("-", width=1)

    def _fetch_key(self) -> None:
        if not self.flow_level:
            if not self._key_allowed:
                raise self.error("mapping keys are not allowed in this context")
            self._roll("block-mapping", self.line, self.column)
        self._remove_key()
        self._key_allowed = not self.flow_level
        self._add("?", width=1)

    def _fetch_value(self) -> None:
        key = self._keys[-1]
        if self._is_valid(key):
            self._tokens.insert(self._head + key.number - self._parsed, Token("?", key.line, key.column))
            self._roll("block-mapping", key.line, key.column, key.number)
            key.possible = False
            self._key_of_token.pop(key.number, None)
            self._key_allowed = False
        else:
            if not self.flow_level:
                if not self._key_allowed:
                    raise self.error("mapping values are not allowed in this context")
                self._roll("block-mapping", self.line, self.column)
            self._key_allowed = not self.flow_level
        self._add(":", width=1)

    def _fetch_name(self) -> None:
        self._save_key()
        self._key_allowed = False
        kind = "alias" if self.text[self.at] == "*" else "anchor"
        line, column = self.line, self.column
        self._tokens.append(Token(kind, line, column, scan_name(self)))

    def _fetch_tag(self) -> None:
        self._save_key()
        self._key_allowed = False
        line, column = self.line, self.column
        self._tokens.append(Token("tag", line, column, *scan_tag(self)))

    def _fetch_block_scalar(self) -> None:
        self._remove_key()
        self._key_allowed = True
        line, column = self.line, self.column
        self._tokens.append(Token("scalar", line, column, scan_block(self), "block"))

    def _fetch_quoted(self) -> None:
        self._save_key()
        self._key_allowed = False
        line, column = self.line, self.column
        self._tokens.append(Token("scalar", line, column, scan_quoted(self), "quoted"))

    def _fetch_plain(self) -> None:
        self._save_key()
        self._key_allowed = False
        line, column = self.line, self.column
        value, broken = scan_plain(self)
        self._tokens.append(Token("scalar", line, column, value, "plain"))
        if broken:
            self._key_allowed = True


_FETCH: dict[str, Callable[[Scanner], None]] = {
    "\0": Scanner._fetch_stream_end,
    "[": Scanner._fetch_flow_start,
    "{": Scanner._fetch_flow_start,
    "]": Scanner._fetch_flow_end,
    "}": Scanner._fetch_flow_end,
    ",": Scanner._fetch_flow_entry,
    "*": Scanner._fetch_name,
    "&": Scanner._fetch_name,
    "!": Scanner._fetch_tag,
    "'": Scanner._fetch_quoted,
    '"': Scanner._fetch_quoted,
}
