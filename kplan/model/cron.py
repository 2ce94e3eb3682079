"""Cron schedules as a CronJob writes them: five fields or ``@daily``, in a time zone.

>>> schedule = parse_cron("*/15 9-17 * * mon-fri")
>>> schedule.next(0.0) == 9 * 3600.0
True

Mirrors: github.com/robfig/cron/v3 parser.go, spec.go, constantdelay.go; pkg/util/parsers/parsers.go (1.36)
Differs: the local zone is UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from kplan.model.instants import read_duration
from kplan.model.integers import complaint


class ScheduleError(ValueError):
    """A text that is no schedule; its message is the parser's."""


class _Bounds(NamedTuple):
    low: int
    high: int
    names: Mapping[str, int]


def _names(text: str, first: int) -> dict[str, int]:
    return {name: first + i for i, name in enumerate(text.split())}


_MINUTE, _HOUR, _DOM = _Bounds(0, 59, {}), _Bounds(0, 23, {}), _Bounds(1, 31, {})
_MONTH = _Bounds(1, 12, _names("jan feb mar apr may jun jul aug sep oct nov dec", 1))
_DOW = _Bounds(0, 6, _names("sun mon tue wed thu fri sat", 0))
_FIELDS = (_MINUTE, _HOUR, _DOM, _MONTH, _DOW)
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EPOCH = datetime(1970, 1, 1)
_YEARS = 5
"""How far ahead a matching instant is looked for."""


class _Set(NamedTuple):
    """The values a field allows, and whether it was written with a star."""

    values: frozenset[int]
    star: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """The instants a cron expression names; ``every`` seconds where it is a mere interval."""

    minutes: _Set
    hours: _Set
    days: _Set
    months: _Set
    weekdays: _Set
    zone: tzinfo = UTC
    every: float = 0.0

    def next(self, after: float) -> float | None:
        """The first instant later than ``after``, in whole seconds; None where none comes within five years."""
        if self.every:
            return float(int(after)) + self.every
        return _Walk(self, float(int(after)) + 1.0).run()


class _Walk:
    """The search for the next instant: each field in turn is moved up until it fits, and all smaller ones start over."""

    def __init__(self, schedule: Schedule, start: float) -> None:
        self.s, self.t, self.added = schedule, start, False

    def local(self) -> datetime:
        return datetime.fromtimestamp(self.t, self.s.zone)

    def at(self, *fields: int) -> float:
        """The instant of a local time, as Go's time.Date finds it where the clocks change."""
        naive = datetime(*fields)  # type: ignore[arg-type]
        unix = (naive - _EPOCH).total_seconds()
        offset = self._offset(unix)
        if offset and self._offset(unix - offset) != offset:
            offset = self._offset(unix - offset)
        return unix - offset

    def _offset(self, instant: float) -> float:
        delta = datetime.fromtimestamp(instant, self.s.zone).utcoffset()
        return delta.total_seconds() if delta else 0.0

    def run(self) -> float | None:
        limit = self.local().year + _YEARS
        while self.local().year <= limit:
            if self._months() and self._days() and self._hours() and self._minutes() and self._seconds():
                return self.t
        return None

    def _start(self, *fields: int) -> None:
        if not self.added:
            self.added = True
            self.t = self.at(*fields)

    def _months(self) -> bool:
        while (now := self.local()).month not in self.s.months.values:
            self._start(now.year, now.month, 1)
            now = self.local()
            year, month = (now.year + 1, 1) if now.month == 12 else (now.year, now.month + 1)
            self.t = self.at(year, month, 1)
            if month == 1:
                return False
        return True

    def _days(self) -> bool:
        while not self._day_matches(now := self.local()):
            self._start(now.year, now.month, now.day)
            now = self.local()
            following = now.replace(tzinfo=None) + timedelta(days=1)
            self.t = self.at(following.year, following.month, following.day, now.hour, now.minute, now.second)
            hour = self.local().hour
            if hour:
                self.t += (24 - hour if hour > 12 else -hour) * 3600
            if self.local().day == 1:
                return False
        return True

    def _day_matches(self, now: datetime) -> bool:
        by_date, by_weekday = now.day in self.s.days.values, now.isoweekday() % 7 in self.s.weekdays.values
        if self.s.days.star or self.s.weekdays.star:
            return by_date and by_weekday
        return by_date or by_weekday

    def _hours(self) -> bool:
        while (now := self.local()).hour not in self.s.hours.values:
            self._start(now.year, now.month, now.day, now.hour)
            self.t += 3600
            if self.local().hour == 0:
                return False
        return True

    def _minutes(self) -> bool:
        while self.local().minute not in self.s.minutes.values:
            if not self.added:
                self.added, self.t = True, self.t - self.t % 60
            self.t += 60
            if self.local().minute == 0:
                return False
        return True

    def _seconds(self) -> bool:
        while self.local().second:
            self.added = True
            self.t += 1
            if self.local().second == 0:
                return False
        return True


