"""The days a forecast looks at, from the first that counts to the period's end, and where in them now is."""

from collections.abc import Sequence
from dataclasses import dataclass

from hexmeter.core.forecast.days import DAY, Days, days_of, used_between
from hexmeter.core.forecast.request import History, Request
from hexmeter.core.forecast.weights import elapsed_share, hour_profile

HISTORY_S = 200 * 86_400.0
UNUSED_S = 3 * 86_400.0
"""How long before the period somebody is watched who never used anything: silence before that is no news."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """All days, today's index in them and the index of the period's first; how much of today's use lies behind."""

    days: Days
    first: int
    today: int
    profile: Sequence[float]
    today_done: float
    now: float

    @property
    def days_left(self) -> float:
        """Days of 24 hours until the period ends."""
        return (self.days.bounds[-1] - self.now) / DAY

    def used(self, history: History) -> list[float]:
        """What was used each day, today's so far."""
        bounds = self.days.bounds
        return used_between(history, [*bounds[: self.today + 1], max(self.now, bounds[self.today])])

    def ahead(self, weights: Sequence[float]) -> list[float]:
        """What the days to come weigh, the rest of today first."""
        return [weights[self.today] * (1 - self.today_done), *weights[self.today + 1 :]]


def timeline_of(asked: Request) -> Timeline:
    """History begins with the first use of anybody; where there was none, shortly before the period."""
    history = asked.history
    firsts = [one.times[0] for one in (history, *(seat.history for seat in asked.seats)) if one.times]
    first = min(firsts, default=asked.start - UNUSED_S)
    days = days_of(max(min(first, asked.start), asked.now - HISTORY_S), asked.end, asked.zone)
    today = days.index(asked.now)
    profile = hour_profile(history, days, today)
    done = elapsed_share(profile, days.bounds[today], days.bounds[today + 1], asked.now)
    return Timeline(days, days.index(asked.start), today, profile, done, asked.now)
