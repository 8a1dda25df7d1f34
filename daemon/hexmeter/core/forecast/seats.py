"""A pool that is drawn on once grants run out: each seat's overdraw to come, and their sum."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import mul

from hexmeter.core.forecast.backtest import lesson_of
from hexmeter.core.forecast.days import used_between
from hexmeter.core.forecast.pace import DISPERSION_TRUST_WEEKS, HALF_LIVES, TRUST, pace_of, wandered
from hexmeter.core.forecast.remainder import Remainder
from hexmeter.core.forecast.request import History, Request, Seat
from hexmeter.core.forecast.spread import Spread, deviate_below
from hexmeter.core.forecast.timeline import Timeline
from hexmeter.core.forecast.weights import day_weights

NODES = tuple(deviate_below((index + 0.5) / 32) for index in range(32))
"""Normal deviates of 32 equally likely cases."""
COMMON, OWN = 0.45, 0.4
"""How far everybody's pace wanders together within a month, as a share of it, until their past has said so; and each
seat's by itself."""
LEANING = (0.8, 2.0, 2.0)
"""As of one meter alone, but less: the errors of many seats that follow their own days even out."""


@dataclass(frozen=True, slots=True)
class Overdraw:
    """One seat's way: what is left of its grant (negative: overdrawn), and equally likely uses to come."""

    left: float
    cases: Sequence[float]

    def drawn(self, part: float) -> float:
        """The expected overdraw to come after `part` of the time to come."""
        over = min(self.left, 0.0)
        return sum(max(0.0, use * part - self.left) + over for use in self.cases) / len(self.cases)


def history_of(seats: Sequence[Seat], periods: Sequence[tuple[float, float]]) -> History:
    """What was drawn from the pool, in order: of each seat and period the use above the grant."""
    drawn = []
    for seat in seats:
        times, totals = seat.history.times, seat.history.totals
        for first, last in periods:
            begin, end = bisect_left(times, first), bisect_left(times, last)
            over = [max(0.0, total - totals[begin] - seat.grant) for total in totals[begin : end + 1]]
            drawn += [(at, b - a) for at, a, b in zip(times[begin:end], over, over[1:], strict=False) if b > a]
    drawn.sort()
    return History([at for at, _ in drawn], list(accumulate((credits for _, credits in drawn), initial=0.0)))


def remainder_of_seats(asked: Request, timeline: Timeline) -> Remainder:
    """From every seat's own use against its grant."""
    days, today = timeline.days, timeline.today
    uses = [timeline.used(seat.history) for seat in asked.seats]
    together = [sum(day) for day in zip(*uses, strict=True)]
    exposure = [1.0] * today + [timeline.today_done]
    weights = day_weights(together, exposure, days)
    seen = [part * weight for part, weight in zip(exposure, weights, strict=False)]
    ahead = timeline.ahead(weights)

    course = _Course.of(seen)
    begins = [next((day for day, amount in enumerate(use) if amount > 0), today + 1) for use in uses]
    even = max(sum(together) / max(sum(course.weight_since(begin) for begin in begins), 1.0), 1e-6)
    unit = typical_dispersion(uses, begins, course)
    granted = sum(seat.grant for seat in asked.seats)
    drift = common_drift(together, seen, granted, sum(weights[timeline.first :]), len(days) - today)
    own, common = (wandered(one, timeline.days_left) for one in (OWN, drift))
    ways = []
    for seat, use, begin in zip(asked.seats, uses, begins, strict=True):
        # Who never used anything was there all the time, as far as anybody knows.
        since = begin if begin <= today else 0
        rate, certainty, dispersion = pace_of_seat(use, since, course, even, unit)
        mean = rate * sum(ahead)
        spread = Spread(mean, dispersion * mean + mean * mean * (1 / certainty + own * own))
        spent = used_between(seat.history, [asked.start, asked.now])[0] if seat.used is None else seat.used
        ways.append(Overdraw(seat.grant - spent, [spread.quantile(node) for node in NODES]))
    return Remainder(
        spread=sum_of(ways, common),
        stretch=1.0,
        ahead=ahead,
        part_until=lambda share: part_until(ways, share),
        active_days=sum(1 for amount in together if amount > 0),
    )


