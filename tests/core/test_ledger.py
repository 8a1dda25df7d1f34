"""The ledger's rule in examples: each sighting of one thread, and the rows it adds."""

import pytest

from builders import NOW_MS, look, thread, usage
from hexmeter.core.instants import DAY_MS, MINUTE_MS
from hexmeter.core.ledger import Basis, Known, Observation, Usage, observe, share, straddles
from hexmeter.core.model import Look, Thread
from hexmeter.core.periods import Period

GAP_MS = 10 * MINUTE_MS
WATCHED_MS = NOW_MS - 2 * DAY_MS
CREATED_MS = NOW_MS - DAY_MS


class Watcher:
    """One thread, watched: what is known of it, and its rows so far."""

    def __init__(self) -> None:
        self.known: Known | None = None
        self.rows: list[Usage] = []
        self.number = 0

    def sees(
        self, seen: Thread | int | None, at_ms: int = NOW_MS, *, number: int | None = None, took_ms: int = 0
    ) -> list[Usage] | None:
        """The rows that a sighting adds; None when a later look already spoke."""
        self.number += 1
        one = seen if isinstance(seen, Thread) else thread(seen)
        by = Look(number or self.number, at_ms, at_ms + took_ms)
        found = observe(
            self.known, one, by, watched_since_ms=WATCHED_MS, gap_ms=GAP_MS, history=lambda: tuple(self.rows)
        )
        if found is None:
            return None
        self.known = found.known
        self.rows += found.rows
        return list(found.rows)


def minute(number: int) -> int:
    return NOW_MS + number * MINUTE_MS


def test_a_thread_made_while_watching_was_spent_since_its_creation() -> None:
    watcher = Watcher()
    made = thread(5, created_ms=NOW_MS - 3 * MINUTE_MS)
    assert watcher.sees(made, took_ms=40) == [
        Usage("t1", NOW_MS - 3 * MINUTE_MS, NOW_MS + 40, 5, 1, Basis.DELTA, NOW_MS + 40)
    ]
    assert watcher.known == Known(5, 5, NOW_MS, 1)


def test_a_thread_from_before_the_first_look_counts_at_its_creation() -> None:
    watcher = Watcher()
    created = WATCHED_MS - 1
    assert watcher.sees(thread(5, created_ms=created)) == [
        Usage("t1", created, created, 5, None, Basis.BACKFILL, NOW_MS)
    ]


def test_a_thread_made_the_very_moment_we_began_to_watch_did_not_escape() -> None:
    rows = Watcher().sees(thread(5, created_ms=WATCHED_MS))
    assert rows == [Usage("t1", WATCHED_MS, NOW_MS, 5, None, Basis.DELTA, NOW_MS)]


def test_a_thread_made_in_hexs_future_is_spent_now() -> None:
    assert Watcher().sees(thread(5, created_ms=NOW_MS + DAY_MS)) == [usage(5, NOW_MS, NOW_MS, prompts=1)]


@pytest.mark.parametrize("first", [None, 0])
def test_a_thread_without_credits_writes_no_row(first: int | None) -> None:
    assert Watcher().sees(first) == []


def test_growth_lies_between_the_looks() -> None:
    watcher = Watcher()
    watcher.sees(5)
    assert watcher.sees(8, minute(5), took_ms=30) == [usage(3, NOW_MS, minute(5) + 30, prompts=1)]
    assert watcher.sees(8, minute(10)) == []
    assert watcher.sees(9, minute(15)) == [usage(1, minute(10), minute(15), prompts=1)]


def test_growth_over_a_gap_has_an_unknown_number_of_prompts() -> None:
    watcher = Watcher()
    watcher.sees(5)
    assert watcher.sees(8, minute(10)) == [usage(3, NOW_MS, minute(10), prompts=1)]
    assert watcher.sees(9, minute(20) + 1) == [usage(1, minute(10), minute(20) + 1, prompts=None)]


def test_an_unknown_figure_changes_none_and_does_not_narrow_the_interval() -> None:
    watcher = Watcher()
    watcher.sees(5)
    assert watcher.sees(None, minute(5)) == []
    assert watcher.known == Known(5, 5, NOW_MS, 1)
    assert watcher.sees(8, minute(7)) == [usage(3, NOW_MS, minute(7), prompts=1)]


def test_a_figure_that_was_unknown_at_first_is_spent_since_the_creation() -> None:
    watcher = Watcher()
    watcher.sees(None)
    assert watcher.known == Known(None, 0, None, 0)
    assert watcher.sees(8, minute(5)) == [usage(8, CREATED_MS, minute(5), prompts=None)]


@pytest.mark.parametrize("number", [2, 1])
def test_of_two_answers_the_later_sent_one_stands(number: int) -> None:
    watcher = Watcher()
    watcher.sees(5)
    watcher.sees(9, minute(5))
    assert watcher.sees(7, minute(6), number=number) is None
    assert watcher.known == Known(9, 9, minute(5), 2)


