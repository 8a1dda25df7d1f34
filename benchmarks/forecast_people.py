"""Made-up people and pools for benchmarks/forecast.py: seven months of credits each, the last one to be forecast."""

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from math import exp
from typing import Any
from zoneinfo import ZoneInfo

ZONES = ("Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Kolkata", "Australia/Sydney", "UTC")
PROMPT_CREDITS = (1, 2, 3, 5, 10)
PROMPT_SHARES = (30, 30, 20, 14, 6)
PROMPT_SPREAD = 0.25  # of the logarithm of one prompt's credits round its usual size
MONTHS = 7
PEOPLE = (
    *("steady", "bursty", "new", "adopting", "dormant", "quarter-end", "heavy week", "holiday", "declining"),
    "hard stop",
)
POOLS = ("pool of 5", "pool of 50", "pool of 500")
ADD_ONS = ("add-on of 8", "add-on of 60")
Event = tuple[float, float]
Chance = tuple[float, float]
"""The mean and the variance of a day's credits, before chance has spoken."""


@dataclass(frozen=True, slots=True)
class Case:
    """One meter over seven months: all its events, of which a method sees those before its `now`."""

    cohort: str
    zone: str
    periods: Sequence[tuple[float, float]]
    limit: float
    hard_stop: bool
    events: Sequence[Event]
    seats: Sequence[tuple[float, Sequence[Event]]]
    truth: Sequence[Sequence[Chance]]  # by seat, or all together; by local day of the last period: no method sees it

    @property
    def total(self) -> float:
        """What the last period came to."""
        return sum(credits for at, credits in self.events if at >= self.periods[-1][0])

    @property
    def crossed_at(self) -> float | None:
        """When the last period's use reached the limit, None where it never did."""
        used = 0.0
        for at, credits in self.events:
            if at >= self.periods[-1][0]:
                used += credits
                if used >= self.limit - 1e-9:
                    return at
        return None

    def request(self, now: float, *, alert_active: bool = False, with_seats: bool = True) -> dict[str, Any]:
        """What a forecast may know at `now`."""

        def seen(events: Sequence[Event]) -> Sequence[Event]:
            return events[: bisect_right(events, now, key=lambda event: event[0])]

        asked = {
            "timezone": self.zone,
            "period_start": self.periods[-1][0],
            "period_end": self.periods[-1][1],
            "now": now,
            "limit": self.limit,
            "events": seen(self.events),
            "past_periods": self.periods[:-1],
            "hard_stop": self.hard_stop,
            "alert_active": alert_active,
        }
        if self.seats and with_seats:
            asked["seats"] = [{"grant": grant, "events": seen(events)} for grant, events in self.seats]
        return asked


@dataclass(frozen=True, slots=True)
class Life:
    """What one person did in seven months, and what each day's chances were."""

    events: Sequence[Event]
    chances: Sequence[Chance]

    def times(self, factors: Sequence[float], begin: float) -> "Life":
        """The same with each day's credits times a factor of that day."""
        return Life(
            [(at, round(credits * factors[int((at - begin) / 86_400)], 2)) for at, credits in self.events],
            [
                (mean * factor, variance * factor**2)
                for (mean, variance), factor in zip(self.chances, factors, strict=False)
            ],
        )


@dataclass(frozen=True, slots=True)
class Calendar:
    """Seven months of a zone, by their local days."""

    zone: ZoneInfo
    days: Sequence[date]
    starts: Sequence[float]  # of each day
    months: Sequence[tuple[int, int]]  # first and last + 1 day of each
    periods: Sequence[tuple[float, float]]


