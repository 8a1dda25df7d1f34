"""The add-on pool: what is drawn beyond grants, the top-ups it brings, and what two meters make of it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOVEMBER, credits, meter
from hexmeter.core.alerts import Kind, Rung, Standing
from hexmeter.core.burn import Burn
from hexmeter.core.grants import Grant, NoGrant
from hexmeter.core.meters import Bound, State
from hexmeter.core.pool import (
    Balance,
    Draw,
    PoolPlan,
    TopUp,
    further_top_ups,
    overdraw,
    pool_meter,
    spend_meter,
    top_ups,
)
from hexmeter.core.rules import AlertRules, ladder_condition

READ = Balance(NOVEMBER.start_ms, credits(500))


@pytest.mark.parametrize(
    ("used", "grant", "drawn"),
    [
        pytest.param(39.9, Grant(credits(40)), 0, id="within the grant"),
        pytest.param(40, Grant(credits(40)), 0, id="just the grant"),
        pytest.param(41.5, Grant(credits(40)), 1.5, id="beyond it"),
        pytest.param(3, NoGrant(True, "a guest has no seat"), 3, id="no seat, so no grant"),
    ],
)
def test_what_is_used_beyond_a_grant_is_drawn_from_the_pool(used: float, grant: Grant | NoGrant, drawn: float) -> None:
    assert overdraw(credits(used), grant) == credits(drawn)


@pytest.mark.parametrize(
    ("drawn", "spend_limit", "count"),
    [
        pytest.param([449], None, 0, id="51 left of 500"),
        pytest.param([450], None, 0, id="50 left is not below 50"),
        pytest.param([450.01], None, 1, id="below 50"),
        pytest.param([650.01], None, 2, id="below 50 again"),
        pytest.param([300, 350.01], None, 2, id="over two months"),
        pytest.param([900], 400, 0, id="the spend limit stops them"),
        pytest.param([900, 60], 400, 1, id="a month's limit leaves the next month its own"),
    ],
)
def test_top_ups_keep_the_balance_at_its_level_until_the_spend_limit(
    drawn: list[float], spend_limit: float | None, count: int
) -> None:
    plan = PoolPlan(
        READ,
        None if spend_limit is None else credits(spend_limit),
        TopUp(below_micro=credits(50), amount_micro=credits(200)),
    )
    assert top_ups(READ.remaining_micro, [credits(amount) for amount in drawn], plan) == count


@given(
    balance=st.integers(0, 10**9),
    drawn=st.lists(st.integers(0, 10**9), max_size=6),
    below=st.integers(1, 10**8),
    amount=st.integers(1, 10**8),
)
def test_top_ups_are_just_as_many_as_needed(balance: int, drawn: list[int], below: int, amount: int) -> None:
    count = top_ups(balance, drawn, PoolPlan(top_up=TopUp(below, amount)))
    after = balance - sum(drawn) + count * amount
    assert after >= below or (count == 0 and balance - sum(drawn) >= below)
    assert count == 0 or after - amount < below


def test_a_pool_that_was_topped_up_is_an_estimate() -> None:
    pool = pool_meter(READ, Draw((credits(470),)), PoolPlan(READ, None, TopUp(credits(50), credits(200))), Burn())
    assert (pool.limit_micro, pool.used_micro, pool.bound) == (credits(700), credits(470), Bound.ESTIMATED)
    assert pool.period is None


def test_a_spend_limit_is_of_this_period_alone() -> None:
    spend = spend_meter(credits(300), Draw((credits(200), credits(285))), NOVEMBER, Burn(), adjustment_micro=credits(1))
    assert (spend.used_micro, spend.state, spend.adjustment_micro) == (credits(286), State.CRITICAL, credits(1))


def test_what_cannot_be_seen_is_unknown_and_not_zero() -> None:
    spend = spend_meter(credits(300), Draw(unknown="a Manager sees a part"), NOVEMBER, Burn(), 0)
    assert (spend.used_micro, spend.remaining_micro, spend.state) == (None, None, State.UNKNOWN)
    assert spend.note == "a Manager sees a part"


LEFT_10, LEFT_2_5, EXHAUSTED = Rung(Kind.LEFT, Decimal(10)), Rung(Kind.LEFT, Decimal("2.5")), Rung(Kind.EXHAUSTED)


@pytest.mark.parametrize(
    ("used", "reached", "held"),
    [
        pytest.param(28.9, None, None, id="11.1 left is clearly more than 10"),
        pytest.param(29.5, None, LEFT_10, id="10.5 left is not"),
        pytest.param(30, LEFT_10, LEFT_10, id="10 left"),
        pytest.param(37.5, LEFT_2_5, LEFT_2_5, id="2.5 left"),
        pytest.param(40, EXHAUSTED, EXHAUSTED, id="none left"),
    ],
)
def test_levels_of_what_is_left_are_rungs_below_exhausted(used: float, reached: Rung | None, held: Rung | None) -> None:
    # 40 does not fit a grant of 40: it would always stand.
    levels = [credits(level) for level in (10, 2.5, 40)]
    assert ladder_condition(meter(used), AlertRules((), tuple(levels), forecast=False), complete=True) == Standing(
        NOVEMBER, reached, held, complete=True
    )


def test_what_is_left_is_more_pressing_than_what_is_used() -> None:
    found = ladder_condition(
        meter(36), AlertRules((Decimal(80), Decimal(90)), (credits(10),), forecast=False), complete=True
    )
    assert isinstance(found, Standing)
    assert found.reached == LEFT_10


@pytest.mark.parametrize(
    ("remaining", "drawn", "spend_limit", "more"),
    [
        pytest.param(60, 50, 120, 1, id="70 more may be drawn, of which 50 are there above the level"),
        pytest.param(60, 120, 120, 0, id="the spend limit is reached"),
        pytest.param(60, 50, None, None, id="nothing ends them"),
    ],
)
def test_further_top_ups_of_a_period_end_at_the_spend_limit(
    remaining: float, drawn: float, spend_limit: float | None, more: int | None
) -> None:
    limit_micro = None if spend_limit is None else credits(spend_limit)
    plan = PoolPlan(READ, limit_micro, TopUp(below_micro=credits(10), amount_micro=credits(50)))
    assert further_top_ups(credits(remaining), credits(drawn), plan) == more
    assert further_top_ups(credits(remaining), credits(drawn), PoolPlan(READ, limit_micro)) == 0
