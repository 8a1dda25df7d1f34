"""Compaction: fewer rows, the same sums, and a ledger that goes on as if nothing had been done."""

import tempfile
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import BERLIN, NOW_MS, thread
from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.core.ledger import Basis, Usage
from hexmeter.core.model import Look, Thread
from hexmeter.core.periods import Period, first_instant, local_day
from hexmeter.store.retention import Retention
from hexmeter.store.store import Store

THREADS = ("t1", "t2", "t3")
MIDNIGHTS = [first_instant(local_day(NOW_MS, BERLIN) + timedelta(days=days), BERLIN) for days in range(-3, 12)]
"""Midnights in Berlin around NOW_MS."""

SEEN = st.builds(
    lambda id, user, figure: thread(figure, id=id, user_id=user, created_ms=NOW_MS - DAY_MS),
    st.sampled_from(THREADS),
    st.sampled_from(["u1", "u2"]),
    st.none() | st.integers(0, 30),
)
PAUSES_MS = st.integers(1, 40).map(lambda count: count * 30 * MINUTE_MS) | st.integers(1, DAY_MS)
PAGES = st.lists(st.tuples(PAUSES_MS, st.lists(SEEN, max_size=3)), min_size=1, max_size=12)


def record(store: Store, number: int, at_ms: int, *threads: Thread) -> None:
    store.ledger.record(threads, Look(number, at_ms, at_ms), watched_since_ms=NOW_MS - 2 * DAY_MS, gap_ms=HOUR_MS)


def compact(store: Store, before_ms: int = MIDNIGHTS[-1]) -> None:
    retention = Retention(store.database)
    while retention.compact_some(before_ms, BERLIN):
        pass


def sums(store: Store) -> list[object]:
    """What each day had by user, by thread and in all, and whether that was estimated."""
    days = [Period(*pair) for pair in pairwise(MIDNIGHTS)]
    by_user = [
        {user: (use.used_micro, use.estimated) for user, use in store.ledger.use_by_user(day).items()} for day in days
    ]
    return [by_user, [store.ledger.use_by_thread(day) for day in days], store.ledger.use_by_part(days)]


def assert_sound(store: Store) -> None:
    wrong = store.database.connection.execute(
        "SELECT t.id FROM threads t LEFT JOIN usage u ON u.thread_id = t.id GROUP BY t.id"
        " HAVING coalesce(sum(u.credits_micro), 0) != coalesce(t.credits_micro, 0)"
    )
    assert wrong.fetchall() == []
    for table in ("sums", "backfills"):
        kept = store.database.connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall()
        store.ledger.sums.rebuild()
        again = store.database.connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall()
        assert [tuple(row) for row in kept] == [tuple(row) for row in again]


