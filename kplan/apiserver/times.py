"""Instants as Go reads and writes them, with Go's words for what is no instant.

Mirrors: Go's time.Parse for the layouts of staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/{time,micro_time}.go (1.36)
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta

RFC3339 = "2006-01-02T15:04:05Z07:00"
RFC3339_MICRO = "2006-01-02T15:04:05.000000Z07:00"

_CHUNK = re.compile(r"2006|01|02|15|04|05|\.000000|Z07:00")
_RANGES = {"01": (1, 12, "month"), "15": (0, 23, "hour"), "04": (0, 59, "minute"), "05": (0, 59, "second")}


class TimeError(ValueError):
    """A text that is no instant; its message is Go's."""


def _quote(text: str) -> str:
    out = []
    for c in text:
        if c in '"\\':
            out.append("\\" + c)
        elif " " <= c < "\x7f":
            out.append(c)
        else:
            out.extend(f"\\x{b:02x}" for b in c.encode(errors="surrogatepass"))
    return '"' + "".join(out) + '"'


class _Parser:
    def __init__(self, layout: str, value: str) -> None:
        self.layout, self.whole, self.rest = layout, value, value
        self.found = {"02": 0, "01": 1, "2006": 0, "15": 0, "04": 0, "05": 0}
        self.micro = 0
        self.offset = 0

    def cannot(self, element: str, rest: str) -> TimeError:
        return TimeError(
            f"parsing time {_quote(self.whole)} as {_quote(self.layout)}: cannot parse {_quote(rest)} as {_quote(element)}"
        )

    def out_of_range(self, what: str) -> TimeError:
        return TimeError(f"parsing time {_quote(self.whole)}: {what} out of range")

    def skip(self, prefix: str) -> None:
        for c in prefix:
            if self.rest[:1] != c:
                raise self.cannot(prefix, self.rest)
            self.rest = self.rest[1:]

    def number(self, element: str, *, fixed: bool) -> None:
        hold, digits = self.rest, 2
        if element == "2006":
            digits = 4
        if not _digit(hold, 0) or len(hold) < (4 if digits == 4 else 1):
            raise self.cannot(element, hold)
        if digits == 2 and not _digit(hold, 1):
            if fixed:
                raise self.cannot(element, hold)
            digits = 1
        text, self.rest = hold[:digits], hold[digits:]
        if not (text.isascii() and text.isdigit()):
            raise self.cannot(element, hold)
        self.found[element] = int(text)
        low, high, what = _RANGES.get(element, (0, 9999, ""))
        if not low <= int(text) <= high:
            raise self.out_of_range(what)

    def loose_fraction(self) -> None:
        if self.rest[:1] in ("." , ",") and _digit(self.rest, 1) and self.layout == RFC3339:
            end = 2
            while _digit(self.rest, end):
                end += 1
            self.rest = self.rest[end:]

    def fraction(self) -> None:
        text = self.rest[:7]
        if len(text) < 7 or text[0] not in ".," or not (text[1:].isascii() and text[1:].isdigit()):
            raise self.cannot(".000000", self.rest)
        self.micro, self.rest = int(text[1:]), self.rest[7:]

    def zone(self) -> None:
        hold = self.rest
        if hold.startswith("Z"):
            self.rest = hold[1:]
            return
        hours, minutes = hold[1:3], hold[4:6]
        if len(hold) < 6 or hold[3] != ":" or not all(_digit(t, 0) and _digit(t, 1) for t in (hours, minutes)):
            raise self.cannot("Z07:00", hold)
        self.rest = hold[6:]
        if int(hours) > 24:
            raise self.out_of_range("time zone offset hour")
        if int(minutes) > 60:
            raise self.out_of_range("time zone offset minute")
        if hold[0] not in "+-":
            raise self.cannot("Z07:00", hold)
        self.offset = (int(hours) * 60 + int(minutes)) * (1 if hold[0] == "+" else -1)

    def run(self) -> datetime:
        layout = self.layout
        while match := _CHUNK.search(layout):
            self.skip(layout[: match.start()])
            layout = layout[match.end() :]
            element = match.group()
            if element == "Z07:00":
                self.zone()
            elif element == ".000000":
                self.fraction()
            else:
                self.number(element, fixed=element != "15")
                if element == "05":
                    self.loose_fraction()
        if self.rest:
            raise TimeError(f"parsing time {_quote(self.whole)}: extra text: {_quote(self.rest)}")
        year, month, day = self.found["2006"], self.found["01"], self.found["02"]
        if not 1 <= day <= calendar.monthrange(max(year, 1), month)[1]:
            raise self.out_of_range("day")
        whole = datetime(max(year, 1), month, day, self.found["15"], self.found["04"], self.found["05"], self.micro, UTC)
        return whole - timedelta(minutes=self.offset) if self.offset else whole


def _digit(text: str, at: int) -> bool:
    return len(text) > at and "0" <= text[at] <= "9"


def canonical_time(text: str) -> str | None:
    """An instant as metav1.Time writes it; None for Go's zero time, which is written as null.

    Raises: TimeError where the text is no instant.
    """
    return _write(_Parser(RFC3339, text).run(), "")


def canonical_micro_time(text: str) -> str | None:
    """An instant as metav1.MicroTime writes it.

    Raises: TimeError where the text is no instant.
    """
    moment = _Parser(RFC3339_MICRO, text).run()
    return _write(moment, f".{moment.microsecond:06d}")


def _write(moment: datetime, fraction: str) -> str | None:
    if moment == datetime.min.replace(tzinfo=UTC):
        return None
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}{fraction}Z"
