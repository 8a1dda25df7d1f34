"""What holds of every forecast: finite ordered figures within bounds, and more use never means less worry."""

from decimal import Decimal
from itertools import accumulate
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from builders import utc
from hexmeter.core.periods import period_at, previous_period
from hexmeter.forecast import forecast

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "America/Havana", "Africa/Cairo"]
HOUR = 3_600
AMOUNTS = st.one_of(
    st.integers(0, 1_000_000),
    st.floats(0, 50, allow_nan=False),
    st.decimals(0, 50, places=6, allow_nan=False, allow_infinity=False),
)


@st.composite
def histories(draw: st.DrawFn, first: float, last: float) -> list[list[Any]]:
    """Sorted events from `first` on, none after `last`."""
    gaps = draw(st.lists(st.integers(0, 40 * 24 * HOUR), max_size=40))
    times = [at for at in accumulate(gaps, initial=first) if at <= last]
    return [[at, draw(AMOUNTS)] for at in times]


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """Any valid request: months of every length, zones with and without summer time, now at the edges too."""
    zone = draw(st.sampled_from(ZONES))
    reset_day = draw(st.sampled_from([1, 15, 31]))
    at_ms = draw(st.integers(utc("2009-01-01"), utc("2030-12-01")))
    period = period_at(at_ms, reset_day, ZoneInfo(zone))
    past = [period]
    for _ in range(draw(st.integers(0, 6))):
        past.insert(0, previous_period(past[0], reset_day, ZoneInfo(zone)))
    start, end = period.start_ms / 1000, period.end_ms / 1000
    now = draw(st.sampled_from([start, end, start + HOUR, end - 1]) | st.floats(start, end))
    begin = past[0].start_ms / 1000
    asked: dict[str, Any] = {
        "timezone": zone,
        "period_start": start,
        "period_end": end,
        "now": now,
        "limit": draw(st.one_of(st.just(0), st.sampled_from([1e-9, 1, 40, Decimal("59.5"), 10**9]), AMOUNTS)),
        "events": draw(histories(begin, now)),
        "past_periods": [[one.start_ms / 1000, one.end_ms / 1000] for one in past[:-1]],
        "hard_stop": draw(st.booleans()),
        "alert_active": draw(st.booleans()),
    }
    if draw(st.booleans()):
        asked["used"] = draw(AMOUNTS)
    if draw(st.booleans()):
        seats = draw(st.integers(0, 3))
        asked["seats"] = [{"grant": draw(AMOUNTS), "events": draw(histories(begin, now))} for _ in range(seats)]
    return asked


@settings(max_examples=100, deadline=None)
@given(requests())
def test_the_figures_are_finite_ordered_and_within_their_bounds(asked: dict[str, Any]) -> None:
    answer = forecast(asked)
    low, middle, high = answer["low"], answer["expected_total"], answer["high"]
    assert all(isinstance(figure, float) and isfinite(figure) for figure in (low, middle, high, answer["probability"]))
    assert 0 <= low <= middle <= high
    assert 0 <= answer["probability"] <= 1
    if "used" in asked:
        assert low >= float(asked["used"])
        if asked["used"] >= asked["limit"]:
            assert (answer["probability"], answer["alert"], answer["unknown"]) == (1.0, True, None)
    if asked["hard_stop"] and answer["probability"] < 1:
        assert high <= float(asked["limit"])
    if answer["probability"] < 0.5:
        assert answer["exhaust_at"] is None
    elif answer["exhaust_at"] is not None:
        assert asked["period_start"] <= answer["exhaust_at"] <= asked["period_end"]
    assert answer["exhaust_at"] is not None or answer["probability"] < 0.5


@settings(max_examples=40, deadline=None)
@given(requests(), st.floats(0, 60), st.floats(0, 60))
def test_more_used_never_makes_the_end_less_likely(asked: dict[str, Any], one: float, other: float) -> None:
    less, more = (forecast({**asked, "used": used}) for used in sorted((one, other)))
    assert less["probability"] <= more["probability"]
    assert less["expected_total"] <= more["expected_total"]


@settings(max_examples=40, deadline=None)
@given(requests(), st.floats(0, 100), st.floats(0, 100))
def test_a_calibrated_pool_with_more_left_is_never_likelier_to_end(
    asked: dict[str, Any], one: float, other: float
) -> None:
    asked = {**asked, "limit": 100, "seats": [{"grant": 5, "events": asked["events"]}]}
    more, less = (forecast({**asked, "used": used}) for used in sorted((one, other), reverse=True))
    assert more["probability"] >= less["probability"]


@settings(max_examples=40, deadline=None)
@given(requests())
def test_an_alert_holds_on_longer_than_it_takes_to_rise(asked: dict[str, Any]) -> None:
    calm, active = (forecast({**asked, "alert_active": alert}) for alert in (False, True))
    assert active["alert"] >= calm["alert"]
    assert {**calm, "alert": None} == {**active, "alert": None}
    if calm["unknown"] is None and calm["probability"] < 1:
        elapsed = (asked["now"] - asked["period_start"]) / (asked["period_end"] - asked["period_start"])
        assert calm["alert"] == (calm["probability"] >= 0.75 - 0.35 * elapsed)
        assert active["alert"] == (calm["probability"] >= 0.20)
