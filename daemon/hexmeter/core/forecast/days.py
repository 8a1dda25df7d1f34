"""The local days a forecast counts in: when each begins, its weekday, and what was used in it."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from hexmeter.core.forecast.request import History
from hexmeter.core.periods import first_instant

HOUR, HALF_DAY, DAY = 3_600.0, 43_200.0, 86_400.0


@lru_cache(maxsize=4096)
def midnight(ordinal: int, zone: ZoneInfo) -> float:
    """The first instant of a local day (proleptic ordinal) in Unix seconds. Cached: each call asks for the same 200."""
    return first_instant(date.fromordinal(ordinal), zone) / 1000


def ordinal_at(at: float, zone: ZoneInfo) -> int:
    """The local day of an instant."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone).date().toordinal()


@dataclass(frozen=True, slots=True)
class Days:
    """Consecutive local days, cut to [begin, end): day i is [bounds[i], bounds[i + 1])."""

    bounds: Sequence[float]
    weekdays: Sequence[int]

    def __len__(self) -> int:
        return len(self.weekdays)

    def index(self, at: float) -> int:
        """The day of an instant; the last one at the very end."""
        return min(max(bisect_right(self.bounds, at) - 1, 0), len(self) - 1)


def days_of(begin: float, end: float, zone: ZoneInfo) -> Days:
    """The local days that touch [begin, end)."""
    first, last = ordinal_at(begin, zone), ordinal_at(end, zone)
    inner = [at for at in (midnight(day, zone) for day in range(first + 1, last + 1)) if begin < at < end]
    return Days([begin, *inner, end], [(first + index - 1) % 7 for index in range(len(inner) + 1)])


def used_between(history: History, bounds: Sequence[float]) -> list[float]:
    """The credits used in each [bounds[i], bounds[i + 1]); the last one includes its end."""
    marks = [bisect_left(history.times, at) for at in bounds[:-1]] + [bisect_right(history.times, bounds[-1])]
    sums = [history.totals[mark] for mark in marks]
    return [max(0.0, later - sooner) for sooner, later in pairwise(sums)]
