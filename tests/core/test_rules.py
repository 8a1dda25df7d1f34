"""The rules: a meter's figures, or the health of polling, as a condition."""

from dataclasses import replace
from decimal import Decimal

import pytest

from builders import NOVEMBER, NOW_MS, meter
from hexmeter.core.alerts import Condition, Kind, NotKnown, Rung, Standing
from hexmeter.core.instants import DAY_MS, MINUTE_MS
from hexmeter.core.outlook import NOTHING_YET, Forecast, Outlook
from hexmeter.core.rules import AlertRules, Health, blind_condition, ladder_condition, runs_condition
from hexmeter.core.runs import runs_meter

WARNS = Forecast(44_000_000, 41_000_000, 50_000_000, 0.95, NOW_MS + 4 * DAY_MS, alert=True)
CALM = Forecast(30_000_000, 25_000_000, 36_000_000, 0.02, None, alert=False)
USED_50, USED_80 = (Rung(Kind.USED, Decimal(level)) for level in (50, 80))
EXHAUSTED = Rung(Kind.EXHAUSTED)
BLIND = Rung(Kind.BLIND)


def rules(*used: int) -> AlertRules:
    return AlertRules(used=tuple(Decimal(level) for level in used), forecast=False)


def standing(reached: Rung | None, held: Rung | None) -> Standing:
    return Standing(NOVEMBER, reached, held, complete=True)


@pytest.mark.parametrize(
    ("used", "limit", "condition"),
    [
        pytest.param(0, 40, standing(None, None), id="nothing used"),
        pytest.param(18, 40, standing(None, None), id="5 points below is clearly below"),
        pytest.param(18.000_001, 40, standing(None, USED_50), id="a little less is not"),
        pytest.param(20, 40, standing(USED_50, USED_50), id="reached"),
        pytest.param(31.999_999, 40, standing(USED_50, USED_80), id="almost the next"),
        pytest.param(32, 40, standing(USED_80, USED_80), id="the next"),
        pytest.param(38.000_001, 40, standing(USED_80, EXHAUSTED), id="almost exhausted"),
        pytest.param(40, 40, standing(EXHAUSTED, EXHAUSTED), id="exhausted"),
        pytest.param(400, 40, standing(EXHAUSTED, EXHAUSTED), id="ten times over"),
        pytest.param(None, 40, NotKnown("the meter has no figure"), id="nothing read"),
        pytest.param(20, None, NotKnown("no seat"), id="no limit"),
    ],
)
def test_a_meter_stands_on_its_ladder(used: float | None, limit: float | None, condition: Condition) -> None:
    assert ladder_condition(meter(used, limit), rules(80, 50), complete=True) == condition


def test_a_part_of_a_reading_says_so() -> None:
    found = ladder_condition(meter(20), rules(50), complete=False)
    assert found == Standing(NOVEMBER, USED_50, USED_50, complete=False)


FORECAST = Rung(Kind.FORECAST)


@pytest.mark.parametrize(
    ("used", "outlook", "complete", "reached", "held", "gone"),
    [
        pytest.param(20, WARNS, True, FORECAST, FORECAST, None, id="it warns"),
        pytest.param(20, WARNS, False, None, FORECAST, None, id="a part of the period warns of nothing to come"),
        pytest.param(20, CALM, True, None, FORECAST, FORECAST, id="there is nothing to warn of"),
        pytest.param(20, NOTHING_YET, True, None, FORECAST, None, id="an unknown one neither warns nor calms"),
        pytest.param(33, WARNS, True, USED_80, USED_80, None, id="a level stands above it"),
        pytest.param(40, CALM, True, EXHAUSTED, EXHAUSTED, FORECAST, id="so does being used up"),
    ],
)
def test_a_forecast_is_the_lowest_rung(
    used: float, outlook: Outlook, complete: bool, reached: Rung | None, held: Rung | None, gone: Rung | None
) -> None:
    found = ladder_condition(replace(meter(used), outlook=outlook), AlertRules(), complete=complete)
    assert found == Standing(NOVEMBER, reached, held, complete, gone=gone)


def test_a_pool_without_a_period_may_be_forecast_anew() -> None:
    pool = replace(meter(20), period=None, outlook=CALM)
    assert ladder_condition(pool, AlertRules(), complete=True) == Standing(None, None, None, True, gone=FORECAST)


def test_what_is_switched_off_is_no_rung() -> None:
    off = AlertRules(used=(), forecast=False, exhausted=False)
    found = ladder_condition(replace(meter(41), outlook=WARNS), off, complete=True)
    assert found == Standing(NOVEMBER, None, None, complete=True)


def test_runs_have_levels_of_their_own_and_need_a_whole_reading() -> None:
    week = runs_meter(420, 500, None)
    rung = Rung(Kind.RUNS, Decimal(80))
    levels = (Decimal(80), Decimal(100))
    assert runs_condition(week, levels, complete=True) == Standing(None, rung, rung, complete=True)
    assert runs_condition(week, levels, complete=False) == Standing(None, None, rung, complete=False)
    assert runs_condition(runs_meter(None, 500, None), levels, complete=True) == NotKnown("the meter has no figure")


@pytest.mark.parametrize(
    ("minutes", "refused", "rung"),
    [
        pytest.param(14, False, None, id="two intervals and a bit"),
        pytest.param(15, False, BLIND, id="three intervals"),
        pytest.param(0, True, BLIND, id="refused"),
        pytest.param(-60, False, None, id="a clock set back"),
    ],
)
def test_polling_is_blind(minutes: int, refused: bool, rung: Rung | None) -> None:
    found = blind_condition(Health(0, refused), 5 * MINUTE_MS, minutes * MINUTE_MS)
    assert found == Standing(None, rung, rung, complete=True, confirmations=1)
