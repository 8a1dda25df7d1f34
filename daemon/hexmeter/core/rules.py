"""The alert rules: a meter's figures, or the health of polling, as the condition that `step` takes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hexmeter.core.alerts import Condition, Kind, NotKnown, Rung, Standing
from hexmeter.core.credits import MICRO
from hexmeter.core.meters import Meter

REARM_POINTS = 5
"""Percentage points that a meter must fall below a rung before the rung may tell again."""

REARM_LEFT_MICRO = MICRO
"""Micro-credits that what is left must rise above a `left` rung before the rung may tell again."""

BLIND_AFTER_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class AlertRules:
    """What is told of, as configured. `used` in per cent, `left_micro` in micro-credits; in any order.

    `prompt_cost_micro`: a prompt that costs so much is told. `unused`: so many per cent of a grant about to lapse.
    `top_ups`: so many in a period. `runs`: levels in per cent of the weekly runs. None: not told.
    """

    used: tuple[Decimal, ...] = (Decimal(80),)
    left_micro: tuple[int, ...] = ()
    forecast: bool = True
    exhausted: bool = True
    burn: bool = False
    prompt: bool = False
    prompt_cost_micro: int | None = None
    reset: bool = False
    unused: Decimal | None = None
    top_ups: int | None = None
    runs: tuple[Decimal, ...] = ()
    blind: bool = True
    token: bool = True


@dataclass(frozen=True, slots=True)
class Health:
    """How polling goes: when it last went well (or began), and whether the token was refused."""

    well_at_ms: int
    token_refused: bool = False


def ladder_condition(
    meter: Meter, used_levels: Sequence[Decimal], left_levels_micro: Sequence[int] = (), *, complete: bool
) -> Condition:
    """Where `meter` stands on its ladder of `used` levels (per cent), `left` levels (micro-credits) and `exhausted`.

    The levels come in any order; crossing means ≥ (of what is used) or ≤ (of what is left). A `left` level of the
    whole limit or more does not fit the meter: it would always stand.
    """
    if meter.used_micro is None or meter.limit_micro is None:
        return NotKnown(meter.note or "the meter has no figure")
    rungs = [(Rung(Kind.USED, level), level) for level in sorted(used_levels)]
    rungs.append((Rung(Kind.EXHAUSTED), Decimal(100)))
    used_percent_of_limit = meter.used_micro * 100
    reached = [rung for rung, level in rungs if used_percent_of_limit >= level * meter.limit_micro]
    held = [rung for rung, level in rungs if used_percent_of_limit > (level - REARM_POINTS) * meter.limit_micro]
    left_micro = meter.limit_micro - meter.used_micro
    for level_micro in left_levels_micro:
        rung = Rung(Kind.LEFT, Decimal(level_micro) / MICRO)
        if level_micro < meter.limit_micro:
            reached += [rung] if left_micro <= level_micro else []
            held += [rung] if left_micro < level_micro + REARM_LEFT_MICRO else []
    return Standing(period=meter.period, reached=_highest(reached), held=_highest(held), complete=complete)


def blind_condition(health: Health, interval_ms: int, now_ms: int) -> Standing:
    """Blind after three intervals without a good poll, or at once when the token is refused; one good poll ends it."""
    late = now_ms - health.well_at_ms >= BLIND_AFTER_INTERVALS * interval_ms
    rung = Rung(Kind.BLIND) if late or health.token_refused else None
    return Standing(period=None, reached=rung, held=rung, complete=True, confirmations=1)


def _highest(rungs: Iterable[Rung]) -> Rung | None:
    return max(rungs, key=lambda rung: rung.height, default=None)
