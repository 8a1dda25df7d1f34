"""kill -9 of the daemon and the tray around the hand-over: no warning is lost, and none is shown more than twice."""

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from crashing import dice, poll_well, polling, some_time
from desktop import wait_until
from running_daemon import home

from .conftest import CREDIT, EVERYONE, QUICK, Hex, now_ms, plan
from .desktop_session import Session, desktop_session

BURST_S = 18.0
"""Kills come in bursts shorter than a lease: what one of them broke off then waits for a quiet time to be told again,
where no other kill can break it off a second time."""


def times_told(session: Session) -> Counter[str]:
    """How often each person's warning was shown, alone or in a digest."""
    shown = [(notice.title, notice.body.splitlines()) for notice in session.desktop.shown]
    assert not [lines for _, lines in shown if any(line.startswith("and ") for line in lines)]
    titles = [line for title, lines in shown for line in (title, *lines) if "82 % used" in line]
    return Counter(title.partition(":")[0] for title in titles)


def settle(session: Session) -> None:
    """Let what the kills broke off be told: claims that were swallowed are free again after their lease of 30 s."""

    def all_told() -> bool:
        poll_well(session.home)
        alerts = session.home.client.get("/v1/alerts")["alerts"]
        return all(one["state"] in ("handed_over", "seen") for alert in alerts for one in alert["deliveries"])

    wait_until(all_told, "every warning is handed over", 60)


@pytest.fixture
def session(hex_: Hex, tmp_path: Path) -> Iterator[Session]:
    toml = plan() + EVERYONE + QUICK + "[alerts]\nused = [80]\nforecast = false\n"
    with home(tmp_path, hex_.base_url, "hxtp_sim_ada", toml) as made, desktop_session(made) as running:
        poll_well(made)
        running.start_tray()
        yield running


def strike(session: Session, rng: random.Random) -> None:
    """Kill something about when the next warning is handed over."""
    before, longest_s = session.desktop.received, rng.choice([0.0, 0.3, 1.0])
    if longest_s:
        some_time(rng, longest_s)
    else:
        # Just after it is shown, before the daemon knows.
        ends = time.monotonic() + 3
        while session.desktop.received == before and time.monotonic() < ends:
            some_time(rng, 0.001)
        some_time(rng, 0.004)
    daemon, tray = rng.choice([(True, False), (False, True), (True, True)])
    session.restart(signal.SIGKILL, daemon=daemon, tray=tray)


@pytest.mark.parametrize("kills", [3, pytest.param(100, marks=pytest.mark.slow)])
def test_no_warning_is_lost_and_none_shown_more_than_twice(hex_: Hex, session: Session, kills: int) -> None:
    rng, people = dice(), [f"p{number}" for number in range(kills)]
    for name in people:
        hex_.running.world.add_person(f"{name}@acme.test", "EDITOR")
        hex_.running.world.add_thread(f"{name}@acme.test", now_ms() - 3_600_000, CREDIT, thread_id=name)
    # A new roster is read at the start.
    session.restart(signal.SIGKILL, daemon=True, tray=False)
    poll_well(session.home)
    began = time.monotonic()
    for name in people:
        hex_.change("credits", thread_id=name, credits="33")
        with polling(session.home):
            strike(session, rng)
        if time.monotonic() - began > BURST_S:
            settle(session)
            began = time.monotonic()
    settle(session)
    told = times_told(session)
    assert set(told) == {f"{name}@acme.test" for name in people}, "none is lost"
    assert max(told.values()) <= 2, told
    print(f"{kills} kills: {sum(count == 2 for count in told.values())} warnings were shown twice")
    alerts = session.home.client.get("/v1/alerts")["alerts"]
    assert Counter(alert["meter"] for alert in alerts) == Counter(f"grant:{name}@acme.test" for name in people)
    assert "Traceback" not in session.home.said()
