"""Prompts over real HTTP: counted as the simulated Hex sent them, where they may be read and the budget has room."""

from collections import Counter

import pytest

from hexmeter.core.instants import DAY_MS, MINUTE_MS
from hexmeter.hex.simulator.faults import parse_fault
from hexmeter.hex.simulator.history import generated
from hexmeter.hex.simulator.world import World

from .bench import START_MS, TEAM, Bench, add, micro, patience, small_world
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'

Told = list[tuple[int, int | None, str]]


def told(watching: Bench, thread_id: str) -> Told:
    """Credits in hundredths, prompts and basis of a thread's rows."""
    rows = watching.store.ledger.rows_of(thread_id)
    return [(row.credits_micro // 10_000, row.prompts, row.basis.value) for row in rows]


def message_requests(watching: Bench, since: int = 0) -> list[str]:
    return [path for path in watching.requests(since) if path.endswith("/messages")]


def fresh(watching: Bench, *credits: str, who: str = "eve", thread_id: str = "fresh", sensitive: bool = False) -> None:
    """A new thread with these prompts, a minute from now; it is not polled for yet."""
    watching.clock.advance(MINUTE_MS)
    thread = watching.world.add_thread(f"{who}@acme.test", watching.now_ms, thread_id=thread_id, sensitive=sensitive)
    for amount in credits:
        watching.world.grow(thread.id, micro(amount), watching.now_ms)


def read(
    make_bench: MakeBench, who: str = "ada", toml: str = EVERYONE, world: World | None = None, fault: str = ""
) -> Bench:
    watching = make_bench(world or small_world(), who, toml, limits=patience(fault))
    watching.poll_until_read()
    return watching


def test_growth_with_one_two_and_no_new_messages(make_bench: MakeBench) -> None:
    watching = read(make_bench)
    fresh(watching, "1")
    watching.later()
    watching.world.grow("fresh", micro("2"), watching.now_ms)
    watching.later()
    for amount in ("3", "1"):
        watching.world.grow("fresh", micro(amount), watching.now_ms)
    watching.later()
    now_micro = watching.world.threads["fresh"].credits_micro
    watching.world.set_credits("fresh", now_micro + micro("0.5"), watching.now_ms)
    watching.later()
    assert told(watching, "fresh") == [
        (100, 1, "messages"),
        (200, 1, "messages"),
        (400, 2, "shared"),
        (50, 0, "messages"),
    ]
    assert len(message_requests(watching)) == 4
    watching.assert_true()


def test_a_thread_from_before_the_first_look_is_counted_from_its_first_increase_on(make_bench: MakeBench) -> None:
    watching = read(make_bench)
    assert message_requests(watching) == [], "backfill is not worth a request"
    for _ in range(3):
        watching.world.grow("ed-new", micro("1"), watching.now_ms)
        watching.later()
    assert told(watching, "ed-new")[1:] == [(100, 1, "delta"), (100, 1, "messages"), (100, 1, "messages")]


def test_a_cost_that_comes_after_its_message_belongs_to_it(make_bench: MakeBench) -> None:
    watching = read(make_bench)
    fresh(watching, "1")
    watching.later()
    # The second prompt was sent, and Hex knows only half of what it costs when the daemon looks.
    watching.world.grow("fresh", micro("2"), watching.now_ms)
    watching.world.set_credits("fresh", micro("2"), watching.now_ms)
    watching.later()
    watching.world.set_credits("fresh", micro("3"), watching.now_ms)
    watching.later()
    assert told(watching, "fresh") == [(100, 1, "messages"), (100, 1, "messages"), (100, 0, "messages")]


@pytest.mark.parametrize("kind", ["403", "404"])
def test_a_thread_that_may_not_be_read_is_one_prompt_per_increase_and_is_asked_for_daily(
    make_bench: MakeBench, kind: str
) -> None:
    watching = read(make_bench)
    watching.sim.faults.arm(parse_fault(f"{kind}@/threads/fresh/messages"))
    fresh(watching, "1", "1")
    watching.later()
    for _ in range(3):
        watching.world.grow("fresh", micro("1"), watching.now_ms)
        watching.later()
    watching.restart()
    watching.world.grow("fresh", micro("1"), watching.now_ms)
    watching.later()
    assert told(watching, "fresh") == [(200, 1, "delta"), *[(100, 1, "delta")] * 4]
    assert len(message_requests(watching)) == 1
    watching.clock.advance(DAY_MS)
    watching.poll()
    watching.world.grow("fresh", micro("1"), watching.now_ms)
    watching.later()
    assert len(message_requests(watching)) == 2


@pytest.mark.parametrize(
    ("who", "sensitive", "asked"),
    [
        pytest.param("ada", True, 0, id="an admin never asks for what is private to others"),
        pytest.param("workspace", True, 0, id="nor does the workspace's token"),
        pytest.param("workspace", False, 1, id="which reads what is not"),
    ],
)
def test_private_threads_of_others_are_not_read(make_bench: MakeBench, who: str, sensitive: bool, asked: int) -> None:
    watching = read(make_bench, who)
    fresh(watching, "1", sensitive=sensitive)
    watching.later()
    assert len(message_requests(watching)) == asked
    assert told(watching, "fresh") == [(100, 1, "messages" if asked else "delta")]


def test_ones_own_private_threads_are_read(make_bench: MakeBench) -> None:
    watching = read(make_bench, "max", TEAM)
    fresh(watching, "1", "2", who="max", sensitive=True)
    watching.later()
    assert told(watching, "fresh") == [(300, 2, "shared")]


def test_a_manager_counts_the_threads_they_see(make_bench: MakeBench) -> None:
    watching = read(make_bench, "max")
    for number in range(6):
        fresh(watching, "1", "1", thread_id=f"m{number}")
    watching.later()
    assert [told(watching, f"m{number}") for number in range(6)] == [[], [(200, 2, "shared")]] * 3


def test_an_editor_counts_the_threads_they_follow(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ed", TEAM)
    watching.poll()
    watching.daemon.track(["ed-new"])
    watching.poll()
    for _ in range(2):
        watching.world.grow("ed-new", micro("1"), watching.now_ms)
        watching.world.grow("ed-new", micro("1"), watching.now_ms)
        watching.later()
    assert told(watching, "ed-new")[1:] == [(200, 1, "delta"), (200, 2, "shared")]


@pytest.mark.parametrize(
    "kind", ["429-seconds=5", "429-none", "500", "502", "timeout", "refuse", "reset", "gzip", "html", "null-fields"]
)
def test_a_fault_costs_the_count_and_neither_the_poll_nor_a_message(make_bench: MakeBench, kind: str) -> None:
    watching = read(make_bench, fault=kind)
    fresh(watching, "1")
    watching.later()
    watching.sim.faults.arm(parse_fault(f"{kind}@/threads/fresh/messages:1"))
    watching.world.grow("fresh", micro("2"), watching.now_ms)
    assert watching.later().failure is None
    watching.sim.faults.clear()
    watching.world.grow("fresh", micro("3"), watching.now_ms)
    assert watching.later().failure is None
    assert told(watching, "fresh") == [(100, 1, "messages"), (200, 1, "delta"), (300, 1, "messages")]
    watching.assert_true()


def test_a_form_of_role_that_is_not_known_is_no_thread_without_prompts(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hexmeter.hex.simulator.messages._FORMS", (("Benutzer> ", "Agent> "),))
    watching = read(make_bench)
    fresh(watching, "1", "1")
    watching.later()
    assert told(watching, "fresh") == [(200, 1, "delta")]


def test_a_restart_between_two_polls_counts_no_message_twice(make_bench: MakeBench) -> None:
    watching = read(make_bench)
    fresh(watching, "1", "1")
    watching.later()
    watching.restart()
    watching.poll()
    watching.world.grow("fresh", micro("1"), watching.now_ms)
    watching.restart()
    watching.later()
    assert told(watching, "fresh") == [(200, 2, "shared"), (100, 1, "messages")]


def test_a_daemon_that_ends_between_the_count_and_the_page_stores_neither(make_bench: MakeBench) -> None:
    watching = read(make_bench)
    fresh(watching, "1", "1")
    watching.clock.advance(MINUTE_MS)
    record = watching.store.ledger.record

    def killed(*_: object, **__: object) -> None:
        raise MemoryError("killed")

    watching.store.ledger.record = killed  # type: ignore[method-assign,assignment]
    with pytest.raises(MemoryError):
        watching.poll()
    assert message_requests(watching) == ["GET /threads/fresh/messages"]
    watching.store.ledger.record = record  # type: ignore[method-assign]
    watching.restart()
    watching.poll()
    assert told(watching, "fresh") == [(200, 2, "shared")]
    watching.assert_true()


def test_a_long_thread_is_counted_whole_once_and_then_from_where_the_count_ended(make_bench: MakeBench) -> None:
    watching = read(make_bench)
    fresh(watching, *["0.1"] * 60)
    watching.later()
    assert told(watching, "fresh") == [(600, 60, "shared")]
    pages = len(message_requests(watching))
    assert pages > 2
    for number in range(1, 40):
        before = len(watching.sim.requests)
        watching.world.grow("fresh", micro("0.1"), watching.now_ms)
        watching.later()
        assert len(message_requests(watching, before)) <= 2
        assert told(watching, "fresh")[number] == (10, 1, "messages")


def test_an_anchor_that_hex_refuses_is_replaced(make_bench: MakeBench) -> None:
    watching = read(make_bench)
    fresh(watching, *["0.1"] * 30)
    watching.later()
    watching.sim.faults.arm(parse_fault("400@/threads/fresh/messages:1"))
    watching.world.grow("fresh", micro("0.1"), watching.now_ms)
    watching.later()
    assert told(watching, "fresh")[1:] == [(10, 1, "messages")]


def test_a_thread_of_very_many_messages_is_left_alone_for_a_day(make_bench: MakeBench) -> None:
    watching = read(make_bench)
    fresh(watching, *["0.01"] * 200)
    assert watching.later().failure is None
    asked = len(message_requests(watching))
    watching.world.grow("fresh", micro("1"), watching.now_ms)
    watching.later()
    assert len(message_requests(watching)) == asked
    assert told(watching, "fresh") == [(200, 1, "delta"), (100, 1, "delta")]


def test_quiet_polls_ask_for_no_messages_and_busy_ones_stay_within_their_figures(make_bench: MakeBench) -> None:
    world = generated(3, START_MS, people=25)
    watching = read(make_bench, "workspace", TEAM, world)
    assert max(watching.later().requests for _ in range(12)) <= 3
    assert message_requests(watching) == []
    for burst in range(4):
        for number in range(40):
            email = next(iter(world.people.values())).email
            world.add_thread(email, watching.now_ms + number, micro("1"), thread_id=f"b{burst}-{number}")
        outcome = watching.later()
        assert outcome.failure is None
        assert 3 < outcome.requests <= 20
        bases = Counter(row.basis.value for row in outcome.added)
        assert bases == {"messages": 7, "delta": 33}
        assert watching.clock.waited_ms == 0 or burst, "messages never make a poll wait"
    watching.assert_sums()


def test_the_prompts_of_a_living_world_are_its_own(make_bench: MakeBench) -> None:
    """Threads are started and grow at random, also while Hex fails now and then: what is counted is the truth."""
    world = small_world()
    watching = read(make_bench, "ada", EVERYONE, world)
    for step in range(40):
        name = f"t{step // 2}"
        if name not in world.threads:
            add(world, "eve", (START_MS - watching.now_ms) / DAY_MS, None, thread_id=name)
            world.set_credits(name, 0, watching.now_ms)
        for number in range(step % 3):
            world.grow(name, micro("0.5") + number, watching.now_ms)
        if step % 7 == 0:
            watching.sim.faults.arm(parse_fault("500@/threads/t:1"))
        if step % 11 == 0:
            watching.restart()
        watching.later()
    watching.sim.faults.clear()
    watching.later()
    watching.assert_true()
    sent = Counter(prompt.thread_id for prompt in world.prompts if prompt.thread_id[0] == "t" and not prompt.correction)
    rows = watching.query("SELECT thread_id, sum(prompts), max(basis = 'delta') FROM usage GROUP BY thread_id")
    counted = {thread_id: prompts for thread_id, prompts, guessed in rows if thread_id[0] == "t" and not guessed}
    assert len(counted) > 10
    assert counted == {thread_id: sent[thread_id] for thread_id in counted}


def test_nothing_that_was_said_is_stored_or_logged(make_bench: MakeBench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    watching = read(make_bench)
    fresh(watching, *["0.1"] * 30)
    for kind in ("wrong-types", "truncated", "html", "400", None):
        if kind:
            watching.sim.faults.arm(parse_fault(f"{kind}@/threads/fresh/messages:1"))
        watching.later()
        watching.world.grow("fresh", micro("0.1"), watching.now_ms)
    watching.store.close()
    stored = b"".join(path.read_bytes() for path in watching.folder.glob("hexmeter.db*"))
    watching.restart()
    said = ("users signed up", "Plot it by channel", "sign-ups", "Here is the chart")
    assert not any(words.encode() in stored or words in caplog.text for words in said)
