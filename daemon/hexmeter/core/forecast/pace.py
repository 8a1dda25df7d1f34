"""The pace: credits per ordinary working day, how uneven it is, and what each day to come weighs."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from hexmeter.core.forecast.days import HOUR, Days, used_between
from hexmeter.core.forecast.request import History

WEEKDAY_PRIOR = (1.0, 1.05, 1.05, 1.0, 0.85, 0.12, 0.10)
"""What a weekday weighs, Monday first, before this person's own weeks say otherwise."""
HOUR_PRIOR = (1, 1, 1, 1, 1, 1, 2, 5, 12, 20, 22, 20, 14, 18, 22, 22, 18, 12, 8, 6, 5, 5, 4, 2)
"""The share of a day's work that falls into each local hour, in proportion."""
HOUR_PRIOR_DAYS = 4.0
HOUR_PROFILE_DAYS = 56
WEEKDAY_TRUST, WEEKDAY_FLOOR = 2.0, 0.02
SHORT_DAYS, LONG_DAYS = 7.0, 60.0
EVEN_PACE = 0.85  # of the limit: what is expected of somebody of whom nothing is known
DISPERSION_MOST = 200.0


@dataclass(frozen=True, slots=True)
class Pace:
    """What the past says of the days to come."""

    rate: float  # credits per unit of day weight
    dispersion: float  # variance of a total over its mean, in credits
    certainty: float  # shape of the rate's own gamma
    weights: Sequence[float]  # of each day to come, today's remainder first
    active_days: int
    weight_seen: float


def hour_profile(history: History, days: Days, today: int) -> Sequence[float]:
    """The cumulated share of a day's use before each local hour, 25 values from 0 to 1."""
    first = max(0, today - HOUR_PROFILE_DAYS)
    total = sum(HOUR_PRIOR)
    hours = [0.0] * 25
    times, totals = history.times, history.totals
    day, day_end = first, days.bounds[first + 1]
    for index in range(bisect_left(times, days.bounds[first]), len(times)):
        at = times[index]
        while at >= day_end and day < today:
            day += 1
            day_end = days.bounds[day + 1]
        hours[min(24, int((at - days.bounds[day]) / HOUR))] += totals[index + 1] - totals[index]
    hours[23] += hours.pop()  # the 25th hour of a day in autumn
    seen = sum(hours)
    typical = seen / max(1, today - first + 1) or 1.0
    trust = HOUR_PRIOR_DAYS * typical
    shares = [(mine + trust * prior / total) / (seen + trust) for mine, prior in zip(hours, HOUR_PRIOR, strict=True)]
    profile = [0.0]
    for share in shares:
        profile.append(profile[-1] + share)
    return profile


def elapsed_share(profile: Sequence[float], begin: float, end: float, at: float) -> float:
    """How much of a day's use lies before `at`, for the day [begin, end)."""
    if at >= end:
        return 1.0
    hour = min(23.999, max(0.0, (at - begin) / (end - begin) * 24))
    whole = int(hour)
    return min(1.0, profile[whole] + (hour - whole) * (profile[whole + 1] - profile[whole]))


def pace_of(
    history: History,
    days: Days,
    now: float,
    limit: float,
    period: tuple[float, float],
    stopped: Sequence[tuple[float, float]],
) -> Pace:
    """The pace of `history` at `now`; `stopped`: spans after a hard stop, which say nothing of the wish to work."""
    today = days.index(now)
    used = used_between(history, days.bounds[: today + 2])
    profile = hour_profile(history, days, today)
    share = elapsed_share(profile, days.bounds[today], days.bounds[today + 1], now)
    exposure = [1.0] * today + [share]
    for begin, end in stopped:
        for day in range(days.index(begin) + 1, days.index(end - 1) + 1):
            exposure[day] = 0.0
    weekday = weekday_weights(used, exposure, days.weekdays)
    weights = [weekday[day] for day in days.weekdays]
    seen = [part * weight for part, weight in zip(exposure, weights, strict=False)]

    in_period = sum(weights[days.index(period[0]) :])
    even = EVEN_PACE * limit / in_period if limit > 0 else sum(used) / max(1.0, sum(seen))
    even = max(even, 1e-6)
    unit = max(1.0, min(limit, DISPERSION_MOST))
    long_used, long_seen = decayed(used, seen, LONG_DAYS)
    long_rate = (long_used + 0.8 * unit) / (long_seen + 0.8 * unit / even)
    dispersion = dispersion_of(used, seen, long_rate, unit)
    long_rate = (long_used + 0.8 * dispersion) / (long_seen + 0.8 * dispersion / even)
    short_used, short_seen = decayed(used, seen, SHORT_DAYS)
    rate = (short_used + 2 * dispersion) / (short_seen + 2 * dispersion / long_rate)
    return Pace(
        rate=rate,
        dispersion=dispersion,
        certainty=0.8 + long_used / dispersion,
        weights=[weights[today] * (1 - share), *weights[today + 1 :]],
        active_days=sum(1 for amount in used if amount > 0),
        weight_seen=sum(seen),
    )


def weekday_weights(used: Sequence[float], exposure: Sequence[float], weekdays: Sequence[int]) -> Sequence[float]:
    """What each weekday weighs for this person: the prior, moved as far as their own weeks carry."""
    by_day, expected = [0.0] * 7, [0.0] * 7
    for amount, part, weekday in zip(used, exposure, weekdays, strict=False):
        by_day[weekday] += amount
        expected[weekday] += part * WEEKDAY_PRIOR[weekday]
    total, whole = sum(by_day), sum(expected)
    if total <= 0 or whole <= 0:
        return WEEKDAY_PRIOR
    unit = 2 * sum(amount * amount for amount in used) / total * WEEKDAY_TRUST
    return [
        max(WEEKDAY_FLOOR, prior * (unit + mine) / (unit + total / whole * weight))
        for prior, mine, weight in zip(WEEKDAY_PRIOR, by_day, expected, strict=True)
    ]


def decayed(used: Sequence[float], seen: Sequence[float], half_life: float) -> tuple[float, float]:
    """Use and weight seen, each day counting half as much as one `half_life` days later."""
    keep = 0.5 ** (1 / half_life)
    amount = weight = 0.0
    for one, other in zip(used, seen, strict=True):
        amount, weight = amount * keep + one, weight * keep + other
    return amount, weight


def dispersion_of(used: Sequence[float], seen: Sequence[float], rate: float, unit: float) -> float:
    """Variance over mean of a week's use round `rate`, pulled toward `unit` by ten weeks' worth of it."""
    squares = means = 0.0
    for last in range(len(used), 0, -7):
        first = max(0, last - 7)
        mean = rate * sum(seen[first:last])
        squares += (sum(used[first:last]) - mean) ** 2
        means += mean
    doubt = 10 * rate * sum(WEEKDAY_PRIOR) / 5
    return max((squares + doubt * unit) / (means + doubt), 0.05)
