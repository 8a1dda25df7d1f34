"""What a poll sees: after it the ledger is the truth, whatever threads did meanwhile."""

from itertools import count

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.hex.simulator.faults import parse_fault
from hexmeter.hex.simulator.history import generated
from hexmeter.hex.simulator.world import World

from .bench import START_MS, TEAM, Bench, add, micro, small_world
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'
NOVEMBER = START_MS - 21 * DAY_MS - 12 * HOUR_MS


def crowded(threads: int) -> World:
    """The small world and so many more threads of eve's, one an hour, 0.01 credits each; the oldest is `deep-0`."""
    world = small_world()
    for number in range(threads):
        add(world, "eve", (threads - number) / 24 + 6, "0.01", thread_id=f"deep-{number}")
    return world


def test_every_users_period_is_the_truth_to_the_micro_credit(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.poll_until_read()
    watching.assert_true()
    truth = watching.world.used_by_user(NOVEMBER, watching.now_ms + 1)
    named = {watching.world.people[user].email if user else "unattributed": used for user, used in truth.items()}
    status, usage = watching.ask("GET", "/v1/usage", by="user")
    assert status == 200
    assert {row["user"]: round(row["credits"] * 1_000_000) for row in usage["rows"]} == named
    meters = {meter["label"]: meter["used"] for meter in watching.status()["meters"]}
    assert meters == {
        "ed@acme.test": 11.77,
        "eve@acme.test": 1.000001,
        "xi@acme.test": 0.4,
        "ada@acme.test": 0.0,
        "max@acme.test": 0.0,
    }


@pytest.mark.parametrize("seed", [1, 7])
def test_a_generated_world_is_read_to_the_micro_credit_and_stays_so(make_bench: MakeBench, seed: int) -> None:
    watching = make_bench(generated(seed, START_MS, people=20), "workspace", TEAM)
    watching.poll_until_read()
    watching.assert_true()
    window = [thread for thread in watching.world.threads.values() if thread.created_ms > START_MS - 60 * DAY_MS]
    threads = sorted(thread.id for thread in window)
    for number in range(4):
        for thread_id in threads[number :: len(threads) // 9]:
            watching.world.grow(thread_id, 123_456 + number, watching.now_ms)
        watching.clock.advance(5 * MINUTE_MS)
        watching.poll(whole=True)
        watching.assert_true()


def test_growth_of_the_newest_is_seen_by_the_next_poll_as_an_increase(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.poll_until_read()
    watching.world.grow("ed-new", micro("1.5"), watching.now_ms + 1)
    outcome = watching.later()
    assert [(row.thread_id, row.credits_micro, row.prompts, row.basis.value) for row in outcome.added] == [
        ("ed-new", 1_500_000, 1, "delta")
    ]
    assert watching.used("ed@acme.test") == 13.27
    _, newest = watching.ask("GET", "/v1/increases")
    assert newest["increases"] == [
        {"at": "2026-11-22T12:05:00Z", "user": "ed@acme.test", "thread": "ed-new", "title": None, "credits": 1.5}
    ]


def test_growth_deep_down_is_seen_within_a_round_of_the_sweep_and_at_once_by_a_whole_poll(
    make_bench: MakeBench,
) -> None:
    watching = make_bench(crowded(600), "ada", EVERYONE)
    watching.poll_until_read()
    watching.world.grow("deep-0", micro("2"), watching.now_ms)
    polls = 0
    while not watching.later().added:
        polls += 1
        assert polls < 6, "600 threads are 7 pages, 2 a poll"
    watching.world.grow("deep-1", micro("3"), watching.now_ms)
    watching.clock.advance(1000)
    assert [row.thread_id for row in watching.poll(whole=True).added] == ["deep-1"]
    watching.assert_true()


def test_whole_polls_that_the_budget_cuts_short_come_round_to_the_deepest_threads(make_bench: MakeBench) -> None:
    watching = make_bench(crowded(1200), "ada", EVERYONE + "[poll]\nrequests_per_minute = 6\n")
    watching.poll_until_read()
    watching.world.grow("deep-0", micro("2"), watching.now_ms)
    for _ in range(6):
        watching.clock.advance(MINUTE_MS)
        if watching.poll(whole=True).added:
            break
    watching.assert_true()


def test_a_thread_made_after_the_first_look_counts_from_its_creation(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.poll_until_read()
    made_ms = watching.now_ms + MINUTE_MS
    watching.clock.advance(5 * MINUTE_MS)
    watching.world.add_thread("eve@acme.test", made_ms, micro("0.75"), thread_id="fresh")
    outcome = watching.poll()
    assert [(row.after_ms, row.at_ms, row.credits_micro, row.basis.value) for row in outcome.added] == [
        (made_ms, watching.now_ms, 750_000, "messages")
    ]


def test_threads_that_arrive_while_pages_are_read_are_neither_missed_nor_counted_twice(make_bench: MakeBench) -> None:
    watching = make_bench(crowded(450), "ada", EVERYONE)
    numbers = count()

    def arrive() -> None:
        watching.clock.advance(1000)
        for later_ms in range(37):
            made_ms = watching.now_ms - 500 + later_ms
            watching.world.add_thread("eve@acme.test", made_ms, 10_000, thread_id=f"late-{next(numbers)}")

    # The daemon is told of each page: a moment between two requests.
    watching.on_page = arrive
    watching.poll_until_read()
    watching.on_page = lambda: None
    watching.later()
    watching.assert_true()
    assert next(numbers) > 200


@pytest.mark.parametrize("fault", [None, "refused-cursor@/threads:1"])
def test_more_new_threads_than_a_page_holds_are_all_seen_by_one_poll(make_bench: MakeBench, fault: str | None) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.poll_until_read()
    watching.clock.advance(5 * MINUTE_MS)
    for number in range(250):
        watching.world.add_thread("eve@acme.test", watching.now_ms - number * 1000, 10_001)
    if fault is not None:
        watching.sim.faults.arm(parse_fault(fault))
    outcome = watching.poll()
    assert (outcome.failure, len(outcome.added)) == (None, 250)
    watching.assert_true()


def test_a_thread_from_the_future_hides_none_of_the_present(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    odd = watching.world.add_thread("ed@acme.test", watching.now_ms, 10_001)
    watching.world.change_thread(odd.id, created_ms=watching.now_ms + 1000 * DAY_MS)
    watching.poll_until_read()
    watching.clock.advance(5 * MINUTE_MS)
    for number in range(350):
        watching.world.add_thread("eve@acme.test", watching.now_ms - number * 500, 10_001)
    assert len(watching.poll().added) == 350


def sum_by_thread(watching: Bench, thread_id: str) -> list[tuple[str, int]]:
    return [(row.basis.value, row.credits_micro) for row in watching.store.ledger.rows_of(thread_id)]


def test_a_fall_is_taken_back_and_a_restoration_is_no_prompt(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.poll_until_read()
    for credits in ("5", "2", "5", "6"):
        watching.world.set_credits("ed-new", micro(credits), watching.now_ms)
        watching.later()
        watching.assert_true()
    assert sum_by_thread(watching, "ed-new") == [
        ("backfill", 3_270_000),
        ("delta", 1_730_000),
        ("fall", -1_730_000),
        ("fall", -1_270_000),
        ("restored", 1_270_000),
        ("restored", 1_730_000),
        ("messages", 1_000_000),
    ]
    assert watching.meter("ed@acme.test")["burn"]["prompts"] == 1, "no new message came with the last growth"


def test_a_deleted_thread_keeps_what_it_used_and_growth_that_hex_does_not_show_is_not_invented(
    make_bench: MakeBench,
) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.poll_until_read()
    watching.world.delete_thread("ed-old", watching.now_ms)
    watching.later()
    watching.poll(whole=True)
    assert watching.used("ed@acme.test") == 11.77


def test_a_figure_hex_does_not_know_yet_counts_once_it_does(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.poll_until_read()
    add(watching.world, "eve", 0, None, thread_id="unsure")
    watching.later()
    assert watching.used("eve@acme.test") == 1.000001
    watching.world.set_credits("unsure", micro("4"), watching.now_ms)
    watching.later()
    assert watching.used("eve@acme.test") == 5.000001
    watching.world.set_credits("unsure", None, watching.now_ms)
    watching.later()
    assert watching.used("eve@acme.test") == 5.000001


def test_threads_of_nobody_are_unattributed_and_in_no_grant(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.poll_until_read()
    _, usage = watching.ask("GET", "/v1/usage", by="user")
    assert [row for row in usage["rows"] if row["user_id"] is None] == [
        {"user": "unattributed", "user_id": None, "credits": 2.5, "bound": "estimated", "estimated": True}
        | dict.fromkeys(("per_prompt", "prompts", "median", "p90"))
    ]
    _, threads = watching.ask("GET", "/v1/usage", by="thread")
    assert [row["user"] for row in threads["rows"] if row["thread"] == "nobodys"] == ["unattributed"]
    assert sum(meter["used"] for meter in watching.status()["meters"]) == pytest.approx(13.170001)


def test_a_thread_that_turns_sensitive_loses_its_stored_title(make_bench: MakeBench) -> None:
    world = small_world()
    add(world, "ada", 1, "1", thread_id="secret", title="What we pay Max")
    watching = make_bench(world, "ada", EVERYONE)
    watching.poll_until_read()
    assert watching.query("SELECT title FROM threads WHERE id = 'secret'") == [("What we pay Max",)]
    watching.world.change_thread("secret", sensitive=True)
    watching.later()
    assert watching.query("SELECT title, sensitive, credits_micro FROM threads WHERE id = 'secret'") == [
        (None, 1, 1_000_000)
    ]


def test_only_gets_reach_hex(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.poll_until_read()
    watching.poll(whole=True)
    assert watching.sim.simulator.writes_seen == 0
    assert {request.split()[0] for request in watching.requests()} == {"GET"}
