"""When a report is due, and of which week or month it is."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import BERLIN
from hexmeter.core.instants import DAY_MS, from_datetime
from hexmeter.core.periods import local_day
from hexmeter.core.reportplan import ReportPlan, due_ms, last_whole, newest_due

UTC_ZONE = ZoneInfo("UTC")
NINE = time(9)


def at(text: str, zone: ZoneInfo = UTC_ZONE) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=zone))


def plan(every: str, weekday: int | None = None, clock: time = NINE) -> ReportPlan:
    return ReportPlan(every, weekday, clock, ())


@pytest.mark.parametrize(
    ("planned", "reset_day", "now", "days"),
    [
        pytest.param(plan("week"), 1, "2026-11-23T08:59", ("2026-11-09", "2026-11-16"), id="not yet nine on Monday"),
        pytest.param(plan("week"), 1, "2026-11-23T09:00", ("2026-11-16", "2026-11-23"), id="nine on Monday"),
        pytest.param(plan("week", 4), 1, "2026-11-26T23:00", ("2026-11-09", "2026-11-16"), id="the day before Friday"),
        pytest.param(plan("week", 4), 1, "2026-11-27T09:00", ("2026-11-16", "2026-11-23"), id="Friday"),
        pytest.param(plan("month"), 1, "2026-12-01T08:00", ("2026-10-01", "2026-11-01"), id="early on the reset's day"),
        pytest.param(plan("month"), 1, "2026-12-01T09:00", ("2026-11-01", "2026-12-01"), id="the reset's day"),
        pytest.param(plan("month"), 15, "2026-12-01T09:00", ("2026-10-15", "2026-11-15"), id="another reset day"),
        pytest.param(plan("month", 0), 1, "2026-12-06T09:00", ("2026-10-01", "2026-11-01"), id="before the Monday"),
        pytest.param(plan("month", 0), 1, "2026-12-07T09:00", ("2026-11-01", "2026-12-01"), id="the Monday after"),
    ],
)
def test_the_newest_due_is_the_last_whole_one_whose_time_has_come(
    planned: ReportPlan, reset_day: int, now: str, days: tuple[str, str]
) -> None:
    assert planned.every is not None
    due = newest_due(planned.every, planned, at(now), reset_day, UTC_ZONE)
    assert (due.start_ms, due.end_ms) == (at(days[0]), at(days[1]))


def test_a_time_that_the_clocks_skip_is_the_first_instant_after() -> None:
    week = last_whole("week", at("2026-03-30T12:00", BERLIN), 1, BERLIN)
    assert due_ms(week, plan("week", 6, time(2, 30)), BERLIN) == at("2026-04-05T02:30", BERLIN)
    before = last_whole("week", week.end_ms - 1, 1, BERLIN)
    assert due_ms(before, plan("week", 6, time(2, 30)), BERLIN) == at("2026-03-29T03:00", BERLIN)


@given(
    now=st.integers(at("2020-01-01"), at("2035-01-01")),
    every=st.sampled_from(["week", "month"]),
    weekday=st.none() | st.integers(0, 6),
    clock=st.builds(time, st.integers(0, 23), st.integers(0, 59)),
    reset_day=st.integers(1, 31),
    zone=st.sampled_from([BERLIN, UTC_ZONE, ZoneInfo("America/St_Johns"), ZoneInfo("Pacific/Apia")]),
)
def test_every_period_is_due_once_after_its_end(
    now: int, every: str, weekday: int | None, clock: time, reset_day: int, zone: ZoneInfo
) -> None:
    planned = plan(every, weekday, clock)
    due = newest_due(every, planned, now, reset_day, zone)
    assert due.end_ms <= due_ms(due, planned, zone) <= now < due.end_ms + 46 * DAY_MS
    assert local_day(due_ms(due, planned, zone), zone) >= local_day(due.end_ms, zone)
    # What comes next is due later, and begins where this one ends.
    after = newest_due(every, planned, due_ms(due, planned, zone), reset_day, zone)
    assert after == due


def test_a_week_is_from_monday_to_monday_of_the_zone() -> None:
    sunday = last_whole("week", at("2026-11-22T23:30", UTC_ZONE), 1, BERLIN)
    assert local_day(sunday.start_ms, BERLIN) == date(2026, 11, 16)
    assert datetime.fromtimestamp(sunday.start_ms / 1000, UTC).hour == 23
