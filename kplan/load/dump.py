"""Dumps of a live cluster, item by item: a file of hundreds of megabytes is never held as one value.

A JSON list is cut where its layout shows that one item ends and the next begins; a cut that falls elsewhere makes a
piece that is no JSON, and is undone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import orjson

_BLOCK = 8 * 1024 * 1024
_HEAD = 65536
_ITEMS = re.compile(rb'"items":( ?)\[(\s*)\{(\s*"(?:[^"\\]|\\.)+":)')
_LONGEST_JOIN = 64

Item = dict[str, Any]


class NotStreamable(Exception):
    """The file is no JSON list of a known layout; it has to be read as a whole."""


def stream_items(file: BinaryIO, take: Callable[[Item], Item]) -> list[Item]:
    """The items of a JSON list, each passed through ``take`` as it comes.

    Raises: NotStreamable where the layout is not understood.
    """
    block = file.read(_BLOCK)
    match = _ITEMS.search(block, 0, _HEAD)
    if match is None:
        raise NotStreamable
    begin = match.start(3) - 1
    separator = _separator(match)
    pieces = _pieces(file, block[begin:], separator)
    joint = separator[separator.index(b"}") + 1 : separator.rindex(b"{")]
    items, pending, joined = [], next(pieces), 0
    for piece in pieces:
        try:
            items.append(take(orjson.loads(pending)))
        except orjson.JSONDecodeError:
            joined += 1
            if joined > _LONGEST_JOIN:
                raise NotStreamable from None
            pending += joint + piece
        else:
            pending, joined = piece, 0
    last, tail = _split_last(pending)
    items.append(take(last))
    return _typed(items, block[:begin] + tail)


def _separator(match: re.Match[bytes]) -> bytes:
    """What stands between two items laid out as the first one is."""
    before_brace, behind_brace = match[2], match[3]
    if b"\n" in before_brace:
        return before_brace + b"}," + before_brace + b"{"
    return b"}," + match[1] + b"{" + behind_brace


def _pieces(file: BinaryIO, rest: bytes, separator: bytes) -> Iterator[bytes]:
    """The text between separators, each with the braces the separator took."""
    end, begin = separator[: separator.index(b"}") + 1], separator[separator.rindex(b"{") :]
    prefix = b""
    while True:
        *whole, rest = rest.split(separator)
        for piece in whole:
            yield prefix + piece + end
            prefix = begin
        block = file.read(_BLOCK)
        if not block:
            yield prefix + rest
            return
        rest += block


def _split_last(piece: bytes) -> tuple[Item, bytes]:
    try:
        text = piece.decode()
        value, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        raise NotStreamable from None
    return value, text[end:].encode()


def _typed(items: list[Item], frame: bytes) -> list[Item]:
    """The items, with the kind and version that typed lists (``PodList``) leave out of them."""
    try:
        listed = orjson.loads(frame)
    except orjson.JSONDecodeError:
        raise NotStreamable from None
    kind, version = str(listed.get("kind", "")).removesuffix("List"), listed.get("apiVersion", "")
    for item in items:
        if "kind" not in item and "apiVersion" not in item:
            item["apiVersion"], item["kind"] = version, kind
    return items
