"""The messages that the ledger accounts for: stored with the rows, or not at all."""

import pytest

from builders import NOW_MS, look, thread
from hexmeter.core.instants import MINUTE_MS
from hexmeter.core.ledger import Basis
from hexmeter.core.prompts import Anchor, Count
from hexmeter.store.messages import Standing
from hexmeter.store.store import Store

GAP_MS = 10 * MINUTE_MS
CREATED_MS = NOW_MS - MINUTE_MS


def see(store: Store, number: int, credits_micro: int, count: int | None = None, *, minutes: int | None = None) -> None:
    """One look at the thread t1, five minutes after the one before, and a count of its messages."""
    at_ms = NOW_MS + (5 * number if minutes is None else minutes) * MINUTE_MS
    store.ledger.record(
        [thread(credits_micro, created_ms=CREATED_MS)],
        look(number, at_ms),
        watched_since_ms=CREATED_MS,
        gap_ms=GAP_MS,
        counts={} if count is None else {"t1": Count(count)},
    )


def told(store: Store) -> list[tuple[int, int | None, str]]:
    return [(row.credits_micro, row.prompts, row.basis.value) for row in store.ledger.rows_of("t1")]


def accounted(store: Store) -> int | None:
    return store.messages.of(["t1"])["t1"].messages


def test_increases_are_attributed_by_the_messages_that_are_new(store: Store) -> None:
    for number, (credits_micro, count) in enumerate([(5, 1), (8, 1), (9, 2), (15, 5), (16, None), (18, 6), (20, 7)]):
        see(store, number, credits_micro, count)
    assert told(store) == [
        (5, 1, "messages"),
        (3, 0, "messages"),
        (1, 1, "messages"),
        (6, 3, "shared"),
        (1, 1, "delta"),
        (2, 0, "messages"),
        (2, 1, "messages"),
    ]
    assert accounted(store) == 7


def test_a_fall_and_a_restoration_account_for_no_message(store: Store) -> None:
    for number, (credits_micro, count) in enumerate([(5, 1), (2, None), (5, None), (7, 2)]):
        see(store, number, credits_micro, count)
    assert [prompts for _, prompts, _ in told(store)] == [1, 0, 0, 1]
    assert accounted(store) == 2


def test_after_a_gap_the_count_begins_anew(store: Store) -> None:
    see(store, 0, 5, 1)
    see(store, 1, 9, minutes=60)
    assert accounted(store) is None
    see(store, 2, 10, 6, minutes=65)
    see(store, 3, 11, 7, minutes=70)
    assert told(store)[1:] == [(4, None, "delta"), (1, 1, "delta"), (1, 1, "messages")]


def grown(store: Store, number: int, credits_micro: int, *, minutes: int) -> list[bool]:
    at = look(number, NOW_MS + minutes * MINUTE_MS)
    seen = [thread(credits_micro, created_ms=CREATED_MS)]
    return [known for _, known in store.ledger.grown(seen, at, watched_since_ms=CREATED_MS, gap_ms=GAP_MS)]


def test_what_grew_is_worth_a_count_unless_it_is_backfill_a_fall_or_after_a_gap(store: Store) -> None:
    assert grown(store, 0, 5, minutes=0) == [True], "new: all its messages are"
    assert grown(store, 0, 0, minutes=0) == []
    assert grown(store, 0, 5, minutes=60) == [], "long after its creation"
    see(store, 1, 5, minutes=0)
    assert grown(store, 2, 5, minutes=5) == []
    assert grown(store, 2, 4, minutes=5) == []
    assert grown(store, 2, 6, minutes=5) == [True]
    assert grown(store, 2, 6, minutes=60) == []
    old = thread(5, created_ms=CREATED_MS - MINUTE_MS, id="old")
    first = {"watched_since_ms": CREATED_MS, "gap_ms": GAP_MS}
    assert store.ledger.grown([old], look(3), **first) == []
    store.ledger.record([old], look(3), **first)
    more = thread(6, created_ms=CREATED_MS - MINUTE_MS, id="old")
    assert store.ledger.grown([more], look(4), **first) == [(more, False)]


def _see_and_fail(store: Store) -> None:
    see(store, 1, 9, 3)
    raise RuntimeError("the power went")


def test_what_is_not_stored_with_its_row_is_not_stored_at_all(store: Store) -> None:
    see(store, 0, 5, 1)
    with pytest.raises(RuntimeError), store.transaction():
        _see_and_fail(store)
    assert (told(store), accounted(store)) == ([(5, 1, "messages")], 1)
    see(store, 1, 9, 3)
    assert (told(store)[1:], accounted(store)) == ([(4, 2, "shared")], 3)


def test_a_refusal_and_an_anchor_are_kept_until_there_is_a_newer_one(store: Store) -> None:
    store.messages.refuse("t1", 7)
    store.messages.account("t1", 40, Count(40, Anchor("c1", 30)))
    store.messages.account("t1", 41, Count(41))
    assert store.messages.of(["t1", "t2"]) == {"t1": Standing(41, Anchor("c1", 30), 7), "t2": Standing()}
    store.messages.account("t1", 90, Count(90, Anchor("c2", 80)))
    store.messages.refuse("t1", 9)
    assert store.messages.of(["t1"])["t1"] == Standing(90, Anchor("c2", 80), 9)
    store.messages.forget_anchor("t1")
    assert store.messages.of(["t1"])["t1"] == Standing(90, None, 9)


def test_bases_of_increases_are_among_the_newest(store: Store) -> None:
    see(store, 0, 5, 2)
    see(store, 1, 6, 2)
    see(store, 2, 8)
    newest = [increase.usage.basis for increase in store.ledger.newest(5)]
    assert newest == [Basis.DELTA, Basis.MESSAGES, Basis.SHARED]
