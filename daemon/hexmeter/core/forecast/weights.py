"""What a day weighs: how a person's use is spread over hours, over weekdays and over the period."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise

from hexmeter.core.forecast.days import DAY, HALF_DAY, HOUR, Days
from hexmeter.core.forecast.request import History

WEEKDAY_PRIOR = (1.0, 1.05, 1.05, 1.0, 0.85, 0.12, 0.10)
"""What a weekday weighs, Monday first, before this person's own weeks say otherwise."""
HOUR_PRIOR = (1, 1, 1, 1, 1, 1, 2, 5, 12, 20, 22, 20, 14, 18, 22, 22, 18, 12, 8, 6, 5, 5, 4, 2)
"""The share of a day's work that falls into each local hour, in proportion."""
HOUR_PRIOR_DAYS = 4.0
HOUR_PROFILE_DAYS = 42
WEEKDAY_TRUST, LATE_TRUST = 2.0, 4.0
"""How many typical busy days outweigh the prior of a weekday, and the belief that use is not late in the period."""
FLOOR = 0.02
NOTHING = 1e-6  # credits: less than Hex can say


def hour_profile(history: History, days: Days, today: int) -> Sequence[float]:
    """The cumulated share of a day's use before each local hour, 25 values from 0 to 1."""
    first = max(0, today - HOUR_PROFILE_DAYS)
    times, totals = history.times, history.totals
    hours = [0.0] * 24
    mark = bisect_left(times, days.bounds[first])
    for begin, end in pairwise(days.bounds[first : today + 2]):
        last = bisect_left(times, end, mark)
        # The 25th hour of a day in autumn counts with its 24th.
        for hour in range(24) if mark < last else ():
            until = bisect_left(times, begin + (hour + 1) * HOUR, mark, last) if hour < 23 else last
            hours[hour] += totals[until] - totals[mark]
            mark = until
    seen = sum(hours)
    trust = HOUR_PRIOR_DAYS * (seen / (today - first + 1) or 1.0)
    scale = trust / sum(HOUR_PRIOR)
    shares = ((mine + scale * prior) / (seen + trust) for mine, prior in zip(hours, HOUR_PRIOR, strict=True))
    return list(accumulate(shares, initial=0.0))


def elapsed_share(profile: Sequence[float], begin: float, end: float, at: float) -> float:
    """How much of a day's use lies before `at`, for the day [begin, end)."""
    if at >= end:
        return 1.0
    hour = max(0.0, (at - begin) / (end - begin) * 24)
    whole = min(23, int(hour))
    return min(1.0, profile[whole] + (hour - whole) * (profile[whole + 1] - profile[whole]))


def day_weights(used: Sequence[float], exposure: Sequence[float], days: Days) -> list[float]:
    """What each day weighs for this person by its weekday, past and to come.

    `used` and `exposure` end with today, `days` later. What is learnt is held against as many made-up credits as a few
    typical busy days hold, so that little history moves nothing.
    """
    weights = [WEEKDAY_PRIOR[weekday] for weekday in days.weekdays]
    return learnt(weights, used, exposure, days.weekdays, 7, WEEKDAY_TRUST * busy_day(used))


def late_weights(weights: Sequence[float], power: float, places: Sequence[float | None]) -> list[float]:
    """The weights where use grows with that power of the place in the period."""
    return [
        max(FLOOR, weight * (power + 1) * place**power) if place is not None and power > 0 else weight
        for weight, place in zip(weights, places, strict=True)
    ]


def busy_day(used: Sequence[float]) -> float:
    """The credits of a typical busy day, 0 where nothing was used: a day counts by what was used in it."""
    total = sum(used)
    return sum(amount * amount for amount in used) / total if total >= NOTHING else 0.0


def learnt(
    weights: list[float],
    used: Sequence[float],
    exposure: Sequence[float],
    classes: Sequence[int],
    count: int,
    made_up: float,
) -> list[float]:
    """The weights times how much more their class was used than they said: made-up credits on both sides."""
    mine, expected = [0.0] * count, [0.0] * count
    for amount, part, weight, kind in zip(used, exposure, weights, classes, strict=False):
        mine[kind] += amount
        expected[kind] += part * weight
    whole = sum(expected)
    if whole <= 0 or made_up <= 0:
        return weights
    pace = sum(used) / whole
    factors = [(made_up + one) / (made_up + pace * other) for one, other in zip(mine, expected, strict=True)]
    return [max(FLOOR, weight * factors[kind]) for weight, kind in zip(weights, classes, strict=True)]


def lateness(
    used: Sequence[float],
    exposure: Sequence[float],
    weights: Sequence[float],
    places: Sequence[float | None],
    made_up: float,
) -> float:
    """The power of the place in a period, 0 to 1, by which use grows in it; 0 where it does not.

    A pool that is drawn on only once grants run out is hardly touched at first: what is used lies late in the period.
    A density (p + 1) x^p has its mean at (p + 1) / (p + 2).
    """
    amount = weight_seen = moment = even_moment = 0.0
    for one, part, weight, place in zip(used, exposure, weights, places, strict=False):
        if place is not None:
            amount, moment = amount + one, moment + one * place
            weight_seen, even_moment = weight_seen + part * weight, even_moment + part * weight * place
    if amount <= 0 or weight_seen <= 0:
        return 0.0
    late = (moment / amount - even_moment / weight_seen) * amount / (amount + made_up)
    middle = min(0.5 + late, 0.85)
    return max(0.0, (2 * middle - 1) / (1 - middle))


def places_of(days: Days, periods: Sequence[tuple[float, float]]) -> list[float | None]:
    """How far into its period each day begins, 0 to 1; None in no period."""
    found: list[float | None] = [None] * len(days)
    for first, last in periods:
        begin, end = bisect_left(days.bounds, first), bisect_left(days.bounds, last)
        end = min(end, len(days))
        found[begin:end] = [(at - first + HALF_DAY) / (last - first + DAY) for at in days.bounds[begin:end]]
    return found
