"""What polls lead to: each thing is told once, whatever flaps, fails or restarts."""

import json
from typing import Any

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.hex.simulator.faults import parse_fault
from hexmeter.hex.simulator.world import World

from .bench import INTERVAL_MS, START_MS, TEAM, Bench, add, micro, small_world
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'
ED = TEAM + '[watch]\nusers = ["ed@acme.test"]\n'


def notices(watching: Bench) -> list[str]:
    """Claim what waits, show it, and confirm it, as a tray does; the titles."""
    claim = json.dumps({"channel": "desktop", "claimant": "tray"}).encode()
    titles = []
    for notice in watching.ask("POST", "/v1/deliveries/claim", claim)[1]["notices"]:
        titles.append(notice["title"])
        confirm = {"deliveries": notice["deliveries"], "state": "handed_over", "claimant": "tray"}
        watching.ask("POST", "/v1/deliveries/confirm", json.dumps(confirm).encode())
    return titles


def spent(watching: Bench, credits: str) -> None:
    """Let ed's thread of this month stand at `credits`, and poll."""
    watching.world.set_credits("main", micro(credits), watching.now_ms)
    outcome = watching.later()
    assert outcome.failure is None


def one_thread(credits: str) -> World:
    world = World.empty()
    for name, role in {"ada": "ADMIN", "ed": "EDITOR"}.items():
        world.add_person(f"{name}@acme.test", role)
    add(world, "ed", 1, credits, thread_id="main")
    return world


@pytest.fixture
def ed(make_bench: MakeBench) -> Bench:
    """ed at 60 % of 40 credits, watched since some polls."""
    watching = make_bench(one_thread("24"), "ada", ED)
    watching.poll_until_read()
    watching.later()
    assert notices(watching) == []
    return watching


def test_what_stands_at_the_first_start_is_told_as_one_message(make_bench: MakeBench) -> None:
    world = small_world()
    add(world, "eve", 1, "33")
    add(world, "ed", 1, "30")
    add(world, "xi", 1, "8")
    watching = make_bench(world, "ada", EVERYONE)
    watching.poll_until_read()
    claim = json.dumps({"channel": "desktop", "claimant": "tray"}).encode()
    [digest] = watching.ask("POST", "/v1/deliveries/claim", claim)[1]["notices"]
    assert (digest["title"], digest["severity"], len(digest["deliveries"])) == (
        "Hex credits: 3 warnings",
        "critical",
        3,
    )
    assert sorted(digest["body"].splitlines()) == [
        "ed@acme.test: the grant is used up",
        "eve@acme.test: about 85 % used",
        "xi@acme.test: about 84 % used",
    ]
    watching.restart()
    watching.later(HOUR_MS)
    assert len(watching.alerts()) == 3


def test_a_first_start_waits_for_the_period_and_then_tells_what_it_has(make_bench: MakeBench) -> None:
    world = one_thread("39")
    for number in range(2600):
        add(world, "ed", number / 200 + 1.1, "0", thread_id=f"t{number}")
    watching = make_bench(world, "ada", ED)
    assert watching.poll().more
    assert watching.alerts() == []
    watching.clock.advance(11 * MINUTE_MS)
    watching.poll()
    assert watching.alerts() == [("used", 80, "grant:ed@acme.test", "firing")]


def test_a_level_is_told_once_over_flapping_failed_polls_and_restarts(ed: Bench) -> None:
    told = []
    for credits in ("32.4", "31.8", "32.2", "31", "32", "33", "30.5", "32.5"):
        spent(ed, credits)
        told += notices(ed)
        ed.sim.faults.arm(parse_fault("500"))
        assert ed.later().failure is not None
        ed.sim.faults.clear()
        ed.restart()
        told += notices(ed)
    assert told == ["ed@acme.test: about 81 % used"]
    assert ed.alerts() == [("used", 80, "grant:ed@acme.test", "firing")]


def test_a_fall_of_five_points_seen_twice_re_arms_the_level(ed: Bench) -> None:
    for credits in ("32", "29.9", "29.9", "32"):
        spent(ed, credits)
    assert ed.alerts() == [
        ("used", 80, "grant:ed@acme.test", "resolved"),
        ("used", 80, "grant:ed@acme.test", "firing"),
    ]


def test_a_fall_seen_once_or_between_failed_polls_re_arms_nothing(ed: Bench) -> None:
    for credits in ("32", "29", "32", "29", "31", "29", "33"):
        spent(ed, credits)
    assert ed.alerts() == [("used", 80, "grant:ed@acme.test", "firing")]


def test_a_jump_tells_the_highest_rung_only(ed: Bench) -> None:
    spent(ed, "41")
    assert notices(ed) == ["ed@acme.test: the grant is used up"]
    assert ed.alerts() == [("exhausted", None, "grant:ed@acme.test", "firing")]


def test_one_rung_after_the_other_is_told_and_the_lower_is_over(ed: Bench) -> None:
    spent(ed, "32")
    spent(ed, "40")
    assert ed.alerts() == [
        ("used", 80, "grant:ed@acme.test", "resolved"),
        ("exhausted", None, "grant:ed@acme.test", "firing"),
    ]
    assert notices(ed) == ["ed@acme.test: the grant is used up"], "what waited for the lower rung is moot"


