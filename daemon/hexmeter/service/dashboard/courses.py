"""The courses of meters: what each had used at the end of every day of its period, and of past ones."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from hexmeter.config.model import Config
from hexmeter.core.allocations import ALLOCATION
from hexmeter.core.credits import to_number
from hexmeter.core.instants import DAY_MS, to_iso
from hexmeter.core.meters import Meter, grant_key
from hexmeter.core.periods import Period
from hexmeter.core.pool import POOL, SPEND
from hexmeter.service.meters.figures import Figures
from hexmeter.service.meters.forecastfacts import Facts, Seat
from hexmeter.store.store import Store

_PAST = 3
_DRAWN_FROM = (POOL, SPEND, ALLOCATION)


@dataclass(frozen=True, slots=True)
class Daily:
    """What each user used in each of some adjoining parts of a time, in micro-credits."""

    parts: Sequence[Period]
    by_user: Sequence[dict[str | None, int]]

    def within(self, period: Period) -> "Daily":
        """Those parts that lie in `period`."""
        kept = [place for place, part in enumerate(self.parts) if part.start_ms in period]
        return Daily([self.parts[place] for place in kept], [self.by_user[place] for place in kept])

    def totals(self, user_id: str | None) -> list[int]:
        """What one user had used at the beginning and at the end of each part."""
        return list(accumulate((users.get(user_id, 0) for users in self.by_user), initial=0))


class Courses:
    """What the pictures of meters are drawn from. Nothing here asks Hex, and nothing is written."""

    def __init__(self, config: Config, store: Store, figures: Figures) -> None:
        self._config = config
        self._store = store
        self._figures = figures

    def with_imported(self, parts: Sequence[Period], by_user: Sequence[dict[str | None, int]]) -> Daily:
        """What the ledger says of some adjoining parts of a time, and what counts of imported logs."""
        by_user, ends_ms = [dict(users) for users in by_user], [part.end_ms for part in parts]
        for user_id, names in self._figures.imported.names().items() if parts else ():
            for name in names:
                end_ms = min(self._figures.imported.counts_before(name), ends_ms[-1])
                for at_ms, micro in self._store.imports.amounts_of(name, Period(parts[0].start_ms, end_ms)):
                    users = by_user[bisect_right(ends_ms, at_ms)]
                    users[user_id] = users.get(user_id, 0) + micro
        return Daily(parts, by_user)

    def of(
        self, meters: Sequence[Meter], drawn: Container[str], days: Daily, read_ms: int, now_ms: int
    ) -> dict[str, dict[str, Any]]:
        """The courses of those of the `meters` that have a figure and are to be `drawn`, by the meter's id. `days` are
        local ones, and `read_ms` is when the figures were read."""
        period = self._figures.period(now_ms)
        facts = Facts(self._config, self._store, self._figures, meters, now_ms)
        past = facts.past[-_PAST:]
        # Of what lies across a midnight no part is sought: months that are over are drawn faintly, and not told.
        before = self._store.kept.ask(self._before, tuple(part for one in past for part in _utc_days(one)))
        days = days.within(period)
        courses, everybody = {}, list[Seat]()
        for meter in meters:
            if meter.id not in drawn or meter.used_micro is None or meter.kind not in ("grant", *_DRAWN_FROM):
                continue
            seats = None
            if meter.kind == ALLOCATION:
                seats = facts.seats(meter)
            elif meter.kind in _DRAWN_FROM:
                # The pool and the spend limit count the same.
                seats = everybody = everybody or facts.seats(meter)
            points = self._points(meter, period, days, seats, read_ms)
            # What the pool had left when a past month began is not known.
            shown = [] if meter.kind == POOL else past
            courses[meter.id] = {
                **_course(period, points),
                "past": [_course(one, _line(before.within(one), meter, seats)) for one in shown],
            }
        return courses

    def _before(self, past_days: tuple[Period, ...]) -> Daily:
        return self.with_imported(past_days, [self._store.ledger.sums.ended(part) for part in past_days])

    def _points(
        self, meter: Meter, period: Period, days: Daily, seats: Sequence[Seat] | None, read_ms: int
    ) -> list[tuple[int, int]]:
        """The line of this period, which leads to what the meter shows, whatever else that counts."""
        assert meter.used_micro is not None
        line, used_micro = _line(days, meter, seats), meter.used_micro
        if not line:
            return []
        calibration = self._store.roster.calibrations_in(period).get(meter.key)
        balance = self._figures.pool.balance() if meter.kind == POOL else None
        if balance is not None:
            # It counts from when its balance was read, and from what was used by then.
            before_micro = used_micro - line[-1][1]
            line = [(at_ms, micro + before_micro) for at_ms, micro in line if at_ms > balance.at_ms]
            if balance.at_ms in period:
                line = [(balance.at_ms, 0), *line]
        elif calibration is not None:
            line = [
                (at_ms, max(0, micro + (meter.adjustment_micro if at_ms > calibration.at_ms else 0)))
                for at_ms, micro in line
            ]
        return [*line[:-1], (max(days.parts[-1].start_ms, min(read_ms, days.parts[-1].end_ms)), used_micro)]


def _line(days: Daily, meter: Meter, seats: Sequence[Seat] | None) -> list[tuple[int, int]]:
    """What a meter counts of these days of one period: when, and how much by then; `seats` are those whose overdraw it
    counts, None: it counts all of one person's use."""
    if not days.parts:
        return []
    if seats is None:
        totals = days.totals(meter.key.removeprefix(grant_key("")))
    else:
        totals = [sum(drawn) for drawn in zip(*_draws(days, seats), strict=True)]
    return list(zip([days.parts[0].start_ms, *(part.end_ms for part in days.parts)], totals, strict=True))


def _draws(days: Daily, seats: Iterable[Seat]) -> Iterable[list[int]]:
    """What each seat had drawn from the pool by each day's end."""
    used_micro: dict[str | None, int] = defaultdict(int)
    for users in days.by_user:
        for user_id, micro in users.items():
            used_micro[user_id] += micro
    yield [0] * (len(days.parts) + 1)
    for seat in seats:
        # Most never go beyond their grant.
        if used_micro.get(seat.user_id, 0) > seat.grant_micro:
            yield [max(0, total - seat.grant_micro) for total in days.totals(seat.user_id)]


def _utc_days(period: Period) -> list[Period]:
    """A period cut at every midnight of UTC, for which there are sums."""
    cuts = [*range(-(-(period.start_ms + 1) // DAY_MS) * DAY_MS, period.end_ms, DAY_MS)]
    return [Period(start, end) for start, end in pairwise([period.start_ms, *cuts, period.end_ms])]


def _course(period: Period, line: Iterable[tuple[int, int]]) -> dict[str, Any]:
    return {
        "start": to_iso(period.start_ms),
        "end": to_iso(period.end_ms),
        "points": [[to_iso(at_ms), to_number(micro)] for at_ms, micro in line],
    }
