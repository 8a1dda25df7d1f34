"""Who works at the simulated Acme, and how: their seats, their habits, what their threads look like."""

import random
import unicodedata
from dataclasses import dataclass

from hexmeter.hex.simulator.jsontext import CREDIT
from hexmeter.hex.simulator.world import World, uuid_from

_FIRST_NAMES = """
    Ada Alan Amara Anke Bela Bruno Carla Chen Clara Dana Deniz Edda Emil Enzo Fatima Femke Finn Grace Hana Hugo
    Ida Ines Jonas Juno Jürgen Kofi Lena Liam Lotte Malik Mara Mei Mila Nadia Nils Nora Olga Oskar Pia Priya Quinn
    Rosa Samir Selma Sven Tara Theo Uma Viktor Wanda Yara Yusuf Zoë"""
_LAST_NAMES = """
    Abel Adeyemi Baker Bauer Berg Castro Conti Dahl Dietrich Engel Farah Fischer Fuchs Garcia Haas Hofmann Ito
    Jansen Kaya Keller Kim Klein Kowalski Krüger Lang Larsen Lehmann Li Lopez Mayer Meyer Moreau Nagy Novak Okafor
    Ortiz Park Patel Peters Petit Rossi Roth Sato Schulz Silva Singh Sommer Tran Vogel Wagner Weber Wolf Zimmer"""
# The typical month of a seat in credits: (the median, how widely people differ, as sigma of a lognormal).
_TYPICAL_MONTH = {
    "ADMIN": (18, 0.4),
    "MANAGER": (22, 0.4),
    "EDITOR": (28, 0.6),
    "EXPLORER": (6.5, 0.5),
    "MEMBER": (0.6, 0.4),
    "GUEST": (0.0, 0.0),
}
_MODELS = ("claude-sonnet-4-5", "claude-opus-4-5", "claude-haiku-4-5", "gpt-5.2")
_SOURCES = ("HEX", "SLACK", "MCP", "PUBLIC_API")
_TYPES = ("THREADS", "NOTEBOOK", "MODELING")
_EFFORTS = (
    1,
    2,
    3,
    5,
    10,
)  # Credits by effort, as Hex tells: a count, a chart, a correlation, a forecast, an app.
_LIGHT, _HEAVY = (60, 22, 10, 6, 2), (35, 25, 18, 14, 8)
_TOPICS = (
    "Churn",
    "Revenue",
    "Onboarding",
    "Marketing",
    "Inventory",
    "Support",
    "Pricing",
    "Forecasting",
    "Retention",
)
_VERBS = ("Compare", "Plot", "Explain", "Count", "Forecast", "Find outliers in", "Clean up", "Summarise")
_THINGS = (
    "weekly revenue",
    "churn by plan",
    "open tickets",
    "sign-ups by channel",
    "stock by site",
    "the trial funnel",
)
_SPANS = ("this quarter", "last month", "since January", "by region", "for the board", "per customer")
_WARNINGS = (
    ("DATA_LIMITATION", "The data ends before the period asked for."),
    ("USER_DOUBT", "The user doubted the result."),
    ("MISSING_CONTEXT", "No description of the table was found."),
    ("OTHER", "The chart was redrawn several times."),
)


@dataclass(frozen=True, slots=True)
class Habits:
    """How one person works: credits of a typical month, share of working days with prompts, effort, tastes."""

    monthly_micro: int
    active_share: float
    effort_weights: tuple[int, ...]
    model_weights: tuple[int, ...]
    source_weights: tuple[int, ...]
    type_weights: tuple[int, ...]


def hire(world: World, count: int, now_ms: int, rng: random.Random) -> None:
    """Add `count` people of all roles to the world, most of them Editors."""
    names = rng.sample([f"{first} {last}" for first in _FIRST_NAMES.split() for last in _LAST_NAMES.split()], count)
    for name, role in zip(names, _seats(count), strict=True):
        login_ms = None if role == "GUEST" else now_ms - rng.randrange(1, 9 * 86_400_000)
        world.add_person(_email_of(name), role, name=name, last_login_ms=login_ms)


def habits_of(role: str, rng: random.Random) -> Habits:
    """How somebody with this role works, by chance around what the role suggests."""
    median, spread = _TYPICAL_MONTH[role]
    monthly = median * min(4.0, rng.lognormvariate(0, spread))
    notebooks = rng.choice(((85, 12, 3), (40, 55, 5), (60, 20, 20)))
    return Habits(
        monthly_micro=round(monthly * CREDIT),
        active_share=min(0.9, 0.25 + monthly / 80),
        effort_weights=_HEAVY if rng.random() < 0.25 else _LIGHT,
        model_weights=rng.choice(((70, 15, 10, 5), (30, 55, 5, 10), (20, 0, 75, 5), (50, 10, 10, 30))),
        source_weights=rng.choice(((95, 4, 1, 0), (60, 35, 5, 0), (70, 5, 24, 1), (85, 5, 5, 5))),
        # An Explorer has no notebooks of their own.
        type_weights=(100, 0, 0) if role in ("EXPLORER", "MEMBER") else notebooks,
    )


def prompt_cost(habits: Habits, rng: random.Random) -> int:
    """What one prompt costs, in micro-credits: one of the usual figures, mostly with a fraction in cents."""
    base = rng.choices(_EFFORTS, habits.effort_weights)[0]
    cents = base * 100 if rng.random() < 0.15 else round(base * rng.uniform(72, 135))
    return cents * CREDIT // 100


def start_thread(world: World, email: str | None, habits: Habits, at_ms: int, rng: random.Random) -> str:
    """A new thread of that person (None: of nobody), still without a prompt; its id."""
    topics = tuple(rng.sample(_TOPICS, rng.choices((0, 1, 2, 3), (20, 50, 20, 10))[0]))
    sensitive = rng.random() < 0.05
    thread = world.add_thread(
        email,
        at_ms,
        thread_id=uuid_from(rng),
        title=None if rng.random() < 0.02 else " ".join(map(rng.choice, (_VERBS, _THINGS, _SPANS))),
        sensitive=sensitive,
        model=rng.choices(_MODELS, habits.model_weights)[0],
        type=rng.choices(_TYPES, habits.type_weights)[0],
        source=rng.choices(_SOURCES, habits.source_weights)[0],
        topics=topics,
        warnings=(rng.choice(_WARNINGS),) if rng.random() < 0.08 else (),
        # Hex does not know at once what some threads cost.
        known_from_ms=at_ms + rng.randrange(20_000, 120_000) if rng.random() < 0.1 else 0,
    )
    return thread.id


def _seats(count: int) -> list[str]:
    few = ["ADMIN", "MANAGER", "EXPLORER", "EDITOR", "ADMIN", "MANAGER"]
    crowd = ["EXPLORER"] * (count // 6) + ["MEMBER"] * (count // 16) + ["GUEST"] * (count // 25)
    seats = few[: min(count, 6)] + crowd
    return (seats + ["EDITOR"] * count)[:count]


def _email_of(name: str) -> str:
    spelt = name.lower().replace("ü", "ue")
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode("ascii")
    return plain.replace(" ", ".") + "@acme.test"
