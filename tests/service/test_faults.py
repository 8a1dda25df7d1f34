"""Each of Hex's faults at each step of a poll: it ends, says why in one line, and the next good poll is right."""

import json
import logging

import pytest

from hexmeter.core.instants import DAY_MS
from hexmeter.hex.simulator.faults import KINDS, parse_fault
from hexmeter.hex.simulator.world import World

from .bench import START_MS, TEAM, Bench, add, micro, patience, small_world
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'
HARMLESS = {"unknown", "null-fields", "wrong-types", "nan", "negative", "huge"}
"""Kinds that cost an item, or a page, and not the poll."""

ABOUT_THREADS = {"nan", "negative", "huge", "refused-cursor"}
"""Kinds that only a list of threads meets here."""

STEPS = {"who we are": "/users/me", "the roster": "/users", "the threads": "/threads"}
QUICK = "[poll]\nrequests_per_minute = 1000\nrequests_per_hour = 100000\n"


def world_of_pages() -> World:
    world = small_world()
    for number in range(220):
        add(world, "eve", number / 24 + 6, "0.01", thread_id=f"old-{number}")
    return world


def assert_one_line(caplog: pytest.LogCaptureFixture) -> None:
    for record in caplog.records:
        assert record.exc_info is None
        assert len(record.getMessage().splitlines()) == 1
        assert len(record.getMessage()) < 600


def strike(watching: Bench, spec: str) -> None:
    watching.sim.faults.arm(parse_fault(spec))
    watching.world.grow("ed-new", micro("1"), watching.now_ms)
    watching.world.grow("old-210", micro("1"), watching.now_ms)
    watching.clock.advance(5 * 60_000)
    watching.poll(whole=True)
    watching.assert_sums()
    json.dumps(watching.status(), allow_nan=False)


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        pytest.param(kind, path, id=f"{kind}-{step}")
        for kind in KINDS
        for step, path in STEPS.items()
        if path == "/threads" or kind not in ABOUT_THREADS
    ],
)
def test_a_fault_at_any_step_is_survived_and_the_next_poll_is_right(
    make_bench: MakeBench, caplog: pytest.LogCaptureFixture, kind: str, path: str
) -> None:
    caplog.set_level(logging.INFO, "hexmeter")
    # 10 MB are more than an answer may have, and come sooner than the fault's own 50.
    spec = f"{kind}=10000000" if kind == "big" else kind
    watching = make_bench(world_of_pages(), "ada", EVERYONE + QUICK, limits=patience(kind))
    strike(watching, f"{spec}@{path}")
    watching.sim.faults.clear()
    while watching.later().more:
        pass
    watching.restart()
    strike(watching, f"{spec}@{path}")
    watching.sim.faults.clear()
    # A token that was refused is asked with again by a daemon that just began.
    watching.restart()
    for _ in range(3):
        watching.clock.advance(20 * 60_000)
        outcome = watching.poll(whole=True)
    assert outcome.failure is None
    watching.assert_true()
    assert_one_line(caplog)


@pytest.mark.parametrize("kind", sorted(HARMLESS))
def test_items_that_cannot_be_used_are_left_out_with_a_warning_and_the_poll_is_good(
    make_bench: MakeBench, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    watching = make_bench(world_of_pages(), "ada", EVERYONE + QUICK)
    watching.sim.faults.arm(parse_fault(f"{kind}@/threads"))
    for _ in range(3):
        outcome = watching.later()
        assert outcome.failure is None
    if kind != "unknown":
        assert outcome.warnings > 0
        assert any(record.message.startswith("left out thread ") for record in caplog.records)
    watching.assert_sums()


def test_figures_are_at_least_while_a_thread_of_theirs_cannot_be_understood(make_bench: MakeBench) -> None:
    world = small_world()
    odd = add(world, "ed", 1, "2", title=7)
    world.delete_thread("nobodys", START_MS)
    watching = make_bench(
        world, "ada", TEAM + '[watch]\nusers = "everyone"\n[pool]\nbalance = 100\nas_of = 2026-11-01\n'
    )

    def bounds() -> list[str]:
        meters = {meter["id"]: meter["bound"] for meter in watching.status()["meters"]}
        return [meters[key] for key in ("grant:ed@acme.test", "grant:eve@acme.test", "pool")]

    watching.poll_until_read()
    assert bounds() == ["at_least", "estimated", "at_least"]
    assert watching.status()["notes"] == [
        "Of 1 thread Hex sent something that cannot be understood, so what it used may be missing; the log says what."
    ]
    _, usage = watching.ask("GET", "/v1/usage", by="user")
    assert [row["bound"] for row in usage["rows"] if row["user"] == "ed@acme.test"] == ["at_least"]
    assert usage["total"]["bound"] == "at_least"
    watching.world.change_thread(odd, title="mended")
    watching.later()
    assert bounds() == ["estimated", "estimated", "exact"]
    assert watching.status()["notes"] == []
    watching.assert_true()


def test_a_thread_that_hex_no_longer_shows_takes_nothing_from_the_next_period(make_bench: MakeBench) -> None:
    world = small_world()
    odd = add(world, "ed", 1, "2", title=7)
    watching = make_bench(world, "ada", TEAM.replace("[plan]", "[plan]\ngrant = 40") + '[watch]\nusers = "everyone"\n')
    watching.poll_until_read()
    assert watching.meter("ed@acme.test")["bound"] == "at_least"
    watching.world.delete_thread(odd, watching.now_ms)
    watching.later(9 * DAY_MS)
    assert watching.meter("ed@acme.test")["bound"] == "exact"


@pytest.mark.parametrize("kind", ["cursor-loop", "empty-page"])
@pytest.mark.parametrize("path", ["/users", "/threads"])
def test_a_listing_without_end_is_left_after_a_few_pages(make_bench: MakeBench, kind: str, path: str) -> None:
    watching = make_bench(world_of_pages(), "ada", EVERYONE + QUICK)
    watching.sim.faults.arm(parse_fault(f"{kind}@{path}"))
    for _ in range(3):
        outcome = watching.later()
        assert outcome.requests <= 8
    assert outcome.failure is not None
    assert "circle" in outcome.failure.message


@pytest.mark.parametrize("kind", ["401", "500", "timeout", "reset", "wrong-types", "html", "301"])
def test_a_fault_while_tracked_threads_are_read(make_bench: MakeBench, kind: str) -> None:
    watching = make_bench(small_world(), "ed", TEAM + QUICK, limits=patience(kind))
    watching.ask("POST", "/v1/track", b'{"threads": ["ed-new", "ed-old"]}')
    watching.world.grow("ed-old", micro("1"), watching.now_ms)
    watching.sim.faults.arm(parse_fault(f"{kind}@/threads/"))
    watching.later()
    assert watching.used("ed@acme.test") == 11.77
    watching.sim.faults.clear()
    watching.restart()
    watching.later()
    assert watching.used("ed@acme.test") == 12.77