def calendar_of(draw: random.Random) -> Calendar:
    """Seven months that end in any month of a few years."""
    zone = ZoneInfo(draw.choice(ZONES))
    index = draw.randrange(12 * 4) + 12 * 2022
    firsts = [date((index + n) // 12, (index + n) % 12 + 1, 1) for n in range(MONTHS + 1)]
    days = [firsts[0] + timedelta(days=n) for n in range((firsts[-1] - firsts[0]).days + 1)]
    starts = [datetime.combine(day, time.min, zone).timestamp() for day in days]
    marks = [(day - firsts[0]).days for day in firsts]
    months = list(pairwise(marks))
    return Calendar(zone, days[:-1], starts, months, [(starts[first], starts[last]) for first, last in months])


def gamma(draw: random.Random, shape: float) -> float:
    """A gamma variable with mean 1."""
    return draw.gammavariate(shape, 1 / shape)


def weekdays_of(draw: random.Random) -> list[float]:
    """How much somebody works on each weekday: most Monday to Friday, some part of the week, some at weekends."""
    kind = draw.random()
    week = [gamma(draw, 40) * base for base in (1, 1.05, 1.05, 1, 0.85)]
    if kind < 0.2:
        for day in draw.sample(range(5), draw.choice((1, 2))):
            week[day] = 0.0
    ends = 0.6 if kind > 0.92 else draw.choice((0, 0.02, 0.05, 0.15))
    return [*week, ends, ends]


def hours_of(draw: random.Random) -> Callable[[], float]:
    """A draw of the local hour of a prompt: office hours, evenings, or those of another zone."""
    middle = draw.choice((10.5, 11.5, 13, 13, 14, 15, 17, 21, 3))
    width = draw.uniform(1.5, 3.5)
    return lambda: draw.gauss(middle, width) % 24


def shape_of(cohort: str, draw: random.Random, calendar: Calendar, turn: int) -> list[float]:
    """How much each day is worth to this cohort, before weekdays and chance; what sets it apart begins in the month
    whose first day is `turn`."""
    count, end = len(calendar.days), min(turn + 30, len(calendar.days))
    days = [1.0] * count
    if cohort == "bursty":
        for first in range(0, count, 7):
            busy = gamma(draw, 0.6) if draw.random() < 0.6 else 0.15
            days[first : first + 7] = [busy] * len(days[first : first + 7])
    elif cohort == "new":
        joined = turn - draw.randrange(0, 40)
        days = [0.0 if day < joined else min(1.0, 0.3 + (day - joined) / 20) for day in range(count)]
    elif cohort == "adopting":
        joined = turn + draw.randrange(3, 18)
        before, ramp = draw.choice((0.0, 0.0, 0.05, 0.2)), draw.uniform(3, 15)
        days = [before if day < joined else min(1.0, before + (day - joined + 1) / ramp) for day in range(count)]
    elif cohort == "dormant":
        left = turn - draw.randrange(40, 130)
        back = turn + draw.randrange(0, 26) if draw.random() < 0.5 else count
        days = [1.0 if day < left or day >= back else draw.choice((0.0, 0.0, 0.03)) for day in range(count)]
    elif cohort == "quarter-end":
        for first, after in calendar.months:
            if calendar.days[first].month % 3 == 0:
                for day in range(after - 12, after):
                    days[day] *= draw.uniform(1.8, 3.5)
    elif cohort == "heavy week":
        for first in (draw.randrange(0, turn), draw.randrange(turn - 7, end - 7)):
            factor = draw.uniform(2.5, 6)
            days[first : first + 7] = [factor] * 7
    elif cohort == "holiday":
        first, length = draw.randrange(turn - 14, end - 7), draw.choice((7, 10, 14, 21))
        days = [0.0 if first <= day < first + length else 1.0 for day in range(count)]
    elif cohort == "declining":
        fall = draw.uniform(0.15, 0.5)
        days = [exp(-fall * day / 30) * 2 for day in range(count)]
    return days


def person(cohort: str, draw: random.Random, calendar: Calendar, per_month: float, turn: int | None = None) -> Life:
    """The prompts of one person who would use `per_month` credits in an average month; `turn` as in shape_of, the last
    month's first day where it is not given."""
    calm = cohort in ("steady", "hard stop")
    week, hour = weekdays_of(draw), hours_of(draw)
    shares = [share * gamma(draw, 6) for share in PROMPT_SHARES]
    prompt = sum(a * b for a, b in zip(shares, PROMPT_CREDITS, strict=True)) / sum(shares)
    monthly, weekly = draw.uniform(0.05, 0.4), draw.uniform(4, 20) if calm else draw.uniform(1, 8)
    daily = draw.uniform(0.7, 4)
    sick = {day for day in range(len(calendar.days)) if draw.random() < 0.006}
    per_day = per_month / (30.4 * max(0.3, sum(week)) / 7)
    unevenness = exp(PROMPT_SPREAD**2 / 2)
    square = sum(a * b * b for a, b in zip(shares, PROMPT_CREDITS, strict=True)) / sum(shares) * unevenness**4
    level, events, chances = 0.0, [], [(0.0, 0.0)] * len(calendar.days)
    for index, value in enumerate(shape_of(cohort, draw, calendar, calendar.months[-1][0] if turn is None else turn)):
        if index in {first for first, _ in calendar.months}:
            level = 0.6 * level + draw.gauss(0, monthly)
        if index % 7 == 0:
            mood = gamma(draw, weekly)
        if index % 7 in (0, 1, 2, 3, 4) and any(index - back in sick for back in range(4)):
            continue
        mean = per_day / prompt * value * week[calendar.days[index].weekday()] * exp(level) * mood
        chances[index] = (mean * prompt * unevenness, mean * square + (mean * prompt * unevenness) ** 2 / daily)
        prompts = poisson(draw, mean * gamma(draw, daily)) if mean > 0 else 0
        for credits in draw.choices(PROMPT_CREDITS, shares, k=prompts):
            at = calendar.starts[index] + hour() * 3600
            events.append(
                (min(at, calendar.starts[index + 1] - 1), round(credits * draw.lognormvariate(0, PROMPT_SPREAD), 2))
            )
    return Life(sorted(events), chances)


def poisson(draw: random.Random, mean: float) -> int:
    """A Poisson variable; beyond 50 its normal neighbour."""
    if mean > 50:
        return max(0, round(draw.gauss(mean, mean**0.5)))
    count, product, floor = 0, draw.random(), exp(-mean)
    while product > floor:
        count, product = count + 1, product * draw.random()
    return count


def hourly(events: Sequence[Event]) -> list[Event]:
    """The events summed by the hour, each at its hour's last event."""
    found: list[Event] = []
    for at, credits in events:
        if found and found[-1][0] // 3600 == at // 3600:
            found[-1] = (at, found[-1][1] + credits)
        else:
            found.append((at, credits))
    return found


def stopped(events: Sequence[Event], calendar: Calendar, limit: float) -> list[Event]:
    """The events without those that a hard stop at `limit` would have refused."""
    kept: list[Event] = []
    for first, last in calendar.periods:
        used = 0.0
        for at, credits in events:
            if first <= at < last and used < limit:
                used += credits
                kept.append((at, credits))
    return kept


def overdraw(events: Sequence[Event], calendar: Calendar, grant: float) -> list[Event]:
    """What of the events lies above the grant of each month."""
    over: list[Event] = []
    for first, last in calendar.periods:
        used = 0.0
        for at, credits in events:
            if first <= at < last:
                used += credits
                if used > grant:
                    over.append((at, min(credits, used - grant)))
    return over


def crowd(count: int, draw: random.Random, calendar: Calendar, per_month: float) -> list[Life]:
    """Many people of mixed cohorts in one workspace: each turns in a month of their own, the workspace has weeks of its
    own, and perhaps grows."""
    turns = [first for first, _ in calendar.months[1:]]
    found = [
        person(
            draw.choice(("steady", "bursty", "bursty", *PEOPLE[:9])),
            draw,
            calendar,
            per_month * gamma(draw, 1.0),
            draw.choice(turns),
        )
        for _ in range(count)
    ]
    weeks = [gamma(draw, draw.choice((15, 60, 200))) for _ in range(40)]
    growth = draw.choice((0.0, 0.0, 0.05, 0.12, -0.05))
    factors = [weeks[day // 7] * exp(growth * (day - 180) / 30) for day in range(230)]
    return [life.times(factors, calendar.starts[0]) for life in found]


def together(lives: Sequence[Life]) -> Life:
    """All people as one."""
    days = zip(*(life.chances for life in lives), strict=True)
    return Life(
        hourly(sorted(event for life in lives for event in life.events)),
        [(sum(mean for mean, _ in day), sum(variance for _, variance in day)) for day in days],
    )


def case(cohort: str, draw: random.Random) -> Case:
    """One meter of a cohort."""
    calendar = calendar_of(draw)
    zone, periods = calendar.zone.key, calendar.periods
    strain = draw.lognormvariate(-0.25, 0.55)  # an average month's use over the limit
    if cohort in PEOPLE:
        limit = float(draw.choice((10, 30, 40, 60)))
        life = person(cohort, draw, calendar, strain * limit)
        return alone(cohort, calendar, limit, life, stops=cohort == "hard stop")
    count = int(cohort.rpartition(" ")[2])
    if cohort in POOLS:
        life = together(crowd(count, draw, calendar, 30))
        limit = round(usual_month(life.events, periods) * draw.lognormvariate(0.02, 0.2)) + 1
        return alone(cohort, calendar, float(limit), life, stops=draw.random() < 0.3)
    grant = float(draw.choice((30, 40, 60)))
    lives = crowd(count, draw, calendar, grant * draw.uniform(0.5, 1.2))
    events = hourly(sorted(event for life in lives for event in overdraw(life.events, calendar, grant)))
    limit = max(20, round(usual_month(events, periods) * draw.lognormvariate(0.1, 0.3)))
    seats = [(grant, hourly(life.events)) for life in lives]
    truth = [of_last_month(life, calendar) for life in lives]
    return Case(cohort, zone, periods, float(limit), False, events, seats, truth)


def alone(cohort: str, calendar: Calendar, limit: float, life: Life, *, stops: bool) -> Case:
    """A meter by its own events, without seats."""
    events = stopped(life.events, calendar, limit) if stops else life.events
    return Case(cohort, calendar.zone.key, calendar.periods, limit, stops, events, (), [of_last_month(life, calendar)])


def of_last_month(life: Life, calendar: Calendar) -> Sequence[Chance]:
    """The chances of the month that is to be forecast."""
    first, last = calendar.months[-1]
    return life.chances[first:last]


def usual_month(events: Sequence[Event], periods: Sequence[tuple[float, float]]) -> float:
    """The mean of the last four months' credits."""
    return sum(credits for at, credits in events if at >= periods[-4][0]) / 4


def cases(cohort: str, count: int, seed: int) -> Iterator[Case]:
    """`count` meters of a cohort; one whose limit was crossed on its first day teaches nothing and is drawn anew."""
    draw = random.Random(f"{seed} {cohort}")
    while count:
        found = case(cohort, draw)
        crossed = found.crossed_at
        if crossed is None or crossed > found.periods[-1][0] + 86_400:
            count -= 1
            yield found
