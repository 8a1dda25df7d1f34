"""The first run: newest first, usable from the first page on, resumable, and honest about what it has not read yet."""

from typing import Any

import pytest

from hexmeter.core.instants import DAY_MS
from hexmeter.hex.simulator.faults import parse_fault
from hexmeter.hex.simulator.world import World

from .bench import START_MS, TEAM, Bench, add, small_world
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'


def long_past(threads: int = 2600) -> World:
    """A thread every 48 minutes for 87 days, all eve's, 0.01 credits each."""
    world = small_world()
    for number in range(threads):
        add(world, "eve", number / 30 + 0.1, "0.01", thread_id=f"past-{number}")
    return world


def test_figures_are_usable_from_the_first_page_on_and_say_that_they_are_a_part(make_bench: MakeBench) -> None:
    watching = make_bench(long_past(), "ada", EVERYONE)
    seen: list[tuple[Any, Any, Any]] = []
    watching.on_page = lambda: seen.append(
        (watching.meter("eve@acme.test")["bound"], watching.used("eve@acme.test"), watching.status()["progress"])
    )
    watching.poll_until_read()
    at_first = {"done": 100, "of": None, "back_to": "2026-11-19T04:48:00Z", "share": 0.017}
    assert seen[0] == ("at_least", pytest.approx(0.98 + 1.000001, abs=0.03), at_first)
    assert {bound for bound, _, _ in seen[:5]} == {"at_least"}
    used = [figure for _, figure, _ in seen]
    assert used == sorted(used)
    assert seen[-1][::2] == ("estimated", None)
    watching.assert_true()


def test_a_period_is_exact_once_it_holds_no_backfill(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE.replace("[watch]", "grant = 40\n[watch]"))
    watching.poll_until_read()
    assert watching.meter("ed@acme.test")["bound"] == "estimated"
    watching.later(9 * DAY_MS)
    assert watching.meter("ed@acme.test")["bound"] == "exact"


@pytest.mark.parametrize("fault", ["503", "truncated", "html", "refused-cursor", "cursor-loop", "reset"])
def test_the_history_goes_on_where_a_fault_stopped_it(make_bench: MakeBench, fault: str) -> None:
    watching = make_bench(long_past(1500), "ada", EVERYONE)
    watching.restart(EVERYONE + "[poll]\nrequests_per_minute = 1000\nrequests_per_hour = 100000\n")
    pages = 0

    def trouble() -> None:
        nonlocal pages
        pages += 1
        if pages == 7:
            watching.sim.faults.arm(parse_fault(f"{fault}@/threads:4"))

    watching.on_page = trouble
    for _ in range(12):
        outcome = watching.later()
        if outcome.failure is None and not outcome.more:
            break
    watching.assert_true()
    asked = [seen for seen in watching.sim.requests if seen.path.endswith("/threads")]
    assert len(asked) < 16 + 12 + 7 + 4, "what was read is not read again"


def test_a_cursor_refused_deep_in_the_history_restarts_it_within_the_poll(make_bench: MakeBench) -> None:
    watching = make_bench(long_past(1500), "ada", EVERYONE)
    watching.restart(EVERYONE + "[poll]\nrequests_per_minute = 1000\nrequests_per_hour = 100000\n")
    pages = 0

    def refuse() -> None:
        nonlocal pages
        pages += 1
        if pages in (6, 9):
            watching.sim.faults.arm(parse_fault("refused-cursor@/threads:1"))

    watching.on_page = refuse
    outcomes = [watching.later() for _ in range(3)]
    assert [(outcome.failure, outcome.more) for outcome in outcomes] == [(None, True), (None, False), (None, False)]
    watching.assert_true()


def test_a_listing_whose_cursors_are_all_refused_fails_the_poll_and_not_the_budget(make_bench: MakeBench) -> None:
    watching = make_bench(long_past(300), "ada", EVERYONE)
    watching.sim.faults.arm(parse_fault("refused-cursor@/threads"))
    outcome = watching.later()
    assert outcome.failure is not None
    assert "400: Invalid input data: Invalid cursor" in outcome.failure.message
    assert outcome.requests <= 6


def test_a_daemon_that_ends_in_the_middle_goes_on_from_there(make_bench: MakeBench) -> None:
    watching = make_bench(long_past(), "ada", EVERYONE)
    watching.poll()
    asked = len(watching.requests())
    watching.restart()
    watching.world.grow("past-10", 5_000_000, watching.now_ms)
    watching.poll_until_read()
    watching.poll(whole=True)
    watching.assert_true()
    assert asked < len(watching.requests()) < 60


def test_threads_older_than_the_history_are_not_read(make_bench: MakeBench) -> None:
    watching = make_bench(long_past(), "ada", EVERYONE + '[poll]\nhistory = "30d"\n')
    watching.poll_until_read()
    oldest_ms = min(row[0] for row in watching.query("SELECT created_ms FROM threads"))
    assert START_MS - 35 * DAY_MS < oldest_ms < START_MS - 30 * DAY_MS


def test_what_grows_while_the_history_is_read_is_not_lost(make_bench: MakeBench) -> None:
    watching = make_bench(long_past(1800), "ada", EVERYONE)
    pages = 0

    def grow() -> None:
        nonlocal pages
        pages += 1
        watching.clock.advance(1000)
        watching.world.grow(f"past-{pages * 50}", 1_000_000, watching.now_ms)
        watching.world.add_thread("ed@acme.test", watching.now_ms, 70_000, thread_id=f"new-{pages}")

    watching.on_page = grow
    watching.poll_until_read()
    watching.on_page = lambda: None
    for _ in range(3):
        watching.clock.advance(10 * 60_000)
        watching.poll(whole=True)
    watching.assert_true()


def test_before_anything_was_read_everything_is_unknown(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", TEAM)
    status = watching.status()
    assert (status["meters"], status["identity"], status["last_poll"], status["stale"]) == ([], None, None, True)
    watching.sim.faults.arm(parse_fault("503@/threads"))
    watching.poll()
    meter = watching.meter("ada@acme.test")
    assert (meter["used"], meter["remaining"], meter["state"], meter["bound"]) == (None, None, "unknown", "at_least")


def test_an_empty_workspace_is_zero_and_not_unknown(make_bench: MakeBench) -> None:
    world = World.empty()
    world.add_person("ada@acme.test", "ADMIN")
    watching: Bench = make_bench(world, "ada", TEAM)
    watching.poll()
    meter = watching.meter("ada@acme.test")
    assert (meter["used"], meter["remaining"], meter["state"]) == (0.0, 40.0, "ok")
