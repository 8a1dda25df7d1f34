"""Threads and their usage: what was seen becomes rows, and rows become sums."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hexmeter.core.ledger import Basis, Known, Observation, Usage, observe, share
from hexmeter.core.meters import Use
from hexmeter.core.model import Look, Thread
from hexmeter.core.periods import Period
from hexmeter.store.database import Database

_ROW = "u.thread_id, u.after_ms, u.at_ms, u.credits_micro, u.prompts, u.basis, u.seen_ms"


@dataclass(frozen=True, slots=True)
class Increase:
    """A thread's credits, for people: one usage row with the thread's title, link and user."""

    usage: Usage
    title: str | None
    url: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class ThreadUse:
    """What one thread used within a period, in micro-credits; `user_id` None: unattributed."""

    thread_id: str
    user_id: str | None
    credits_micro: int


class Ledger:
    """The ledger and the threads it is about. A thread's usage always sums to its last seen figure."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self, threads: Iterable[Thread], look: Look, *, watched_since_ms: int | None, gap_ms: int
    ) -> tuple[Usage, ...]:
        """Store what `look` showed of `threads`, in one transaction; the usage rows that were added."""
        added: list[Usage] = []
        with self._database.transaction() as connection:
            for thread in threads:
                observation = observe(
                    self._known(thread.id),
                    thread,
                    look,
                    watched_since_ms=watched_since_ms,
                    gap_ms=gap_ms,
                    history=lambda thread_id=thread.id: self.rows_of(thread_id),  # type: ignore[misc]
                )
                if observation is not None:
                    self._save(connection, thread, observation)
                    added += observation.rows
        return tuple(added)

    def count_unknown(self, thread_ids: Iterable[str]) -> int:
        """How many of these threads were never seen before."""
        return sum(self._known(thread_id) is None for thread_id in set(thread_ids))

    def rows_of(self, thread_id: str) -> list[Usage]:
        """All usage of one thread, in the order it was stored."""
        found = self._database.connection.execute(
            f"SELECT {_ROW} FROM usage u WHERE u.thread_id = ? ORDER BY u.id",
            (thread_id,),
        )
        return [_usage(row) for row in found]

    def use_by_user(self, period: Period) -> dict[str | None, Use]:
        """What each user's threads used in `period`; under None the unattributed.

        A figure is estimated when it holds backfill, a share of a row that straddles a boundary, or when
        backfill of an earlier period may have been spent in this one.
        """
        uses: dict[str | None, Use] = defaultdict(Use)
        for row in self._sums_within(period):
            uses[row["user_id"]] = Use(row["credits"], bool(row["backfilled"]), row["prompted"], row["prompts"])
        for user_id, usage in self._straddling(period):
            use = uses[user_id]
            uses[user_id] = Use(use.used_micro + share(usage, period), True, use.prompted_micro, use.prompts)
        for user_id in self._backfilled_across(period):
            use = uses[user_id]
            uses[user_id] = Use(use.used_micro, True, use.prompted_micro, use.prompts)
        return dict(uses)

    def use_by_thread(self, period: Period) -> list[ThreadUse]:
        """What each thread used in `period`, dearest first; threads that used nothing are left out."""
        sums: dict[tuple[str, str | None], int] = defaultdict(int)
        for row in self._sums_within(period, by_thread=True):
            sums[row["thread_id"], row["user_id"]] += row["credits"]
        for user_id, usage in self._straddling(period):
            sums[usage.thread_id, user_id] += share(usage, period)
        uses = [ThreadUse(thread_id, user_id, micro) for (thread_id, user_id), micro in sums.items() if micro]
        return sorted(uses, key=lambda use: (-use.credits_micro, use.thread_id))

    def use_by_part(self, parts: Sequence[Period]) -> list[int]:
        """The micro-credits used in each of the adjoining `parts` of a time, such as its days; they sum exactly."""
        sums = []
        for part in parts:
            inside = sum(row["credits"] for row in self._sums_within(part))
            sums.append(inside + sum(share(usage, part) for _, usage in self._straddling(part)))
        return sums

    def thread(self, thread_id: str) -> sqlite3.Row | None:
        """The stored row of one thread: its title, url, user, credits and what else Hex said of it."""
        row: sqlite3.Row | None = self._database.connection.execute(
            "SELECT * FROM threads WHERE id = ?", (thread_id,)
        ).fetchone()
        return row

    def newest(self, limit: int) -> list[Increase]:
        """The newest increases seen while watching, newest first."""
        found = self._database.connection.execute(
            f"SELECT {_ROW}, t.title, t.url, p.email FROM usage u JOIN threads t ON t.id = u.thread_id"
            " LEFT JOIN people p ON p.id = t.user_id WHERE u.basis = 'delta' ORDER BY u.id DESC LIMIT ?",
            (limit,),
        )
        return [Increase(_usage(row), row["title"], row["url"], row["email"]) for row in found]

    def _known(self, thread_id: str) -> Known | None:
        row = self._database.connection.execute(
            "SELECT credits_micro, high_micro, figure_ms, look FROM threads WHERE id = ?", (thread_id,)
        ).fetchone()
        return None if row is None else Known(*row)

    def _save(self, connection: sqlite3.Connection, thread: Thread, observation: Observation) -> None:
        known = observation.known
        connection.execute(
            # A thread keeps its user when that one leaves the workspace and Hex no longer says whose it was.
            "INSERT INTO threads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " user_id = coalesce(excluded.user_id, user_id), credits_micro = excluded.credits_micro,"
            " high_micro = excluded.high_micro, figure_ms = excluded.figure_ms, look = excluded.look,"
            " model = excluded.model, type = excluded.type, source = excluded.source, title = excluded.title,"
            " sensitive = excluded.sensitive, url = excluded.url",
            (
                *(thread.id, thread.user_id, thread.created_ms),
                *(known.credits_micro, known.high_micro, known.figure_ms, known.look),
                *(thread.model, thread.type, thread.source, thread.title, thread.sensitive, thread.url),
            ),
        )
        connection.executemany(
            "INSERT INTO usage (thread_id, after_ms, at_ms, credits_micro, prompts, basis, seen_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (row.thread_id, row.after_ms, row.at_ms, row.credits_micro, row.prompts, row.basis, row.seen_ms)
                for row in observation.rows
            ],
        )

    def _sums_within(self, period: Period, *, by_thread: bool = False) -> Iterator[sqlite3.Row]:
        """Sums over the rows that lie wholly in `period`: after its start, up to its end; a point before its end."""
        group = "u.thread_id, t.user_id" if by_thread else "t.user_id"
        return self._database.connection.execute(
            f"SELECT {group}, sum(u.credits_micro) AS credits,"
            " max(u.basis = 'backfill') AS backfilled,"
            " coalesce(sum(u.prompts), 0) AS prompts,"
            " sum(CASE WHEN u.prompts > 0 THEN u.credits_micro ELSE 0 END) AS prompted"
            " FROM usage u JOIN threads t ON t.id = u.thread_id"
            " WHERE u.at_ms BETWEEN :start AND :end AND u.after_ms >= :start"
            f" AND NOT (u.at_ms = :end AND u.after_ms = :end) GROUP BY {group}",
            {"start": period.start_ms, "end": period.end_ms},
        )

    def _straddling(self, period: Period) -> Iterator[tuple[str | None, Usage]]:
        """The rows that lie partly in `period`."""
        found = self._database.connection.execute(
            f"SELECT {_ROW}, t.user_id FROM usage u JOIN threads t ON t.id = u.thread_id"
            " WHERE (u.at_ms > :start AND u.after_ms < :start) OR (u.at_ms > :end AND u.after_ms < :end"
            " AND u.after_ms >= :start)",
            {"start": period.start_ms, "end": period.end_ms},
        )
        return ((row["user_id"], _usage(row)) for row in found)

    def _backfilled_across(self, period: Period) -> list[str | None]:
        found = self._database.connection.execute(
            "SELECT DISTINCT t.user_id FROM usage u JOIN threads t ON t.id = u.thread_id"
            " WHERE u.basis = 'backfill' AND u.seen_ms >= ? AND u.at_ms < ?",
            (period.start_ms, period.start_ms),
        )
        return [row["user_id"] for row in found]


def _usage(row: sqlite3.Row) -> Usage:
    return Usage(
        row["thread_id"],
        row["after_ms"],
        row["at_ms"],
        row["credits_micro"],
        row["prompts"],
        Basis(row["basis"]),
        row["seen_ms"],
    )
