"""The roll-ups: whatever happens to the ledger, they are what a rebuild makes of it, and sums are exact anywhere."""

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from builders import NOW_MS, thread
from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.core.ledger import Usage, share
from hexmeter.core.model import Look, Thread
from hexmeter.core.periods import Period
from hexmeter.service.dashboard.dailyuse import MODEL, DailyUse
from hexmeter.store.store import Store

from .conftest import copy_of

THREADS = ("t1", "t2", "t3", "t4")
USERS = ("u1", "u2", None)
QUARTER_MS = 15 * MINUTE_MS


SEEN = st.builds(
    lambda id, user, figure, quarters: thread(figure, id=id, user_id=user, created_ms=NOW_MS + quarters * QUARTER_MS),
    st.sampled_from(THREADS),
    st.sampled_from(USERS),
    st.none() | st.integers(0, 12),
    st.integers(-200, 300),
)
# Looks come after minutes, hours or days; on the hour and off it.
PAUSES_MS = st.one_of(
    st.integers(1, 12).map(lambda count: count * 5 * MINUTE_MS),
    st.integers(1, 30).map(lambda count: count * HOUR_MS),
    st.integers(0, 3 * DAY_MS),
)
PAGES = st.lists(st.tuples(PAUSES_MS, st.lists(SEEN, max_size=5)), max_size=12)
EDGES = st.lists(
    st.integers(-300, 900).map(lambda count: NOW_MS + count * QUARTER_MS) | st.integers(NOW_MS, NOW_MS + 9 * DAY_MS),
    min_size=2,
    max_size=6,
    unique=True,
).map(sorted)


def roll_ups(store: Store) -> list[list[tuple[object, ...]]]:
    """All that the roll-ups hold, in order."""
    return [
        [tuple(row) for row in store.database.connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3")]
        for table in ("sums", "backfills")
    ]


def assert_as_rebuilt(store: Store) -> None:
    kept = roll_ups(store)
    store.ledger.sums.rebuild()
    assert kept == roll_ups(store)


def rows_by_user(store: Store) -> list[tuple[str | None, Usage]]:
    found: list[tuple[str | None, Usage]] = []
    for id in THREADS:
        row = store.ledger.thread(id)
        found += [(row["user_id"] if row else None, usage) for usage in store.ledger.rows_of(id)]
    return found


def record(store: Store, number: int, at_ms: int, *threads: Thread, watched_since_ms: int | None = None) -> None:
    store.ledger.record(
        threads, Look(number, at_ms, at_ms + 200), watched_since_ms=watched_since_ms, gap_ms=10 * MINUTE_MS
    )


@given(PAGES, EDGES, st.none() | st.just(NOW_MS))
@settings(deadline=None)
def test_kept_and_rebuilt_sums_are_those_of_the_rows(
    template: Path, pages: list[tuple[int, list[Thread]]], edges: list[int], watched_since_ms: int | None
) -> None:
    with copy_of(template) as store:
        at_ms = NOW_MS
        for number, (pause_ms, threads) in enumerate(pages, 1):
            at_ms += pause_ms
            record(store, number, at_ms, *threads, watched_since_ms=watched_since_ms)
        rows = rows_by_user(store)
        parts = [Period(start_ms, end_ms) for start_ms, end_ms in pairwise(edges)]
        for period in [*parts, Period(edges[0], edges[-1])]:
            kept = store.ledger.use_by_user(period)
            assert kept == store.ledger.sums.by_user(period, raw=True)
            for user_id in {*kept, *USERS}:
                used = sum(share(usage, period) for owner, usage in rows if owner == user_id)
                assert used == (kept[user_id].used_micro if user_id in kept else 0)
        assert store.ledger.use_by_part(parts) == [sum(share(usage, part) for _, usage in rows) for part in parts]
        since = Period(edges[0], at_ms + 10 * DAY_MS)
        dearest = [use.credits_micro for use in store.ledger.use_by_thread(since) if use.credits_micro > 0]
        assert [micro for _, micro in store.breakdown.dearest(since, 2)] == dearest[:2]
        assert_as_rebuilt(store)


@given(PAGES, EDGES)
@settings(deadline=None)
def test_days_that_are_kept_are_those_of_the_rows(
    template: Path, pages: list[tuple[int, list[Thread]]], edges: list[int]
) -> None:
    with copy_of(template) as store:
        kept, at_ms = DailyUse(store), NOW_MS
        quarters = sorted({edge_ms // QUARTER_MS * QUARTER_MS for edge_ms in edges})
        parts = [Period(start_ms, end_ms) for start_ms, end_ms in pairwise(quarters)]
        for number, (pause_ms, threads) in enumerate(pages, 1):
            at_ms += pause_ms
            # Whose a thread is found out later is told the next day.
            record(store, number, at_ms, *(replace(one, user_id="u1") for one in threads), watched_since_ms=NOW_MS)
            kept.read(quarters[0], NOW_MS)
            used = [sum(share(usage, part) for _, usage in rows_by_user(store)) for part in parts]
            assert [sum(users.values()) for users in kept.by_user(parts)] == used
            assert [sum(models.values()) for models in kept.by_kind(MODEL, parts)] == used


def test_a_thread_whose_user_is_learnt_later_takes_its_credits_along(store: Store) -> None:
    record(store, 1, NOW_MS, thread(5, user_id=None))
    record(store, 2, NOW_MS + MINUTE_MS, thread(9, user_id=None))
    month = Period(NOW_MS - 10 * DAY_MS, NOW_MS + 10 * DAY_MS)
    assert {user: use.used_micro for user, use in store.ledger.use_by_user(month).items()} == {None: 9}
    record(store, 3, NOW_MS + 2 * MINUTE_MS, thread(9, user_id="u1"))
    assert {user: use.used_micro for user, use in store.ledger.use_by_user(month).items()} == {"u1": 9}
    assert_as_rebuilt(store)


def test_rows_that_are_changed_or_removed_are_counted_anew(store: Store) -> None:
    chance = random.Random(1)
    for number in range(1, 40):
        record(store, number, NOW_MS + number * HOUR_MS, *(thread(chance.randint(0, 99), id=id) for id in THREADS))
    connection = store.database.connection
    connection.execute("UPDATE ledger SET prompts = 3 WHERE id % 3 = 0")
    connection.execute("DELETE FROM ledger WHERE id % 4 = 0")
    connection.execute("UPDATE ledger SET at_ms = at_ms + 7200000, basis = 'delta' WHERE id % 5 = 0")
    assert_as_rebuilt(store)


def test_a_page_of_threads_takes_as_many_statements_as_one_thread(store: Store) -> None:
    def statements(count: int, number: int) -> int:
        heard: list[str] = []
        store.database.connection.set_trace_callback(heard.append)
        record(store, number, NOW_MS + number, *(thread(number, id=f"t{index}") for index in range(count)))
        store.database.connection.set_trace_callback(None)
        # Triggers and the rows of an executemany are written once each; look-ups are what must not be.
        return sum(statement.lstrip().startswith("SELECT") for statement in heard)

    assert statements(1, 1) == statements(100, 2) == statements(100, 3)
