"""The add-on pool and the spend limit: what is drawn beyond grants, and what that leaves."""

from collections.abc import Sequence
from dataclasses import dataclass

from hexmeter.core.burn import Burn
from hexmeter.core.grants import Grant, NoGrant
from hexmeter.core.meters import Bound, Meter
from hexmeter.core.periods import Period

POOL, SPEND = "pool", "spend"
_LABELS = {POOL: "Add-on pool", SPEND: "Spend limit"}


@dataclass(frozen=True, slots=True)
class TopUp:
    """Hex's automatic top-up: below so many credits, so many are bought."""

    below_micro: int
    amount_micro: int


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance of the pool that a person read in Hex; `used_micro` where it was told as what is used of a limit."""

    at_ms: int
    remaining_micro: int
    used_micro: int = 0


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """What `[pool]` says. `spend_limit_micro` is the monthly cap on credits drawn from the pool."""

    balance: Balance | None = None
    spend_limit_micro: int | None = None
    top_up: TopUp | None = None


@dataclass(frozen=True, slots=True)
class Draw:
    """What was drawn from the pool in each of some periods, the last being the current one, and how sure that is.

    `unknown` says why there is no figure: some grants are not known, or not everybody's threads are seen.
    """

    drawn_micro: tuple[int, ...] = (0,)
    estimated: bool = False
    at_least: bool = False
    unknown: str | None = None

    @property
    def bound(self) -> Bound:
        """How the figures relate to the truth."""
        if self.at_least:
            return Bound.AT_LEAST
        return Bound.ESTIMATED if self.estimated else Bound.EXACT


def overdraw(used_micro: int, grant: Grant | NoGrant) -> int:
    """The micro-credits used beyond a grant, which the pool pays; who has no seat has no grant."""
    return max(0, used_micro - (grant.credits_micro if isinstance(grant, Grant) else 0))


def top_ups(balance_micro: int, drawn_micro: Sequence[int], plan: PoolPlan) -> int:
    """How many top-ups are assumed since `balance_micro`: as many as keep the balance from falling below the level.

    `drawn_micro` are the draws of each period. What a period draws beyond the spend limit brings no more top-ups.
    """
    if plan.top_up is None:
        return 0
    limit_micro = plan.spend_limit_micro
    paid_micro = sum(drawn if limit_micro is None else min(drawn, limit_micro) for drawn in drawn_micro)
    missing_micro = plan.top_up.below_micro - (balance_micro - paid_micro)
    return max(0, -(-missing_micro // plan.top_up.amount_micro))


def further_top_ups(remaining_micro: int, drawn_micro: int, plan: PoolPlan) -> int | None:
    """How many more top-ups this period can bring to a pool that has `remaining_micro` left and drew `drawn_micro` in
    it so far; None where no spend limit ends them."""
    if plan.top_up is None:
        return 0
    if plan.spend_limit_micro is None:
        return None
    return top_ups(remaining_micro, [max(0, plan.spend_limit_micro - drawn_micro)], PoolPlan(top_up=plan.top_up))


def pool_meter(balance: Balance, draw: Draw, plan: PoolPlan, burn: Burn) -> Meter:
    """The pool: its limit is the balance that was read and the top-ups since, its use what was drawn since; both with
    what was used by then, where that was told.

    It has no period of its own. `burn` is that of the current period.
    """
    count = top_ups(balance.remaining_micro, draw.drawn_micro, plan)
    limit_micro = (
        balance.used_micro + balance.remaining_micro + (count * plan.top_up.amount_micro if plan.top_up else 0)
    )
    bound = Bound.ESTIMATED if count and draw.bound is Bound.EXACT else draw.bound
    used_micro = None if draw.unknown else balance.used_micro + sum(draw.drawn_micro)
    return _meter(POOL, limit_micro, used_micro, bound, None, burn, draw.unknown, balance.used_micro)


def spend_meter(limit_micro: int, draw: Draw, period: Period, burn: Burn, adjustment_micro: int) -> Meter:
    """The monthly spend limit: its use is what this period drew, corrected by `adjustment_micro` of a calibration."""
    used_micro = None if draw.unknown else max(0, draw.drawn_micro[-1] + adjustment_micro)
    return _meter(SPEND, limit_micro, used_micro, draw.bound, period, burn, draw.unknown, adjustment_micro)


def _meter(
    kind: str,
    limit_micro: int,
    used_micro: int | None,
    bound: Bound,
    period: Period | None,
    burn: Burn,
    note: str | None,
    adjustment_micro: int = 0,
) -> Meter:
    return Meter(
        key=kind,
        id=kind,
        kind=kind,
        label=_LABELS[kind],
        limit_micro=limit_micro,
        used_micro=used_micro,
        bound=bound,
        period=period,
        adjustment_micro=adjustment_micro,
        burn=burn,
        note=note,
    )
