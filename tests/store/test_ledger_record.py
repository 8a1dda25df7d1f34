"""The stored ledger against a simple model: random pages in random order, and every sum by brute force."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import ED, NOW_MS, look, thread
from hexmeter.core.instants import MINUTE_MS
from hexmeter.core.ledger import Basis, Usage, share, straddles
from hexmeter.core.meters import Use
from hexmeter.core.model import Look, Thread
from hexmeter.core.periods import Period
from hexmeter.store.ledger import Increase, Ledger
from hexmeter.store.store import Store
from hexmeter.store.sums import ThreadUse

from .conftest import copy_of

THREADS = ("t1", "t2", "t3")


@dataclass(frozen=True)
class Page:
    """One answer: the look, and what it showed of some threads; the same thread may come twice."""

    look: Look
    threads: tuple[Thread, ...]


SEEN = st.builds(
    lambda id, user, figure, created: thread(figure, id=id, user_id=user, created_ms=created),
    st.sampled_from(THREADS),
    st.sampled_from(["u1", "u2", None]),
    st.none() | st.integers(0, 12) | st.integers(0, 10**15),
    st.integers(0, 100),
)
LOOKS = st.builds(
    lambda number, sent, took: Look(number, sent, max(0, sent + took)),
    *(st.integers(1, 30), st.integers(0, 100), st.integers(-20, 20)),
)
PAGES = st.lists(st.builds(Page, LOOKS, st.lists(SEEN, max_size=4).map(tuple)), max_size=15)
EDGES = st.lists(st.integers(-10, 130), min_size=2, max_size=7, unique=True).map(sorted)


class Model:
    """What must be true after each page, in the simplest words."""

    def __init__(self) -> None:
        self.newest: dict[str, int] = defaultdict(int)
        self.figures: dict[str, int] = defaultdict(int)
        self.users: dict[str, str | None] = {}

    def see(self, page: Page) -> None:
        for one in page.threads:
            if page.look.number > self.newest[one.id]:
                if one.credits_micro is not None:
                    self.newest[one.id], self.figures[one.id] = page.look.number, one.credits_micro
                self.users[one.id] = one.user_id or self.users.get(one.id)


def rows_of(ledger: Ledger) -> list[Usage]:
    return [row for id in THREADS for row in ledger.rows_of(id)]


@given(PAGES, st.none() | st.integers(0, 100), EDGES)
def test_what_is_stored_is_what_was_seen(
    template: Path, pages: list[Page], watched_since_ms: int | None, edges: list[int]
) -> None:
    model = Model()
    with copy_of(template) as store:
        for page in pages:
            before = rows_of(store.ledger)
            added = store.ledger.record(page.threads, page.look, watched_since_ms=watched_since_ms, gap_ms=10)
            model.see(page)
            after = rows_of(store.ledger)
            assert sorted(map(repr, after)) == sorted(map(repr, [*before, *added]))
            for id in THREADS:
                assert sum(row.credits_micro for row in store.ledger.rows_of(id)) == model.figures[id]
        rows = rows_of(store.ledger)
        for period in (Period(start, end) for start, end in pairwise(edges)):
            assert store.ledger.use_by_user(period) == uses_of(rows, model, period)
            assert store.ledger.use_by_thread(period) == thread_uses_of(rows, model, period)
        check_parts(store.ledger, rows, edges)


def check_parts(ledger: Ledger, rows: Sequence[Usage], edges: list[int]) -> None:
    parts = [Period(start, end) for start, end in pairwise(edges)]
    whole = Period(edges[0], edges[-1])
    assert ledger.use_by_part(parts) == [sum(share(row, part) for row in rows) for part in parts]
    assert sum(ledger.use_by_part(parts)) == sum(use.used_micro for use in ledger.use_by_user(whole).values())


def touches(row: Usage, period: Period) -> bool:
    """Whether any instant of the row is in the period: (after, at], or the instant `at` where both are equal."""
    if row.after_ms == row.at_ms:
        return row.at_ms in period
    return row.after_ms < period.end_ms and row.at_ms > period.start_ms


def uses_of(rows: Sequence[Usage], model: Model, period: Period) -> dict[str | None, Use]:
    found: dict[str | None, Use] = {}
    for row in rows:
        within, across = touches(row, period), straddles(row, period)
        late = row.basis is Basis.BACKFILL and row.at_ms < period.start_ms <= row.seen_ms
        if not within and not late:
            continue
        user = model.users[row.thread_id]
        use = found.get(user, Use())
        counted = within and not across
        found[user] = Use(
            use.used_micro + share(row, period),
            use.estimated or across or late or row.basis is Basis.BACKFILL,
            use.prompted_micro + (row.credits_micro if counted and row.prompts else 0),
            use.prompts + ((row.prompts or 0) if counted else 0),
        )
    return found


def thread_uses_of(rows: Sequence[Usage], model: Model, period: Period) -> list[ThreadUse]:
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        sums[row.thread_id] += share(row, period)
    used = [ThreadUse(id, model.users[id], micro) for id, micro in sums.items() if micro]
    return sorted(used, key=lambda use: (-use.credits_micro, use.thread_id))


# In words


def record(store: Store, number: int, *threads: Thread, at_ms: int = NOW_MS) -> tuple[Usage, ...]:
    return store.ledger.record(threads, look(number, at_ms), watched_since_ms=0, gap_ms=10 * MINUTE_MS)


def test_a_page_is_stored_whole_or_not_at_all(store: Store) -> None:
    def pages() -> Iterator[Thread]:
        yield thread(5, id="t1")
        raise KeyError

    with pytest.raises(KeyError):
        store.ledger.record(pages(), look(1), watched_since_ms=0, gap_ms=1)
    assert store.ledger.rows_of("t1") == []
    assert store.ledger.count_unknown(["t1"]) == 1


def test_a_thread_that_turns_sensitive_loses_its_title(store: Store) -> None:
    record(store, 1, thread(5, title="Salaries"))
    record(store, 2, thread(5, title=None, sensitive=True))
    row = store.ledger.thread("t1")
    assert row is not None
    assert (row["title"], row["sensitive"]) == (None, 1)


def test_a_thread_keeps_its_user_when_hex_no_longer_says_whose_it_was(store: Store) -> None:
    record(store, 1, thread(5))
    record(store, 2, thread(6, user_id=None), at_ms=NOW_MS + MINUTE_MS)
    assert set(store.ledger.use_by_user(Period(0, 2 * NOW_MS))) == {ED.id}


def test_an_unchanged_thread_adds_no_row(store: Store) -> None:
    assert len(record(store, 1, thread(5))) == 1
    assert [record(store, number, thread(5), at_ms=NOW_MS + number) for number in range(2, 9)] == [()] * 7
    assert len(store.ledger.rows_of("t1")) == 1


def test_threads_never_seen_are_counted_once(store: Store) -> None:
    record(store, 1, thread(None, id="t1"))
    assert store.ledger.count_unknown(["t1", "t2", "t2", "t3"]) == 2


def test_the_newest_increases_come_with_title_link_and_email(store: Store) -> None:
    store.roster.save([ED], NOW_MS, whole=True)
    (first,) = record(store, 1, thread(5))
    record(store, 2, thread(3), at_ms=NOW_MS + 1)
    (second,) = record(store, 3, thread(2, id="t2", user_id=None, title=None), at_ms=NOW_MS + 2)
    url = "https://app.hex.tech/acme/thread/"
    assert store.ledger.newest(5) == [
        Increase(second, None, url + "t2", None),
        Increase(first, "Count sign-ups", url + "t1", "ed@acme.test"),
    ]
    assert len(store.ledger.newest(1)) == 1