def test_a_clock_set_back_makes_an_instant_and_no_backward_interval() -> None:
    watcher = Watcher()
    watcher.sees(5)
    assert watcher.sees(8, minute(-60)) == [usage(3, minute(-60), minute(-60), prompts=1)]
    assert watcher.sees(9, minute(-55)) == [usage(1, minute(-60), minute(-55), prompts=1)]


def test_a_clock_set_back_between_question_and_answer_makes_no_backward_interval() -> None:
    watcher = Watcher()
    watcher.sees(5)
    assert watcher.sees(8, minute(5), took_ms=-30 * MINUTE_MS) == [usage(3, minute(-25), minute(-25), prompts=1)]


def test_a_fall_unwinds_the_newest_first_where_it_was_counted() -> None:
    watcher = Watcher()
    for number, figure in enumerate((5, 8, 9)):
        watcher.sees(figure, minute(number))
    assert watcher.sees(4, minute(9)) == [
        usage(-1, minute(1), minute(2), Basis.FALL, prompts=0, seen_ms=minute(9)),
        usage(-3, minute(0), minute(1), Basis.FALL, prompts=0, seen_ms=minute(9)),
        usage(-1, CREATED_MS, minute(0), Basis.FALL, prompts=0, seen_ms=minute(9)),
    ]
    assert watcher.known == Known(4, 9, minute(9), 4)


def test_growth_after_a_fall_is_restored_oldest_first_and_only_beyond_the_highest_is_new() -> None:
    watcher = Watcher()
    for number, figure in enumerate((5, 8, 9, 4)):
        watcher.sees(figure, minute(number))
    assert watcher.sees(7, minute(10)) == [
        usage(1, CREATED_MS, minute(0), Basis.RESTORED, prompts=0, seen_ms=minute(10)),
        usage(2, minute(0), minute(1), Basis.RESTORED, prompts=0, seen_ms=minute(10)),
    ]
    assert watcher.sees(11, minute(11)) == [
        usage(1, minute(0), minute(1), Basis.RESTORED, prompts=0, seen_ms=minute(11)),
        usage(1, minute(1), minute(2), Basis.RESTORED, prompts=0, seen_ms=minute(11)),
        usage(2, minute(10), minute(11), prompts=1),
    ]


def test_a_fall_to_nothing_and_back_leaves_every_interval_as_it_was() -> None:
    watcher = Watcher()
    for number, figure in enumerate((5, 8, 9, 0, 9)):
        watcher.sees(figure, minute(number))
    nets: dict[tuple[int, int], int] = {}
    for row in watcher.rows:
        nets[row.after_ms, row.at_ms] = nets.get((row.after_ms, row.at_ms), 0) + row.credits_micro
    assert nets == {(CREATED_MS, minute(0)): 5, (minute(0), minute(1)): 3, (minute(1), minute(2)): 1}


def test_a_repeated_answer_asks_for_no_history() -> None:
    known = Known(5, 5, NOW_MS, 1)
    found = observe(
        *(known, thread(5), look(2, minute(1))),
        watched_since_ms=None,
        gap_ms=GAP_MS,
        history=lambda: pytest.fail("it was not needed"),
    )
    assert found == Observation(Known(5, 5, minute(1), 2))


# Shares


@pytest.mark.parametrize(
    ("row", "period", "part", "across"),
    [
        pytest.param(usage(10, 0, 10), Period(0, 10), 10, False, id="wholly inside"),
        pytest.param(usage(10, 0, 10), Period(10, 20), 0, False, id="ends where the period starts"),
        pytest.param(usage(10, 10, 20), Period(0, 10), 0, False, id="starts where the period ends"),
        pytest.param(usage(10, 0, 10), Period(4, 20), 6, True, id="its end"),
        pytest.param(usage(10, 0, 10), Period(-9, 3), 3, True, id="its beginning"),
        pytest.param(usage(10, 0, 30), Period(10, 20), 3, True, id="its middle"),
        pytest.param(usage(-10, 0, 30), Period(10, 20), -3, True, id="a fall's middle is the mirror image"),
        pytest.param(usage(7, 10, 10), Period(10, 20), 7, False, id="an instant at the start belongs"),
        pytest.param(usage(7, 20, 20), Period(10, 20), 0, False, id="an instant at the end does not"),
    ],
)
def test_a_share_is_in_proportion_to_time(row: Usage, period: Period, part: int, across: bool) -> None:
    assert (share(row, period), straddles(row, period)) == (part, across)


def test_an_answer_without_a_figure_takes_no_figures_place() -> None:
    watcher = Watcher()
    watcher.sees(5, number=1)
    assert watcher.sees(None, minute(2), number=3) == []
    (row,) = watcher.sees(7, minute(1), number=2) or []
    assert row.credits_micro == 2, "it was asked for before, and came after"
    assert watcher.sees(9, minute(3), number=4) != []
    assert watcher.sees(8, minute(1), number=3) is None


def test_the_first_figure_of_a_thread_may_come_after_a_later_answer_without_one() -> None:
    watcher = Watcher()
    assert watcher.sees(None, minute(2), number=3) == []
    assert [row.credits_micro for row in watcher.sees(7, minute(1), number=2) or []] == [7]
