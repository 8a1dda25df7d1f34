"""How the same method would have done on this meter's own past: which average to trust, how far it was off."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import sqrt

from hexmeter.core.forecast.pace import Pace
from hexmeter.core.forecast.spread import Spread

REVIVAL = 0.2
"""How likely a pace of old comes back within the period."""
TRUST = (0.2, 0.3, 0.5)
"""What each half-life counts for before the past has spoken."""
STEP_DAYS, WARM_UP_DAYS, LEAST_HORIZON_DAYS = 3, 14, 7
STRETCH_TRIALS = 15.0
"""How many independent trials outweigh the belief that the model needs no correction."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the past taught: shares of the half-lives, and how much wider a normal deviate is to be read."""

    shares: Sequence[float]
    stretch: float


def spread_of(pace: Pace, day: int, shares: Sequence[float], weight: float) -> Spread:
    """What is used over `weight` of days to come, as it stood at the end of `day`.

    Most likely at the rate of late; with a small probability at the highest of old, as after a return.
    """
    rate = sum(share * one for share, one in zip(shares, pace.rates[day], strict=True))
    mean = rate * weight
    variance = pace.dispersion * mean + mean * mean * (1 / pace.certainty[day] + pace.drift * pace.drift)
    more = max(0.0, pace.peaks[day] - rate) * weight
    return Spread(mean + REVIVAL * more, variance + REVIVAL * (1 - REVIVAL) * more * more)


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
            trials.append((day, amount, weight))
    if not trials:
        return Lesson(TRUST, 1.0)
    independent = max(1.0, len(trials) * STEP_DAYS / horizon)

    misses = [1e-9] * len(TRUST)
    for day, amount, weight in trials:
        root = sqrt(amount)
        for index, rate in enumerate(pace.rates[day]):
            misses[index] += (root - sqrt(rate * weight)) ** 2
    least = min(misses)
    votes = [trust * (least / miss) ** (independent / 2) for trust, miss in zip(TRUST, misses, strict=True)]
    shares = [vote / sum(votes) for vote in votes]

    deviates = []
    for day, amount, weight in trials:
        spread = spread_of(pace, day, shares, weight)
        deviates.append(min(4.0, max(-4.0, spread.deviate(amount))))
    square = sum(deviate * deviate for deviate in deviates) / len(deviates)
    stretch = sqrt((square * independent + STRETCH_TRIALS) / (independent + STRETCH_TRIALS))
    return Lesson(shares, stretch)
