"""JSONPath templates as they are written, read into steps.

Mirrors: staging/src/k8s.io/client-go/util/jsonpath/parser.go (1.36)
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from kplan.model.integers import parse_digits


class BadTemplate(ValueError):
    """A template that is none, or that does not fit the data."""


@dataclass(frozen=True, slots=True)
class Node:
    """One step. ``kind`` is text, field, array, filter, number, bool, wildcard, recursive, union or identifier."""

    kind: str
    value: Any = None
    operator: str = ""
    right: tuple[Node, ...] = ()


Action = tuple[Node, ...]

_DICT_KEY = re.compile(r"'([^']*)'")
_SLICE = re.compile(r"(-?[0-9]*)(:-?[0-9]*)?(:-?[0-9]*)?")
_FILTER = re.compile(r"([^!<>=]+)([!<>=]+)(.+?)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?[0-9.]*")
_ENDS = " \t\r\n.,[]$@{}"


def parse(template: str) -> list[Action]:
    """The actions of a template; text between them is an action, too.

    Raises: BadTemplate.
    """
    out: list[Action] = []
    at = 0
    while at < len(template):
        begin = template.find("{", at)
        if begin != at:
            out.append((Node("text", template[at : begin if begin >= 0 else len(template)]),))
        if begin < 0:
            break
        reader = _Reader(template, begin + 1)
        out.append(tuple(reader.action()))
        at = reader.at
    return out


def _action(text: str) -> Action:
    return parse("{" + text + "}")[0]


class _Reader:
    """Reads one action."""

    def __init__(self, text: str, at: int) -> None:
        self.text, self.at = text, at
        self.nodes: list[Node] = []

    def action(self) -> list[Node]:
        """The nodes up to the closing brace."""
        while True:
            rest = self.text[self.at :]
            if rest.startswith("}"):
                self.at += 1
                return self.nodes
            if not rest or rest[0] in "\r\n":
                raise BadTemplate("unclosed action")
            self._node(rest)

    def _node(self, rest: str) -> None:
        char = rest[0]
        if rest.startswith("[?("):
            self._filter()
        elif rest.startswith(".."):
            self._recursive()
        elif char in " @$":
            self.at += 1
        elif char == "[":
            self._array()
        elif char in "\"'":
            self._quoted(char)
        elif char == ".":
            self.at += 1
            self._field()
        elif char in "+-" or char.isdigit():
            self._number()
        elif char == "_" or char.isalpha():
            self._identifier()
        else:
            raise BadTemplate(f"unrecognized character in action: U+{ord(char):04X} '{char}'")

    def _word(self) -> str:
        """Up to the next terminator; a backslash takes the character behind it along."""
        begin = self.at
        while self.at < len(self.text) and self.text[self.at] not in _ENDS:
            self.at += 2 if self.text[self.at] == "\\" else 1
        return self.text[begin : self.at]

    def _field(self) -> None:
        word = self._word()
        self.nodes.append(Node("wildcard") if word == "*" else Node("field", word.replace("\\", "")))

    def _identifier(self) -> None:
        word = self._word()
        self.nodes.append(Node("bool", word == "true") if word in ("true", "false") else Node("identifier", word))

    def _recursive(self) -> None:
        if self.nodes and self.nodes[-1].kind == "recursive":
            raise BadTemplate("invalid multiple recursive descent")
        self.at += 2
        self.nodes.append(Node("recursive"))
        following = self.text[self.at : self.at + 1]
        if following == "_" or following.isalnum():
            self._field()

    def _number(self) -> None:
        found = _NUMBER.match(self.text, self.at)
        word = found.group() if found else ""
        self.at += len(word)
        try:
            self.nodes.append(Node("number", int(word)))
        except ValueError:
            try:
                self.nodes.append(Node("number", float(word)))
            except ValueError:
                raise BadTemplate(f"cannot parse number {word}") from None

    def _quoted(self, quote: str) -> None:
        begin = self.at
        self.at += 1
        while True:
            char = self.text[self.at : self.at + 1]
            if not char or char == "\n":
                raise BadTemplate("unterminated quoted string")
            self.at += 1
            if char == quote and self.text[self.at - 2] != "\\":
                break
        self.nodes.append(Node("text", _unquoted(self.text[begin : self.at])))

    def _array(self) -> None:
        end = self.text.find("]", self.at)
        if end < 0 or "\n" in self.text[self.at : end]:
            raise BadTemplate("unterminated array")
        text, self.at = self.text[self.at + 1 : end], end + 1
        if text == "*":
            text = ":"
        parts = text.split(",")
        if len(parts) > 1:
            self.nodes.append(Node("union", tuple(_action(f"[{part.strip(' ')}]") for part in parts)))
        elif key := _DICT_KEY.fullmatch(text):
            self.nodes += _action("." + key.group(1))
        elif bounds := _SLICE.fullmatch(text):
            self.nodes.append(Node("array", (*(_bound(b) for b in bounds.groups()), not bounds.group(2))))
        else:
            raise BadTemplate(f"invalid array index {text}")

    def _filter(self) -> None:
        self.at += 3
        begin, quote, closed = self.at, "", False
        while True:
            char = self.text[self.at : self.at + 1]
            if not char or char == "\n":
                raise BadTemplate("unterminated filter")
            self.at += 1
            if char in "\"'":
                if not quote:
                    quote = char
                elif char == quote and self.text[self.at - 2] != "\\":
                    closed = True
            elif char == ")" and bool(quote) == closed:
                break
        if self.text[self.at : self.at + 1] != "]":
            raise BadTemplate("unclosed array expect ]")
        text = self.text[begin : self.at - 1]
        self.at += 1
        found = _FILTER.fullmatch(text)
        if found is None:
            self.nodes.append(Node("filter", _action(text), "exists"))
        else:
            left, operator, right = found.groups()
            self.nodes.append(Node("filter", _action(left), operator, _action(right)))


def _unquoted(text: str) -> str:
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    try:
        return str(json.loads('"' + inner.replace("\\'", "'").replace('"', '\\"').replace('\\\\"', '\\"') + '"'))
    except ValueError:
        raise BadTemplate(f"unquote string {text} error invalid syntax") from None


def _bound(text: str | None) -> int | None:
    digits = (text or "").removeprefix(":")
    if not digits or digits == "-":
        return None
    return -parse_digits(digits[1:]) if digits.startswith("-") else parse_digits(digits)
