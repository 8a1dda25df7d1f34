"""The pace: credits per weight of day at any moment of the past, from fast and slow averages of what was used."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from hexmeter.core.forecast.weights import WEEKDAY_PRIOR, busy_day

HALF_LIVES = (60.0, 21.0, 7.0)
"""Days after which a day counts half, from slow to fast; each average leans on the slower one before it."""
LEANING = (0.8, 4.0, 4.0)
"""How many dispersions' worth of credits each leans on: the slowest on what the limit suggests."""
TRUST = (0.2, 0.3, 0.5)
"""What each counts for in the pace."""
EVEN_PACE = 0.85
"""Of the limit: what is expected of somebody of whom nothing is known."""
DISPERSION_UNKNOWN_MOST = 200.0
"""What the dispersion is taken for, in credits, of somebody unknown: the limit if that is less."""
DISPERSION_BUSY_DAYS, DISPERSION_KNOWN_MOST = 3.0, 35.0
"""In typical busy days of somebody known, and in credits: a pool of hundreds is no more uneven, for its size, than one
of a few."""
ACTIVE_DAYS_KNOWN = 5.0
"""So many days with use make somebody half known."""
DISPERSION_TRUST_WEEKS = 10.0
MONTH_DAYS = 30.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Rates as they stood at the end of each day of the past, the last one now."""

    dispersion: float  # variance of a total over its mean, in credits
    drift: float  # how far the rate wanders within a month, as a share of it: of anybody
    rates: Sequence[float]  # by day: credits per weight of day
    certainty: Sequence[float]  # by day: the shape of the rate's own gamma


def pace_of(used: Sequence[float], seen: Sequence[float], limit: float, weight_of_period: float, drift: float) -> Pace:
    """The pace from each day's use and the weight of it that was seen."""
    total, whole = sum(used), sum(seen)
    even = EVEN_PACE * limit / max(weight_of_period, 1.0) if limit > 0 else total / max(whole, 1.0)
    even = max(even, 1e-6)
    unit = usual_dispersion(used, limit)
    slowest = averages(used, seen, HALF_LIVES[0])
    slow = slowest[-1]
    rate = (slow[0] + LEANING[0] * unit) / (slow[1] + LEANING[0] * unit / even)
    dispersion = dispersion_of(used, seen, rate, unit)

    # The slowest average is the surest: it tells how well the pace is known.
    certainty = [LEANING[0] + amount / dispersion for amount, _ in slowest]
    leant_on = [even] * len(used)
    rates = [0.0] * len(used)
    for half_life, leaning, trust in zip(HALF_LIVES, LEANING, TRUST, strict=True):
        base = leaning * dispersion
        sums = slowest if half_life == HALF_LIVES[0] else averages(used, seen, half_life)
        leant_on = [
            (amount + base) / (weight + base / slower) for (amount, weight), slower in zip(sums, leant_on, strict=True)
        ]
        rates = [rate + trust * one for rate, one in zip(rates, leant_on, strict=True)]
    return Pace(dispersion, drift, rates, certainty)


def wandered(drift: float, days: float) -> float:
    """How far a rate wanders within so many days, as a share of it, that wanders `drift` within a month: at random, and
    so by the square root of the time. What it does beyond a month nothing here was measured on: no further."""
    return drift * sqrt(min(days, MONTH_DAYS) / MONTH_DAYS)


def usual_dispersion(used: Sequence[float], limit: float) -> float:
    """What the dispersion is before the weeks have spoken, in credits."""
    unknown = min(max(limit, 1.0), DISPERSION_UNKNOWN_MOST)
    known = min(unknown, DISPERSION_BUSY_DAYS * busy_day(used), DISPERSION_KNOWN_MOST)
    active = sum(1 for amount in used if amount > 0)
    return (ACTIVE_DAYS_KNOWN * unknown + active * known) / (ACTIVE_DAYS_KNOWN + active)


def averages(used: Sequence[float], seen: Sequence[float], half_life: float) -> list[tuple[float, float]]:
    """Use and weight seen up to each day, a day counting half as much as one `half_life` days later."""
    keep = 0.5 ** (1 / half_life)
    amount = weight = 0.0
    found = []
    for one, other in zip(used, seen, strict=True):
        amount, weight = amount * keep + one, weight * keep + other
        found.append((amount, weight))
    return found


def dispersion_of(used: Sequence[float], seen: Sequence[float], rate: float, unit: float) -> float:
    """Variance over mean of a week's use round `rate`, pulled toward `unit` by ten weeks' worth of it."""
    squares = means = 0.0
    for last in range(len(used), 0, -7):
        first = max(0, last - 7)
        mean = rate * sum(seen[first:last])
        squares += (sum(used[first:last]) - mean) ** 2
        means += mean
    doubt = DISPERSION_TRUST_WEEKS * rate * sum(WEEKDAY_PRIOR)
    return max((squares + doubt * unit) / (means + doubt), 0.05)
