"""What a status and the alerts of a poll cost: as many looks at what people used for many of them as for few."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hexmeter.core.instants import MINUTE_MS
from hexmeter.hex.simulator.history import generated

from .bench import START_MS, TEAM, Bench, bench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'


USED = "SELECT user_id, sum("
"""How a statement begins that sums what everybody used."""


@contextmanager
def watching_everybody(folder: Path, people: int, toml: str = EVERYONE) -> Iterator[tuple[Bench, Counter[str]]]:
    """A bench that has read so many people's threads, and the statements that are run from then on: each up to its
    first value, and how often."""
    folder.mkdir()
    world = generated(3, START_MS, people=people)
    world.add_person("ada@acme.test", "ADMIN")
    ran: Counter[str] = Counter()
    with bench(folder, world, "ada", toml) as watching:
        watching.poll_until_read()
        assert len(watching.status()["meters"]) > people / 2
        watching.clock.advance(MINUTE_MS)
        watching.store.database.connection.set_trace_callback(lambda sql: ran.update([re.split(r"[\d']", sql)[0]]))
        yield watching, ran


def statements_of_a_status(folder: Path, people: int) -> Counter[str]:
    with watching_everybody(folder, people) as (watching, ran):
        watching.status()
    return ran


def test_a_status_of_many_people_takes_no_more_statements_than_one_of_few(tmp_path: Path) -> None:
    assert statements_of_a_status(tmp_path / "many", 60) == statements_of_a_status(tmp_path / "few", 6)


def test_a_status_that_is_asked_for_again_looks_at_no_use(tmp_path: Path) -> None:
    with watching_everybody(tmp_path / "few", 6) as (watching, ran):
        watching.status()
        once = sums_read(ran)
        watching.status()
    assert once > 0
    assert sums_read(ran) == once


def test_a_poll_looks_as_often_at_what_many_people_used_as_at_what_few_did(tmp_path: Path) -> None:
    rules, read = "burn = true\nprompt = true\nreset = true\nunused = 50", []
    for people in (60, 6):
        with watching_everybody(tmp_path / str(people), people, f"{EVERYONE}[alerts]\n{rules}\n") as (watching, ran):
            watching.poll()
            watching.poll()
        read.append(sums_read(ran))
    assert read[0] == read[1] > 0


def sums_read(ran: Counter[str]) -> int:
    return sum(times for statement, times in ran.items() if statement.startswith(USED))
