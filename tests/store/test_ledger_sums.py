"""The sums over months, against brute force: rows over hours, days and weeks, and threads that change hands."""

from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from builders import NOVEMBER, thread
from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.core.model import Look
from hexmeter.core.periods import Period

from .conftest import copy_of
from .test_ledger_record import Model, Page, check_parts, rows_of, thread_uses_of, uses_of

MONTHS_MS = 70 * DAY_MS
STEPS = st.sampled_from([0, 1, 7, 5 * MINUTE_MS, HOUR_MS - 1, HOUR_MS, DAY_MS, 9 * DAY_MS]) | st.integers(0, 3 * DAY_MS)
ROUND = st.builds(
    lambda day, hour, off: NOVEMBER.start_ms + day * DAY_MS + hour * HOUR_MS + off,
    *(st.integers(-2, 70), st.sampled_from([0, 0, 1, 23]), st.sampled_from([0, 0, -1, 1])),
)
EDGES = st.lists(
    ROUND | st.integers(NOVEMBER.start_ms, NOVEMBER.start_ms + MONTHS_MS), min_size=2, max_size=6, unique=True
)
SEEN = st.builds(
    lambda id, user, figure, created: thread(figure, id=id, user_id=user, created_ms=created),
    st.sampled_from(["t1", "t2", "t3"]),
    st.sampled_from(["u1", "u2", None]),
    st.none() | st.integers(0, 12) | st.integers(0, 10**15),
    ROUND,
)


@st.composite
def polls(draw: st.DrawFn) -> list[Page]:
    """Polls in a row, from the start of a month on, with the pauses of a real life."""
    at_ms, pages = NOVEMBER.start_ms, []
    for number in range(1, draw(st.integers(1, 14))):
        at_ms += draw(STEPS)
        pages.append(
            Page(Look(number, at_ms, at_ms + draw(st.integers(0, 900))), tuple(draw(st.lists(SEEN, max_size=3))))
        )
    return pages


@given(polls(), st.none() | ROUND, EDGES.map(sorted))
def test_sums_over_months_are_the_sums_of_their_rows(
    template: Path, pages: list[Page], watched_since_ms: int | None, edges: list[int]
) -> None:
    model = Model()
    with copy_of(template) as store:
        for page in pages:
            store.ledger.record(page.threads, page.look, watched_since_ms=watched_since_ms, gap_ms=10 * MINUTE_MS)
            model.see(page)
        rows = rows_of(store.ledger)
        for start_ms, end_ms in pairwise(edges):
            period = Period(start_ms, end_ms)
            assert store.ledger.use_by_user(period) == uses_of(rows, model, period)
            assert store.ledger.use_by_thread(period) == thread_uses_of(rows, model, period)
        check_parts(store.ledger, rows, edges)
