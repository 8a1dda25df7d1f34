"""When schedules fire, and where many fire at once."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import utc
from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.core.periods import Period
from hexmeter.core.runs import Project, Schedule, Views
from hexmeter.core.schedules import Crowd, crowds, fires, is_readable

WEEK = Period(utc("2026-11-16"), utc("2026-11-23"))
"""Monday to Sunday, in UTC."""


def project(name: str, *schedules: Schedule) -> Project:
    return Project(name, name, None, None, None, Views(), schedules)


def daily(time: str) -> list[str]:
    return [f"2026-11-{day}T{time}" for day in range(16, 23)]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        pytest.param(
            Schedule("DAILY", True, "UTC", 0, 6), [f"2026-11-{day}T06:00" for day in range(16, 23)], id="daily"
        ),
        pytest.param(
            Schedule("DAILY", True, "Asia/Tokyo", 30, 6), [f"2026-11-{day}T21:30" for day in range(16, 23)], id="zone"
        ),
        pytest.param(Schedule("WEEKLY", True, "UTC", 5, 9, weekday=2), ["2026-11-18T09:05"], id="weekly"),
        pytest.param(Schedule("MONTHLY", True, "UTC", 0, 7, day=20), ["2026-11-20T07:00"], id="monthly"),
        pytest.param(Schedule("MONTHLY", True, "UTC", 0, 7, day=1), [], id="not this week"),
        pytest.param(Schedule("DAILY", False, "UTC", 0, 6), [], id="off"),
        pytest.param(Schedule("DAILY", True, "UTC", 0, None), [], id="at no known hour"),
        pytest.param(Schedule("DAILY", True, "Mars/Olympus", 0, 6), [], id="in no known zone"),
        pytest.param(Schedule("CUSTOM", True, "UTC", cron="0 6 * * *"), [], id="custom"),
    ],
)
def test_a_schedule_fires_by_its_own_clock(schedule: Schedule, expected: list[str]) -> None:
    assert list(fires(schedule, WEEK)) == [utc(moment) for moment in expected]
    assert is_readable(schedule) or not expected


@given(st.integers(0, 59), st.integers(0, 7 * 24 * 60), st.sampled_from(["UTC", "Asia/Kolkata", "America/St_Johns"]))
def test_an_hourly_one_fires_once_in_every_hour(minute: int, start_m: int, zone: str) -> None:
    span = Period(WEEK.start_ms + start_m * MINUTE_MS, WEEK.start_ms + start_m * MINUTE_MS + DAY_MS)
    found = list(fires(Schedule("HOURLY", True, zone, minute), span))
    assert len(found) == 24
    assert {later - earlier for earlier, later in pairwise(found)} == {HOUR_MS}
    assert all(at_ms in span for at_ms in found)


def test_those_who_start_in_the_same_minute_are_a_crowd_however_they_are_scheduled() -> None:
    daily, hourly = Schedule("DAILY", True, "Europe/Berlin", 0, 7), Schedule("HOURLY", True, "UTC", 0)
    made = [
        project("a", daily),
        project("b", daily, hourly),
        project("c", hourly),
        project("d", Schedule("DAILY", True, "UTC", 1, 6)),
    ]
    together, two = crowds(made, WEEK, 2)
    assert together == Crowd(("a", "b", "c"), tuple(utc(f"2026-11-{day}T06:00") for day in range(16, 23)))
    assert (two.projects, len(two.at_ms)) == (("b", "c"), 7 * 24 - 7)
    assert crowds(made, WEEK, 4) == []
