"""Cron schedules: parsing in the parser's words, and the next instant."""

from __future__ import annotations

import pytest

from kplan.model.cron import ScheduleError, load_location, parse_cron
from kplan.model.instants import read_instant, write_instant


def following(text: str, after: str, count: int) -> list[str]:
    schedule, at, out = parse_cron(text), read_instant(after), []
    for _ in range(count):
        assert at is not None
        at = schedule.next(at)
        out.append(write_instant(at) if at is not None else "never")
    return out


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("*/15 * * * *", "2026-01-01T00:07:30Z", ["2026-01-01T00:15:00Z", "2026-01-01T00:30:00Z"]),
        ("0 9-17/4 * * mon-fri", "2026-01-02T17:30:00Z", ["2026-01-05T09:00:00Z", "2026-01-05T13:00:00Z", "2026-01-05T17:00:00Z"]),
        ("0 12 13 * 5", "2026-03-01T00:00:00Z", ["2026-03-06T12:00:00Z", "2026-03-13T12:00:00Z", "2026-03-20T12:00:00Z"]),
        ("0 0 29 2 *", "2026-03-01T00:00:00Z", ["2028-02-29T00:00:00Z"]),
        ("0 0 31 2 *", "2026-01-01T00:00:00Z", ["never"]),
        ("@monthly", "2026-11-30T00:00:00Z", ["2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"]),
        ("@weekly", "2026-11-30T00:00:00Z", ["2026-12-06T00:00:00Z"]),
        ("@every 90s", "2026-03-28T00:00:00Z", ["2026-03-28T00:01:30Z", "2026-03-28T00:03:00Z"]),
        ("5/20 * * * *", "2026-01-01T00:00:00Z", ["2026-01-01T00:05:00Z", "2026-01-01T00:25:00Z", "2026-01-01T00:45:00Z"]),
        ("TZ=Europe/Rome 0 9 * * *", "2026-06-01T00:00:00Z", ["2026-06-01T07:00:00Z"]),
        ("CRON_TZ=Asia/Kolkata 30 5 * * *", "2026-06-01T00:00:00Z", ["2026-06-02T00:00:00Z"]),
    ],
)
def test_the_next_instants(text: str, after: str, expected: list[str]) -> None:
    assert following(text, after, len(expected)) == expected


def test_an_hour_that_summer_time_skips_is_not_served() -> None:
    assert following("TZ=Europe/Rome 30 2 * * *", "2026-03-28T00:00:00Z", 2) == ["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"]


def test_where_midnight_does_not_exist_the_day_begins_later() -> None:
    assert following("TZ=America/Sao_Paulo 0 0 * * *", "2018-11-03T00:00:00Z", 2) == ["2018-11-03T03:00:00Z", "2018-11-05T02:00:00Z"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty spec string"),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("a * * * *", 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("@fortnightly", "unrecognized descriptor: @fortnightly"),
        ("TZ=No/Where * * * * *", "provided bad location No/Where: unknown time zone No/Where"),
        ("TZ=0", "invalid schedule format: runtime error: slice bounds out of range [:-1]"),
    ],
)
def test_what_is_no_schedule(text: str, message: str) -> None:
    with pytest.raises(ScheduleError) as raised:
        parse_cron(text)
    assert str(raised.value) == message


def test_locations() -> None:
    assert load_location("") is load_location("UTC")
    with pytest.raises(ScheduleError, match="time: invalid location name"):
        load_location("../etc/passwd")