def test_a_reset_ends_what_was_told_and_the_level_may_tell_again(ed: Bench) -> None:
    spent(ed, "33")
    ed.later(9 * DAY_MS)
    assert ed.alerts() == [("used", 80, "grant:ed@acme.test", "resolved")]
    assert ed.used("ed@acme.test") == 0.0
    ed.world.grow("main", micro("32"), ed.now_ms)
    ed.later()
    assert [alert[:2] for alert in ed.alerts()] == [("used", 80), ("used", 80)]


def fail(watching: Bench, fault: str, polls: int) -> None:
    watching.sim.faults.arm(parse_fault(fault))
    for _ in range(polls):
        assert watching.later().failure is not None
    watching.sim.faults.clear()


BLIND = ("blind", None, None, "firing")
OVER = ("blind", None, None, "resolved")


@pytest.mark.parametrize(("polls", "told"), [(2, []), (3, [BLIND]), (9, [BLIND])])
def test_blind_is_told_after_three_intervals_without_a_good_poll_and_once(
    ed: Bench, polls: int, told: list[Any]
) -> None:
    fail(ed, "503", polls)
    assert ed.alerts() == told


def test_a_good_poll_ends_blind_and_it_may_tell_again(ed: Bench) -> None:
    fail(ed, "503", 4)
    ed.later()
    assert ed.alerts() == [OVER]
    fail(ed, "503", 4)
    assert ed.alerts() == [OVER, BLIND]


def test_blind_is_told_while_a_poll_hangs(ed: Bench) -> None:
    for _ in range(4):
        ed.clock.advance(INTERVAL_MS)
        ed.daemon.check_blind()
    assert ed.alerts() == [BLIND]
    assert "No poll came to its end" in ed.daemon.documents.alerts(ed.now_ms)["alerts"][0]["body"]


def test_a_restart_neither_ends_nor_repeats_blind(ed: Bench) -> None:
    fail(ed, "503", 4)
    ed.sim.faults.arm(parse_fault("503"))
    for _ in range(3):
        ed.restart()
        ed.daemon.check_blind()
        for _ in range(4):
            assert ed.later().failure is not None
            ed.daemon.check_blind()
    assert ed.alerts() == [BLIND]


def test_nobody_is_blind_while_the_daemon_was_not_meant_to_poll(ed: Bench) -> None:
    ed.clock.advance(DAY_MS)
    ed.restart()
    ed.daemon.check_blind()
    assert ed.alerts() == []
    ed.poll()
    assert ed.alerts() == []


def test_a_failed_poll_changes_no_figure_and_says_since_when_it_stands(ed: Bench) -> None:
    before = ed.status()
    fail(ed, "500", 3)
    after = ed.status()
    assert after["meters"][0]["used"] == before["meters"][0]["used"]
    assert (after["as_of"], after["stale"], after["last_poll"]["ok"]) == (before["as_of"], True, False)
    assert after["last_poll"]["error"] == "Hex answered GET /threads with 500: Internal server error"


def test_a_clock_set_back_neither_tells_nor_ends_anything(ed: Bench) -> None:
    spent(ed, "33")
    ed.clock.at_ms = START_MS - 40 * DAY_MS
    assert ed.later().failure is None
    ed.daemon.check_blind()
    assert ed.alerts() == [("used", 80, "grant:ed@acme.test", "firing")]
    ed.clock.at_ms = START_MS + HOUR_MS
    ed.later()
    assert ed.alerts() == [("used", 80, "grant:ed@acme.test", "firing")]


def test_without_desktop_notices_alerts_are_kept_and_none_waits(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("33"), "ada", ED + "[notify]\ndesktop = false\n")
    watching.poll_until_read()
    assert watching.alerts() == [("used", 80, "grant:ed@acme.test", "firing")]
    assert notices(watching) == []


def test_a_long_poll_that_makes_progress_is_not_blind(make_bench: MakeBench) -> None:
    world = small_world()
    for number in range(250):
        add(world, "ed", 40 + number / 100, "0.1")
    watching = make_bench(world, "ada", EVERYONE)

    def a_slow_page() -> None:
        watching.daemon.note_page()
        watching.clock.advance(2 * INTERVAL_MS)
        watching.daemon.check_blind()

    watching.on_page = a_slow_page
    watching.poll_until_read()
    assert [kind for kind, *_ in watching.alerts() if kind == "blind"] == []


def test_pages_that_come_before_polls_fail_do_not_hide_that_hex_is_out_of_sight(ed: Bench) -> None:
    ed.sim.faults.arm(parse_fault("500@/threads"))
    for _ in range(4):
        ed.daemon.note_page()
        ed.later()
        ed.daemon.check_blind()
    assert [kind for kind, *_ in ed.alerts()] == ["blind"]


def test_a_poll_that_waits_for_its_budget_is_not_blind(make_bench: MakeBench) -> None:
    world = small_world()
    for number in range(900):
        add(world, "ed", 40 + number / 100, "0.1")
    watching = make_bench(world, "ada", EVERYONE + "[poll]\nevery = '5s'\nrequests_per_minute = 2\n")
    wait = watching.clock.wait

    async def wait_under_watch(for_ms: int) -> None:
        # As the scheduler's ticks do while the poll waits.
        watching.daemon.check_blind()
        await wait(min(for_ms, 5_000))

    watching.clock.wait = wait_under_watch  # type: ignore[method-assign]
    watching.poll_until_read()
    assert watching.clock.waited_ms > 3 * 60_000
    assert [kind for kind, *_ in watching.alerts() if kind == "blind"] == []
