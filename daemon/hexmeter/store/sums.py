"""What was used in a time: from the roll-ups, which triggers keep in step with the ledger, and exact at any boundary.

A row counts where it ends: a roll-up holds the rows that end in its hour or day (UTC) with their whole credits,
whatever zone or reset day a period is made of. At the two ends of a period the rows that lie across are then shared.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.core.ledger import Basis, Usage, share, up_to
from hexmeter.core.meters import Use
from hexmeter.core.periods import Period
from hexmeter.store.database import Database

ROW = "t.id AS thread_id, l.after_ms, l.at_ms, l.credits_micro, l.prompts, l.basis, l.seen_ms"

LAST_MS = "(l.at_ms - (l.after_ms < l.at_ms))"
"""The last instant at which a row's credits can have been spent, to the millisecond: it ends there."""

_COUNTED = (
    "count(*) AS rows, sum(l.credits_micro) AS credits_micro, coalesce(sum(l.prompts), 0) AS prompts,"
    " sum(CASE WHEN l.prompts > 0 THEN l.credits_micro ELSE 0 END) AS prompted_micro,"
    " sum(l.basis = 'backfill') AS backfilled"
)


@dataclass(frozen=True, slots=True)
class ThreadUse:
    """What one thread used within a period, in micro-credits; `user_id` None: unattributed."""

    thread_id: str
    user_id: str | None
    credits_micro: int


@dataclass(slots=True)
class _Sum:
    credits_micro: int = 0
    estimated: bool = False
    prompted_micro: int = 0
    prompts: int = 0

    def add(self, row: sqlite3.Row) -> None:
        self.credits_micro += row["credits_micro"]
        self.estimated = self.estimated or row["backfilled"] > 0
        self.prompted_micro += row["prompted_micro"]
        self.prompts += row["prompts"]

    def add_share(self, usage: Usage, period: Period) -> None:
        """Count the share of a row that lies across an end of `period`; it is counted already where it ends."""
        self.credits_micro += share(usage, period)
        self.estimated = True
        if usage.at_ms <= period.end_ms:
            self.credits_micro -= usage.credits_micro
            self.prompted_micro -= usage.credits_micro if usage.prompts else 0
            self.prompts -= usage.prompts or 0


class Crossing(NamedTuple):
    """A row across an instant: its thread and what that is, and the micro-credits that were spent by then."""

    thread_key: int
    user_id: str | None
    model: str | None
    source: str | None
    credits_micro: int


@dataclass(frozen=True, slots=True)
class _Across:
    """A row across a boundary, with its thread's user."""

    id: int
    user_id: str | None
    usage: Usage


