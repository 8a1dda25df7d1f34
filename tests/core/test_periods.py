"""Periods: months of one's own time zone, with every trick that time zones play."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import BERLIN, utc
from hexmeter.core.instants import HOUR_MS, parse_iso, to_datetime, to_iso
from hexmeter.core.periods import Period, day_at, days_between, first_instant, local_day, period_at, previous_period

ZONES = [
    *("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Niue"),
    *("America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut", "America/Havana", "Pacific/Apia", "America/St_Johns"),
    *("Australia/Lord_Howe", "Africa/Casablanca", "Asia/Gaza", "America/Asuncion", "Asia/Tehran", "Asia/Amman"),
]


def period(at: str, reset_day: int, zone: str) -> tuple[str, str]:
    found = period_at(utc(at), reset_day, ZoneInfo(zone))
    return to_iso(found.start_ms), to_iso(found.end_ms)


@pytest.mark.parametrize(
    ("at", "reset_day", "zone", "start", "end"),
    [
        pytest.param("2026-11-22T12:00", 1, "UTC", "2026-11-01T00", "2026-12-01T00", id="a plain month"),
        pytest.param("2026-11-01T00:00", 1, "UTC", "2026-11-01T00", "2026-12-01T00", id="its first instant"),
        pytest.param("2026-11-22T12:00", 23, "UTC", "2026-10-23T00", "2026-11-23T00", id="before the reset day"),
        pytest.param("2026-12-31T23:59", 15, "UTC", "2026-12-15T00", "2027-01-15T00", id="over the end of the year"),
        pytest.param("2027-01-01T00:00", 31, "UTC", "2026-12-31T00", "2027-01-31T00", id="begun last year"),
        pytest.param("2026-02-15T00:00", 31, "UTC", "2026-01-31T00", "2026-02-28T00", id="31 in February"),
        pytest.param("2026-03-15T00:00", 31, "UTC", "2026-02-28T00", "2026-03-31T00", id="31 after February"),
        pytest.param("2028-02-29T00:00", 30, "UTC", "2028-02-29T00", "2028-03-30T00", id="30 in a leap year"),
        pytest.param("2028-02-28T23:00", 29, "UTC", "2028-01-29T00", "2028-02-29T00", id="29 in a leap year"),
        pytest.param("2026-02-28T12:00", 29, "UTC", "2026-02-28T00", "2026-03-29T00", id="29 in a common year"),
        pytest.param("2026-04-30T05:00", 31, "UTC", "2026-04-30T00", "2026-05-31T00", id="31 in April"),
        pytest.param("2026-11-22T12:00", 1, "Europe/Berlin", "2026-10-31T23", "2026-11-30T23", id="Berlin in winter"),
        pytest.param("2026-07-22T12:00", 1, "Europe/Berlin", "2026-06-30T22", "2026-07-31T22", id="Berlin in summer"),
        pytest.param("2026-03-30T00:00", 1, "Europe/Berlin", "2026-02-28T23", "2026-03-31T22", id="clocks forward"),
        pytest.param("2026-10-26T00:00", 1, "Europe/Berlin", "2026-09-30T22", "2026-10-31T23", id="clocks back"),
        pytest.param("2026-03-29T00:30", 29, "Europe/Berlin", "2026-03-28T23", "2026-04-28T22", id="on that very day"),
        # On 4 November 2018 Brazil's clocks went from 24:00 to 01:00; on 18 February from 24:00 back to 23:00.
        pytest.param("2018-11-05T00:00", 4, "America/Sao_Paulo", "2018-11-04T03", "2018-12-04T02", id="no midnight"),
        pytest.param("2018-11-04T02:59", 4, "America/Sao_Paulo", "2018-10-04T03", "2018-11-04T03", id="just before it"),
        pytest.param("2018-02-18T02:30", 18, "America/Sao_Paulo", "2018-01-18T02", "2018-02-18T03", id="23:30 again"),
        pytest.param("2026-04-24T00:00", 24, "Africa/Cairo", "2026-04-23T22", "2026-05-23T21", id="Cairo forward"),
        pytest.param("2026-03-29T05:00", 29, "Asia/Beirut", "2026-03-28T22", "2026-04-28T21", id="Beirut forward"),
        pytest.param("2026-03-08T12:00", 8, "America/Havana", "2026-03-08T05", "2026-04-08T04", id="Havana forward"),
        # On 1 November 2026 Cuba's clocks go from 01:00 back to 00:00: the period begins at the first midnight.
        pytest.param("2026-11-01T05:30", 1, "America/Havana", "2026-11-01T04", "2026-12-01T05", id="midnight twice"),
        pytest.param("2026-11-01T04:30", 1, "America/Havana", "2026-11-01T04", "2026-12-01T05", id="after the first"),
        pytest.param("2026-11-01T03:59", 1, "America/Havana", "2026-10-01T04", "2026-11-01T04", id="before the first"),
        # Samoa left out 30 December 2011.
        pytest.param("2011-12-30T10:00", 30, "Pacific/Apia", "2011-12-30T10", "2012-01-29T10", id="a day left out"),
        pytest.param("2011-12-30T09:59", 30, "Pacific/Apia", "2011-11-30T10", "2011-12-30T10", id="before that day"),
        pytest.param("2011-12-30T10:00", 31, "Pacific/Apia", "2011-12-30T10", "2012-01-30T10", id="the day after it"),
        # St. John's clocks went from 00:01 on 1 November 2009 back to 23:01: midnight came, went and came again.
        pytest.param(
            *("2009-11-01T02:45", 1, "America/St_Johns", "2009-11-01T02:30", "2009-12-01T03:30"),
            id="the day before, again",
        ),
    ],
)
def test_a_period_is_a_local_month(at: str, reset_day: int, zone: str, start: str, end: str) -> None:
    assert period(at, reset_day, zone) == (to_iso(utc(start)), to_iso(utc(end)))


INSTANTS = st.integers(utc("2001-01-01"), utc("2060-01-01"))
RESET_DAYS = st.integers(1, 31)
ZONE_OF = st.sampled_from(ZONES).map(ZoneInfo)


@given(INSTANTS, RESET_DAYS, ZONE_OF)
def test_periods_contain_their_instant_and_tile_time(at_ms: int, reset_day: int, zone: ZoneInfo) -> None:
    found = period_at(at_ms, reset_day, zone)
    assert at_ms in found
    assert period_at(found.start_ms, reset_day, zone) == found == period_at(found.end_ms - 1, reset_day, zone)
    assert period_at(found.end_ms, reset_day, zone).start_ms == found.end_ms
    assert previous_period(found, reset_day, zone).end_ms == found.start_ms
    assert 27 * 24 * HOUR_MS < found.end_ms - found.start_ms < 33 * 24 * HOUR_MS


@given(INSTANTS, RESET_DAYS, ZONE_OF)
def test_periods_start_at_the_first_instant_of_the_reset_day(at_ms: int, reset_day: int, zone: ZoneInfo) -> None:
    start = to_datetime(period_at(at_ms, reset_day, zone).start_ms).astimezone(zone)
    just_before = start.astimezone(ZoneInfo("UTC")) - timedelta(milliseconds=1)
    assert just_before.astimezone(zone).date() < start.date()
    if zone.key == "Pacific/Apia" and start.date() == date(2011, 12, 31) and reset_day == 30:
        return  # The reset day that Samoa left out.
    last_day = (start.date().replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    assert start.day == min(reset_day, last_day.day)


@given(st.dates(date(2001, 1, 1), date(2060, 1, 1)), ZONE_OF)
def test_the_first_instant_of_a_day_is_not_before_it_and_right_after_the_last(day: date, zone: ZoneInfo) -> None:
    at_ms = first_instant(day, zone)
    midnight = datetime.combine(day, datetime.min.time())
    assert to_datetime(at_ms).astimezone(zone).replace(tzinfo=None) >= midnight
    assert to_datetime(at_ms - 1).astimezone(zone).replace(tzinfo=None) < midnight


@given(INSTANTS, st.integers(0, 40 * 24 * HOUR_MS), ZONE_OF)
def test_days_cut_a_span_without_gap_or_overlap(start_ms: int, length_ms: int, zone: ZoneInfo) -> None:
    days = days_between(start_ms, start_ms + length_ms, zone)
    edges = [start_ms, *(part.end_ms for _, part in days)]
    assert [part.start_ms for _, part in days] == edges[:-1]
    assert edges[-1] == start_ms + length_ms
    assert [day for day, _ in days] == sorted({day for day, _ in days})


def test_a_day_that_samoa_left_out_is_no_day() -> None:
    apia = ZoneInfo("Pacific/Apia")
    days = days_between(utc("2011-12-29T12:00"), utc("2011-12-31T12:00"), apia)
    assert [(day.day, (part.end_ms - part.start_ms) // HOUR_MS) for day, part in days] == [(29, 22), (31, 24), (1, 2)]


def test_the_days_of_a_change_have_23_and_25_hours() -> None:
    lengths = [
        (part.end_ms - part.start_ms) // HOUR_MS
        for month in ("03", "10")
        for _, part in days_between(first_instant(date(2026, int(month), 24), BERLIN), utc(f"2026-{month}-30"), BERLIN)
    ]
    assert lengths == [24] * 5 + [23, 2] + [25 if day == 1 else 24 for day in (0, 1)] + [24] * 4 + [1]


def test_the_day_of_an_instant_is_the_one_that_a_span_cuts_there() -> None:
    for at in ("2026-03-29T12:00Z", "2026-10-25T00:00+02:00", "2026-10-25T23:59:59.999+01:00", "2026-11-28T23:00Z"):
        at_ms = parse_iso(at)
        day, whole = local_day(at_ms, BERLIN), day_at(at_ms, BERLIN)
        assert at_ms in whole
        assert days_between(whole.start_ms, whole.end_ms, BERLIN) == [(day, whole)]


def test_a_period_holds_its_start_and_not_its_end() -> None:
    assert [at_ms in Period(10, 20) for at_ms in (9, 10, 19, 20)] == [False, True, True, False]


def test_the_local_day_is_not_utcs() -> None:
    assert local_day(utc("2026-11-21T23:30"), BERLIN) == date(2026, 11, 22)