def common_drift(
    used: Sequence[float], seen: Sequence[float], granted: float, weight_of_period: float, days_left: int
) -> float:
    """How far everybody's pace wanders together within a month, as a share of it. What all do together comes rarely, so
    of what their past says half is taken."""
    pace = pace_of(used, seen, granted, weight_of_period, COMMON)
    return (COMMON + lesson_of(used, seen, pace, days_left).drift) / 2


def part_until(ways: Sequence[Overdraw], share: float) -> float:
    """The part of the time to come by which a share of all overdraws is drawn: it begins slowly."""
    target = share * sum(way.drawn(1.0) for way in ways)
    low, high = 0.0, 1.0
    for _ in range(10):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(way.drawn(middle) for way in ways) < target else (low, middle)
    return high


@dataclass(frozen=True, slots=True)
class _Course:
    """What all seats share, worked out once: the weight seen up to each day, and what each day counts by half-life."""

    seen: Sequence[float]  # one longer than the days, begins with 0
    counts: Sequence[Sequence[float]]  # by half-life, then by day
    counted: Sequence[Sequence[float]]  # the weight so counted, up to each day

    @classmethod
    def of(cls, seen: Sequence[float]) -> "_Course":
        ages = range(len(seen) - 1, -1, -1)
        counts = [[0.5 ** (age / half_life) for age in ages] for half_life in HALF_LIVES]
        counted = [list(accumulate(map(mul, seen, count), initial=0.0)) for count in counts]
        return cls(list(accumulate(seen, initial=0.0)), counts, counted)

    def weight_since(self, day: int) -> float:
        return self.seen[-1] - self.seen[min(day, len(self.seen) - 1)]

    def unevenness(self, used: Sequence[float], since: int, rate: float) -> tuple[float, float]:
        """The squared distances of the weeks since a day from `rate`, and the credits expected of them."""
        squares = means = 0.0
        for last in range(len(used), since, -7):
            first = max(since, last - 7)
            mean = rate * (self.seen[last] - self.seen[first])
            squares += (sum(used[first:last]) - mean) ** 2
            means += mean
        return squares, means


def typical_dispersion(uses: Sequence[Sequence[float]], begins: Sequence[int], course: _Course) -> float:
    """Variance over mean of a seat's week, over all seats."""
    squares = means = 0.0
    for used, begin in zip(uses, begins, strict=True):
        one, other = course.unevenness(used, begin, sum(used) / max(course.weight_since(begin), 1e-9))
        squares, means = squares + one, means + other
    return max(squares / means, 0.5) if means > 0 else 10.0


def pace_of_seat(
    used: Sequence[float], since: int, course: _Course, even: float, unit: float
) -> tuple[float, float, float]:
    """Rate, its certainty, and the dispersion of one seat, leaning on what is usual for all."""
    level = (sum(used) + unit) / (course.weight_since(since) + unit / even)
    squares, means = course.unevenness(used, since, level)
    doubt = DISPERSION_TRUST_WEEKS * level * 5
    dispersion = max((squares + doubt * unit) / (means + doubt), 0.05)
    rate, mixture, certainties = even, 0.0, []
    for index, (leaning, share) in enumerate(zip(LEANING, TRUST, strict=True)):
        amount = sum(map(mul, used, course.counts[index]))
        weight = course.counted[index][-1] - course.counted[index][since]
        base = leaning * dispersion
        rate = (amount + base) / (weight + base / rate)
        mixture += share * rate
        certainties.append(leaning + amount / dispersion)
    return mixture, certainties[0], dispersion


def sum_of(ways: Sequence[Overdraw], common: float) -> Spread:
    """The sum of all overdraws to come: chance apart for each seat, and a share `common` to all of what moves it."""
    mean = variance = moved = 0.0
    for way in ways:
        over = min(way.left, 0.0)
        drawn = [max(0.0, use - way.left) + over for use in way.cases]
        one = sum(drawn) / len(drawn)
        mean += one
        variance += sum((amount - one) ** 2 for amount in drawn) / len(drawn)
        moved += sum(use for use in way.cases if use > way.left) / len(way.cases)
    return Spread(mean, variance + (common * moved) ** 2 + 1e-12)
