"""Whatever Hex shows, and in whatever order it arrives: a thread's rows sum to its last figure."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from builders import NOW_MS, thread, usage
from hexmeter.core.instants import DAY_MS, MINUTE_MS
from hexmeter.core.ledger import Basis, Known, Usage, observe, share, straddles
from hexmeter.core.model import Look
from hexmeter.core.periods import Period

GAP_MS = 10 * MINUTE_MS


@dataclass(frozen=True)
class Sighting:
    """One answer: the look's number, when it was sent and how long it took, and the figure."""

    number: int
    sent_ms: int
    took_ms: int
    figure: int | None


FIGURES = st.none() | st.integers(0, 20) | st.integers(0, 10**15)
SIGHTINGS = st.lists(
    st.builds(
        Sighting,
        number=st.integers(1, 30),
        sent_ms=st.integers(NOW_MS - 3 * DAY_MS, NOW_MS + 3 * DAY_MS),
        took_ms=st.integers(-DAY_MS, DAY_MS),
        figure=FIGURES,
    ),
    max_size=25,
)
CREATED = st.integers(NOW_MS - 5 * DAY_MS, NOW_MS + 5 * DAY_MS)
WATCHED = st.none() | st.integers(NOW_MS - 4 * DAY_MS, NOW_MS + DAY_MS)


def told(sightings: list[Sighting], created_ms: int, watched_since_ms: int | None) -> tuple[Known | None, list[Usage]]:
    """What is known after all sightings, with the invariants checked after each."""
    known: Known | None = None
    rows: list[Usage] = []
    figure, newest = 0, 0
    for one in sightings:
        by = Look(one.number, one.sent_ms, one.sent_ms + one.took_ms)
        seen = thread(one.figure, created_ms=created_ms)
        found = observe(known, seen, by, watched_since_ms=watched_since_ms, gap_ms=GAP_MS, history=rows.copy)
        assert (found is None) == (one.number <= newest)
        if found is not None:
            # An answer without a figure takes no other's place.
            newest, figure = (newest, figure) if one.figure is None else (one.number, one.figure)
            known = found.known
            rows.extend(found.rows)
            for row in found.rows:
                _check(row, by)
        assert sum(row.credits_micro for row in rows) == figure
        assert all(net >= 0 for net in nets(rows).values())
    return known, rows


def _check(row: Usage, by: Look) -> None:
    assert row.after_ms <= row.at_ms
    assert row.credits_micro != 0
    assert (row.credits_micro < 0) == (row.basis is Basis.FALL)
    if row.basis in (Basis.FALL, Basis.RESTORED):
        assert row.prompts == 0
    elif row.basis is Basis.BACKFILL:
        assert (row.prompts, row.after_ms) == (None, row.at_ms)
    else:
        assert row.prompts == (1 if row.at_ms - row.after_ms <= GAP_MS else None)
    if row.basis is Basis.DELTA:
        assert row.at_ms == by.answered_ms
    assert row.seen_ms == by.answered_ms


def nets(rows: list[Usage]) -> Counter[tuple[int, int]]:
    found: Counter[tuple[int, int]] = Counter()
    for row in rows:
        found[row.after_ms, row.at_ms] += row.credits_micro
    return found


@given(SIGHTINGS, CREATED, WATCHED)
def test_rows_sum_to_the_last_figure_in_every_world(
    sightings: list[Sighting], created_ms: int, watched_since_ms: int | None
) -> None:
    known, rows = told(sightings, created_ms, watched_since_ms)
    figures = [row for row in rows if row.basis in (Basis.DELTA, Basis.BACKFILL)]
    assert sum(row.credits_micro for row in figures) == (known.high_micro if known else 0)
    assert len([row for row in rows if row.basis is Basis.BACKFILL]) <= 1


@given(SIGHTINGS, CREATED, WATCHED)
def test_the_same_answers_once_more_change_nothing(
    sightings: list[Sighting], created_ms: int, watched_since_ms: int | None
) -> None:
    twice = [copy for one in sightings for copy in (one, one)]
    assert told(twice, created_ms, watched_since_ms) == told(sightings, created_ms, watched_since_ms)
    assert told(sightings + sightings, created_ms, watched_since_ms) == told(sightings, created_ms, watched_since_ms)


@given(SIGHTINGS, CREATED, WATCHED, st.lists(st.integers(0, 10**15), max_size=6))
def test_falls_and_a_full_restoration_leave_every_interval_as_it_was(
    sightings: list[Sighting], created_ms: int, watched_since_ms: int | None, lows: list[int]
) -> None:
    ordered = [Sighting(number, *rest(one)) for number, one in enumerate(sightings, 1)]
    known, rows = told(ordered, created_ms, watched_since_ms)
    high = known.high_micro if known else 0
    restored = [Sighting(100, NOW_MS, 0, high)] if known and known.figure_ms else []
    _, before = told(ordered + restored, created_ms, watched_since_ms)
    falls = [Sighting(101 + step, NOW_MS + step, 5, min(low, high)) for step, low in enumerate(lows) if restored]
    back = [Sighting(200, NOW_MS + DAY_MS, 5, high)] if restored else []
    _, after = told(ordered + restored + falls + back, created_ms, watched_since_ms)
    assert +nets(after) == +nets(before)
    assert after[: len(rows)] == rows


def rest(one: Sighting) -> tuple[int, int, int | None]:
    return one.sent_ms, one.took_ms, one.figure


@given(
    st.integers(-(10**15), 10**15),
    st.integers(-50, 50),
    st.integers(0, 100),
    st.lists(st.integers(-100, 200), max_size=12),
)
def test_shares_over_any_partition_of_time_sum_exactly(
    micro: int, after_ms: int, length_ms: int, cuts: list[int]
) -> None:
    row = usage(micro, after_ms, after_ms + length_ms)
    edges = sorted({-200, 300, *cuts})
    parts = [Period(start, end) for start, end in pairwise(edges)]
    shares = [share(row, part) for part in parts]
    assert sum(shares) == micro
    assert all(part * micro >= 0 for part in shares)
    mirrored = usage(-micro, after_ms, after_ms + length_ms)
    assert [share(mirrored, part) for part in parts] == [-part for part in shares]
    across = [part for part in parts if straddles(row, part)]
    assert all(0 <= abs(share(row, part)) <= abs(micro) for part in across)
    assert len(across) != 1
