"""What is told besides a meter's own ladder: when, and how often."""

from decimal import Decimal

import pytest

from builders import NOVEMBER, NOW_MS, credits, meter
from hexmeter.core.alerts import AlertState, Condition, Fired, Kind, NotKnown, Resolved, Rung, Standing, step
from hexmeter.core.burn import prompt_costs
from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.core.meters import Bound
from hexmeter.core.periods import Period
from hexmeter.core.rules import AlertRules
from hexmeter.core.signals import (
    Prompt,
    burn_condition,
    dear_prompts,
    prompt_condition,
    reset_condition,
    token_condition,
    top_up_condition,
    unused_condition,
)

TODAY = Period(NOW_MS - 12 * HOUR_MS, NOW_MS + 12 * HOUR_MS)
TOMORROW = Period(TODAY.end_ms, TODAY.end_ms + DAY_MS)
DECEMBER = Period(NOVEMBER.end_ms, NOVEMBER.end_ms + 31 * DAY_MS)


def told(*conditions: Condition) -> list[str | None]:
    """What each of several polls in a row tells."""
    state, said = AlertState(), []
    for number, condition in enumerate(conditions):
        state, event, _ = step(state, condition, number)
        said.append(
            None
            if event is None
            else "resolved"
            if isinstance(event, Resolved)
            else f"{event.rung.kind} {event.rung.level}"
            if event.rung.level is not None
            else str(event.rung.kind)
        )
        assert event is None or isinstance(event, Fired | Resolved)
    return said


USUAL = [0, 0, *[credits(amount) for amount in (1, 1, 1, 2, 2, 2, 2, 3, 3, 4)]]


@pytest.mark.parametrize(
    ("today", "before", "tells"),
    [
        pytest.param(7, USUAL, True, id="three times the median and more than ever"),
        pytest.param(6, USUAL, False, id="three times the median and no more"),
        pytest.param(7, [*USUAL, credits(7)], False, id="there was such a day"),
        pytest.param(7, USUAL[:-1], False, id="too few days to know"),
        pytest.param(0, USUAL, False, id="nothing used"),
    ],
)
def test_a_day_far_above_the_usual_is_told(today: float, before: list[int], tells: bool) -> None:
    assert told(burn_condition(credits(today), before, TODAY)) == ["burn" if tells else None]


def test_a_day_is_told_once_and_the_next_day_may_be_told_too() -> None:
    days = [(7, TODAY), (3, TODAY), (9, TODAY), (0, TOMORROW), (8, TOMORROW)]
    conditions = [burn_condition(credits(used), USUAL, day) for used, day in days]
    assert told(*conditions) == ["burn", None, None, "resolved", "burn"]


def prompts(*costs: float) -> list[Prompt]:
    return [Prompt(1, NOW_MS + number, credits(cost)) for number, cost in enumerate(costs)]


@pytest.mark.parametrize(
    ("cost", "others", "rules", "dear"),
    [
        pytest.param(5, 0, AlertRules(prompt_cost_micro=credits(5)), True, id="the configured amount"),
        pytest.param(4.99, 50, AlertRules(prompt_cost_micro=credits(5)), False, id="less than it"),
        pytest.param(3.01, 20, AlertRules(prompt=True), True, id="far above one's own"),
        pytest.param(3, 20, AlertRules(prompt=True), False, id="three times what nine of ten cost"),
        pytest.param(99, 19, AlertRules(prompt=True), False, id="silent under 20 prompts"),
        pytest.param(99, 0, AlertRules(prompt=True), False, id="silent without any"),
        pytest.param(99, 50, AlertRules(), False, id="switched off"),
    ],
)
def test_a_prompt_is_dear(cost: float, others: int, rules: AlertRules, dear: bool) -> None:
    recent = prompt_costs([credits(1)] * others + [credits(cost)])
    assert dear_prompts(prompts(cost), recent, rules) == (prompts(cost) if dear else [])


def test_one_dear_prompt_a_day_is_told() -> None:
    dear = prompts(9)
    days = [([], TODAY), (dear, TODAY), (dear, TODAY), ([], TOMORROW), (dear, TOMORROW)]
    assert told(*(prompt_condition(found, day) for found, day in days)) == [None, "prompt", None, "resolved", "prompt"]


def test_a_grant_is_back_once_in_each_period_that_was_seen_to_begin() -> None:
    state, said = AlertState(), []
    for period in (NOVEMBER, NOVEMBER, DECEMBER, DECEMBER, NOVEMBER, DECEMBER):
        state, event, _ = step(state, reset_condition(meter(1, period=period), state.period), 0)
        said.append(event.rung.kind if isinstance(event, Fired) else None)
    assert said == [None, None, Kind.RESET, None, None, None]


def test_another_reset_day_is_no_reset() -> None:
    moved = Period(NOVEMBER.start_ms + 14 * DAY_MS, NOVEMBER.end_ms + 14 * DAY_MS)
    condition = reset_condition(meter(1, period=moved), NOVEMBER)
    assert isinstance(condition, Standing)
    assert condition.reached is None


@pytest.mark.parametrize(
    ("used", "days_before", "tells"),
    [
        pytest.param(20, 3, True, id="half is left"),
        pytest.param(20.1, 3, False, id="less than half is left"),
        pytest.param(20, 3.1, False, id="too early"),
    ],
)
def test_credits_about_to_lapse_are_told(used: float, days_before: float, tells: bool) -> None:
    now_ms = NOVEMBER.end_ms - round(days_before * DAY_MS)
    condition = unused_condition(meter(used), Decimal(50), now_ms, complete=True)
    assert told(condition, condition) == (["unused", None] if tells else [None, None])


def test_what_may_be_used_already_does_not_lapse() -> None:
    figures = meter(1, bound=Bound.AT_LEAST)
    assert isinstance(unused_condition(figures, Decimal(50), NOVEMBER.end_ms - 1, complete=True), NotKnown)


def test_several_top_ups_in_a_month_are_told_once_a_month() -> None:
    months = [(1, NOVEMBER), (2, NOVEMBER), (3, NOVEMBER), (0, DECEMBER), (2, DECEMBER)]
    assert told(*(top_up_condition(count, 2, month) for count, month in months)) == [
        *(None, "top_up 2", None),
        *("resolved", "top_up 2"),
    ]


def test_a_token_is_told_of_seven_days_and_one_day_before_it_expires_whatever_the_clock_does() -> None:
    days = (8, 7, 6, 2, 1, 2, 8, 1, 0, -1)
    conditions = [token_condition(NOW_MS, NOW_MS - day * DAY_MS) for day in days]
    assert told(*conditions) == [None, "token 7", None, None, "token 1", None, None, None, None, None]


def test_a_token_found_with_a_day_left_is_told_of_once() -> None:
    assert told(token_condition(NOW_MS, NOW_MS - HOUR_MS)) == [f"token {Rung(Kind.TOKEN, Decimal(1)).level}"]
