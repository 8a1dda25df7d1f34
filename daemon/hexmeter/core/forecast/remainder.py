"""What is still to come of a meter by its own history alone: a spread, read as its past taught."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hexmeter.core.forecast.backtest import lesson_of, spread_of
from hexmeter.core.forecast.days import used_between
from hexmeter.core.forecast.pace import pace_of, wandered
from hexmeter.core.forecast.path import crossing
from hexmeter.core.forecast.request import Request
from hexmeter.core.forecast.spread import Spread, chance_above, deviate_below
from hexmeter.core.forecast.timeline import Timeline
from hexmeter.core.forecast.weights import LATE_TRUST, busy_day, day_weights, late_weights, lateness, places_of

DRIFT = 0.3
"""How far a pace wanders within a month, as a share of it, until its own past has said so. What overflows comes late,
and changes more."""
TENTH = 0.1
"""What lies below the range, and what above it, of the cases that it is meant for."""
SOMETHING = 0.5
"""Credits: less than a prompt."""
IDLE_MOST = 0.6
"""However quiet somebody has become, the range's high end is not one of wonders."""
STOPPED_AT = 0.97
"""A past period with a hard stop that used this much of the limit ended there: the rest of it is no sign of rest."""


@dataclass(frozen=True, slots=True)
class Remainder:
    """What is to come: a spread whose deviates are to be stretched, and the way there."""

    spread: Spread
    stretch: float
    ahead: Sequence[float]  # what the days to come weigh
    part_until: Callable[[float], float]  # share of the use to come → share of `ahead`
    active_days: int

    def quantile(self, deviate: float) -> float:
        """The credits to come, at a normal deviate."""
        return self.spread.quantile(self.stretch * deviate)

    @property
    def range(self) -> tuple[float, float, float]:
        """The credits to come: the range's low end, the median, and the range's high end.

        The range is meant for whoever goes on, and is to hold eight of ten cases in which anything more is used at all.
        The likelier it is that nothing comes, the less its low end leaves that out: nothing is then what to expect.
        """
        idle = min(IDLE_MOST, 1 - self.chance_of(SOMETHING))
        low = TENTH + (1 - TENTH) * idle * (1 - idle / IDLE_MOST)
        high = 1 - TENTH * (1 - idle)
        return self.quantile(deviate_below(low)), self.quantile(0.0), self.quantile(deviate_below(high))

    def chance_of(self, need: float) -> float:
        """The probability that `need` credits or more will come."""
        if self.spread.mean <= 0:
            return 0.0
        return chance_above(self.spread.deviate(need) / self.stretch)


def remainder_of(asked: Request, timeline: Timeline) -> Remainder:
    """From the meter's own events."""
    days, today = timeline.days, timeline.today
    used = timeline.used(asked.history)
    exposure = [1.0] * today + [timeline.today_done]
    for begin, end in _stopped(asked):
        for day in range(days.index(begin) + 1, min(days.index(end - 1) + 1, today)):
            exposure[day] = 0.0
    places = places_of(days, [*asked.past, (asked.start, asked.end)])
    weights = day_weights(used, exposure, days)
    power = lateness(used[: timeline.first], exposure, weights, places, LATE_TRUST * busy_day(used))
    weights = late_weights(weights, power, places)
    seen = [part * weight for part, weight in zip(exposure, weights, strict=False)]
    pace = pace_of(used, seen, asked.limit, sum(weights[timeline.first :]), DRIFT * (1 + power))
    lesson = lesson_of(used, seen, pace, len(days) - today)
    ahead = timeline.ahead(weights)
    return Remainder(
        spread=spread_of(pace, today, wandered(lesson.drift, timeline.days_left), sum(ahead)),
        stretch=lesson.stretch,
        ahead=ahead,
        part_until=lambda share: share,
        active_days=sum(1 for amount in used if amount > 0),
    )


def _stopped(asked: Request) -> list[tuple[float, float]]:
    """The spans of past periods after a hard stop."""
    if not asked.hard_stop or asked.limit <= 0:
        return []
    spans = []
    for first, last in asked.past:
        if used_between(asked.history, [first, last])[0] >= STOPPED_AT * asked.limit:
            spans.append((crossing(asked.history, first, last, STOPPED_AT * asked.limit, 1.0, 1.0), last))
    return spans
