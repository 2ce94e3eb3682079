"""A place in a YAML text: the characters that matter to YAML, and the error kubectl prints at a place.

Mirrors: go.yaml.in/yaml/v2 readerc.go, yamlprivateh.go, decode.go parser.fail (1.36)
Differs: a text is decoded as a whole before it is scanned, so an unreadable character is reported before an earlier slip.
"""

from __future__ import annotations

import re

BREAKS = "\r\n\x85\u2028\u2029"
BLANKZ = frozenset(" \t\0" + BREAKS)
"""Blanks, line breaks and the end."""

LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
TO_LINE_END = re.compile(f"[^{BREAKS}\0]*")
WORD = re.compile("[0-9A-Za-z_-]*")
_BLANKS = re.compile("[ \t]*")
_SPACES = re.compile(" *")
_NOT_ALLOWED = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class YAMLError(Exception):
    """A document kubectl refuses: go-yaml's words, and where (line and column from 0, -1 when nowhere).

    ``said_line`` is the line kubectl speaks of, which is often the one before; 0 when it names none.
    """

    def __init__(self, problem: str, line: int = -1, column: int = -1, *, said_line: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
        self.column = column
        self.said_line = said_line

    def __str__(self) -> str:
        where = f"line {self.said_line}: " if self.said_line else ""
        return f"yaml: {where}{self.problem}"


class Cursor:
    """A position in a text, with what scanning scalars and tags must know of its surroundings."""

    __slots__ = ("at", "flow_level", "indent", "line", "line_start", "text")

    def __init__(self, text: str) -> None:
        bad = _NOT_ALLOWED.search(text)
        if bad:
            line_start = text.rfind("\n", 0, bad.start()) + 1
            line = text.count("\n", 0, line_start)
            raise YAMLError("control characters are not allowed", line, bad.start() - line_start)
        self.text = text.removeprefix("\ufeff") + "\0\0\0\0"
        self.at = 0
        self.line = 0
        self.line_start = 0
        self.indent = -1
        self.flow_level = 0

    @property
    def column(self) -> int:
        """Characters since the line began."""
        return self.at - self.line_start

    def error(self, problem: str) -> YAMLError:
        """The scanner's error here; go-yaml names no line on the first."""
        return YAMLError(problem, self.line, self.column, said_line=self.line + 1 if self.line else 0)

    def take(self, pattern: re.Pattern[str]) -> str:
        """What a pattern that always matches finds here; the cursor moves behind it."""
        match = pattern.match(self.text, self.at)
        assert match is not None, pattern
        self.at = match.end()
        return match[0]

    def skip_blanks(self, *, tabs: bool = True) -> None:
        """Move over spaces (and tabs)."""
        self.take(_BLANKS if tabs else _SPACES)

    def take_break(self) -> str:
        """Move over one line break and return it as YAML reads it: LF, except LS and PS; "" where there is none."""
        match = LINE_BREAK.match(self.text, self.at)
        if match is None:
            return ""
        self.at = self.line_start = match.end()
        self.line += 1
        return match[0] if match[0] in "\u2028\u2029" else "\n"

    def at_document_mark(self) -> bool:
        """Whether a line with ``---`` or ``...`` begins here."""
        text, at = self.text, self.at
        return at == self.line_start and text[at : at + 3] in ("---", "...") and text[at + 3] in BLANKZ
