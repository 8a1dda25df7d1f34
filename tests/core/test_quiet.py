"""Quiet hours and times to come: by the clock of the wall, over midnight and in the nights the clocks change."""

from datetime import time

import pytest

from builders import BERLIN, NOW_MS, utc
from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.core.quiet import QuietHours
from hexmeter.core.whens import WhenError, parse_when

NIGHT = QuietHours(time(22), time(7, 30))
LUNCH = QuietHours(time(12), time(13, 30))
SMALL_HOURS = QuietHours(time(2, 15), time(2, 45))


@pytest.mark.parametrize(
    ("hours", "at", "end"),
    [
        pytest.param(NIGHT, "2026-11-22T20:59", None, id="just before"),
        pytest.param(NIGHT, "2026-11-22T21:00", "2026-11-23T06:30", id="from the first minute"),
        pytest.param(NIGHT, "2026-11-22T23:00", "2026-11-23T06:30", id="at midnight"),
        pytest.param(NIGHT, "2026-11-23T06:29", "2026-11-23T06:30", id="to the last minute"),
        pytest.param(NIGHT, "2026-11-23T06:30", None, id="and no longer"),
        pytest.param(LUNCH, "2026-11-23T11:00", "2026-11-23T12:30", id="within a day"),
        pytest.param(LUNCH, "2026-11-23T12:30", None, id="after it"),
        # Berlin puts its clocks forward on 29 March 2026 at 1:00 UTC, and back on 25 October at 1:00 UTC.
        pytest.param(NIGHT, "2026-03-28T21:00", "2026-03-29T05:30", id="the night is an hour shorter in spring"),
        pytest.param(NIGHT, "2026-03-29T05:29", "2026-03-29T05:30", id="and ends by the new time"),
        pytest.param(NIGHT, "2026-10-24T20:00", "2026-10-25T06:30", id="and an hour longer in autumn"),
        pytest.param(NIGHT, "2026-10-25T05:30", "2026-10-25T06:30", id="which counts to its end"),
        pytest.param(SMALL_HOURS, "2026-03-29T01:00", None, id="hours that the gap swallows do not come"),
        pytest.param(SMALL_HOURS, "2026-10-25T00:20", "2026-10-25T00:45", id="the hour that comes twice, first"),
        pytest.param(SMALL_HOURS, "2026-10-25T01:20", None, id="the hour that comes twice, second"),
    ],
)
def test_quiet_hours_hold_by_the_clock_of_the_wall(hours: QuietHours, at: str, end: str | None) -> None:
    assert hours.end_ms(utc(at), BERLIN) == (None if end is None else utc(end))


RESET_MS = NOW_MS + 9 * DAY_MS


@pytest.mark.parametrize(
    ("words", "at_ms"),
    [
        ("1h", NOW_MS + HOUR_MS),
        ("30m", NOW_MS + 30 * MINUTE_MS),
        ("2d", NOW_MS + 2 * DAY_MS),
        ("tomorrow", utc("2026-11-23T08:00")),
        ("until tomorrow", utc("2026-11-23T08:00")),
        ("reset", RESET_MS),
        ("13:01", NOW_MS + MINUTE_MS),
        ("13:00", NOW_MS + DAY_MS),
        ("until 9:00", utc("2026-11-23T08:00")),
        ("2026-11-27", utc("2026-11-26T23:00")),
        ("2026-11-27T09:30", utc("2026-11-27T08:30")),
        ("2026-11-27T09:30Z", utc("2026-11-27T09:30")),
    ],
)
def test_a_time_to_come_is_understood(words: str, at_ms: int) -> None:
    assert parse_when(words, NOW_MS, BERLIN, RESET_MS) == at_ms


def test_tomorrow_is_nine_by_the_wall_in_the_nights_the_clocks_change() -> None:
    assert parse_when("tomorrow", utc("2026-03-28T12:00"), BERLIN) == utc("2026-03-29T07:00")
    assert parse_when("tomorrow", utc("2026-10-24T12:00"), BERLIN) == utc("2026-10-25T08:00")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("", "'' is no time to come"),
        ("soon", "'soon' is no time to come"),
        ("0h", "'0h' is over already"),
        ("-1h", "'-1h' is no time to come"),
        ("2026-11-22", "'2026-11-22' is over already"),
        ("2026-13-01", "'2026-13-01' is no time to come"),
        ("9999-12-31", "'9999-12-31' is more than a year ahead"),
        ("400d", "'400d' is more than a year ahead"),
        ("25:00", "'25:00' is no time to come"),
        ("reset", "there is no reset to wait for"),
    ],
)
def test_what_is_no_time_to_come_is_refused(words: str, why: str) -> None:
    with pytest.raises(WhenError, match=f"^{why}$"):
        parse_when(words, NOW_MS, BERLIN)
