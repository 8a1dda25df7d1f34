"""The alert rules: a meter's figures, or the health of polling, as the condition that `step` takes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hexmeter.core.age import too_old_at_ms
from hexmeter.core.alerts import Condition, Kind, NotKnown, Rung, Standing
from hexmeter.core.credits import MICRO
from hexmeter.core.meters import Meter
from hexmeter.core.outlook import Forecast, Outlook

REARM_POINTS = 5
"""Percentage points that a meter must fall below a rung before the rung may tell again."""

REARM_LEFT_MICRO = MICRO
"""Micro-credits that what is left must rise above a `left` rung before the rung may tell again."""


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

    @property
    def off(self) -> frozenset[Kind]:
        """The kinds that are switched off, of those with a ladder of their own."""
        switches = {
            Kind.BURN: self.burn,
            Kind.PROMPT: self.prompt or self.prompt_cost_micro is not None,
            Kind.RESET: self.reset,
            Kind.UNUSED: self.unused is not None,
            Kind.TOP_UP: self.top_ups is not None,
            Kind.BLIND: self.blind,
            Kind.TOKEN: self.token,
        }
        return frozenset(kind for kind, on in switches.items() if not on)


@dataclass(frozen=True, slots=True)
class Health:
    """How polling goes: when it last went well (or began), and whether the token was refused."""

    well_at_ms: int
    token_refused: bool = False


def ladder_condition(meter: Meter, rules: AlertRules, *, complete: bool) -> Condition:
    """Where `meter` stands on its ladder of `forecast`, `used` levels, `left` levels and `exhausted`.

    Crossing means ≥ (of what is used) or ≤ (of what is left). A `left` level of the whole limit or more does not fit
    the meter: it would always stand. Until the period was read completely only `used` and `exhausted` may tell.
    """
    if meter.used_micro is None or meter.limit_micro is None:
        return NotKnown(meter.note or "the meter has no figure")
    rungs = [(Rung(Kind.USED, level), level) for level in sorted(rules.used)]
    rungs += [(Rung(Kind.EXHAUSTED), Decimal(100))] if rules.exhausted else []
    reached, held = _by_percent(meter.used_micro, meter.limit_micro, rungs)
    left_micro = meter.limit_micro - meter.used_micro
    for level_micro in rules.left_micro:
        rung = Rung(Kind.LEFT, Decimal(level_micro) / MICRO)
        if level_micro < meter.limit_micro:
            reached += [rung] if complete and left_micro <= level_micro else []
            held += [rung] if left_micro < level_micro + REARM_LEFT_MICRO else []
    gone = None
    if rules.forecast:
        foretold, gone = Rung(Kind.FORECAST), _gone(meter.outlook)
        reached += [foretold] if complete and _alerts(meter.outlook) else []
        # A period has one such warning. The pool has no period: there what is not so any more may be told again.
        held += [foretold] if meter.period is not None or gone is None else []
    return Standing(meter.period, _highest(reached), _highest(held), complete, gone=gone)


def runs_condition(meter: Meter, levels: Sequence[Decimal], *, complete: bool) -> Condition:
    """Where the meter of seven rolling days' project runs stands on its ladder of levels in per cent."""
    if meter.used_micro is None or not meter.limit_micro:
        return NotKnown(meter.note or "the meter has no figure")
    rungs = [(Rung(Kind.RUNS, level), level) for level in levels]
    reached, held = _by_percent(meter.used_micro, meter.limit_micro, rungs)
    return Standing(None, _highest(reached) if complete else None, _highest(held), complete)


def blind_condition(health: Health, interval_ms: int, now_ms: int) -> Standing:
    """Blind after three intervals without a good poll, or at once when the token is refused; one good poll ends it."""
    late = now_ms >= too_old_at_ms(health.well_at_ms, interval_ms)
    rung = Rung(Kind.BLIND) if late or health.token_refused else None
    return Standing(period=None, reached=rung, held=rung, complete=True, confirmations=1)


def _by_percent(
    used_micro: int, limit_micro: int, rungs: Iterable[tuple[Rung, Decimal]]
) -> tuple[list[Rung], list[Rung]]:
    """The rungs that are reached, and those that are not clearly left below."""
    used_percent_of_limit = used_micro * 100
    found = list(rungs)
    reached = [rung for rung, level in found if used_percent_of_limit >= level * limit_micro]
    return reached, [rung for rung, level in found if used_percent_of_limit > (level - REARM_POINTS) * limit_micro]


def _alerts(outlook: Outlook) -> bool:
    return isinstance(outlook, Forecast) and outlook.alert


def _gone(outlook: Outlook) -> Rung | None:
    """The rung of the forecast where it is known to be none to warn of."""
    return Rung(Kind.FORECAST) if isinstance(outlook, Forecast) and not outlook.alert else None


def _highest(rungs: Iterable[Rung]) -> Rung | None:
    return max(rungs, key=lambda rung: rung.height, default=None)
