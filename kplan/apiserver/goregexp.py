"""Regular expressions as Go has them: RE2's, in linear time, with Go's error texts.

The work is RE2's own (``google-re2``), so that a hostile pattern cannot hang anything.

Mirrors: regexp, regexp/syntax
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

_CODES = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "unexpected )": "unexpected )",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid escape sequence": "invalid escape sequence",
    "invalid character class": "invalid character class",
    "invalid character class range": "invalid character class range",
    "trailing \\": "trailing backslash at end of expression",
    "invalid UTF-8": "invalid UTF-8",
    "invalid named capture group": "invalid named capture",
}


class RegexpError(ValueError):
    """A pattern that is none; its text is Go's."""


@lru_cache(maxsize=2048)
def compile_regexp(pattern: str) -> Any:
    """A compiled pattern with ``search``, ``finditer`` and so on.

    Raises: RegexpError.
    """
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as refused:
        raise RegexpError(_go_text(refused.args[0], pattern)) from None


def _go_text(said: Any, pattern: str) -> str:
    text = said.decode() if isinstance(said, bytes) else str(said)
    for code, words in sorted(_CODES.items(), key=lambda c: -len(c[0])):
        if text == code:
            return f"error parsing regexp: {words}: ``"
        if text.startswith(f"{code}: "):
            return f"error parsing regexp: {words}: `{_shown(code, text.removeprefix(f'{code}: '), pattern)}`"
    return f"error parsing regexp: {text}"


def _shown(code: str, argument: str, pattern: str) -> str:
    return pattern if code in ("missing )", "unexpected )") else argument


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern is found anywhere in a text.

    Raises: RegexpError.
    """
    return compile_regexp(pattern).search(text) is not None
