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
_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)


def timestamp_text(value: Timestamp) -> str:
    """RFC 3339 with as many decimals as it takes."""
    seconds, nanos = divmod(value.nanos + value.offset * NANOS, NANOS)
    shown = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    shown = shown.rjust(19, "0")
    fraction = f"{nanos:09d}".rstrip("0")
    minutes = abs(value.offset) // 60
    zone = f"{'+' if value.offset > 0 else '-'}{minutes // 60:02}:{minutes % 60:02}" if minutes else "Z"
    return f"{shown}.{fraction}{zone}" if fraction else f"{shown}{zone}"


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
