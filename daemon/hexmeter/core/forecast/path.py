"""When the limit was reached, or will be: the way through the hours of the days to come."""

from bisect import bisect_left
from collections.abc import Sequence

from hexmeter.core.forecast.days import Days
from hexmeter.core.forecast.request import History
from hexmeter.core.forecast.weights import NOTHING, elapsed_share

STEPS_A_DAY = 96


def crossing(history: History, begin: float, now: float, limit: float, spent: float, seen: float) -> float:
    """When the use since `begin` reached `limit`.

    A calibrated figure tells how much was `spent`, not when: what was `seen` then stands for its course.
    """
    if limit < NOTHING:
        return begin
    if seen <= 0:
        return now
    first = bisect_left(history.times, begin)
    target = history.totals[first] + limit * seen / spent * (1 - 1e-9)
    index = bisect_left(history.totals, target, first + 1)
    return min(history.times[min(index, len(history.times)) - 1], now)


def reached_at(part: float, ahead: Sequence[float], days: Days, profile: Sequence[float], now: float) -> float:
    """When `part` (0 to 1) of what the days ahead weigh will have been used; today's remainder is the first of them."""
    today = len(days) - len(ahead)
    left = part * sum(ahead)
    for day, weight in enumerate(ahead, today):
        begin, end = days.bounds[day], days.bounds[day + 1]
        if left <= weight and weight > 0:
            done = elapsed_share(profile, begin, end, now) if day == today else 0.0
            wanted = done + left / weight * (1 - done) - 1e-9
            steps = (begin + (end - begin) * step / STEPS_A_DAY for step in range(1, STEPS_A_DAY + 1))
            found = next(at for at in steps if elapsed_share(profile, begin, end, at) >= wanted)
            return min(max(now, found), days.bounds[-1])  # the last step may miss the end by a hair
        left -= weight
    return days.bounds[-1]
