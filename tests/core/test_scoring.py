"""How good forecasts were, once their period is over."""

from dataclasses import replace

import pytest

from builders import NOVEMBER, credits
from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.core.scoring import Call, Record, Score, Shown, score, summary

DAYS = range(1, 30)


def shown(day: float, *, used: float = 10, alert: bool = False, low: float = 30, high: float = 50) -> Shown:
    """What was shown on a day of November."""
    at_ms = NOVEMBER.start_ms + round(day * DAY_MS)
    return Shown(at_ms, credits(40), credits(used), credits(42), credits(low), credits(high), 0.5, None, alert)


def scored(*forecasts: Shown, total: float) -> Score:
    found = score("grant:user:u-ed", forecasts, NOVEMBER, credits(total))
    assert found is not None
    return found


def test_a_period_without_forecasts_has_no_score() -> None:
    assert score("pool", [], NOVEMBER, credits(12)) is None


def test_forecasts_are_held_against_the_end_after_each_quarter() -> None:
    held = scored(*(shown(day) for day in DAYS), total=33)
    assert (held.checks, held.held, held.error_micro) == (3, 3, credits(9))
    missed = scored(*(shown(day, low=34 if day > 10 else 30) for day in DAYS), total=33)
    assert (missed.checks, missed.held) == (3, 1)


def test_the_range_is_held_against_the_end_only_where_more_was_used() -> None:
    idle = scored(shown(7.5, used=10), shown(15, used=33), shown(22.5, used=33), total=33)
    assert (idle.checks, idle.held, idle.error_micro) == (1, 1, credits(9))


def test_a_range_above_what_was_corrected_downward_did_not_hold() -> None:
    corrected = scored(shown(15, used=50, low=51, high=60), total=40)
    assert (corrected.checks, corrected.held) == (1, 0)


def test_where_no_daemon_ran_nothing_is_checked() -> None:
    assert scored(shown(3), shown(21.5), total=33).checks == 1


@pytest.mark.parametrize(
    ("forecasts", "total", "call", "lead_ms"),
    [
        pytest.param([shown(5), shown(20)], 33, Call.LASTED, None, id="rightly silent"),
        pytest.param([shown(5), shown(20, alert=True)], 33, Call.FALSE_ALARM, None, id="a false alarm"),
        pytest.param(
            [shown(5, alert=True), shown(8), shown(20.5, used=40, alert=True)],
            44,
            Call.WARNED,
            round(15.5 * DAY_MS),
            id="warned in time",
        ),
        pytest.param([shown(5), shown(20, used=40.5, alert=True)], 44, Call.MISSED, None, id="told only when over"),
        pytest.param([shown(5, alert=True)], 44, Call.WARNED, None, id="nobody saw when it ended"),
        pytest.param([shown(5), shown(20, used=40)], 39, Call.LASTED, None, id="a refund brought some back"),
    ],
)
def test_a_call_is_right_or_wrong(forecasts: list[Shown], total: float, call: Call, lead_ms: int | None) -> None:
    found = scored(*forecasts, total=total)
    assert (found.call, found.lead_ms) == (call, lead_ms)


def test_all_scores_together() -> None:
    whole = [shown(day) for day in DAYS]
    one, two = scored(*whole, total=33), scored(*whole, total=60)
    unchecked = scored(shown(29), total=33)
    warned = replace(one, exhausted=True, warned_ms=NOVEMBER.start_ms, exhausted_ms=NOVEMBER.start_ms + 5 * HOUR_MS)
    found = summary([one, two, unchecked, warned])
    assert found.record == Record(periods=3, checks=9, held=6)
    assert found.error_share == pytest.approx((9 / 33 + 18 / 60 + 9 / 33) / 3)
    assert found.calls == {Call.LASTED: 2, Call.MISSED: 1, Call.WARNED: 1, Call.FALSE_ALARM: 0}
    assert found.lead_ms == 5 * HOUR_MS


def test_no_scores_say_nothing() -> None:
    found = summary([])
    assert (found.record, found.error_share, found.lead_ms) == (Record(0, 0, 0), None, None)


@pytest.mark.parametrize(("periods", "tells"), [(2, False), (3, True)])
def test_a_record_tells_from_three_periods_on(periods: int, tells: bool) -> None:
    assert Record(periods, 9, 8).tells is tells
