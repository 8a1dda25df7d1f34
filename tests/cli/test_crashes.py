"""kill -9 at any moment, under growth and faults: nothing is lost and nothing is counted twice."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from crashing import FAULTS, dice, poll_well, polling, some_time
from desktop_bus import wait_until
from running_daemon import Home, home

from .conftest import CREDIT, EVERYONE, QUICK, Hex, now_ms, plan

KILLS_BETWEEN_LOOKS = 10


def forget_429s(made: Home) -> None:
    """Each 429 takes a quarter of the rate, and an hour gives one request a minute back: more than a test can wait."""
    with closing(sqlite3.connect(made.database)) as connection, connection:
        connection.execute("DELETE FROM meta WHERE name = 'restraint'")


def assert_true(made: Home, hex_: Hex) -> None:
    """Every thread has the figure that Hex has, and every user's total is what their prompts really cost."""
    made.assert_sums()
    world = hex_.running.world
    truth = {thread.id: thread.credits_micro for thread in world.threads.values()}
    assert dict(made.query("SELECT id, credits_micro FROM threads")) == truth
    by_user: Counter[str | None] = Counter()
    for prompt in world.prompts:
        by_user[prompt.user_id] += prompt.credits_micro
    sums = made.query(
        "SELECT t.user_id, sum(u.credits_micro) FROM usage u JOIN threads t ON t.id = u.thread_id GROUP BY 1"
    )
    assert dict(sums) == dict(by_user)


@pytest.mark.parametrize("kills", [4, pytest.param(200, marks=pytest.mark.slow)])
def test_the_ledger_is_true_after_kills_at_random_moments(hex_: Hex, tmp_path: Path, kills: int) -> None:
    rng = dice()
    for number in range(1500):
        hex_.running.world.add_thread(
            "eve@acme.test", now_ms() - number * 3_600_000, CREDIT // 7, thread_id=f"t{number}"
        )
    grown = [f"t{rng.randrange(1300)}" for _ in range(60)]
    with home(tmp_path, hex_.base_url, "hxtp_sim_ada", plan() + EVERYONE + QUICK) as made:
        for number in range(kills):
            hex_.change("fault/clear")
            for _ in range(3):
                hex_.change("fault", spec=f"{rng.choice(FAULTS)}@/threads:0.1")
            daemon = made.start()
            with polling(made):
                for _ in range(rng.randrange(6)):
                    hex_.change("grow", thread_id=rng.choice(grown), credits="0.123457")
                    hex_.change("thread", email="ed@acme.test", credits="1.000003")
                hex_.change("credits", thread_id=rng.choice(grown), credits=f"{rng.randrange(3)}.5")
                some_time(rng, 0.25 if number % 2 else 1.2)
                daemon.kill()
            made.assert_sums()
            if number % KILLS_BETWEEN_LOOKS == KILLS_BETWEEN_LOOKS - 1 or number == kills - 1:
                hex_.change("fault/clear")
                forget_429s(made)
                daemon = made.start()
                wait_until(lambda: made.client.get("/v1/status")["progress"] is None, "the history is read", 60)
                poll_well(made)
                assert_true(made, hex_)
                assert daemon.end() == 0
        assert "Traceback" not in made.said()
