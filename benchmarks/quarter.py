"""Ninety simulated days with everybody watched: what is told, how often, and whether each exhaustion was announced.

python benchmarks/quarter.py [--days N] [--hours N] [--seed N]
"""

import argparse
import json
import random
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from hexmeter.core.instants import DAY_MS, HOUR_MS, to_datetime
from hexmeter.hex.simulator.world import World
from service.bench import START_MS, TEAM, Bench, bench

CREDIT = 1_000_000
HISTORY_DAYS = 90


@dataclass(frozen=True)
class Habit:
    """How somebody works: prompts a working day, the median of what one costs, and how heavy its tail is."""

    name: str
    prompts: float
    median: float
    spread: float
    weekends: bool = False


HABITS = (
    Habit("calm", 1.0, 0.5, 0.4),
    Habit("usual", 2.0, 0.6, 0.5),
    Habit("steady", 3.0, 0.6, 0.3),
    Habit("brisk", 2.2, 0.75, 0.5),
    Habit("heavy", 2.6, 0.9, 0.6),
    Habit("bursts", 0.5, 3.0, 1.0),
    Habit("late", 2.5, 0.8, 0.8, weekends=True),
    Habit("robot", 6.0, 0.28, 0.1, weekends=True),
    Habit("rare", 0.2, 1.0, 0.5),
)


class Quarter:
    """A workspace that works on while its daemon polls."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.world = World.empty()
        self.world.add_person("ada@acme.test", "ADMIN")
        self.number = 0
        for habit in HABITS:
            self.world.add_person(f"{habit.name}@acme.test", "EDITOR")
        for day in range(HISTORY_DAYS, 0, -1):
            for hour in range(24):
                self.work(START_MS - day * DAY_MS + hour * HOUR_MS, HOUR_MS)

    def work(self, from_ms: int, for_ms: int) -> None:
        """Let everybody work for so long: each prompt is a thread of its own."""
        for habit in HABITS:
            moment = to_datetime(from_ms)
            if not 8 <= moment.hour < 18 or (moment.weekday() > 4 and not habit.weekends):
                continue
            if self.random.random() < habit.prompts / 10 * for_ms / HOUR_MS:
                cost = habit.median * self.random.lognormvariate(0, habit.spread)
                self.number += 1
                at_ms = from_ms + self.random.randrange(for_ms)
                self.world.add_thread(
                    f"{habit.name}@acme.test", at_ms, round(cost * CREDIT), thread_id=f"t{self.number}"
                )


def run(quarter: Quarter, watching: Bench, days: int, step_ms: int) -> Counter[str]:
    """Let the days pass; how many messages a tray showed."""
    shown: Counter[str] = Counter()
    claim = json.dumps({"channel": "desktop", "claimant": "tray"}).encode()
    for _ in range(days * DAY_MS // step_ms):
        quarter.work(watching.now_ms, step_ms)
        outcome = watching.later(step_ms)
        assert outcome.failure is None, outcome.failure
        for notice in watching.ask("POST", "/v1/deliveries/claim", claim)[1]["notices"]:
            shown["digests" if len(notice["alerts"]) > 1 else "single"] += 1
            confirm = {"deliveries": notice["deliveries"], "state": "handed_over", "claimant": "tray"}
            watching.ask("POST", "/v1/deliveries/confirm", json.dumps(confirm).encode())
    return shown


def report(watching: Bench, days: int, shown: Counter[str]) -> None:
    """Print what was told."""
    rows = watching.query(
        "SELECT a.id, a.kind, a.meter, a.fired_ms, a.meter_key, (SELECT reason FROM transitions t"
        " WHERE t.ladder = a.ladder AND t.id > f.id AND t.outcome IS NOT NULL ORDER BY t.id LIMIT 1)"
        " FROM alerts a JOIN transitions f ON f.alert_id = a.id ORDER BY a.id"
    )
    people, months = len(HABITS) + 1, days / 30
    print(f"{days} days, {people} people; shown: {dict(shown)}")
    print(f"{'kind':<11}{'fired':>6}{'withdrawn':>11}{'per user and month':>20}")
    for kind, count in Counter(row[1] for row in rows).most_common():
        gone = sum(row[1] == kind and row[5] in ("cause_gone", "fall_confirmed") for row in rows)
        print(f"{kind:<11}{count:>6}{gone:>11}{count / people / months:>20.2f}")
    monthly = Counter((row[2], to_datetime(row[3]).strftime("%Y-%m")) for row in rows if row[2])
    most = monthly.most_common(1)
    print(f"{'all':<11}{len(rows):>6}{'':>11}{len(rows) / people / months:>20.2f}; most in a month: {most}")
    announced(rows)


def announced(rows: list[tuple[Any, ...]]) -> None:
    """Print for each exhaustion what announced it, and how long before."""
    by_month: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for row in rows:
        by_month[row[4], to_datetime(row[3]).strftime("%Y-%m")].append(row)
    print("\neach exhaustion and what announced it:")
    for (_, month), told in by_month.items():
        for row in told:
            if row[1] == "exhausted":
                before = [(other[1], (row[3] - other[3]) / DAY_MS) for other in told if other[0] < row[0]]
                words = ", ".join(f"{kind} {days:.1f} days before" for kind, days in before)
                first = row[3] - START_MS < DAY_MS
                why = "nothing, it stood at the first start" if first else "nothing, it was crossed between two polls"
                print(f"  {month} {row[2]}: {words or why}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--hours", type=int, default=2, help="between two polls")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    quarter = Quarter(arguments.seed)
    toml = TEAM + f'[watch]\nusers = "everyone"\n[poll]\nevery = "{arguments.hours}h"\n'
    with tempfile.TemporaryDirectory() as folder, bench(Path(folder), quarter.world, "ada", toml) as watching:
        watching.clock.allowed_ms = 400 * DAY_MS
        watching.poll_until_read()
        shown = run(quarter, watching, arguments.days, arguments.hours * HOUR_MS)
        report(watching, arguments.days, shown)


if __name__ == "__main__":
    main()
