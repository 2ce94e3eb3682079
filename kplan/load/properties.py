"""Anchors, tags and directives of a YAML text.

Mirrors: go.yaml.in/yaml/v2 scannerc.go: scan_anchor, scan_tag, scan_directive (1.36)
"""

from __future__ import annotations

import re

from kplan.load.cursor import BLANKZ, BREAKS, TO_LINE_END, WORD, Cursor

_URI = re.compile(r"(?:[0-9A-Za-z_;/?:@&=+$,.!~*'()\[\]-]|%[0-9A-Fa-f]{2})*")
_NUMBER = re.compile("[0-9]*")
_AFTER_NAME = BLANKZ | frozenset("?:,]}%@`")


def scan_name(cursor: Cursor) -> str:
    """The name behind ``&`` or ``*``."""
    cursor.at += 1
    name = cursor.take(WORD)
    if not name or cursor.text[cursor.at] not in _AFTER_NAME:
        raise cursor.error("did not find expected alphabetic or numeric character")
    return name


def scan_tag(cursor: Cursor) -> tuple[str, str]:
    """A tag here, as handle and suffix."""
    if cursor.text[cursor.at + 1] == "<":
        cursor.at += 2
        handle, suffix = "", _scan_uri(cursor)
        if cursor.text[cursor.at] != ">":
            raise cursor.error("did not find the expected '>'")
        cursor.at += 1
    else:
        handle = _scan_handle(cursor)
        if len(handle) > 1 and handle.endswith("!"):
            suffix = _scan_uri(cursor)
        else:
            suffix = handle[1:] + _scan_uri(cursor, required=False)
            handle, suffix = ("!", suffix) if suffix else ("", "!")
    if cursor.text[cursor.at] not in BLANKZ:
        raise cursor.error("did not find expected whitespace or line break")
    return handle, suffix


def scan_directive(cursor: Cursor) -> tuple[str, str, str]:
    """A directive here: ``("version", "1.1", "")`` or ``("tag-directive", handle, prefix)``."""
    cursor.at += 1
    name = cursor.take(WORD)
    if not name:
        raise cursor.error("could not find expected directive name")
    if cursor.text[cursor.at] not in BLANKZ:
        raise cursor.error("found unexpected non-alphabetical character")
    if name not in ("YAML", "TAG"):
        raise cursor.error("found unknown directive name")
    cursor.skip_blanks()
    directive = _scan_version(cursor) if name == "YAML" else _scan_prefix(cursor)
    cursor.skip_blanks()
    if cursor.text[cursor.at] == "#":
        cursor.take(TO_LINE_END)
    if cursor.text[cursor.at] not in BREAKS + "\0":
        raise cursor.error("did not find expected comment or line break")
    cursor.take_break()
    return directive


def _scan_version(cursor: Cursor) -> tuple[str, str, str]:
    numbers: list[str] = []
    for _ in range(2):
        digits = cursor.take(_NUMBER)
        if len(digits) > 2:
            raise cursor.error("found extremely long version number")
        if not digits:
            raise cursor.error("did not find expected version number")
        numbers.append(str(int(digits)))
        if len(numbers) == 1:
            if cursor.text[cursor.at] != ".":
                raise cursor.error("did not find expected digit or '.' character")
            cursor.at += 1
    return "version", ".".join(numbers), ""


def _scan_prefix(cursor: Cursor) -> tuple[str, str, str]:
    handle = _scan_handle(cursor, directive=True)
    if cursor.text[cursor.at] not in " \t":
        raise cursor.error("did not find expected whitespace")
    cursor.skip_blanks()
    prefix = _scan_uri(cursor)
    if cursor.text[cursor.at] not in BLANKZ:
        raise cursor.error("did not find expected whitespace or line break")
    return "tag-directive", handle, prefix


def _scan_handle(cursor: Cursor, *, directive: bool = False) -> str:
    if cursor.text[cursor.at] != "!":
        raise cursor.error("did not find expected '!'")
    cursor.at += 1
    handle = "!" + cursor.take(WORD)
    if cursor.text[cursor.at] == "!":
        cursor.at += 1
        return handle + "!"
    if directive and handle != "!":
        raise cursor.error("did not find expected '!'")
    return handle


def _scan_uri(cursor: Cursor, *, required: bool = True) -> str:
    uri = cursor.take(_URI)
    if cursor.text[cursor.at] == "%":
        raise cursor.error("did not find URI escaped octet")
    if required and not uri:
        raise cursor.error("did not find expected tag URI")
    octets = re.sub(rb"%(..)", lambda escape: bytes((int(escape[1], 16),)), uri.encode())
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise cursor.error("found an incorrect trailing UTF-8 octet") from None
