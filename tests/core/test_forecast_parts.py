"""The forecast's parts against figures worked out by hand."""

from datetime import datetime
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import pytest

from hexmeter.core.forecast.backtest import lesson_of, spread_of
from hexmeter.core.forecast.days import Days, days_of, used_between
from hexmeter.core.forecast.pace import averages, pace_of, usual_dispersion, wandered
from hexmeter.core.forecast.path import crossing, reached_at
from hexmeter.core.forecast.remainder import Remainder
from hexmeter.core.forecast.request import History, Seat
from hexmeter.core.forecast.seats import Overdraw, history_of, part_until, sum_of
from hexmeter.core.forecast.spread import Spread, chance_above, deviate_below
from hexmeter.core.forecast.warning import is_worth_a_warning
from hexmeter.core.forecast.weights import day_weights, elapsed_share, late_weights, lateness, places_of

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600
TENTH = deviate_below(0.9)


def at(year: int, month: int, day: int, hour: int = 0) -> float:
    return datetime(year, month, day, hour, tzinfo=BERLIN).timestamp()


def history(*events: tuple[float, float]) -> History:
    return History([at for at, _ in events], list(accumulate((credits for _, credits in events), initial=0.0)))


def test_an_exponential_variable_has_nearly_its_true_quantiles() -> None:
    spread = Spread(mean=10, variance=100)
    assert spread.quantile(TENTH) == pytest.approx(23.03, rel=0.02)
    assert spread.quantile(0) == pytest.approx(6.93, rel=0.02)
    assert chance_above(spread.deviate(23.03)) == pytest.approx(0.1, abs=0.005)


def test_a_deviate_undoes_its_quantile() -> None:
    spread = Spread(mean=30, variance=120)
    assert [spread.deviate(spread.quantile(z)) for z in (-2, 0, 1.5)] == pytest.approx([-2, 0, 1.5])


def test_days_are_local_and_as_long_as_the_clocks_make_them() -> None:
    days = days_of(at(2026, 10, 24), at(2026, 10, 27), BERLIN)
    assert [(end - begin) / HOUR for begin, end in pairwise(days.bounds)] == [24, 25, 24]
    assert list(days.weekdays) == [5, 6, 0]
    spring = days_of(at(2026, 3, 29), at(2026, 3, 30), BERLIN)
    assert [(end - begin) / HOUR for begin, end in pairwise(spring.bounds)] == [23]


def test_a_credit_late_in_the_utc_evening_belongs_to_the_next_day_in_berlin() -> None:
    days = days_of(at(2026, 11, 2), at(2026, 11, 4), BERLIN)
    last_of_monday, first_of_tuesday = at(2026, 11, 3) - 1, at(2026, 11, 3)
    assert used_between(history((last_of_monday, 2), (first_of_tuesday, 5)), days.bounds) == [2, 5]


def test_an_average_halves_what_is_a_half_life_old() -> None:
    assert averages([8, 0, 4], [1, 1, 1], half_life=1) == [(8, 1), (4, 1.5), (6, 1.75)]


def test_a_steady_user_keeps_the_pace() -> None:
    used, seen = [2.0] * 150, [1.0] * 150
    pace = pace_of(used, seen, limit=60, weight_of_period=30, drift=0.2)
    lesson = lesson_of(used, seen, pace, horizon_days=15)
    assert pace.rates[-1] == pytest.approx(2, rel=0.01)
    assert lesson.stretch < 0.85, "the past was never off, so the range is narrower than the prior's"


def test_somebody_known_for_small_days_is_not_taken_to_be_as_uneven_as_anybody() -> None:
    assert usual_dispersion([0.0] * 30, limit=40) == 40
    assert usual_dispersion([0.0] * 30, limit=10_000) == 200
    assert usual_dispersion([0.0, 2.0, 2.0, 2.0, 2.0, 2.0], limit=40) == pytest.approx((40 + 3 * 2) / 2)
    assert usual_dispersion([0.2] * 200, limit=40) < 2
    assert usual_dispersion([500.0] * 195, limit=10_000) == pytest.approx((5 * 200 + 195 * 35) / 200)


