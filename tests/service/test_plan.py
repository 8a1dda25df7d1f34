"""What polls ask of Hex: little while nothing grows, more where something does, and everything in its turn."""

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.hex.simulator.world import World
from hexmeter.service.polling.plan import Effort, Hot

from .bench import INTERVAL_MS, START_MS, TEAM, Bench, add, micro
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'
PLENTY = "[poll]\nrequests_per_minute = 100000\nrequests_per_hour = 1000000\n"


def workspace(threads: int, days: float) -> World:
    """So many threads, evenly over the last days; `t-0` is the newest."""
    world = World.empty()
    world.add_person("ada@acme.test", "ADMIN")
    world.add_person("ed@acme.test", "EDITOR")
    for number in range(threads):
        add(world, "ed", 0.01 + days * number / threads, "0.5", thread_id=f"t-{number}")
    return world


def watch(make_bench: MakeBench, world: World) -> Bench:
    """The workspace, its history read without regard to a budget, then watched by the default one."""
    watching = make_bench(world, "ada", EVERYONE + PLENTY)
    watching.poll_until_read()
    watching.restart(EVERYONE)
    watching.later()
    return watching


def polls_until_seen(watching: Bench, thread_id: str, credits: str, most: int) -> tuple[int, list[int]]:
    """Let a thread grow, and poll until it is seen; how many polls that took, and the requests of each."""
    watching.world.set_credits(thread_id, micro(credits), watching.now_ms)
    requests: list[int] = []
    while watching.query("SELECT credits_micro FROM threads WHERE id = ?", thread_id) != [(micro(credits),)]:
        assert len(requests) < most
        requests.append(watching.later().requests)
    return len(requests), requests


@pytest.mark.slow
def test_a_quiet_round_over_200_new_threads_a_day_takes_six_hours_of_three_requests_a_poll(
    make_bench: MakeBench,
) -> None:
    watching = watch(make_bench, workspace(200 * 62, 61.9))
    polls, requests = polls_until_seen(watching, f"t-{200 * 62 - 1}", "0.75", 72)
    assert polls * INTERVAL_MS <= 6 * HOUR_MS
    assert max(requests) <= 3
    watching.assert_true()


@pytest.mark.slow
def test_a_busy_round_over_20_000_threads_takes_an_hour_of_20_requests_a_poll(make_bench: MakeBench) -> None:
    watching = watch(make_bench, workspace(20_000, 60))
    # Something always grows out of sight of the newest page, which is what makes it busy.
    polls_until_seen(watching, "t-300", "0.6", 12)
    watching.later()
    polls, requests = polls_until_seen(watching, "t-19999", "0.75", 14)
    assert polls * INTERVAL_MS <= HOUR_MS
    assert max(requests) <= 20


def test_a_poll_that_finds_nothing_grown_sends_at_most_three_requests(make_bench: MakeBench) -> None:
    watching = watch(make_bench, workspace(900, 60))
    assert max(watching.later().requests for _ in range(40)) <= 3


def test_a_thread_that_grew_is_looked_at_again_in_every_poll(make_bench: MakeBench) -> None:
    watching = watch(make_bench, workspace(3_000, 60))
    polls_until_seen(watching, "t-2500", "1", 40)
    for credits in ("2", "3.5", "5"):
        assert polls_until_seen(watching, "t-2500", credits, 2)[0] == 1


def test_threads_older_than_the_window_have_their_turn_too(make_bench: MakeBench) -> None:
    watching = watch(make_bench, workspace(1_200, 180))
    polls, requests = polls_until_seen(watching, "t-1150", "0.75", 24 * 12)
    assert polls * INTERVAL_MS <= DAY_MS
    assert max(requests) <= 3


def test_where_nothing_is_older_than_the_window_the_next_round_begins_at_once(make_bench: MakeBench) -> None:
    watching = watch(make_bench, workspace(500, 50))
    assert [watching.later().requests for _ in range(10)] == [3] * 10


def test_polls_that_come_fast_leave_their_budget_to_what_is_new(make_bench: MakeBench) -> None:
    watching = watch(make_bench, workspace(900, 60))
    watching.restart(EVERYONE + "[poll]\nevery = '5s'\n")
    for _ in range(240):
        watching.later(5_000)
    waited_before_ms = watching.clock.waited_ms
    for _ in range(120):
        watching.later(5_000)
    assert watching.clock.waited_ms - waited_before_ms < MINUTE_MS


def test_a_thread_followed_by_name_that_no_listing_shows_is_read_all_the_same(make_bench: MakeBench) -> None:
    world = workspace(50, 30)
    add(world, "ed", 300, "4", thread_id="ancient-1")
    watching = make_bench(world, "ada", EVERYONE + "[poll]\nhistory = '90d'\n")
    watching.poll_until_read()
    watching.daemon.track(["ancient-1"])
    watching.later()
    watching.world.grow("ancient-1", micro("1.5"), watching.now_ms)
    watching.later()
    assert watching.query("SELECT credits_micro FROM threads WHERE id = 'ancient-1'") == [(micro("5.5"),)]


def test_a_person_that_cannot_be_read_has_not_left(make_bench: MakeBench) -> None:
    watching = make_bench(workspace(3, 3), "ada", EVERYONE)
    watching.poll_until_read()
    watching.world.add_person("odd@acme.test", "EDITOR", name=7)  # type: ignore[arg-type]
    watching.clock.advance(HOUR_MS)
    watching.later()
    assert watching.meter("ed@acme.test")["state"] == "ok"
    assert watching.query("SELECT count(*) FROM people WHERE NOT listed") == [(0,)]


def test_an_empty_first_page_with_a_cursor_hides_nothing(make_bench: MakeBench) -> None:
    from hexmeter.hex.simulator.faults import parse_fault

    watching = make_bench(workspace(250, 60), "ada", EVERYONE)
    watching.sim.faults.arm(parse_fault("empty-page@/threads:1"))
    watching.poll_until_read()
    asked = watching.later().requests
    assert asked <= 3
    watching.assert_true()


def test_effort_is_three_requests_until_something_grows_and_for_a_round_more() -> None:
    effort = Effort(rate_per_minute=15)
    effort.begin(INTERVAL_MS)
    assert effort.sweep_pages("", sent=1) == 2
    effort.note_growth("")
    assert effort.sweep_pages("", sent=1) == 19
    effort.end_round("")
    assert effort.busy("")
    effort.end_round("")
    assert not effort.busy("")


def test_hot_threads_take_turns_and_cool_down() -> None:
    hot = Hot()
    hot.note([f"t-{number}" for number in range(7)], START_MS)
    assert hot.due(START_MS, frozenset({"t-0"})) == ["t-1", "t-2", "t-3", "t-4", "t-5"]
    assert hot.due(START_MS, frozenset()) == ["t-0", "t-6", "t-1", "t-2", "t-3"]
    assert hot.due(START_MS + HOUR_MS, frozenset()) == []