@lru_cache(maxsize=4096)
def parse_cron(text: str) -> Schedule:
    """The schedule of a cron expression; ``TZ=Europe/Rome`` before it sets its zone.

    Raises: ScheduleError.
    """
    if not text:
        raise ScheduleError("empty spec string")
    zone: tzinfo = UTC
    spec = text
    if spec.startswith(("TZ=", "CRON_TZ=")):
        name, space, rest = spec.partition("=")[2].partition(" ")
        if not space:
            raise ScheduleError("invalid schedule format: runtime error: slice bounds out of range [:-1]")
        try:
            zone = load_location(name)
        except ScheduleError as error:
            raise ScheduleError(f"provided bad location {name}: {error}") from None
        spec = rest.strip()
    if spec.startswith("@"):
        return _descriptor(spec, zone)
    fields = spec.split()
    if len(fields) != len(_FIELDS):
        raise ScheduleError(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
    return _schedule(fields, zone)


def load_location(name: str) -> tzinfo:
    """The time zone of a name, as Go knows it: "" and UTC are UTC.

    Raises: ScheduleError.
    """
    if name in ("", "UTC", "Local"):
        return UTC
    if ".." in name or name.startswith(("/", "\\")):
        raise ScheduleError("time: invalid location name")
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ScheduleError(f"unknown time zone {name}") from None


def _descriptor(spec: str, zone: tzinfo) -> Schedule:
    if spec.startswith("@every "):
        try:
            seconds = read_duration(spec.removeprefix("@every "))
        except ValueError as error:
            raise ScheduleError(f"failed to parse duration {spec}: {error}") from None
        return _schedule(["*", "*", "*", "*", "*"], zone, every=max(1.0, float(int(seconds))))
    if spec not in _DESCRIPTORS:
        raise ScheduleError(f"unrecognized descriptor: {spec}")
    return _schedule(_DESCRIPTORS[spec].split(), zone)


def _schedule(fields: list[str], zone: tzinfo, every: float = 0.0) -> Schedule:
    minutes, hours, days, months, weekdays = map(_field, fields, _FIELDS)
    return Schedule(minutes, hours, days, months, weekdays, zone, every)


def _field(text: str, bounds: _Bounds) -> _Set:
    parts = [_range(part, bounds) for part in text.split(",") if part]
    return _Set(frozenset().union(*(p.values for p in parts)), any(p.star for p in parts))


def _range(text: str, bounds: _Bounds) -> _Set:
    scope, *steps = text.split("/")
    low, *highs = scope.split("-")
    star = low in ("*", "?")
    if star:
        start, end = bounds.low, bounds.high
    else:
        start = _number(low, bounds.names)
        if len(highs) > 1:
            raise ScheduleError(f"too many hyphens: {text}")
        end = _number(highs[0], bounds.names) if highs else start
    step = 1
    if len(steps) > 1:
        raise ScheduleError(f"too many slashes: {text}")
    if steps:
        step = _number(steps[0], {})
        end = bounds.high if not highs else end
        star = star and step <= 1
    if start < bounds.low:
        raise ScheduleError(f"beginning of range ({start}) below minimum ({bounds.low}): {text}")
    if end > bounds.high:
        raise ScheduleError(f"end of range ({end}) above maximum ({bounds.high}): {text}")
    if start > end:
        raise ScheduleError(f"beginning of range ({start}) beyond end of range ({end}): {text}")
    if step == 0:
        raise ScheduleError(f"step of range should be a positive number: {text}")
    return _Set(frozenset(range(start, end + 1, step)), star)


def _number(text: str, names: Mapping[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    if wrong := complaint(text):
        raise ScheduleError(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": {wrong}')
    number = int(text)
    if number < 0:
        raise ScheduleError(f"negative number ({number}) not allowed: {text}")
    return number
