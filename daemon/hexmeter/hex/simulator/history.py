"""The past of a generated world: about three months of working days, bursts, follow-ups and holidays."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hexmeter.hex.simulator.people import Habits, habits_of, hire, prompt_cost, start_thread
from hexmeter.hex.simulator.projectspast import start_projects
from hexmeter.hex.simulator.world import Person, World, seeded

HISTORY_DAYS = 95
TOKENS = {
    "hxtp_sim_admin": "ADMIN",
    "hxtp_sim_manager": "MANAGER",
    "hxtp_sim_editor": "EDITOR",
    "hxtp_sim_explorer": "EXPLORER",
}
"""The personal tokens of a generated world and the role of whom they act as; see `generated` for the others."""

_ZONE = ZoneInfo("Europe/Berlin")
_DAY_MS = 86_400_000
_MINUTE_MS = 60_000
_WORKING_DAYS_A_MONTH = 21


def generated(seed: int, now_ms: int, people: int = 40, days: int = HISTORY_DAYS) -> World:
    """A believable world: the same for the same arguments. `people` from 1 to 2,000.

    Chance is drawn per day of the calendar, so a world made later the same day is the earlier one and what followed.

    The first person of each role holds the token in TOKENS; `hxtp_sim_expiring` is the editor's and ends in three
    days, `hxtp_sim_expired` has ended, `hxtw_sim_workspace` is the workspace's and has no end.
    """
    world = World(str(seeded(seed, "org").getrandbits(40)), seed)
    hire(world, people, now_ms, seeded(seed, "people"))
    for person in list(world.people.values()):
        _live(world, seed, person, now_ms, days)
    _work_of_nobody(world, seed, now_ms, days)
    _give_tokens(world, now_ms)
    start_projects(world, seed, now_ms)
    return world


def _give_tokens(world: World, now_ms: int) -> None:
    world.workspace_token()
    for text, role in TOKENS.items():
        person = next((person for person in world.people.values() if person.role == role), None)
        if person is None:
            continue
        world.token_for(person.email, text=text, expires_ms=now_ms + 90 * _DAY_MS)
        if role == "EDITOR":
            world.token_for(person.email, text="hxtp_sim_expiring", expires_ms=now_ms + 3 * _DAY_MS)
            world.token_for(person.email, text="hxtp_sim_expired", expires_ms=now_ms - _DAY_MS)


def _live(world: World, seed: int, person: Person, now_ms: int, days: int) -> None:
    """Let one person prompt through the past, each active day until its budget is spent."""
    habits = habits_of(person.role, seeded(seed, "habits", person.id))
    daily_micro = habits.monthly_micro / (_WORKING_DAYS_A_MONTH * habits.active_share)
    own: list[tuple[int, str]] = []
    for day, morning_ms in _days_before(now_ms, days):
        week = day.isocalendar()
        away = seeded(seed, person.id, week.year, week.week).random() < 0.08
        mood = seeded(seed, person.id, day.year, day.month).lognormvariate(-0.03, 0.25)
        rng = seeded(seed, person.id, day)
        if rng.random() > (0.02 if away else 0.05 if day.weekday() >= 5 else habits.active_share):
            continue
        # A gamma of shape 1.3: many small days, some bursts.
        budget_micro = daily_micro * mood * rng.gammavariate(1.3, 1 / 1.3)
        _spend_a_day(world, person.email, habits, morning_ms, now_ms, budget_micro, own, rng)


def _spend_a_day(
    world: World,
    email: str | None,
    habits: Habits,
    morning_ms: int,
    now_ms: int,
    budget_micro: float,
    own: list[tuple[int, str]],
    rng: random.Random,
) -> None:
    at_ms = morning_ms + round(rng.triangular(0, 8 * 60, 150) * _MINUTE_MS)
    evening_ms = morning_ms + 11 * 60 * _MINUTE_MS
    while at_ms < min(now_ms, evening_ms):
        cost_micro = prompt_cost(habits, rng)
        # The last prompt may overshoot the budget, but by chance only: so the month comes out as meant.
        if rng.random() > budget_micro / cost_micro:
            return
        budget_micro -= cost_micro
        thread_id = _thread_for(world, email, habits, at_ms, own, rng)
        world.grow(thread_id, cost_micro, at_ms)
        at_ms += round(rng.choice((rng.uniform(1, 9), rng.uniform(1, 9), rng.uniform(20, 120))) * _MINUTE_MS)


def _thread_for(
    world: World, email: str | None, habits: Habits, at_ms: int, own: list[tuple[int, str]], rng: random.Random
) -> str:
    """The thread of the next prompt: the one just used, an older one, or a new one."""
    chance = rng.random()
    if own and chance < 0.3 and own[-1][0] > at_ms - 2 * 3_600_000:
        return own[-1][1]
    if own and chance < 0.42:
        back_ms = rng.expovariate(1 / (8 * _DAY_MS))
        return min(own[-200:], key=lambda pair: abs(at_ms - back_ms - pair[0]))[1]
    own.append((at_ms, start_thread(world, email, habits, at_ms, rng)))
    return own[-1][1]


def _work_of_nobody(world: World, seed: int, now_ms: int, days: int) -> None:
    """A few threads that Hex attributes to no user."""
    habits = replace(habits_of("EDITOR", seeded(seed, "habits", "nobody")), source_weights=(0, 30, 10, 60))
    own: list[tuple[int, str]] = []
    for day, morning_ms in _days_before(now_ms, days):
        rng = seeded(seed, "nobody", day)
        if rng.random() < 0.12:
            _spend_a_day(world, None, habits, morning_ms, now_ms, habits.monthly_micro / 20, own, rng)


def _days_before(now_ms: int, days: int) -> Iterator[tuple[date, int]]:
    """The last `days` days and today, with eight in the morning in the office's zone."""
    today = datetime.fromtimestamp(now_ms / 1000, _ZONE).date()
    for back in range(days, -1, -1):
        day = today - timedelta(days=back)
        yield day, round(datetime(day.year, day.month, day.day, 8, tzinfo=_ZONE).timestamp() * 1000)