class Sums:
    """Sums over the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rebuild(self) -> None:
        """Make the roll-ups anew from the ledger, in one transaction: what they are already, unless they were wrong."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM sums")
            connection.execute("DELETE FROM backfills")
            for width_ms in (HOUR_MS, DAY_MS):
                connection.execute(
                    f"INSERT INTO sums SELECT {width_ms}, {_floor(LAST_MS, width_ms)}, coalesce(t.user_id, ''),"
                    f" {_COUNTED} FROM ledger l JOIN threads t ON t.key = l.thread_key GROUP BY 2, 3"
                )
            connection.execute(
                f"INSERT INTO backfills SELECT {_floor('l.seen_ms', HOUR_MS)}, {_floor('l.at_ms', DAY_MS)},"
                " coalesce(t.user_id, ''), count(*) FROM ledger l JOIN threads t ON t.key = l.thread_key"
                " WHERE l.basis = 'backfill' GROUP BY 1, 2, 3"
            )
            connection.execute("DELETE FROM meta WHERE name = 'sums'")

    def rebuild_if_stale(self) -> None:
        """Rebuild the roll-ups after a migration that left them to be made."""
        if self._database.connection.execute("SELECT 1 FROM meta WHERE name = 'sums' AND value = 'stale'").fetchone():
            self.rebuild()

    def by_user(self, period: Period, *, raw: bool = False) -> dict[str | None, Use]:
        """What each user's threads used in `period`; under None the unattributed. `raw`: without the roll-ups.

        A figure is estimated when it holds backfill, a share of a row that straddles a boundary, or when
        backfill of an earlier period may have been spent in this one.
        """
        sums: dict[str | None, _Sum] = defaultdict(_Sum)
        for row in self._ended_raw(period) if raw else self._ended(period):
            sums[row["user_id"] or None].add(row)
        for across in self._across((period.start_ms, period.end_ms)):
            sums[across.user_id].add_share(across.usage, period)
        for user_id in self._backfilled_across(period.start_ms):
            sums[user_id].estimated = True
        return {
            user_id: Use(found.credits_micro, found.estimated, found.prompted_micro, found.prompts)
            for user_id, found in sums.items()
        }

    def by_thread(self, period: Period) -> list[ThreadUse]:
        """What each thread used in `period`, dearest first; threads that used nothing are left out."""
        sums: dict[tuple[str, str | None], int] = defaultdict(int)
        for row in self._ended_raw(period, by_thread=True):
            sums[row["thread_id"], row["user_id"]] += row["credits_micro"]
        for across in self._across((period.start_ms, period.end_ms)):
            ended_micro = across.usage.credits_micro if across.usage.at_ms <= period.end_ms else 0
            sums[across.usage.thread_id, across.user_id] += share(across.usage, period) - ended_micro
        uses = [ThreadUse(thread_id, user_id, micro) for (thread_id, user_id), micro in sums.items() if micro]
        return sorted(uses, key=lambda use: (-use.credits_micro, use.thread_id))

    def hours_of(self, user_id: str, since_ms: int) -> list[tuple[int, int]]:
        """The hours (their start) from then on in which rows of one user ended, and their micro-credits, in order."""
        found = self._database.connection.execute(
            "SELECT start_ms, credits_micro FROM sums INDEXED BY sums_by_user"
            f" WHERE width_ms = {HOUR_MS} AND user_id = ? AND start_ms >= ? ORDER BY start_ms",
            (user_id, since_ms),
        )
        return [(row[0], row[1]) for row in found]

    def by_part(self, parts: Sequence[Period]) -> list[int]:
        """The micro-credits used in each of the adjoining `parts` of a time, such as its days; they sum exactly."""
        ended = [sum(self.ended(part).values()) for part in parts]
        crossed = [sum(row.credits_micro for row in self.crossing(at_ms)) for at_ms in boundaries(parts)]
        return [micro - first + last for micro, (first, last) in zip(ended, pairwise(crossed), strict=True)]

    def ended(self, period: Period) -> dict[str | None, int]:
        """The micro-credits of each user's rows that end in `period`, whenever they began."""
        users: dict[str | None, int] = defaultdict(int)
        for row in self._ended(period):
            users[row["user_id"] or None] += row["credits_micro"]
        return dict(users)

    def crossing(self, at_ms: int) -> list[Crossing]:
        """The rows that lie across an instant. What was used from one instant to another is what ended between them,
        less what of it was spent before the first, and what was spent of what ended after the last."""
        found = self._database.connection.execute(_CROSSING, {"at": at_ms})
        return [
            Crossing(thread_key, user_id, model, source, up_to(credits_micro, after_ms, ended_ms, at_ms))
            for thread_key, user_id, model, source, credits_micro, after_ms, ended_ms in map(tuple, found)
        ]

    def uncertain(self, period: Period, column: str) -> set[str | None]:
        """The threads of which it is not known how much they used in `period`, by a column of theirs: with backfill in
        it, or of before it that was first seen later, or with a row across one of its ends."""
        assert column in ("id", "user_id", "model", "source", "type")
        found = self._database.connection.execute(
            f"SELECT DISTINCT t.{column} FROM threads t WHERE t.key IN ("
            "SELECT thread_key FROM ledger INDEXED BY ledger_backfilled"
            " WHERE basis = 'backfill' AND at_ms >= :start AND at_ms < :end"
            " UNION SELECT thread_key FROM ledger INDEXED BY ledger_backfill_seen"
            " WHERE basis = 'backfill' AND seen_ms >= :start AND at_ms < :start"
            " UNION SELECT thread_key FROM ledger WHERE id IN (SELECT value FROM json_each(:across)))",
            {
                "start": period.start_ms,
                "end": period.end_ms,
                "across": json.dumps([row.id for row in self._across((period.start_ms, period.end_ms))]),
            },
        )
        return {row[0] for row in found}

    def uncertain_parts(self, parts: Sequence[Period]) -> list[bool]:
        """For each of the `parts` of a time whether it is uncertain in this sense, to the day of the backfill."""
        return [
            self._is_crossed(part.start_ms)
            or self._is_crossed(part.end_ms)
            or self._database.connection.execute(
                "SELECT 1 FROM backfills WHERE hour_ms >= ? AND day_ms < ? LIMIT 1",
                (part.start_ms // HOUR_MS * HOUR_MS, part.end_ms),
            ).fetchone()
            is not None
            for part in parts
        ]

    def _ended(self, period: Period) -> Iterator[sqlite3.Row]:
        """Sums by user ('': nobody) over the rows that end in `period`: from whole days, hours, and what is left."""
        for start_ms, end_ms, width_ms in _pieces(period):
            if width_ms is None:
                yield from self._ended_raw(Period(start_ms, end_ms))
            else:
                yield from self._database.connection.execute(
                    "SELECT user_id, sum(credits_micro) AS credits_micro, sum(prompts) AS prompts,"
                    " sum(prompted_micro) AS prompted_micro, sum(backfilled) AS backfilled FROM sums"
                    " WHERE width_ms = ? AND start_ms >= ? AND start_ms < ? GROUP BY user_id",
                    (width_ms, start_ms, end_ms),
                )

    def _ended_raw(self, period: Period, *, by_thread: bool = False) -> Iterator[sqlite3.Row]:
        """The same from the ledger itself."""
        columns = "t.id AS thread_id, t.user_id" if by_thread else "t.user_id"
        return self._database.connection.execute(
            f"SELECT {columns}, {_COUNTED} FROM ledger l INDEXED BY ledger_by_time"
            " JOIN threads t ON t.key = l.thread_key"
            f" WHERE l.at_ms BETWEEN :start AND :end AND {LAST_MS} >= :start AND {LAST_MS} < :end"
            f" GROUP BY {'l.thread_key' if by_thread else 't.user_id'}",
            {"start": period.start_ms, "end": period.end_ms},
        )

    def _across(self, boundaries_ms: Iterable[int]) -> list[_Across]:
        """The rows that lie across any of the boundaries, each once."""
        found: dict[int, _Across] = {}
        for boundary_ms in boundaries_ms:
            for row in self._database.connection.execute(_ACROSS, {"at": boundary_ms}):
                if row["id"] not in found:
                    found[row["id"]] = _Across(row["id"], row["user_id"], usage_of(row))
        return list(found.values())

    def _is_crossed(self, boundary_ms: int) -> bool:
        found = self._database.connection.execute(f"SELECT EXISTS ({_ACROSS_IDS})", {"at": boundary_ms}).fetchone()
        return bool(found[0])

    def _backfilled_across(self, boundary_ms: int) -> list[str | None]:
        """The users with backfill of before the boundary that was first seen after it."""
        found = self._database.connection.execute(_BACKFILLED_ACROSS, {"at": boundary_ms, **_floors(boundary_ms)})
        return [row["user_id"] or None for row in found]


def boundaries(parts: Sequence[Period]) -> list[int]:
    """The instants at which adjoining parts of a time begin, and that at which the last one ends."""
    return [part.start_ms for part in parts] + [part.end_ms for part in parts[-1:]]


def usage_of(row: sqlite3.Row) -> Usage:
    """A row of the ledger, selected by `ROW`, as a value."""
    return Usage(
        *(row["thread_id"], row["after_ms"], row["at_ms"], row["credits_micro"], row["prompts"]),
        *(Basis(row["basis"]), row["seen_ms"]),
    )


_Piece = tuple[int, int, int | None]


def _pieces(period: Period) -> Iterator[_Piece]:
    """`period` cut into whole days, whole hours before and after them, and what is shorter (width None)."""
    if period.start_ms >= period.end_ms:
        return
    hours = -(-period.start_ms // HOUR_MS) * HOUR_MS, period.end_ms // HOUR_MS * HOUR_MS
    if hours[0] > hours[1]:
        yield period.start_ms, period.end_ms, None
        return
    days = -(-hours[0] // DAY_MS) * DAY_MS, hours[1] // DAY_MS * DAY_MS
    if days[0] > days[1]:
        days = hours[1], hours[1]
    pieces: list[_Piece] = [
        (period.start_ms, hours[0], None),
        (hours[0], days[0], HOUR_MS),
        (days[0], days[1], DAY_MS),
        (days[1], hours[1], HOUR_MS),
        (hours[1], period.end_ms, None),
    ]
    yield from (piece for piece in pieces if piece[0] < piece[1])


def _floors(at_ms: int) -> dict[str, int]:
    return {
        "day": at_ms // DAY_MS * DAY_MS,
        "hour": at_ms // HOUR_MS * HOUR_MS,
        "hour_up": -(-at_ms // HOUR_MS) * HOUR_MS,
    }


def _floor(expression: str, width_ms: int) -> str:
    """SQL for the start of the hour or day that holds an instant; SQLite's % has the sign of its left side."""
    return f"({expression} - (({expression} % {width_ms}) + {width_ms}) % {width_ms})"


# Nearly all rows are short: those across a boundary end soon after it. The few long ones have indexes of their own.
_ACROSS_IDS = f"""
    SELECT id FROM ledger INDEXED BY ledger_by_time
        WHERE at_ms > :at AND at_ms <= :at + {HOUR_MS} AND after_ms < :at
    UNION SELECT id FROM ledger INDEXED BY ledger_over_hours
        WHERE at_ms - after_ms > {HOUR_MS} AND at_ms > :at AND at_ms <= :at + {DAY_MS} AND after_ms < :at
    UNION SELECT id FROM ledger INDEXED BY ledger_over_days
        WHERE at_ms - after_ms > {DAY_MS} AND at_ms > :at AND after_ms < :at
"""
_OF_ACROSS = f"FROM ledger l JOIN threads t ON t.key = l.thread_key WHERE l.id IN ({_ACROSS_IDS})"
_ACROSS = f"SELECT l.id, t.user_id, {ROW} {_OF_ACROSS}"
_CROSSING = f"SELECT l.thread_key, t.user_id, t.model, t.source, l.credits_micro, l.after_ms, l.at_ms {_OF_ACROSS}"

# Whole days seen in whole hours; then the rows of the boundary's own day, and those seen in its own hour.
_BACKFILLED_ACROSS = """
SELECT user_id FROM backfills WHERE hour_ms >= :hour_up AND day_ms < :day GROUP BY user_id
UNION SELECT coalesce(t.user_id, '') FROM ledger l INDEXED BY ledger_backfilled JOIN threads t ON t.key = l.thread_key
    WHERE l.at_ms >= :day AND l.at_ms < :at AND l.seen_ms >= :at AND l.basis = 'backfill'
UNION SELECT coalesce(t.user_id, '') FROM ledger l INDEXED BY ledger_backfill_seen
    JOIN threads t ON t.key = l.thread_key
    WHERE l.seen_ms >= :at AND l.seen_ms < :hour_up AND l.at_ms < :at AND l.basis = 'backfill'
"""
