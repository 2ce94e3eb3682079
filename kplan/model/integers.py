"""Integers as Go's strconv reads them: of any length, but not of any size.

Mirrors: strconv: ParseInt, Atoi (Go)
"""

from __future__ import annotations

import re

_INTEGER = re.compile(r"([+-]?)0*([0-9]+)")
_LONGEST = 20
"""No 64-bit number has more digits; what is longer need not be converted to be told apart."""


def complaint(text: str, bits: int = 64) -> str:
    """What Go has against a text that should be a signed integer; "" for nothing."""
    found = _read(text, bits)
    return found if isinstance(found, str) else ""


def parse_int(text: str, bits: int = 64) -> int | None:
    """The signed integer a text is; None where it is none, or too large."""
    found = _read(text, bits)
    return None if isinstance(found, str) else found


def int_or_text(text: str) -> int | str:
    """A number where the text is one, as ``intstr.Parse`` reads it."""
    found = parse_int(text)
    return text if found is None else found


def _read(text: str, bits: int) -> int | str:
    match = _INTEGER.fullmatch(text)
    if match is None:
        return "invalid syntax"
    most = 2 ** (bits - 1)
    if len(match[2]) > _LONGEST or not -most <= (number := int(match[1] + match[2])) < most:
        return "value out of range"
    return number


def parse_digits(digits: str) -> int:
    """A text of digits as a number, held at the largest 64-bit one, as Atoi leaves it."""
    found = parse_int(digits)
    return 2**63 - 1 if found is None else found