@given(PAGES, PAGES, st.sampled_from(MIDNIGHTS))
@settings(deadline=None, max_examples=60)
def test_sums_stay_and_falls_and_restorations_go_on_as_without(
    before: list[tuple[int, list[Thread]]], after: list[tuple[int, list[Thread]]], before_ms: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, plain = Store.open(Path(folder) / "compacted.db"), Store.open(Path(folder) / "plain.db")
        at_ms, number = NOW_MS, 0
        for part in (before, after):
            for pause_ms, threads in part:
                at_ms, number = at_ms + pause_ms, number + 1
                for one in (store, plain):
                    record(one, number, at_ms, *threads)
                assert_sound(store)
            if part is before:
                compact(store, before_ms)
                assert sums(store) == sums(plain)
                assert_sound(store)
        # A fall unwinds whole days now, so only each thread's own sum is the same as without.
        figures = "SELECT id, credits_micro, high_micro FROM threads ORDER BY id"
        for one in (store, plain):
            compact(one)
        both = [[tuple(row) for row in one.database.connection.execute(figures)] for one in (store, plain)]
        assert both[0] == both[1]
        assert_sound(store)
        per_day = Counter(
            (row.thread_id, local_day(row.at_ms - 1, BERLIN))
            for id in THREADS
            for row in store.ledger.rows_of(id)
            if whole(row) and row.basis not in (Basis.FALL, Basis.RESTORED) and row.at_ms <= MIDNIGHTS[-1]
        )
        assert set(per_day.values()) <= {1}
        store.close()
        plain.close()


def whole(row: Usage) -> bool:
    """Whether a row, which is no point, lies within one day."""
    day = local_day(row.at_ms - 1, BERLIN)
    return row.after_ms < row.at_ms and row.after_ms >= first_instant(day, BERLIN)


def rows(store: Store) -> list[tuple[int, int | None, str]]:
    return [(row.credits_micro, row.prompts, row.basis) for row in store.ledger.rows_of("t1")]


@pytest.fixture
def grown(store: Store) -> Store:
    """A thread that grew to 3, 5 and 9 within one hour of one day."""
    for number, figure in enumerate((3, 5, 9), 1):
        record(store, number, NOW_MS + number * 10 * MINUTE_MS, thread(figure, created_ms=NOW_MS))
    return store


def test_a_day_becomes_one_row(grown: Store) -> None:
    compact(grown)
    (row,) = grown.ledger.rows_of("t1")
    assert (row.after_ms, row.at_ms) == (NOW_MS, NOW_MS + 30 * MINUTE_MS)
    assert (row.credits_micro, row.prompts, row.basis) == (9, 3, Basis.SHARED)


def test_what_is_not_old_enough_stays(grown: Store) -> None:
    before = rows(grown)
    compact(grown, first_instant(local_day(NOW_MS, BERLIN), BERLIN))
    assert rows(grown) == before


def test_a_fall_is_remembered_until_it_is_put_back(grown: Store) -> None:
    record(grown, 4, NOW_MS + HOUR_MS, thread(4))
    compact(grown)
    assert [(credits, basis) for credits, _, basis in rows(grown)] == [(9, "shared"), (-5, "fall")]
    record(grown, 5, NOW_MS + 2 * HOUR_MS, thread(11))
    assert [(credits, basis) for credits, _, basis in rows(grown)][2:] == [(5, "restored"), (2, "delta")]
    compact(grown)
    assert sum(credits for credits, _, _ in rows(grown)) == 11
    assert not any(basis in ("fall", "restored") for _, _, basis in rows(grown))


def test_the_newest_increases_stay_the_newest(grown: Store) -> None:
    record(grown, 4, NOW_MS + 5 * DAY_MS, thread(1, id="t2", created_ms=NOW_MS + 5 * DAY_MS - HOUR_MS))
    compact(grown, MIDNIGHTS[6])
    assert [increase.usage.thread_id for increase in grown.ledger.newest(9)] == ["t2", "t1"]


def test_what_comes_later_to_days_that_were_compacted_is_compacted_too(grown: Store) -> None:
    compact(grown)
    for number in range(4, 8):
        record(grown, number, NOW_MS + 9 * DAY_MS + number, thread(20 if number % 2 else 2))
    compact(grown, MIDNIGHTS[5])
    of_the_first_day = [row for row in grown.ledger.rows_of("t1") if row.at_ms < MIDNIGHTS[5]]
    assert [row.credits_micro for row in of_the_first_day] == [9]


def test_many_threads_take_several_small_transactions(store: Store) -> None:
    for number in range(1, 17):
        page = [thread(number, id=f"t{number % 8}-{index}", created_ms=NOW_MS) for index in range(100)]
        record(store, number, NOW_MS + number * MINUTE_MS, *page)
    retention, steps = Retention(store.database), 1
    while retention.compact_some(MIDNIGHTS[-1], BERLIN):
        steps += 1
    assert steps > 4
    count = store.database.connection.execute("SELECT count(*) FROM ledger").fetchone()
    assert tuple(count) == (800,)
    assert_sound(store)
