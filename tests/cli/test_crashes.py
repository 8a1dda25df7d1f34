"""kill -9 at any moment, under growth and faults: nothing is lost, nothing is counted twice, nothing told twice."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from claiming import claiming_tray
from desktop_bus import wait_until
from hexmeter.wire.client import ClientError
from running_daemon import Home, home

from .conftest import CREDIT, EVERYONE, QUICK, Hex, now_ms, plan

FAULTS = ("500", "503", "refuse", "reset", "truncated", "html", "gzip", "cursor-loop", "429-none", "refused-cursor")
ED = '[watch]\nusers = ["ed@acme.test"]\n'


@contextmanager
def polling(made: Home) -> Iterator[None]:
    """A client that asks for polls one after another meanwhile, as `hexmeter poll` does."""
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            with suppress(ClientError):
                made.client.post("/v1/poll", timeout_s=5)
            ended.wait(0.001)

    thread = threading.Thread(target=ask, name="polling")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def poll_well(made: Home) -> None:
    """Poll until one is good and has read everything."""

    def is_good() -> bool:
        seen = made.client.post("/v1/poll", timeout_s=60)
        return bool(seen["ok"] and not seen["more"])

    wait_until(is_good, "a good poll comes", 60)


def some_time(rng: random.Random, longest_s: float) -> None:
    """Let a random time pass: when the kill comes is the point of these tests."""
    threading.Event().wait(rng.uniform(0, longest_s))


@pytest.mark.parametrize("kills", [4, pytest.param(40, marks=pytest.mark.slow)])
def test_the_ledger_is_true_after_kills_at_random_moments(hex_: Hex, tmp_path: Path, kills: int) -> None:
    rng = random.Random(kills)
    world = hex_.running.world
    for number in range(1500):
        world.add_thread("eve@acme.test", now_ms() - number * 3_600_000, CREDIT // 7, thread_id=f"t{number}")
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
        hex_.change("fault/clear")
        daemon = made.start()
        poll_well(made)
        poll_well(made)
        made.assert_sums()
        truth = {thread.id: thread.credits_micro for thread in world.threads.values()}
        assert dict(made.query("SELECT id, credits_micro FROM threads")) == truth
        by_user: Counter[str | None] = Counter()
        for prompt in world.prompts:
            by_user[prompt.user_id] += prompt.credits_micro
        sums = made.query(
            "SELECT t.user_id, sum(u.credits_micro) FROM usage u JOIN threads t ON t.id = u.thread_id GROUP BY 1"
        )
        assert dict(sums) == dict(by_user)
        assert daemon.end() == 0
        assert "Traceback" not in made.said()


@pytest.mark.parametrize("kills", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_the_way_from_60_to_81_per_cent_is_told_exactly_once(hex_: Hex, tmp_path: Path, kills: int) -> None:
    rng = random.Random(kills)
    toml = plan() + ED + QUICK + "[alerts]\nused = [80]\n"
    with home(tmp_path, hex_.base_url, "hxtp_sim_ada", toml) as made:
        daemon = made.start()
        poll_well(made)
        assert made.client.get("/v1/status")["meters"][0]["used"] == 24.0
        assert made.client.get("/v1/alerts")["alerts"] == []
        with claiming_tray(lambda: made.client) as tray:
            hex_.change("credits", thread_id="main", credits="32.4")
            for number in range(kills):
                with polling(made):
                    some_time(rng, 0.1)
                    daemon.kill()
                hex_.change("fault/clear")
                hex_.change("fault", spec=f"{rng.choice(FAULTS)}:0.4")
                hex_.change("credits", thread_id="main", credits=rng.choice(["32.4", "31.6", "32", "31.9", "33"]))
                daemon = made.start()
                if number in (1, 2):
                    with polling(made):
                        some_time(rng, 0.2)
                        assert daemon.end() == 0
                    daemon = made.start()
            hex_.change("fault/clear")
            for credits in ("31.8", "32.4", "31.9", "32.4"):
                hex_.change("credits", thread_id="main", credits=credits)
                poll_well(made)
            # A claim whose answer the kill swallowed is free again when its lease of 30 s has run out.
            wait_until(lambda: tray.shown and tray.all_confirmed, "the notice is shown and confirmed", 45)
            made.start(ready=False).wait()  # A second daemon changes nothing either.
            poll_well(made)
        alerts = made.client.get("/v1/alerts")["alerts"]
        assert [(alert["kind"], alert["level"], alert["meter"]) for alert in alerts if alert["kind"] != "blind"] == [
            ("used", 80, "grant:ed@acme.test")
        ]
        assert [notice["alerts"] for notice in tray.shown] == [[alert["id"] for alert in alerts]]
        assert tray.given_again == Counter()
        assert [delivery["state"] for alert in alerts for delivery in alert["deliveries"]] == ["handed_over"]
        assert "Traceback" not in made.said()
