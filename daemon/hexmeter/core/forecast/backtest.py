"""How the same method would have done on this meter's own past: how far the pace drifts, how wide it errs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import sqrt
from typing import NamedTuple

from hexmeter.core.forecast.pace import Pace, wandered
from hexmeter.core.forecast.spread import Spread

STEP_DAYS, WARM_UP_DAYS, LEAST_HORIZON_DAYS = 3, 14, 7
DRIFT_TRIALS, STRETCH_TRIALS = 2.0, 10.0
"""How many independent trials outweigh the drift of anybody, and the belief that the model needs no correction."""
LEAST_DRIFT = 0.04
MOST_DEVIATES = 3.0
"""An error beyond counts as this large: one wild month is no measure of all others."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the past taught: how far the pace wanders within a month, as a share of it, and how much wider a normal
    deviate is to be read."""

    drift: float
    stretch: float


class Trial(NamedTuple):
    """A forecast of the past: made at the end of `day`, of the `amount` that came over this `weight` of days."""

    day: int
    amount: float
    weight: float


def spread_of(pace: Pace, day: int, drift: float, weight: float) -> Spread:
    """What is used over `weight` of days to come, within which the rate wanders by `drift`, as it stood at the end of
    `day`."""
    mean = pace.rates[day] * weight
    return Spread(mean, pace.dispersion * mean + mean * mean * (1 / pace.certainty[day] + drift * drift))


def lesson_of(used: Sequence[float], seen: Sequence[float], pace: Pace, horizon_days: int) -> Lesson:
    """Forecast every few days of the past as many days on as are to come now, and compare."""
    today = len(used) - 1
    # Single days are mostly empty or wild: a week at least tells something.
    horizon = max(LEAST_HORIZON_DAYS, min(horizon_days, today // 3))
    amounts, weights = list(accumulate(used, initial=0.0)), list(accumulate(seen, initial=0.0))
    trials = []
    for day in range(today - 1 - horizon, WARM_UP_DAYS - 1, -STEP_DAYS):
        amount = amounts[day + 1 + horizon] - amounts[day + 1]
        weight = weights[day + 1 + horizon] - weights[day + 1]
        if amount > 0 and weight > 0:
            trials.append(Trial(day, amount, weight))
    if not trials:
        return Lesson(pace.drift, 1.0)
    independent = max(1.0, len(trials) * STEP_DAYS / horizon)
    drift = _drift(trials, pace, wandered(pace.drift, horizon), independent)
    return Lesson(drift / wandered(1.0, horizon), _stretch(trials, pace, drift, independent))


def _drift(trials: Sequence[Trial], pace: Pace, drift: float, independent: float) -> float:
    """How far the rate wandered within a trial, as a share of it, `drift` being how far anybody's does.

    What of the errors neither chance nor the doubt of the rate explains. A trial counts by how much of its error could
    be drift: next to nothing of one person's, nearly all of a pool's.
    """
    prior = drift * drift
    found = weight = 0.0
    for trial in trials:
        mean = pace.rates[trial.day] * trial.weight
        other = pace.dispersion * mean + mean * mean / pace.certainty[trial.day]
        whole = other + mean * mean * prior
        tells = (1 - other / whole) ** 2
        square = min((trial.amount - mean) ** 2, MOST_DEVIATES**2 * whole)
        found += tells * (square - other) / (mean * mean)
        weight += tells
    each = independent / len(trials)
    learnt = (DRIFT_TRIALS * prior + each * found) / (DRIFT_TRIALS + each * weight)
    return sqrt(max(LEAST_DRIFT**2, learnt))


def _stretch(trials: Sequence[Trial], pace: Pace, drift: float, independent: float) -> float:
    """How far the truth lay from the middle, in deviates, against what the spread says."""
    squares = 0.0
    for trial in trials:
        deviate = spread_of(pace, trial.day, drift, trial.weight).deviate(trial.amount)
        squares += min(abs(deviate), MOST_DEVIATES + 1) ** 2
    return sqrt((squares / len(trials) * independent + STRETCH_TRIALS) / (independent + STRETCH_TRIALS))
