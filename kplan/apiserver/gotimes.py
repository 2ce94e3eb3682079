"""Durations and instants as Go reads them, in nanoseconds.

Mirrors: time (Go)
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

NANOS = 10**9
MIN_SECONDS, MAX_SECONDS = -62135596800, 253402300799
"""The first and the last second that a timestamp can be."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_PART = re.compile(r"(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": NANOS, "m": 60 * NANOS, "h": 3600 * NANOS}


def parse_duration(text: str) -> int | None:
    """Nanoseconds of a Go duration, None where it is none."""
    sign = -1 if text.startswith("-") else 1
    body = text[1:] if text[:1] in ("+", "-") else text
    if body == "0":
        return 0
    total, at = 0, 0
    while at < len(body):
        match = _PART.match(body, at)
        if match is None or not (match[1] or match[2]):
            return None
        unit = _UNITS[match[3]]
        total += int(match[1] or 0) * unit
        if match[2]:
            total += int(match[2]) * unit // 10 ** len(match[2])
        at = match.end()
    return sign * total if body and total < 2**63 else None


def offset_seconds(text: str) -> int:
    """How far the zone of an RFC 3339 text is from UTC."""
    match = _RFC3339.fullmatch(text)
    if match is None or not match[8]:
        return 0
    offset = int(match[9]) * 3600 + int(match[10]) * 60
    return offset if match[8] == "+" else -offset


def parse_timestamp(text: str) -> int | None:
    """Nanoseconds since the epoch of an RFC 3339 text, None where it is none."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    try:
        moment = datetime(*(int(match[i]) for i in range(1, 7)), tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
    seconds = int((moment - _EPOCH).total_seconds())
    if match[8]:
        if int(match[9]) > 23 or int(match[10]) > 59:
            return None
        offset = int(match[9]) * 3600 + int(match[10]) * 60
        seconds -= offset if match[8] == "+" else -offset
    return seconds * NANOS + int((match[7] or "0")[:9].ljust(9, "0"))
