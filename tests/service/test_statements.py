"""What asking for a status costs: as many statements for many people as for few."""

import re
from collections import Counter
from pathlib import Path

from hexmeter.core.instants import MINUTE_MS
from hexmeter.hex.simulator.history import generated

from .bench import START_MS, TEAM, bench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'


def statements_of_a_status(folder: Path, people: int) -> Counter[str]:
    """The statements of one status of so many people, up to their first value, and how often each is run."""
    folder.mkdir()
    world = generated(3, START_MS, people=people)
    world.add_person("ada@acme.test", "ADMIN")
    ran: Counter[str] = Counter()
    with bench(folder, world, "ada", EVERYONE) as watching:
        watching.poll_until_read()
        assert len(watching.status()["meters"]) > people / 2
        watching.clock.advance(MINUTE_MS)
        watching.store.database.connection.set_trace_callback(lambda sql: ran.update([re.split(r"[\d']", sql)[0]]))
        watching.status()
        anew = Counter(ran)
        assert any("FROM sums" in statement for statement in anew)
        watching.status()
    assert not any("FROM sums" in statement for statement in ran - anew), "nothing was stored since"
    return anew


def test_a_status_of_many_people_takes_no_more_statements_than_one_of_few(tmp_path: Path) -> None:
    assert statements_of_a_status(tmp_path / "many", 60) == statements_of_a_status(tmp_path / "few", 6)
