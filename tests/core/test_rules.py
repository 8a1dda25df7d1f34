"""The rules: a meter's figures, or the health of polling, as a condition."""

from decimal import Decimal

import pytest

from builders import NOVEMBER, meter
from hexmeter.core.alerts import Condition, Kind, NotKnown, Rung, Standing
from hexmeter.core.instants import MINUTE_MS
from hexmeter.core.rules import Health, blind_condition, ladder_condition

USED_50, USED_80 = (Rung(Kind.USED, Decimal(level)) for level in (50, 80))
EXHAUSTED = Rung(Kind.EXHAUSTED)
BLIND = Rung(Kind.BLIND)


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
    assert ladder_condition(meter(used, limit), [Decimal(80), Decimal(50)], complete=True) == condition


def test_a_part_of_a_reading_says_so() -> None:
    found = ladder_condition(meter(20), [Decimal(50)], complete=False)
    assert found == Standing(NOVEMBER, USED_50, USED_50, complete=False)


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
