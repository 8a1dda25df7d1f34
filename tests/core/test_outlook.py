"""A forecast's answer as an outlook, and the words for it."""

from decimal import Decimal
from typing import Any

import pytest

from builders import BERLIN, NOVEMBER, credits, meter, utc
from hexmeter.core.burn import Burn, PromptCosts, PromptsLeft, prompts_left
from hexmeter.core.outlook import Forecast, NoForecast, Warned, from_answer, lasting, shifted
from hexmeter.core.outlooktexts import in_short, lasts_or_ends
from hexmeter.core.outlooktexts import prompts_left as prompts_left_text

ANSWER: dict[str, Any] = {
    "expected_total": 44.5, "low": 30, "high": Decimal("60.1"), "probability": 0.7, "exhaust_at": 1_795_690_800.5,
    "alert": True, "unknown": None,
}  # fmt: skip
FOUND = Forecast(credits(44.5), credits(30), credits(60.1), 0.7, 1_795_690_800_500, alert=True)
NOW_MS, END_MS = utc("2026-11-22T12:00"), NOVEMBER.end_ms


def test_an_answer_becomes_micro_credits_and_milliseconds() -> None:
    assert from_answer(ANSWER, Warned(), exhausted=False) == FOUND


def test_what_nobody_should_be_shown_is_no_forecast() -> None:
    answer = {**ANSWER, "unknown": "learning: 1 of 3 days"}
    assert from_answer(answer, Warned(), exhausted=False) == NoForecast("learning: 1 of 3 days")


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), None, "many"])
def test_what_is_no_answer_is_refused(odd: object) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        from_answer({**ANSWER, "high": odd}, Warned(), exhausted=False)


@pytest.mark.parametrize(
    ("warned", "exhausted", "alert"),
    [
        pytest.param(Warned(), False, True, id="the first warning"),
        pytest.param(Warned(now=True, ever=True), False, True, id="it goes on"),
        pytest.param(Warned(now=False, ever=True), False, False, id="it ended, and a period has one"),
        pytest.param(Warned(now=False, ever=True), True, True, id="nothing is left, which is no forecast"),
    ],
)
def test_a_warning_begins_once_a_period(warned: Warned, exhausted: bool, alert: bool) -> None:
    found = from_answer(ANSWER, warned, exhausted=exhausted)
    assert isinstance(found, Forecast)
    assert found.alert is alert


def test_a_warning_is_remembered_after_it_ended() -> None:
    assert Warned().after(False) == Warned()
    assert Warned().after(True).after(False) == Warned(now=False, ever=True)


def test_more_that_is_bought_or_was_used_before_changes_what_is_forecast() -> None:
    assert lasting(FOUND) == Forecast(FOUND.expected_micro, FOUND.low_micro, FOUND.high_micro, 0.0, None, alert=False)
    moved = shifted(FOUND, credits(-2))
    assert (moved.expected_micro, moved.low_micro, moved.high_micro) == (credits(42.5), credits(28), credits(58.1))


@pytest.mark.parametrize(
    ("probability", "exhaust", "bound", "text", "short"),
    [
        pytest.param(0.1, None, "exact", "lasts until the reset on Tue 1 Dec", "lasts", id="lasts"),
        pytest.param(
            0.3, None, "exact", "probably lasts until the reset on Tue 1 Dec", "probably lasts", id="less sure"
        ),
        pytest.param(0.49, None, "exact", "may last until the reset on Tue 1 Dec", "may last", id="as likely as not"),
        pytest.param(
            0.1,
            None,
            "at_least",
            "may last until the reset on Tue 1 Dec, as far as can be seen",
            "may last",
            id="a part is seen",
        ),
        pytest.param(
            0.9, "26T11:00", "exact", "ends Thu 26 Nov, 5 days before the reset", "ends Thu 26 Nov", id="days before"
        ),
        pytest.param(
            0.6,
            "26T11:00",
            "exact",
            "probably ends Thu 26 Nov, 5 days before the reset",
            "probably ends Thu 26 Nov",
            id="less sure that it ends",
        ),
        pytest.param(
            0.9,
            "26T11:00",
            "at_least",
            "ends Thu 26 Nov or sooner, 5 days before the reset",
            "ends Thu 26 Nov",
            id="of figures that may be too low",
        ),
        pytest.param(
            0.9, "28T23:30", "exact", "ends Sun 29 Nov, 2 days before the reset", "ends Sun 29 Nov", id="local days"
        ),
        pytest.param(
            0.9, "30T20:00", "exact", "ends Mon 30 Nov, 1 day before the reset", "ends Mon 30 Nov", id="the last"
        ),
        pytest.param(
            0.51,
            "26T11:00",
            "exact",
            "may end Thu 26 Nov, 5 days before the reset",
            "may end Thu 26 Nov",
            id="as likely that it ends",
        ),
        pytest.param(0.9, "22T12:00", "exact", "may end any hour", "may end any hour", id="by now"),
    ],
)
def test_an_outlook_in_words(probability: float, exhaust: str | None, bound: str, text: str, short: str) -> None:
    at_ms = None if exhaust is None else utc(f"2026-11-{exhaust}")
    assert lasts_or_ends(probability, at_ms, END_MS, NOW_MS, BERLIN, bound) == text
    assert in_short(probability, at_ms, NOW_MS, BERLIN, bound) == short


def test_what_has_no_period_of_its_own_has_no_day_of_its_reset() -> None:
    assert lasts_or_ends(0.9, utc("2026-11-26"), None, NOW_MS, BERLIN, "exact") == "ends Thu 26 Nov"
    assert lasts_or_ends(0.1, None, None, NOW_MS, BERLIN, "exact") == "lasts until the month ends"


@pytest.mark.parametrize(
    ("remaining", "left"),
    [
        pytest.param(12.9, PromptsLeft(8, 3, 31), id="some"),
        pytest.param(0, PromptsLeft(0, 0, 31), id="none"),
        pytest.param(None, None, id="not known"),
    ],
)
def test_prompts_left_are_those_that_fit(remaining: float | None, left: PromptsLeft | None) -> None:
    costs = PromptCosts(31, credits(2), credits(1.5), credits(4))
    assert prompts_left(None if remaining is None else credits(remaining), costs) == left


def test_a_meter_counts_its_prompts_by_the_last_30_days() -> None:
    recent, own = PromptCosts(9, 1, credits(2), credits(3)), PromptCosts(1, 1, credits(9), credits(9))
    bare = meter(30)
    for burn, left in (
        (Burn(own, recent=recent), PromptsLeft(5, 3, 9)),
        (Burn(own), PromptsLeft(1, 1, 1)),
        (Burn(), None),
    ):
        assert (
            type(bare)(**{name: getattr(bare, name) for name in bare.__slots__} | {"burn": burn}).prompts_left == left
        )


@pytest.mark.parametrize(
    ("typical", "heavy", "bound", "text"),
    [
        pytest.param(6, 2, "exact", "about 6 typical or 2 heavy prompts left", id="both"),
        pytest.param(6, 2, "at_least", "at most about 6 typical or 2 heavy prompts left", id="at most"),
        pytest.param(1, 1, "exact", "about 1 prompt left", id="alike"),
        pytest.param(0, 0, "exact", "less left than a typical prompt costs", id="none"),
    ],
)
def test_prompts_left_in_words(typical: int, heavy: int, bound: str, text: str) -> None:
    assert prompts_left_text(typical, heavy, bound) == text
