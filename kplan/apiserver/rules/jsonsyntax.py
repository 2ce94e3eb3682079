"""What is wrong with a JSON text, in the words of Go's decoder.

Mirrors: encoding/json: scanner.go, decode.go
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kplan.model.gotext import go_quote

END = "unexpected end of JSON input"
_SPACE = b" \t\r\n"
_DIGITS = b"0123456789"
_HEX = b"0123456789abcdefABCDEF"
_LITERALS = {b"t"[0]: b"true", b"f"[0]: b"false", b"n"[0]: b"null"}
_KINDS = {b"["[0]: "array", b'"'[0]: "string", b"t"[0]: "bool", b"f"[0]: "bool"}


class JSONError(ValueError):
    """A text that is no JSON; its message is Go's."""


def object_error(text: bytes) -> str:
    """Why a text cannot be decoded as a JSON object; "" where it can (``null`` can, too)."""
    try:
        _Scanner(text).document()
    except JSONError as error:
        return str(error)
    first = text.lstrip(_SPACE)[0]
    if first in b"{n":
        return ""
    return f"json: cannot unmarshal {_KINDS.get(first, 'number')} into Go value of type map[string]interface {{}}"


def _quote(byte: int) -> str:
    if byte == 0x27:
        return "'\\''"
    if byte == 0x22:
        return "'\"'"
    return f"'{go_quote(chr(byte))[1:-1]}'"


@dataclass(slots=True)
class _Scanner:
    text: bytes
    at: int = 0
    nesting: list[int] = field(default_factory=list)
    """What we are inside of: the opening bytes."""

    def document(self) -> None:
        """The whole text."""
        self.value()
        while self.nesting:
            self.after_value()
        self.skip()
        if self.at < len(self.text):
            self.fail("after top-level value")

    def fail(self, context: str) -> None:
        raise JSONError(f"invalid character {_quote(self.text[self.at])} {context}")

    def peek(self) -> int:
        if self.at >= len(self.text):
            raise JSONError(END)
        return self.text[self.at]

    def skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in _SPACE:
            self.at += 1

    def value(self) -> None:
        """One value; of an object or array only its beginning, up to the first item's end."""
        while True:
            self.skip()
            c = self.peek()
            if c in b"{[":
                self.at += 1
                self.nesting.append(c)
                self.skip()
                if self.peek() == c + 2:
                    self.at += 1
                    self.nesting.pop()
                    return
                if c == b"{"[0]:
                    self.key()
                continue
            if c == b'"'[0]:
                self.string()
            elif c in _LITERALS:
                self.literal(_LITERALS[c])
            elif c in b"-0123456789":
                self.number()
            else:
                self.fail("looking for beginning of value")
            return

    def after_value(self) -> None:
        """What follows an item: a comma and the next one, or the end of what we are inside of."""
        self.skip()
        c, inside = self.peek(), self.nesting[-1]
        self_is_object = inside == b"{"[0]
        if c == inside + 2:
            self.at += 1
            self.nesting.pop()
            return
        if c != b","[0]:
            self.fail("after object key:value pair" if self_is_object else "after array element")
        self.at += 1
        self.skip()
        if self_is_object:
            self.key()
        self.value()

    def key(self) -> None:
        if self.peek() != b'"'[0]:
            self.fail("looking for beginning of object key string")
        self.string()
        self.skip()
        if self.peek() != b":"[0]:
            self.fail("after object key")
        self.at += 1

    def string(self) -> None:
        self.at += 1
        while (c := self.peek()) != b'"'[0]:
            if c < 0x20:
                self.fail("in string literal")
            self.at += 1
            if c == b"\\"[0]:
                self.escape()
        self.at += 1

    def escape(self) -> None:
        c = self.peek()
        if c not in b'bfnrt\\/"u':
            self.fail("in string escape code")
        self.at += 1
        for _ in range(4 if c == b"u"[0] else 0):
            if self.peek() not in _HEX:
                self.fail("in \\u hexadecimal character escape")
            self.at += 1

    def literal(self, word: bytes) -> None:
        for expected in word:
            if self.peek() != expected:
                self.fail(f"in literal {word.decode()} (expecting {_quote(expected)})")
            self.at += 1

    def number(self) -> None:
        if self.peek() == b"-"[0]:
            self.at += 1
            self.require_digit("in numeric literal")
        if self.peek() == b"0"[0]:
            self.at += 1
        else:
            self.digits()
        if self.next_is(b"."):
            self.at += 1
            self.require_digit("after decimal point in numeric literal")
            self.digits()
        if self.next_is(b"eE"):
            self.at += 1
            if self.next_is(b"+-"):
                self.at += 1
            self.require_digit("in exponent of numeric literal")
            self.digits()

    def next_is(self, any_of: bytes) -> bool:
        return self.at < len(self.text) and self.text[self.at] in any_of

    def require_digit(self, context: str) -> None:
        if self.peek() not in _DIGITS:
            self.fail(context)

    def digits(self) -> None:
        while self.next_is(_DIGITS):
            self.at += 1