def test_the_more_a_pace_drifts_the_less_its_future_is_known() -> None:
    used, seen = [2.0] * 150, [1.0] * 150
    pace = pace_of(used, seen, limit=60, weight_of_period=30, drift=0.2)
    calm, late = (spread_of(pace, 149, drift, 15) for drift in (0.2, 0.6))
    assert late.mean == calm.mean
    assert late.quantile(TENTH) > calm.quantile(TENTH) > calm.quantile(-TENTH) > late.quantile(-TENTH)


def test_a_pace_wanders_by_the_square_root_of_the_time() -> None:
    assert wandered(0.3, 30) == pytest.approx(0.3)
    assert wandered(0.3, 7.5) == pytest.approx(0.15)
    assert wandered(0.3, 0) == 0
    assert wandered(0.3, 365) == pytest.approx(0.3), "nobody measured longer ones"


@pytest.mark.parametrize(
    ("used", "least", "most"),
    [
        pytest.param([500.0, 510.0, 490.0, 495.0, 505.0] * 30, 0.04, 0.12, id="a large even pool"),
        pytest.param(([500.0] * 20 + [1000.0] * 20) * 3 + [500.0] * 30, 0.21, 1.0, id="a large pool in waves"),
        pytest.param([0.0, 0.0, 0.0, 9.0, 0.0, 3.0] * 25, 0.15, 0.22, id="one person, whose prompts hide it"),
    ],
)
def test_how_far_a_pace_drifts_is_learnt_where_the_past_can_tell(used: list[float], least: float, most: float) -> None:
    pace = pace_of(used, [1.0] * 150, limit=30 * used[-1], weight_of_period=30, drift=0.2)
    assert least <= lesson_of(used, [1.0] * 150, pace, horizon_days=15).drift <= most


def test_the_limit_is_crossed_with_the_event_that_reaches_it() -> None:
    seen = history((100, 5), (200, 5), (300, 5))
    assert crossing(seen, 0, 400, limit=10, spent=15, seen=15) == 200
    assert crossing(seen, 150, 400, limit=10, spent=10, seen=10) == 300
    assert crossing(seen, 0, 400, limit=20, spent=30, seen=15) == 200, "calibrated to twice what was seen"
    assert crossing(seen, 0, 400, limit=0, spent=15, seen=15) == 0
    assert crossing(history(), 0, 400, limit=3, spent=4, seen=0) == 400


def test_the_end_comes_on_the_day_and_hour_that_the_way_leads_to() -> None:
    days = days_of(at(2026, 11, 2), at(2026, 11, 6), BERLIN)
    even_hours = [hour / 24 for hour in range(25)]
    now = at(2026, 11, 3, 12)
    ahead = [0.5, 1.0, 0.0]  # the rest of Tuesday, Wednesday, an idle Thursday
    assert reached_at(1 / 3, ahead, days, even_hours, now) == at(2026, 11, 4)
    assert reached_at(2 / 3, ahead, days, even_hours, now) == at(2026, 11, 4, 12)
    assert reached_at(1, ahead, days, even_hours, now) == at(2026, 11, 5)


def test_the_end_never_lies_behind_the_period_by_a_hair() -> None:
    begin, end = 9254.532, 57492.691
    days, even_hours = Days([begin, end], [0]), [hour / 24 for hour in range(25)]
    assert reached_at(1.0, [1.0], days, even_hours, begin) == end


def test_a_share_of_a_day_lies_before_an_hour() -> None:
    office = [0.0] * 10 + [0.25, 0.5, 0.75] + [1.0] * 12
    assert elapsed_share(office, 0, 24 * HOUR, 11.5 * HOUR) == pytest.approx(0.625)
    assert elapsed_share(office, 0, 24 * HOUR, 24 * HOUR) == 1


