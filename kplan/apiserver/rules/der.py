"""ASN.1 values in their distinguished encoding: as much of it as certificates and their requests need.

Mirrors: encoding/asn1
"""

from __future__ import annotations

from collections.abc import Iterator

BOOLEAN, INTEGER, BITS, OID, SEQUENCE = 0x01, 0x02, 0x03, 0x06, 0x30


class DerError(ValueError):
    """What is wrong with the bytes; its message is Go's."""


def read(data: bytes, at: int, tag: int | None = None) -> tuple[int, int, int]:
    """Where the content of the value at an offset begins and ends, and its tag."""
    if at >= len(data):
        raise DerError("asn1: syntax error: sequence truncated")
    if at + 1 >= len(data):
        raise DerError("asn1: syntax error: truncated tag or length")
    length, start = data[at + 1], at + 2
    if length == 0x80:
        raise DerError("asn1: syntax error: indefinite length found (not DER)")
    if length > 0x80:
        start, count = start + length - 0x80, start
        length = int.from_bytes(data[count:start], "big")
    if tag is not None and data[at] != tag:
        raise DerError("asn1: structure error: tags don't match")
    if start + length > len(data):
        raise DerError("asn1: syntax error: data truncated")
    return start, start + length, data[at]


def values(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The values of a sequence's content: tag, content, and the whole with its header."""
    at = 0
    while at < len(data):
        start, end, tag = read(data, at)
        yield tag, data[start:end], data[at:end]
        at = end


def sequence(data: bytes, *tags: int) -> list[tuple[int, bytes, bytes]]:
    """The values of a sequence's content, which begins with these tags."""
    found = list(values(data))
    if len(found) < len(tags):
        raise DerError("asn1: syntax error: sequence truncated")
    if any(value[0] != tag for value, tag in zip(found, tags, strict=False)):
        raise DerError("asn1: structure error: tags don't match")
    return found


def oid(content: bytes) -> str:
    """An object identifier in dots."""
    numbers, current = [], 0
    for byte in content:
        current = current << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(current)
            current = 0
    first = numbers[0] if numbers else 0
    return ".".join(map(str, (min(first // 40, 2), first - 40 * min(first // 40, 2), *numbers[1:])))
