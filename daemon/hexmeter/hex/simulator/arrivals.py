"""Prompts that keep arriving: a crowd at a steady pace, and one person on the way through their grant."""

from collections.abc import Iterable

from hexmeter.hex.simulator.jsontext import CREDIT
from hexmeter.hex.simulator.people import habits_of, prompt_cost, start_thread
from hexmeter.hex.simulator.world import Person, Prompt, World, seeded

_MINUTE_MS = 60_000
_STEP_MS = 3_500
_STEP_SHARE = 0.02  # Of the grant, per prompt.


class Crowd:
    """Everybody with habits, heavy people more often: `pace` prompts a minute on average, 0 none."""

    def __init__(self, world: World, seed: int, pace: float, start_ms: int) -> None:
        self._rng = seeded(seed, "crowd")
        people = [person for person in world.people.values() if person.role != "GUEST"]
        self._habits = {person.id: habits_of(person.role, seeded(seed, "habits", person.id)) for person in people}
        self._pace = pace if people else 0.0
        self.next_ms: int | None = self._after(start_ms)

    def send(self, world: World) -> Prompt:
        """A prompt of somebody by chance, in a thread of theirs (often their newest) or a new one."""
        assert self.next_ms is not None
        at_ms, self.next_ms = self.next_ms, self._after(self.next_ms)
        here = [user_id for user_id in self._habits if user_id in world.people]
        user_id = self._rng.choices(here, [self._habits[user_id].monthly_micro for user_id in here])[0]
        habits = self._habits[user_id]
        cost_micro = prompt_cost(habits, self._rng)
        thread = world.latest_thread_of(user_id) if self._rng.random() < 0.4 else None
        thread_id = thread.id if thread else start_thread(world, world.people[user_id].email, habits, at_ms, self._rng)
        return world.grow(thread_id, cost_micro, at_ms)

    def _after(self, at_ms: int) -> int | None:
        return at_ms + 1 + round(self._rng.expovariate(self._pace) * _MINUTE_MS) if self._pace > 0 else None


class Towards:
    """One person who sends a prompt of about 2 % of the grant every 3.5 s until they have used `goal_micro` of it."""

    def __init__(self, person: Person, grant_micro: int, since_ms: int, goal_micro: int, start_ms: int) -> None:
        self._person = person
        self._since_ms = since_ms
        self._grant_micro = grant_micro
        self._goal_micro = goal_micro
        self._rng = seeded(person.id, "towards")
        self._habits = habits_of(person.role, seeded(person.id, "tastes"))
        self.next_ms: int | None = start_ms + _STEP_MS

    def send(self, world: World) -> Prompt:
        """The next prompt, half the time in a new thread; the last one once the goal is reached."""
        assert self.next_ms is not None
        at_ms = self.next_ms
        cost_micro = _cents(self._grant_micro * _STEP_SHARE * self._rng.uniform(0.85, 1.25))
        thread = world.latest_thread_of(self._person.id) if self._rng.random() < 0.5 else None
        thread_id = thread.id if thread else start_thread(world, self._person.email, self._habits, at_ms, self._rng)
        # What was just spent must be seen at the next look, or the demo stands still.
        world.change_thread(thread_id, known_from_ms=0)
        prompt = world.grow(thread_id, cost_micro, at_ms)
        used_micro = _used(world, self._person, self._since_ms, at_ms + 1)
        self.next_ms = at_ms + _STEP_MS if used_micro < self._goal_micro else None
        return prompt


def keep_arriving(world: World, seed: int, pace: float, start_ms: int) -> None:
    """Let `pace` prompts a minute arrive from `start_ms` on, whenever the world is advanced."""
    world.timetables.append(Crowd(world, seed, pace, start_ms))


def put_near_limit(
    world: World, email: str | None, *, since_ms: int, now_ms: int, grant_micro: int, share: float = 0.77
) -> Person:
    """Let somebody have used just `share` of their grant in [since, now); returns who.

    None as `email` takes the Editor who is closest to it. Their newest prompts of the period are dropped, or new ones
    added at even steps through it; dropped are also those in threads from before the period, because whoever looks
    for the first time now cannot tell that they were spent in it. Raises KeyError for an unknown address, ValueError
    when the period has not begun.
    """
    if since_ms >= now_ms:
        raise ValueError("the period must have begun before now")
    target_micro = _cents(grant_micro * share)
    person = _closest(world, target_micro, since_ms, now_ms) if email is None else world.person(email)
    own = [prompt for prompt in world.prompts_between(since_ms, now_ms) if prompt.user_id == person.id]
    dropped = [prompt for prompt in own if world.threads[prompt.thread_id].created_ms < since_ms]
    own = [prompt for prompt in own if prompt not in dropped]
    missing_micro = target_micro - sum(prompt.credits_micro for prompt in own)
    while missing_micro < 0:
        dropped.append(own.pop())
        missing_micro += dropped[-1].credits_micro
    world.forget(dropped)
    _fill(world, person, missing_micro, since_ms, now_ms)
    return person


def keep_going(world: World, person: Person, *, since_ms: int, now_ms: int, grant_micro: int) -> None:
    """Let this person's prompts arrive every few seconds until the grant and a twentieth more is used.

    From 77 % of the grant they pass 80 % within 8 s and are through within a minute.
    """
    goal_micro = grant_micro + grant_micro // 20
    world.timetables.append(Towards(person, grant_micro, since_ms, goal_micro, now_ms))


def _fill(world: World, person: Person, missing_micro: int, since_ms: int, now_ms: int) -> None:
    rng = seeded(person.id, "fill")
    habits = habits_of(person.role, rng)
    costs = []
    while missing_micro > 0:
        costs.append(min(missing_micro, prompt_cost(habits, rng)))
        missing_micro -= costs[-1]
    for index, cost_micro in enumerate(costs):
        at_ms = since_ms + (now_ms - since_ms) * index // len(costs)
        thread_id = start_thread(world, person.email, habits, at_ms, rng)
        world.change_thread(thread_id, known_from_ms=0)
        world.grow(thread_id, cost_micro, at_ms)


def _closest(world: World, target_micro: int, since_ms: int, now_ms: int) -> Person:
    used = world.used_by_user(since_ms, now_ms)
    editors: Iterable[Person] = [person for person in world.people.values() if person.role == "EDITOR"]
    chosen = min(editors, key=lambda person: abs(used.get(person.id, 0) - target_micro), default=None)
    if chosen is None:
        raise KeyError("the world has no Editor")
    return chosen


def _used(world: World, person: Person, start_ms: int, end_ms: int) -> int:
    return world.used_by_user(start_ms, end_ms).get(person.id, 0)


def _cents(credits_micro: float) -> int:
    return round(credits_micro * 100 / CREDIT) * (CREDIT // 100)
