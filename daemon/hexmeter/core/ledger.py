"""The ledger's one rule: a thread's figure, seen again, becomes the usage rows that keep their sum equal to it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hexmeter.core.model import Look, Thread
from hexmeter.core.periods import Period


class Basis(StrEnum):
    """How a usage row came to be."""

    BACKFILL = "backfill"
    """Credits from before the first look; when they were spent is unknown, so they count at its creation."""
    DELTA = "delta"
    """The figure grew between two looks; its prompts were not counted, so it is taken for one."""
    MESSAGES = "messages"
    """The figure grew, and the user's messages were counted: one was new, or none, and then it was the one before."""
    SHARED = "shared"
    """The figure grew by several new messages, which share it evenly: what each cost is not known."""
    FALL = "fall"
    """The figure fell: takes back the thread's newest usage, in the interval in which that was counted."""
    RESTORED = "restored"
    """The figure grew back towards its highest: puts back what a fall took, where it was. No prompt, no burn."""


GROWTH = frozenset({Basis.DELTA, Basis.MESSAGES, Basis.SHARED})
"""The bases of rows that say a thread grew while we watched."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Credits of one thread, spent somewhere in (after_ms, at_ms]; at the instant `at_ms` where both are equal.

    `prompts` is None where their number is not known. `seen_ms` is when the answer that showed it came.
    """

    thread_id: str
    after_ms: int
    at_ms: int
    credits_micro: int
    prompts: int | None
    basis: Basis
    seen_ms: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a thread: its last figure (None: Hex never gave one), its highest, and the look that showed it.

    `figure_ms` is when the request of that look was sent, `look` its number, 0 before there was one.
    """

    credits_micro: int | None
    high_micro: int
    figure_ms: int | None
    look: int


@dataclass(frozen=True, slots=True)
class Observation:
    """What one sighting changes: the thread's new standing, and the rows to append (none when it did not change)."""

    known: Known
    rows: tuple[Usage, ...] = ()


def observe(
    known: Known | None,
    thread: Thread,
    look: Look,
    *,
    watched_since_ms: int | None,
    gap_ms: int,
    history: Callable[[], Sequence[Usage]],
) -> Observation | None:
    """What the sighting of `thread` by `look` adds to what is `known` of it; None when a later look already spoke.

    `watched_since_ms`: threads created from then on cannot have escaped an earlier look, so their first figure was
    spent since their creation; older ones are backfill (None: all are). `gap_ms`: an interval longer than this holds
    an unknown number of prompts. `history` fetches the thread's rows; it is called only when the figure is
    below the high-water mark. The sum of a thread's rows always equals its last figure.
    """
    if known is not None and look.number <= known.look:
        return None
    if thread.credits_micro is None:
        return Observation(_seen_without_figure(known))
    before = known.credits_micro if known else None
    high = known.high_micro if known else 0
    now_known = Known(thread.credits_micro, max(high, thread.credits_micro), look.sent_ms, look.number)
    if known is None or before is None or known.figure_ms is None:
        return Observation(now_known, _first_figure(thread, look, watched_since_ms, gap_ms))
    if thread.credits_micro < before:
        return Observation(now_known, tuple(_unwind(history(), before - thread.credits_micro, look)))
    rows: list[Usage] = []
    if before < high and thread.credits_micro > before:
        rows += _restore(history(), min(thread.credits_micro, high) - before, look)
    if thread.credits_micro > high:
        # A clock set back must not make an interval that ends before it begins.
        after_ms = min(known.figure_ms, look.answered_ms)
        rows.append(_increase(thread.id, after_ms, look, thread.credits_micro - high, gap_ms))
    return Observation(now_known, tuple(rows))


def share(row: Usage, period: Period) -> int:
    """The micro-credits of `row` that fall into `period`: in proportion to time, the shares of adjoining periods
    summing exactly to the row's credits."""
    return _up_to(row, period.end_ms) - _up_to(row, period.start_ms)


