"""What rules would have told: their ladders stepped anew over stored readings. Nothing is guessed in between."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from hexmeter.core.alerts import AlertState, Condition, Fired, Reason, Rung, step
from hexmeter.core.meters import Bound, Meter
from hexmeter.core.outlook import NOTHING_YET, Forecast, Outlook
from hexmeter.core.periods import Period
from hexmeter.core.rules import AlertRules, ladder_condition, runs_condition
from hexmeter.core.runs import RUNS
from hexmeter.core.signals import reset_condition

REPLAYED = ("used", "left", "forecast", "exhausted", "reset", "runs")
"""The keys of [alerts] that are decided on readings alone."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one poll knew of one meter. `alerts`: whether its forecast warned, None: none was known. `bound`: how sure
    the figures were, None: nobody noted it."""

    meter_key: str
    meter: str
    limit_micro: int | None
    used_micro: int | None
    period: Period | None
    complete: bool
    alerts: bool | None
    bound: Bound | None


@dataclass(frozen=True, slots=True)
class Stored:
    """A reading, when it was first made, and when the next complete poll made it again (None: it did not)."""

    reading: Reading
    at_ms: int
    again_ms: int | None


class Replayed(NamedTuple):
    """One thing that would have been told (`rung`) or been over (None), why, and what was read then."""

    at_ms: int
    rung: Rung | None
    reason: Reason
    reading: Reading


def replay(stored: Iterable[Stored], rules: AlertRules) -> list[Replayed]:
    """What `rules` would have told over readings in the order they were made, meter by meter; in the order of time."""
    states: dict[str, AlertState] = {}
    told: list[Replayed] = []
    for one in stored:
        for at_ms in (one.at_ms,) if one.again_ms is None else (one.at_ms, one.again_ms):
            for ladder, condition in _conditions(one.reading, rules, states):
                state, event, reason = step(states.get(ladder, AlertState()), condition, at_ms)
                states[ladder] = state
                if event is not None:
                    rung = event.rung if isinstance(event, Fired) else None
                    told.append(Replayed(at_ms, rung, reason, one.reading))
    return sorted(told, key=lambda replayed: replayed.at_ms)


def _conditions(reading: Reading, rules: AlertRules, states: dict[str, AlertState]) -> list[tuple[str, Condition]]:
    meter = _meter(reading)
    if reading.meter_key == RUNS:
        return [(reading.meter_key, runs_condition(meter, rules.runs, complete=reading.complete))]
    found: list[tuple[str, Condition]] = [
        (reading.meter_key, ladder_condition(meter, rules, complete=reading.complete))
    ]
    if rules.reset and reading.meter_key.startswith("grant:"):
        ladder = f"reset:{reading.meter_key}"
        found.append((ladder, reset_condition(meter, states.get(ladder, AlertState()).period)))
    return found


def _meter(reading: Reading) -> Meter:
    outlook: Outlook = NOTHING_YET
    if reading.alerts is not None:
        outlook = Forecast(0, 0, 0, 0.0, None, alert=reading.alerts)
    return Meter(
        key=reading.meter_key,
        id=reading.meter,
        kind="",
        label=reading.meter,
        limit_micro=reading.limit_micro,
        used_micro=reading.used_micro,
        bound=Bound.EXACT,
        period=reading.period,
        outlook=outlook,
    )
