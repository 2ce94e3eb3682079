"""Lines of text with styles: plain where nobody looks at them on a terminal, rich's escapes where somebody does."""

from __future__ import annotations

import re

SYMBOL_WIDTH = 4
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a terminal would obey instead of showing it."""


class Canvas:
    """Collects lines; a line is a list of (text, style)."""

    def __init__(self, color: bool, width: int = 0) -> None:
        self._color = color
        self._width = width
        self._lines: list[list[tuple[str, str]]] = []

    def line(self, text: str, style: str = "") -> None:
        """One line."""
        self._lines.append([(text, style)])

    def blank(self) -> None:
        """An empty line, unless there is one already."""
        if self._lines and self._lines[-1]:
            self._lines.append([])

    def head(self, text: str) -> None:
        """The head of a section."""
        self.blank()
        self.line(text, "bold")

    def row(self, symbol: str, style: str, what: str, details: str, aside: str) -> None:
        """A symbol, what it is about, its details, and an aside in a lower voice."""
        parts = [(f"{symbol:>{SYMBOL_WIDTH - 1}} ", style), (what, style if symbol in ("-", "!") else "")]
        if details:
            parts.append((f"  {details}", ""))
        if aside:
            parts.append((f"  {aside}", "dim"))
        self._lines.append(parts)

    def columns(self, text: str, width: int, aside: str, style: str = "") -> None:
        """A line with an aside in a column of its own."""
        self._lines.append([(f"{text:<{width}}  " if aside else text, ""), (aside, style)])

    def note(self, text: str, style: str = "") -> None:
        """A remark below a row."""
        for piece in text.splitlines() or [""]:
            self._lines.append([(" " * (SYMBOL_WIDTH + 4) + piece, style)])

    def text(self) -> str:
        """All lines, each ended by a newline."""
        if not self._color:
            return "".join("".join(_visible(t) for t, _ in parts).rstrip() + "\n" for parts in self._lines)
        from io import StringIO

        from rich.console import Console
        from rich.text import Text

        console = Console(file=StringIO(), force_terminal=True, color_system="standard", width=self._width or 10_000, highlight=False)
        for parts in self._lines:
            console.print(Text.assemble(*[(_visible(t), s) for t, s in parts]), soft_wrap=True)
        out = console.file
        assert isinstance(out, StringIO)
        return out.getvalue()


def _visible(text: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
