"""Instants and durations as the API writes them: RFC 3339 in UTC, whole seconds; ``1h30m``.

An instant inside kplan is a number of seconds since the Unix epoch (float).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def write_instant(seconds: float) -> str:
    """``2026-11-21T00:29:45Z`` of seconds since the epoch."""
    return (_EPOCH + timedelta(seconds=int(seconds))).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_instant(text: str | None) -> float | None:
    """Seconds since the epoch of an RFC 3339 text; None where it is absent or no instant."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return (moment - _EPOCH).total_seconds()


def read_duration(text: str) -> float:
    """Seconds of a Go duration such as ``10m`` or ``1h30m``.

    Raises: ValueError where the text is no duration.
    """
    body = text[1:] if text[:1] in "+-" and text else text
    if body == "0":
        return 0.0
    total, at = 0.0, 0
    while at < len(body):
        match = _DURATION.match(body, at)
        if match is None:
            break
        total += float(match.group(1)) * _UNITS[match.group(2)]
        at = match.end()
    if not body or at != len(body):
        raise ValueError(f'time: invalid duration "{text}"')
    return -total if text.startswith("-") else total


def write_duration(seconds: float) -> str:
    """A duration as people read it: ``5m``, ``1h30m``, ``45s``."""
    left = round(seconds)
    hours, left = divmod(left, 3600)
    minutes, left = divmod(left, 60)
    parts = [f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (left, "s")) if n]
    return "".join(parts) or "0s"
