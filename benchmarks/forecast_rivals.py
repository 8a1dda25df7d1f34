"""The simpler ways to foretell a month, for benchmarks/forecast.py: a request in, an expected total and a score out."""

import random
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

DAY = 86_400.0
WEEK = (1.0, 1.0, 1.0, 1.0, 1.0, 0.2, 0.2)


@dataclass(frozen=True, slots=True)
class Guess:
    """An answer: quantiles of the total at the end, and a score above which to warn."""

    expected: float
    low: float
    high: float
    score: float


class Past:
    """A request's history with its running total, days counted back from `now` in steps of 24 hours."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self.start, self.end, self.now = request["period_start"], request["period_end"], request["now"]
        self.limit = max(float(request["limit"]), 1e-9)
        self._times = [at for at, _ in request["events"]]
        self._sums = list(accumulate((credits for _, credits in request["events"]), initial=0.0))
        self.begin = min([self.start, *self._times[:1]])
        self.left_days = (self.end - self.now) / DAY

    def between(self, first: float, last: float) -> float:
        """The credits in (first, last]."""
        return self._sums[bisect_right(self._times, last)] - self._sums[bisect_right(self._times, first)]

    @property
    def used(self) -> float:
        return self.between(self.start - 1, self.now)

    def recent(self, days: float) -> float:
        """Credits per day over the last `days`, or over the time there is."""
        first = max(self.now - days * DAY, self.begin - 1)
        return self.between(first, self.now) / max((self.now - first) / DAY, 0.5)


def point(past: Past, rest: float) -> Guess:
    """A rival that knows no doubt: all three quantiles are its one figure."""
    total = past.used + rest
    return Guess(total, total, total, total / past.limit)


def run_rate(request: Mapping[str, Any]) -> Guess:
    """Used ÷ elapsed × length, over this period alone."""
    past = Past(request)
    return point(past, past.used / max(past.now - past.start, 3600) * (past.end - past.now))


def trailing(days: float) -> Callable[[Mapping[str, Any]], Guess]:
    """The mean of the last `days`, carried on."""

    def guess(request: Mapping[str, Any]) -> Guess:
        past = Past(request)
        return point(past, past.recent(days) * past.left_days)

    return guess


def ewma(request: Mapping[str, Any]) -> Guess:
    """Days that count half as much each week back."""
    past = Past(request)
    ages = range(min(60, int((past.now - past.begin) / DAY) + 1))
    weights = [0.5 ** (age / 7) for age in ages]
    days = [past.between(past.now - (age + 1) * DAY, past.now - age * DAY) for age in ages]
    return point(past, sum(w * y for w, y in zip(weights, days, strict=True)) / sum(weights) * past.left_days)


def working(first: float, last: float) -> float:
    """Days between two instants, those of a weekend counting a fifth (in UTC)."""
    whole, at = 0.0, first
    while at < last:
        until = min(last, (at // DAY + 1) * DAY)
        whole += (until - at) / DAY * WEEK[int(at // DAY + 3) % 7]
        at = until
    return whole


def weekday_run_rate(request: Mapping[str, Any]) -> Guess:
    """The run rate by working days."""
    past = Past(request)
    done = max(working(past.start, past.now), 0.2)
    return point(past, past.used / done * working(past.now, past.end))


def seasonal_naive(request: Mapping[str, Any]) -> Guess:
    """The last four weeks, day for day, once more."""
    past = Past(request)
    span = (past.end - past.now) / 4
    weeks = min(4, max(1, int((past.now - past.begin) / (7 * DAY))))
    return point(past, past.recent(7 * weeks) * 4 * span / DAY)


def last_month(request: Mapping[str, Any]) -> Guess:
    """The same stretch of the last month."""
    past = Past(request)
    first, last = request["past_periods"][-1]
    share = (past.now - past.start) / (past.end - past.start)
    return point(past, past.between(first + share * (last - first), last))


def holt(request: Mapping[str, Any]) -> Guess:
    """Holt's linear trend over weeks, its trend damped by 0.8."""
    past = Past(request)
    count = min(20, int((past.now - past.begin) / (7 * DAY)))
    if count < 2:
        return run_rate(request)
    weeks = [past.between(past.now - (n + 1) * 7 * DAY, past.now - n * 7 * DAY) for n in range(count)][::-1]
    level, trend = weeks[0], 0.0
    for week in weeks[1:]:
        before, level = level, 0.3 * week + 0.7 * (level + 0.8 * trend)
        trend = 0.1 * (level - before) + 0.9 * 0.8 * trend
    return point(past, max(0.0, level + 0.8 * trend) * past.left_days / 7)


def bootstrap(request: Mapping[str, Any]) -> Guess:
    """Weeks of the last ten drawn at random: an interval without a model."""
    past = Past(request)
    count = min(10, int((past.now - past.begin) / (7 * DAY)))
    if count < 2:
        return run_rate(request)
    weeks = [past.between(past.now - (n + 1) * 7 * DAY, past.now - n * 7 * DAY) for n in range(count)]
    draw, whole = random.Random(1), past.left_days / 7
    totals = []
    for _ in range(60):
        parts = draw.choices(weeks, k=int(whole) + 1)
        totals.append(past.used + sum(parts[:-1]) + parts[-1] * (whole - int(whole)))
    totals.sort()
    reached = sum(total >= past.limit for total in totals) / len(totals)
    return Guess(totals[30], totals[6], totals[54], reached + 1e-3 * min(totals[30] / past.limit, 100))


def burn_rate(request: Mapping[str, Any]) -> Guess:
    """Warns only where both the last 24 hours and the last 7 days would reach the limit."""
    past = Past(request)
    rest = min(past.recent(1), past.recent(7)) * past.left_days
    return point(past, rest)


RIVALS: Mapping[str, Callable[[Mapping[str, Any]], Guess]] = {
    "run rate": run_rate,
    "trailing 24 h": trailing(1),
    "trailing 7 d": trailing(7),
    "EWMA, half-life 7 d": ewma,
    "run rate by working days": weekday_run_rate,
    "last four weeks again": seasonal_naive,
    "last month again": last_month,
    "Holt, damped, by weeks": holt,
    "bootstrap of weeks": bootstrap,
    "burn rate, 24 h and 7 d": burn_rate,
}