def straddles(row: Usage, period: Period) -> bool:
    """Whether `row` lies partly inside and partly outside `period`, so that its share is an estimate."""
    return row.after_ms < period.start_ms < row.at_ms or row.after_ms < period.end_ms < row.at_ms


def _up_to(row: Usage, boundary_ms: int) -> int:
    if row.after_ms == row.at_ms:
        return row.credits_micro if row.at_ms < boundary_ms else 0
    return up_to(row.credits_micro, row.after_ms, row.at_ms, boundary_ms)


def up_to(credits_micro: int, after_ms: int, at_ms: int, boundary_ms: int) -> int:
    """How many of the credits that were spent between two instants count up to a boundary."""
    within_ms = min(max(boundary_ms - after_ms, 0), at_ms - after_ms)
    # Rounded towards zero, so that a fall's row takes back exactly what the row it unwinds gave.
    part = abs(credits_micro) * within_ms // (at_ms - after_ms)
    return part if credits_micro >= 0 else -part


def _seen_without_figure(known: Known | None) -> Known:
    """An answer without a figure tells nothing, so it takes no figure's place: not even of one that was asked for
    before it and comes after it."""
    return known or Known(None, 0, None, 0)


def _first_figure(thread: Thread, look: Look, watched_since_ms: int | None, gap_ms: int) -> tuple[Usage, ...]:
    credits_micro = thread.credits_micro
    if not credits_micro:
        return ()
    created_ms = min(thread.created_ms, look.answered_ms)
    if watched_since_ms is not None and created_ms >= watched_since_ms:
        return (_increase(thread.id, created_ms, look, credits_micro, gap_ms),)
    row = Usage(thread.id, created_ms, created_ms, credits_micro, None, Basis.BACKFILL, look.answered_ms)
    return (row,)


def _increase(thread_id: str, after_ms: int, look: Look, credits_micro: int, gap_ms: int) -> Usage:
    prompts = 1 if look.answered_ms - after_ms <= gap_ms else None
    return Usage(thread_id, after_ms, look.answered_ms, credits_micro, prompts, Basis.DELTA, look.answered_ms)


def _unwind(history: Sequence[Usage], fall_micro: int, look: Look) -> Iterable[Usage]:
    """Rows that take `fall_micro` back from the newest usage that is left."""
    for (after_ms, at_ms), (_, left_micro) in sorted(_by_interval(history).items(), key=_newest_last, reverse=True):
        taken = min(fall_micro, left_micro)
        if taken > 0:
            yield _moved(history[0].thread_id, after_ms, at_ms, -taken, Basis.FALL, look)
            fall_micro -= taken


def _restore(history: Sequence[Usage], growth_micro: int, look: Look) -> Iterable[Usage]:
    """Rows that put `growth_micro` back where falls took it, the last taken (the oldest usage) first."""
    for (after_ms, at_ms), (given_micro, left_micro) in sorted(_by_interval(history).items(), key=_newest_last):
        put_back = min(growth_micro, given_micro - left_micro)
        if put_back > 0:
            yield _moved(history[0].thread_id, after_ms, at_ms, put_back, Basis.RESTORED, look)
            growth_micro -= put_back


def _moved(thread_id: str, after_ms: int, at_ms: int, credits_micro: int, basis: Basis, look: Look) -> Usage:
    return Usage(thread_id, after_ms, at_ms, credits_micro, 0, basis, look.answered_ms)


_Interval = tuple[int, int]


def _newest_last(item: tuple[_Interval, tuple[int, int]]) -> _Interval:
    (after_ms, at_ms), _ = item
    return at_ms, after_ms


def _by_interval(history: Sequence[Usage]) -> dict[_Interval, tuple[int, int]]:
    """For each interval of a thread's rows: the micro-credits once counted there, and those left after falls."""
    sums: dict[_Interval, tuple[int, int]] = {}
    for row in history:
        given, left = sums.get((row.after_ms, row.at_ms), (0, 0))
        counted = row.credits_micro if row.basis not in (Basis.FALL, Basis.RESTORED) else 0
        sums[row.after_ms, row.at_ms] = given + counted, left + row.credits_micro
    return sums
