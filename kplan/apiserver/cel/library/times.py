"""Instants and spans.

Mirrors: github.com/google/cel-go/common/types/{timestamp,duration}.go (0.26), time (Go)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

from kplan.apiserver.cel.values import NANOS, Duration, EvaluationError, Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_PART = re.compile(r"(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": NANOS, "m": 60 * NANOS, "h": 3600 * NANOS}
_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)


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


def timestamp_text(value: Timestamp) -> str:
    """RFC 3339 with as many decimals as it takes."""
    seconds, nanos = divmod(value.nanos, NANOS)
    shown = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    shown = shown.rjust(19, "0")
    fraction = f"{nanos:09d}".rstrip("0")
    return f"{shown}.{fraction}Z" if fraction else f"{shown}Z"


def duration_text(value: Duration) -> str:
    """Seconds: ``5400s``, ``1.5s``."""
    seconds, nanos = divmod(abs(value.nanos), NANOS)
    fraction = f"{nanos:09d}".rstrip("0")
    sign = "-" if value.nanos < 0 else ""
    return f"{sign}{seconds}.{fraction}s" if fraction else f"{sign}{seconds}s"


def _zone(name: str) -> tzinfo:
    if match := _OFFSET.fullmatch(name):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise EvaluationError(f"unknown time zone {name}") from None


def _local(value: Timestamp, zone: str = "UTC") -> datetime:
    moment = _EPOCH + timedelta(microseconds=value.nanos // 1000)
    return moment if zone == "UTC" else moment.astimezone(_zone(zone))


_PARTS: dict[str, Callable[[datetime], int]] = {
    "year": lambda t: t.year,
    "month": lambda t: t.month - 1,
    "day_of_year": lambda t: t.timetuple().tm_yday - 1,
    "day_of_month": lambda t: t.day - 1,
    "day_of_month_1_based": lambda t: t.day,
    "day_of_week": lambda t: t.isoweekday() % 7,
    "hours": lambda t: t.hour,
    "minutes": lambda t: t.minute,
    "seconds": lambda t: t.second,
    "milliseconds": lambda t: t.microsecond // 1000,
}


def _part(take: Callable[[datetime], int]) -> Callable[..., int]:
    return lambda value, zone="UTC": take(_local(value, zone))


def _units(unit: int) -> Callable[[Duration], int]:
    return lambda value: abs(value.nanos) // unit * (1 if value.nanos >= 0 else -1)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "duration_to_hours": _units(3600 * NANOS),
    "duration_to_minutes": _units(60 * NANOS),
    "duration_to_seconds": _units(NANOS),
    "duration_to_milliseconds": _units(10**6),
}
for _name, _take in _PARTS.items():
    FUNCTIONS[f"timestamp_to_{_name}"] = FUNCTIONS[f"timestamp_to_{_name}_with_tz"] = _part(_take)
