"""What Go says of a text that is no IP address.

Mirrors: net/netip: ParseAddr (Go)
"""

from __future__ import annotations

import re

from kplan.model.gotext import go_quote

_HEX = re.compile(r"[0-9a-fA-F]*", re.ASCII)
_BYTES = 16


def address_error(text: str) -> str:
    """``ParseAddr("1.2"): IPv4 address too short``; "" for an address."""
    kind = next((c for c in text if c in ".:%"), "")
    if kind == ".":
        said, at = _ipv4(text)
    elif kind == ":":
        said, at = _ipv6(text)
    else:
        said, at = ("missing IPv6 address" if kind else "unable to parse IP"), ""
    if not said:
        return ""
    return f"ParseAddr({go_quote(text)}): {said}" + (f" (at {go_quote(at)})" if at else "")


def _ipv4(text: str) -> tuple[str, str]:
    """What is wrong, and where."""
    value = position = digits = 0
    for i, c in enumerate(text):
        if c in "0123456789":
            if digits == 1 and value == 0:
                return "IPv4 field has octet with leading zero", ""
            value, digits = value * 10 + int(c), digits + 1
            if value > 255:
                return "IPv4 field has value >255", ""
        elif c == ".":
            if i in (0, len(text) - 1) or text[i - 1] == ".":
                return "IPv4 field must have at least one digit", text[i:]
            if position == 3:
                return "IPv4 address too long", ""
            position, value, digits = position + 1, 0, 0
        else:
            return "unexpected character", text[i:]
    return ("IPv4 address too short", "") if position < 3 else ("", "")


def _ipv6(text: str) -> tuple[str, str]:
    rest, percent, zone = text.partition("%")
    if percent and not zone:
        return "zone must be a non-empty string", ""
    ellipsis = rest.startswith("::")
    if ellipsis:
        rest = rest[2:]
        if not rest:
            return "", ""
    filled = 0
    while filled < _BYTES:
        match = _HEX.match(rest)
        group = match[0] if match is not None else ""
        if len(group) > 4:
            return "each group must have 4 or fewer digits", rest
        if not group:
            return "each colon-separated field must have at least one digit", rest
        after = rest[len(group) :]
        if after.startswith("."):
            return _embedded(rest, filled, ellipsis)
        filled, rest = filled + 2, after
        if not rest:
            break
        if not rest.startswith(":"):
            return "unexpected character, want colon", rest
        if rest == ":":
            return "colon must be followed by more characters", rest
        rest = rest[1:]
        if rest.startswith(":"):
            if ellipsis:
                return "multiple :: in address", rest
            ellipsis, rest = True, rest[1:]
            if not rest:
                break
    if rest:
        return "trailing garbage after address", rest
    return _filled(filled, ellipsis)


def _embedded(rest: str, filled: int, ellipsis: bool) -> tuple[str, str]:
    """An IPv4 address at the end."""
    if not ellipsis and filled != _BYTES - 4:
        return "embedded IPv4 address must replace the final 2 fields of the address", rest
    if filled + 4 > _BYTES:
        return "too many hex fields to fit an embedded IPv4 at the end of the address", rest
    said, at = _ipv4(rest)
    return (said, at) if said else _filled(filled + 4, ellipsis)


def _filled(filled: int, ellipsis: bool) -> tuple[str, str]:
    if filled < _BYTES:
        return ("", "") if ellipsis else ("address string too short", "")
    return ("the :: must expand to at least one field of zeros", "") if ellipsis else ("", "")
