"""Threads and their usage: what was seen becomes rows, and rows become sums."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hexmeter.core.ledger import Known, Observation, Usage, observe
from hexmeter.core.meters import Use
from hexmeter.core.model import Look, Thread
from hexmeter.core.periods import Period
from hexmeter.store.database import Database
from hexmeter.store.sums import ROW, Sums, ThreadUse, usage_of


@dataclass(frozen=True, slots=True)
class Increase:
    """A thread's credits, for people: one usage row with the thread's title, link and user."""

    usage: Usage
    title: str | None
    url: str | None
    email: str | None


@dataclass(slots=True)
class _Page:
    """What one look changes, gathered to be written at once. `known` holds a key and a standing for each thread."""

    known: dict[str, tuple[int, Known]]
    next_key: int
    new: list[tuple[Thread, int, Known]] = field(default_factory=list)
    seen: list[tuple[Thread, int, Known]] = field(default_factory=list)
    rows: list[tuple[int, Usage]] = field(default_factory=list)

    def add(self, thread: Thread, observation: Observation) -> None:
        before = self.known.get(thread.id)
        key = self.next_key if before is None else before[0]
        if before is None:
            self.next_key += 1
        (self.new if before is None else self.seen).append((thread, key, observation.known))
        self.known[thread.id] = key, observation.known
        self.rows += [(key, row) for row in observation.rows]


class Ledger:
    """The ledger and the threads it is about. A thread's usage always sums to its last seen figure.

    Triggers of the schema keep the roll-ups in step with whatever is written to the tables `ledger` and `threads`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.sums = Sums(database)

    def record(
        self, threads: Iterable[Thread], look: Look, *, watched_since_ms: int | None, gap_ms: int
    ) -> tuple[Usage, ...]:
        """Store what `look` showed of `threads`, in one transaction; the usage rows that were added."""
        seen = list(threads)
        with self._database.transaction() as connection:
            page = _Page(self._known(thread.id for thread in seen), self._next_key())
            for thread in seen:
                key_and_known = page.known.get(thread.id)
                observation = observe(
                    None if key_and_known is None else key_and_known[1],
                    thread,
                    look,
                    watched_since_ms=watched_since_ms,
                    gap_ms=gap_ms,
                    history=lambda thread_id=thread.id: self.rows_of(thread_id),  # type: ignore[misc]
                )
                if observation is not None:
                    page.add(thread, observation)
            _write(connection, page)
        return tuple(row for _, row in page.rows)

    def count_unknown(self, thread_ids: Iterable[str]) -> int:
        """How many of these threads were never seen before."""
        ids = set(thread_ids)
        return len(ids) - len(self._known(ids))

    def rows_of(self, thread_id: str) -> list[Usage]:
        """All usage of one thread, in the order it was stored."""
        found = self._database.connection.execute(
            f"SELECT {ROW} FROM threads t JOIN ledger l ON l.thread_key = t.key WHERE t.id = ? ORDER BY l.id",
            (thread_id,),
        )
        return [usage_of(row) for row in found]

    def use_by_user(self, period: Period) -> dict[str | None, Use]:
        """What each user's threads used in `period`, see `Sums.by_user`."""
        return self.sums.by_user(period)

    def use_by_thread(self, period: Period) -> list[ThreadUse]:
        """What each thread used in `period`, dearest first; threads that used nothing are left out."""
        return self.sums.by_thread(period)

    def use_by_part(self, parts: Sequence[Period]) -> list[int]:
        """The micro-credits used in each of the adjoining `parts` of a time, such as its days; they sum exactly."""
        return self.sums.by_part(parts)

    def thread(self, thread_id: str) -> sqlite3.Row | None:
        """The stored row of one thread: its title, url, user, credits and what else Hex said of it."""
        row: sqlite3.Row | None = self._database.connection.execute(
            "SELECT * FROM threads WHERE id = ?", (thread_id,)
        ).fetchone()
        return row

    def newest(self, limit: int) -> list[Increase]:
        """The newest increases seen while watching, newest first."""
        found = self._database.connection.execute(
            f"SELECT {ROW}, t.title, t.url, p.email FROM ledger l JOIN threads t ON t.key = l.thread_key"
            " LEFT JOIN people p ON p.id = t.user_id WHERE l.basis = 'delta' ORDER BY l.id DESC LIMIT ?",
            (limit,),
        )
        return [Increase(usage_of(row), row["title"], row["url"], row["email"]) for row in found]

    def _known(self, thread_ids: Iterable[str]) -> dict[str, tuple[int, Known]]:
        """The key and the standing of those of the threads that were seen before."""
        found = self._database.connection.execute(
            "SELECT id, key, credits_micro, high_micro, figure_ms, look FROM threads"
            " WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(thread_ids)),),
        )
        return {row[0]: (row[1], Known(*row[2:])) for row in map(tuple, found)}

    def _next_key(self) -> int:
        highest: int | None = self._database.connection.execute("SELECT max(key) FROM threads").fetchone()[0]
        return 1 + (highest or 0)


def _write(connection: sqlite3.Connection, page: _Page) -> None:
    connection.executemany(
        "INSERT INTO threads (id, user_id, created_ms, credits_micro, high_micro, figure_ms, look, model, type, source,"
        " title, sensitive, url, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (thread.id, thread.user_id, thread.created_ms, *_standing(known), *_details(thread), key)
            for thread, key, known in page.new
        ],
    )
    connection.executemany(
        # A thread keeps its user when that one leaves the workspace and Hex no longer says whose it was.
        "UPDATE threads SET user_id = coalesce(?, user_id), credits_micro = ?, high_micro = ?, figure_ms = ?, look = ?,"
        " model = ?, type = ?, source = ?, title = ?, sensitive = ?, url = ? WHERE key = ?",
        [(thread.user_id, *_standing(known), *_details(thread), key) for thread, key, known in page.seen],
    )
    connection.executemany(
        "INSERT INTO ledger (thread_key, after_ms, at_ms, credits_micro, prompts, basis, seen_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (key, row.after_ms, row.at_ms, row.credits_micro, row.prompts, row.basis, row.seen_ms)
            for key, row in page.rows
        ],
    )


def _standing(known: Known) -> tuple[int | None, ...]:
    return known.credits_micro, known.high_micro, known.figure_ms, known.look


def _details(thread: Thread) -> tuple[object, ...]:
    return thread.model, thread.type, thread.source, thread.title, thread.sensitive, thread.url
