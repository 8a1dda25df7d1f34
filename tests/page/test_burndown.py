"""The points of a meter's picture, where known figures put them."""

from itertools import pairwise
from typing import Any

import pytest

from builders import utc
from hexmeter.core.instants import DAY_MS, to_iso
from hexmeter.page.burndown import HIGH, WIDE, burn_down
from hexmeter.page.page import page
from hexmeter.page.view import View

from .documents import course, document, meter
from .outline import Outline


def forecast(low: float, expected: float, high: float, exhaust_at: str | None = None) -> dict[str, Any]:
    return {"low": low, "expected_total": expected, "high": high, "exhaust_at": exhaust_at, "probability": 0.5}


def test_the_line_goes_from_the_whole_limit_to_what_is_left_now() -> None:
    picture = burn_down(meter(20.0, 40.0))
    assert picture is not None
    assert list(picture.actual) == [(0, 0), (33.3, 100), (718.1, 200)]
    assert list(picture.pace) == [(0, 0), (WIDE, HIGH)]


def test_the_band_ends_at_the_range_that_the_forecast_gives() -> None:
    picture = burn_down(meter(20.0, 40.0, forecast=forecast(24.0, 30.0, 36.0)))
    assert picture is not None
    assert list(picture.band) == [(718.1, 200), (1000, 240), (1000, 360)]
    assert list(picture.median) == [(718.1, 200), (1000, 300)]
    assert picture.ends is None


def test_an_edge_that_uses_all_up_goes_on_along_the_bottom() -> None:
    picture = burn_down(meter(20.0, 40.0, forecast=forecast(30.0, 50.0, 60.0, "2026-11-26T17:00:00Z")))
    assert picture is not None
    # 20 left, and 40 more are used until the end: half of the way.
    assert list(picture.band) == [(718.1, 200), (1000, 300), (1000, 400), (859.0, 400)]
    assert list(picture.median) == [(718.1, 200), (858.3, 400)]
    assert picture.ends == 858.3


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(meter(None, 40.0), id="nothing was read"),
        pytest.param(meter(3.0, None, note="no seat"), id="no limit is known"),
        pytest.param(meter(3.0, 40.0, course=None), id="the course is not known"),
    ],
)
def test_what_is_not_known_is_not_drawn(shown: dict[str, Any]) -> None:
    assert burn_down(shown) is None


def test_without_a_forecast_there_is_no_band() -> None:
    picture = burn_down(meter(forecast={"unknown": "learning: 1 of 3 days with use seen so far"}))
    assert picture is not None
    assert (picture.band, picture.median, picture.ends) == ((), (), None)


def test_use_beyond_the_limit_stays_at_the_bottom() -> None:
    picture = burn_down(meter(90.0, 40.0, state="exhausted"))
    assert picture is not None
    assert list(picture.actual) == [(0, 0), (33.3, HIGH), (718.1, HIGH)]
    assert list(picture.band) == []


def test_of_a_limit_of_nothing_nothing_is_left() -> None:
    picture = burn_down(meter(0.0, 0.0, state="exhausted"))
    assert picture is not None
    assert {y for _, y in picture.actual} == {HIGH}


def test_before_the_first_reading_there_is_no_line() -> None:
    picture = burn_down(meter(0.0, course={**course(0.0), "points": []}))
    assert picture is not None
    assert (picture.actual, picture.band) == ((), ())


def test_days_are_as_wide_as_they_are_long() -> None:
    """Berlin's October has 745 hours; the 25th has 25 of them."""
    start, end = utc("2026-09-30T22:00"), utc("2026-10-31T23:00")
    midnights = [utc(f"2026-10-{day:02}T22:00") for day in range(23, 25)] + [utc("2026-10-25T23:00")]
    points = [[to_iso(start), 0.0], *([to_iso(at_ms), 1.0] for at_ms in midnights)]
    month = {"start": to_iso(start), "end": to_iso(end), "points": points, "past": []}
    picture = burn_down(meter(1.0, 40.0, course=month))
    assert picture is not None
    widths = [round(there - here, 1) for (here, _), (there, _) in pairwise(picture.actual)][1:]
    assert widths == [pytest.approx(24_000 / 745, abs=0.1), pytest.approx(25_000 / 745, abs=0.1)]
    assert end - start == 31 * DAY_MS + DAY_MS // 24


def test_the_figures_behind_a_picture_name_days_and_what_is_expected() -> None:
    shown = meter(20.0, 40.0, forecast=forecast(24.0, 30.0, 36.0), bound="estimated")
    words = Outline(page(document(shown), View(), live=False).sections["meters"]).text
    assert "Expected by Tue 1 Dec: 30 used, 10 left (4 to 16)." in words
    assert "DayUsedLeftEven paceSun 1 Novabout 10about 3038.67Sun 22 Novabout 20about 2011.28" in words