def test_weekend_workers_are_learnt() -> None:
    days = days_of(at(2026, 6, 1), at(2026, 11, 1), BERLIN)
    used = [3.0 if weekday >= 5 else 0.0 for weekday in days.weekdays]
    weights = day_weights(used, [1.0] * len(days), days)
    by_weekday = dict(zip(days.weekdays, weights, strict=True))
    assert by_weekday[6] > 3 * by_weekday[2]


def test_a_pool_that_is_drawn_on_late_is_expected_to_be_drawn_on_late() -> None:
    month = (at(2026, 10, 1), at(2026, 11, 1))
    days = days_of(*month, BERLIN)
    places = places_of(days, [month])
    late = [0.0] * 20 + [5.0] * 11
    assert lateness(late, [1.0] * 31, [1.0] * 31, places, made_up=10) > 1
    assert lateness([5.0] * 31, [1.0] * 31, [1.0] * 31, places, made_up=10) == pytest.approx(0, abs=1e-9)
    assert lateness(late[::-1], [1.0] * 31, [1.0] * 31, places, made_up=10) == 0
    assert late_weights([1.0] * 31, 0, places) == [1.0] * 31
    first, *_, last = late_weights([1.0] * 31, 1, places)
    assert last > 1.9 > 0.1 > first


def test_only_what_lies_above_each_grant_and_month_is_drawn_from_the_pool() -> None:
    months = [(0, 100), (100, 200)]
    seats = [Seat(10, history((10, 8), (20, 5), (120, 9))), Seat(0, history((15, 1), (150, 2)))]
    drawn = history_of(seats, months)
    assert list(drawn.times) == [15, 20, 150]
    assert list(drawn.totals) == [0, 1, 4, 6]


def test_a_seat_draws_nothing_until_its_grant_is_gone() -> None:
    way = Overdraw(left=10, cases=[5, 15, 25])
    assert (way.drawn(0.2), way.drawn(1)) == (0, pytest.approx(20 / 3))
    assert Overdraw(left=-3, cases=[4]).drawn(1) == 4, "what is overdrawn already is not drawn again"
    assert part_until([way], 0.5) == pytest.approx((10 / 3 * 3 + 20) / 40, abs=0.01)
    assert sum_of([way], 0.25).mean == pytest.approx(20 / 3)


def to_come(mean: float, variance: float) -> Remainder:
    return Remainder(Spread(mean, variance), 1.0, ahead=[1.0], part_until=lambda share: share, active_days=9)


def test_the_range_of_a_busy_meter_leaves_out_a_tenth_at_either_end() -> None:
    busy = to_come(100, 400)
    assert busy.range == pytest.approx([busy.quantile(z) for z in (-TENTH, 0, TENTH)], rel=1e-3)


def test_the_range_of_a_quiet_meter_is_that_of_the_cases_in_which_it_is_used_again() -> None:
    quiet = to_come(10, 100)
    idle = 1 - quiet.chance_of(0.5)
    low, middle, high = quiet.range
    assert 0.02 < idle < 0.1
    assert quiet.chance_of(high) == pytest.approx(0.1 * (1 - idle))
    assert quiet.chance_of(low) == pytest.approx(0.9 - 0.9 * idle * (1 - idle / 0.6))
    assert middle == quiet.quantile(0)


def test_where_nothing_is_the_likeliest_the_range_begins_at_nothing() -> None:
    low, middle, high = to_come(3, 40).range
    assert low == pytest.approx(0, abs=0.05)
    assert low < middle < 0.5 < 3 < high


def test_an_early_warning_must_be_surer_than_a_late_one() -> None:
    asked = [(0.7, 0.0), (0.75, 0.0), (0.55, 0.5), (0.58, 0.5), (0.39, 1.0), (0.41, 1.0)]
    found = [is_worth_a_warning(probability, elapsed, active=False) for probability, elapsed in asked]
    assert found == [False, True, False, True, False, True]


@pytest.mark.parametrize("elapsed", [0.0, 0.5, 1.0])
def test_a_warning_stands_until_it_has_become_unlikely(elapsed: float) -> None:
    assert is_worth_a_warning(0.20, elapsed, active=True)
    assert not is_worth_a_warning(0.19, elapsed, active=True)
