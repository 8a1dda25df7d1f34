"""What somebody would foretell who knew every day's true chances: how much of the rest is luck, for
benchmarks/forecast.py."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from forecast_people import Case, Chance, Event
from forecast_rivals import Guess

from hexmeter.core.forecast.seats import NODES, Overdraw, sum_of
from hexmeter.core.forecast.spread import Spread, chance_above, deviate_below

TENTH = deviate_below(0.1)


class Oracle:
    """Knows the mean and the variance of each day to come, and the hours of the day; not what chance will bring."""

    def __init__(self, case: Case) -> None:
        self._case = case
        zone = ZoneInfo(case.zone)
        first = datetime.fromtimestamp(case.periods[-1][0], zone)
        self._days = [(first + timedelta(days=day)).timestamp() for day in range(len(case.truth[0]) + 1)]
        hours = [(datetime.fromtimestamp(at, zone), credits) for at, credits in case.events]
        self._hours = sorted(at.hour + at.minute / 60 for at, credits in hours for _ in range(round(credits) or 1))

    def guess(self, now: float) -> Guess:
        """What is to come, at a time of the last month."""
        case, start = self._case, self._case.periods[-1][0]
        used = _used(case.events, start, now)
        day = min(bisect_right(self._days, now), len(case.truth[0])) - 1
        today_left = 1 - bisect_right(self._hours, (now - self._days[day]) / 3600) / max(len(self._hours), 1)
        parts = [today_left, *(1.0 for _ in case.truth[0][day + 1 :])]
        spreads = [_to_come(chances[day:], parts) for chances in case.truth]
        if case.seats:
            rest = sum_of(
                [
                    Overdraw(grant - _used(events, start, now), [spread.quantile(node) for node in NODES])
                    for spread, (grant, events) in zip(spreads, case.seats, strict=True)
                ],
                common=0.0,
            )
        else:
            (rest,) = spreads
        most = case.limit if case.hard_stop else float("inf")
        low, middle, high = (min(used + rest.quantile(deviate), max(used, most)) for deviate in (TENTH, 0.0, -TENTH))
        return Guess(middle, low, high, _chance_of(rest, case.limit - used))


def _to_come(chances: Sequence[Chance], parts: Sequence[float]) -> Spread:
    """The sum of independent days, of each a part."""
    days = list(zip(chances, parts, strict=True))
    return Spread(sum(mean * part for (mean, _), part in days), sum(variance * part for (_, variance), part in days))


def _used(events: Sequence[Event], start: float, now: float) -> float:
    return sum(credits for at, credits in events if start <= at <= now)


def _chance_of(rest: Spread, need: float) -> float:
    if need <= 0:
        return 1.0
    return chance_above(rest.deviate(need)) if rest.mean > 0 and rest.variance > 0 else float(rest.mean >= need)
