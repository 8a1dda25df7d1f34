"""Since and until as people write them: a day, an instant, so long ago; and what is none."""

import contextlib
import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import BERLIN, NOVEMBER, NOW_MS, utc
from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.core.periods import Period
from hexmeter.core.spans import SpanError, parse_moment, span


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        pytest.param("2026-11-01", utc("2026-10-31T23:00"), id="a day: its midnight in the plan's zone"),
        pytest.param("2026-07-01", utc("2026-06-30T22:00"), id="in summer"),
        pytest.param("2026-11-01T09:30", utc("2026-11-01T08:30"), id="an instant of the plan's zone"),
        pytest.param("2026-11-01 09:30", utc("2026-11-01T08:30"), id="with a space"),
        pytest.param("2026-11-01T09:30:00Z", utc("2026-11-01T09:30"), id="in UTC"),
        pytest.param("2026-11-01T09:30+05:30", utc("2026-11-01T04:00"), id="of another zone"),
        pytest.param("30m", NOW_MS - 30 * MINUTE_MS, id="minutes ago"),
        pytest.param("12h", NOW_MS - 12 * HOUR_MS, id="hours ago"),
        pytest.param("7d", NOW_MS - 7 * DAY_MS, id="days ago"),
        pytest.param("2w", NOW_MS - 14 * DAY_MS, id="weeks ago"),
        pytest.param("0d", NOW_MS, id="now"),
    ],
)
def test_what_is_a_time(text: str, at_ms: int) -> None:
    assert parse_moment(text, NOW_MS, BERLIN) == at_ms


def test_a_day_whose_midnight_does_not_exist_begins_after_the_gap() -> None:
    assert parse_moment("2018-11-04", NOW_MS, ZoneInfo("America/Sao_Paulo")) == utc("2018-11-04T03:00")


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "yesterday", "7", "7 d", "-7d", "7D", "7y", "999999d", "2026-13-01", "2026-02-30", "1999-12-31"),
        *("2201-01-01", "2026-11-01T25:00", "٧d", "2026-11-01T09:30+99:00", "9" * 10_000, "0001-01-01T00:00+23:59"),
    ],
)
def test_what_is_none_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(SpanError) as caught:
        parse_moment(text, NOW_MS, BERLIN)
    assert len(str(caught.value)) < 80


@given(st.text(max_size=30))
def test_whatever_is_written_is_a_time_or_refused(text: str) -> None:
    with contextlib.suppress(SpanError):
        assert isinstance(parse_moment(text, NOW_MS, BERLIN), int)


FIRST_MS, FIFTH_MS = utc("2026-10-31T23:00"), utc("2026-11-04T23:00")


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        pytest.param(None, None, NOVEMBER, id="the default"),
        pytest.param("2026-11-01", None, Period(FIRST_MS, NOW_MS + 1), id="until now"),
        pytest.param("2026-11-01", "2026-11-05", Period(FIRST_MS, FIFTH_MS), id="up to a day, not included"),
        pytest.param(None, "2026-11-05", Period(NOVEMBER.start_ms, FIFTH_MS), id="from the default's start"),
        pytest.param("2w", "1w", Period(NOW_MS - 14 * DAY_MS, NOW_MS - 7 * DAY_MS), id="so long ago"),
    ],
)
def test_a_span(since: str | None, until: str | None, found: Period) -> None:
    assert span(since, until, NOVEMBER, NOW_MS, BERLIN) == found


@pytest.mark.parametrize(
    ("since", "until", "named"),
    [
        pytest.param("2026-11-05", "2026-11-05", "since (2026-11-05) is not before until (2026-11-05)", id="empty"),
        pytest.param("1d", "2d", "since (1d ago) is not before until (2d ago); the other way round?", id="backward"),
        pytest.param("2027-01-01", None, "since (2027-01-01) is not before until (now)", id="in the future"),
        pytest.param(
            None,
            "2026-01-01",
            "since (the start of this period) is not before until (2026-01-01)",
            id="before the default",
        ),
    ],
)
def test_a_span_that_holds_nothing_is_refused(since: str | None, until: str | None, named: str) -> None:
    with pytest.raises(SpanError, match=f"^{re.escape(named)}$"):
        span(since, until, NOVEMBER, NOW_MS, BERLIN)
