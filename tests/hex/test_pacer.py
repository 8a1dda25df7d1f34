"""The pacer: no window holds too many, over restarts, at once, and whatever the wall clock does."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import FakeClock
from hexmeter.core.budget import Window, windows
from hexmeter.core.instants import HOUR_MS, MINUTE_MS
from hexmeter.hex.client import HexClient
from hexmeter.hex.pacer import Pacer
from hexmeter.store.store import Store

from .conftest import Bench, Notebook

THREE_A_MINUTE = windows(3, 100)
ON_THE_WAY_MS = 250


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "hexmeter.db")
    yield opened
    opened.close()


def turns(pacer: Pacer, many: int) -> list[int]:
    """The numbers of so many requests that all want to go at once."""

    async def all_at_once() -> list[int]:
        return await asyncio.gather(*(pacer.turn() for _ in range(many)))

    return asyncio.run(all_at_once())


def test_a_fourth_request_waits_for_the_minute() -> None:
    clock, journal = FakeClock(), Notebook()
    assert turns(Pacer(THREE_A_MINUTE, clock, journal), 4) == [1, 2, 3, 4]
    assert clock.waits_ms == [MINUTE_MS + ON_THE_WAY_MS]


def test_hex_counts_no_more_than_allowed_though_the_first_request_is_long_on_its_way() -> None:
    clock, journal = FakeClock(), Notebook()
    turns(Pacer(THREE_A_MINUTE, clock, journal), 4)
    arrived_ms = [journal.sent_ms[0] + 200, *journal.sent_ms[1:]]
    assert arrived_ms[3] - arrived_ms[0] >= MINUTE_MS


def test_the_budget_holds_over_a_restart(store: Store) -> None:
    clock = FakeClock()
    turns(Pacer(THREE_A_MINUTE, clock, store.progress), 2)
    clock.advance(20_000)
    turns(Pacer(THREE_A_MINUTE, clock, store.progress), 1)
    clock.advance(10_000)
    clock.up_ms = 99
    again = Pacer(THREE_A_MINUTE, clock, store.progress)
    assert again.wait_ms() == 30_000 + ON_THE_WAY_MS
    assert sorted(turns(again, 2)) == [4, 5]
    assert clock.waits_ms == [30_000 + ON_THE_WAY_MS]


def test_a_clock_set_back_before_a_restart_frees_nothing(store: Store) -> None:
    clock = FakeClock()
    turns(Pacer(THREE_A_MINUTE, clock, store.progress), 3)
    clock.wall_ms -= HOUR_MS
    assert Pacer(THREE_A_MINUTE, clock, store.progress).wait_ms() == MINUTE_MS + ON_THE_WAY_MS


@pytest.mark.parametrize("step_ms", [-HOUR_MS, HOUR_MS])
def test_a_clock_that_is_set_while_we_run_moves_nothing(step_ms: int) -> None:
    clock = FakeClock()
    pacer = Pacer(THREE_A_MINUTE, clock, Notebook())
    turns(pacer, 3)
    clock.wall_ms += step_ms
    assert pacer.wait_ms() == MINUTE_MS + ON_THE_WAY_MS


def test_a_hold_outlasts_a_shorter_one() -> None:
    clock = FakeClock()
    pacer = Pacer(THREE_A_MINUTE, clock, Notebook())
    pacer.hold(9_000)
    pacer.hold(1_000)
    assert pacer.wait_ms() == 9_000
    clock.advance(9_000)
    assert pacer.wait_ms() == 0


@given(st.integers(1, 200), st.integers())
def test_backoff_doubles_up_to_two_minutes_and_is_never_negative(failures: int, seed: int) -> None:
    pause_ms = Pacer(THREE_A_MINUTE, FakeClock(), Notebook(), seed=seed).backoff_ms(failures)
    assert 0 <= pause_ms <= min(120_000, 1_000 * 2**failures)


EVENTS = st.lists(
    st.tuples(st.sampled_from(["ask", "ask", "ask", "restart", "hold"]), st.integers(0, 90_000)), max_size=60
)


@given(EVENTS)
def test_hex_never_sees_more_than_allowed(events: list[tuple[str, int]]) -> None:
    clock, journal = FakeClock(), Notebook()
    limits = (Window(MINUTE_MS, 3), Window(10 * MINUTE_MS, 8))
    pacer = Pacer(limits, clock, journal)
    for what, pause_ms in events:
        clock.advance(pause_ms)
        if what == "ask":
            turns(pacer, 1 + pause_ms % 3)
        elif what == "hold":
            pacer.hold(pause_ms)
        else:
            clock.up_ms = pause_ms
            pacer = Pacer(limits, clock, journal)
    for window in limits:
        for at_ms in journal.sent_ms:
            assert sum(at_ms <= sent_ms < at_ms + window.span_ms for sent_ms in journal.sent_ms) <= window.most


def test_questions_at_once_share_one_budget(bench: Bench) -> None:
    bench.asker.budget = windows(5, 100)
    bench.asker.restart()

    async def many(hexapi: HexClient) -> list[int]:
        answers = await asyncio.gather(*(hexapi.me() for _ in range(12)))
        return sorted(answer.look.number for answer in answers)

    assert bench.asker.ask(many) == list(range(1, 13))
    sent = bench.asker.journal.sent_ms
    assert all(later - earlier >= MINUTE_MS for earlier, later in zip(sent, sent[5:], strict=False))
    assert len(bench.paths) == 12


def test_a_failed_question_counts_against_the_budget(bench: Bench) -> None:
    bench.arm("400")
    for _ in range(3):
        with pytest.raises(Exception, match="400"):
            bench.asker.ask(lambda hexapi: hexapi.me())
    assert len(bench.asker.journal.sent_ms) == 3
