"""How good a forecast was: error, pinball loss, cover, detection and flaps, for benchmarks/forecast.py."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from forecast_people import Case
from forecast_rivals import DAY, Guess

SHARES = (0.25, 0.5, 0.75)
HOURS = (11, 18)
QUANTILES = (0.1, 0.5, 0.9)


@dataclass(slots=True)
class Month:
    """One method on one case: its guesses at the three marks, and what it said over the month."""

    cohort: str
    scale: float
    total: float
    crossed: bool
    aside: bool
    marks: list[tuple[float, Guess]] = field(default_factory=list)  # what was still to come, and the guess
    best_ahead: float = float("-inf")  # highest score a working day or more before the crossing
    highest: float = float("-inf")
    alerted_ahead: bool = False
    alerted: bool = False
    rises: int = 0
    chances: list[float] = field(default_factory=list)  # every probability shown before the crossing
    exhaust_errors: list[float] = field(default_factory=list)  # hours


def times_of(case: Case) -> Iterator[tuple[float, bool]]:
    """When a method is asked, and whether that is one of the three marks: twice a day until the limit is crossed."""
    start, end = case.periods[-1]
    zone, crossed = ZoneInfo(case.zone), case.crossed_at
    marks = [start + share * (end - start) for share in SHARES]
    asked = [(at, True) for at in marks]
    for index in range(int((end - start) / DAY + 0.5)):
        day = datetime.fromtimestamp(start + (index + 0.5) * DAY, UTC).astimezone(zone)
        asked += [(day.replace(hour=hour, minute=0, second=0, microsecond=0).timestamp(), False) for hour in HOURS]
    for at, mark in sorted(asked):
        if start < at < end and (mark or crossed is None or at < crossed):
            yield at, mark


def working_days(first: float, last: float, zone: ZoneInfo) -> float:
    """The time from Monday to Friday between two instants, in days."""
    steps = int((last - first) / 3600)
    hours = (datetime.fromtimestamp(first + hour * 3600, UTC).astimezone(zone).weekday() < 5 for hour in range(steps))
    return sum(hours) / 24


def last_useful(case: Case) -> float | None:
    """The latest moment a working day before the crossing."""
    crossed = case.crossed_at
    if crossed is None:
        return None
    zone, hours = ZoneInfo(case.zone), 24
    while working_days(crossed - hours * 3600, crossed, zone) < 1:
        hours += 1
    return crossed - hours * 3600


def pinball(month: Month) -> Iterator[float]:
    """The quantile loss at each mark where something was still open."""
    for _, guess in month.marks:
        for share, value in zip(QUANTILES, (guess.low, guess.expected, guess.high), strict=True):
            gap = month.total - value
            yield max(share * gap, (share - 1) * gap) / month.scale


def cover(months: Sequence[Month]) -> float:
    """The share of marks whose 80 % range held the total; hard stops and marks with nothing left to come aside."""
    held = [
        guess.low - 1e-6 <= month.total <= guess.high + 1e-6
        for month in months
        if not month.aside
        for left, guess in month.marks
        if left > 1e-9
    ]
    return sum(held) / max(1, len(held))


def error_at(months: Sequence[Month], mark: int) -> float:
    """The mean absolute error at one of the three marks, in limits."""
    return sum(abs(month.marks[mark][1].expected - month.total) / month.scale for month in months) / len(months)


def detection(months: Sequence[Month]) -> tuple[float, float]:
    """Crossings warned of a working day ahead, at the lowest threshold with ≤ 1 false alarm in 12 months; it too."""
    calm = sorted((month.highest for month in months if not month.crossed), reverse=True)
    allowed = len(months) // 12
    threshold = calm[allowed] if allowed < len(calm) else float("-inf")
    crossed = [month.best_ahead for month in months if month.crossed]
    return sum(score > threshold for score in crossed) / max(1, len(crossed)), threshold


def reliability(months: Sequence[Month]) -> list[float]:
    """By tenth of the probabilities shown: the share of the moments after which the limit was reached."""
    came, said = [0] * 10, [0] * 10
    for month in months:
        for chance in month.chances:
            tenth = min(9, int(chance * 10))
            said[tenth] += 1
            came[tenth] += month.crossed
    return [one / max(1, other) for one, other in zip(came, said, strict=True)]


def shipped(months: Sequence[Month]) -> tuple[float, float]:
    """Detection and false alarms per month of the alert as it is."""
    crossed = [month.alerted_ahead for month in months if month.crossed]
    calm = sum(month.alerted for month in months if not month.crossed)
    return sum(crossed) / max(1, len(crossed)), calm / max(1, len(months))


def median(values: Sequence[float]) -> float:
    """The middle value, 0 of none."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0


def left_after(case: Case, now: float) -> float:
    """What is used after `now`."""
    first = bisect_left(case.events, now, key=lambda event: event[0])
    return sum(credits for _, credits in case.events[first:])
