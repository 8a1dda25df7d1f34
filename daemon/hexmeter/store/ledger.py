"""Threads and their usage: what was seen becomes rows, and rows become sums."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hexmeter.core.ledger import Basis, Known, Observation, Usage, observe
from hexmeter.core.meters import Use
from hexmeter.core.model import Look, Thread
from hexmeter.core.periods import Period
from hexmeter.core.prompts import Count, attributed
from hexmeter.store.database import Database
from hexmeter.store.messages import Messages
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

    def standing_of(self, thread_id: str) -> Known | None:
        """What is known of a thread; None when it was never seen."""
        return self.known[thread_id][1] if thread_id in self.known else None

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

    def __init__(self, database: Database, messages: Messages) -> None:
        self._database = database
        self._messages = messages
        self._looked_up: tuple[object, dict[str, tuple[int, Known]]] = (None, {})
        self.sums = Sums(database)

    def record(
        self,
        threads: Iterable[Thread],
        look: Look,
        *,
        watched_since_ms: int | None,
        gap_ms: int,
        counts: Mapping[str, Count] | None = None,
    ) -> tuple[Usage, ...]:
        """Store what `look` showed of `threads`, in one transaction; the usage rows that were added.

        `counts` are the user's messages of threads that grew, read after `look`. They come with the page, so that a row
        is whole when it is stored and never changed: whatever ends the daemon, a figure, its rows and the messages
        they account for are stored together or not at all, and no message can be counted for two increases.
        """
        seen = list(threads)
        with self._database.transaction() as connection:
            page = _Page(self._known(thread.id for thread in seen), self._next_key())
            standings = self._messages.of(page.known)
            for thread in seen:
                known = page.standing_of(thread.id)
                observation = self._observe(known, thread, look, watched_since_ms, gap_ms)
                if observation is not None and any(row.basis is Basis.DELTA for row in observation.rows):
                    before = 0 if _is_first(known) else standings[thread.id].messages
                    observation = self._with_prompts(observation, before, (counts or {}).get(thread.id))
                if observation is not None:
                    page.add(thread, observation)
            _write(connection, page)
        return tuple(row for _, row in page.rows)

    def grown(
        self, threads: Iterable[Thread], look: Look, *, watched_since_ms: int | None, gap_ms: int
    ) -> list[tuple[Thread, bool]]:
        """Those of `threads` whose growth `record` would take for one prompt, for want of a count, and whether the
        messages that came before are accounted for, so that a count now tells how many are new."""
        seen = list(threads)
        known = self._known(thread.id for thread in seen)
        found: list[tuple[Thread, bool]] = []
        for thread in seen:
            before = known[thread.id][1] if thread.id in known else None
            if not thread.credits_micro or (before is not None and thread.credits_micro <= before.high_micro):
                continue
            if before is None and (watched_since_ms is None or thread.created_ms < watched_since_ms):
                continue  # Backfill, which is all there is in a first run.
            observation = self._observe(before, thread, look, watched_since_ms, gap_ms)
            if observation is not None and any(_countable(row) for row in observation.rows):
                found.append((thread, _is_first(before)))
        standings = self._messages.of(thread.id for thread, _ in found) if found else {}
        return [(thread, first or standings[thread.id].messages is not None) for thread, first in found]

    def count_unknown(self, thread_ids: Iterable[str]) -> int:
        """How many of these threads were never seen before."""
        ids = list(thread_ids)
        return len(set(ids)) - len(self._known(ids))

    def learnt_since(self, user_id: str, at_ms: int, period: Period) -> int:
        """The micro-credits of `period` that a user had spent before `at_ms`, but that were first seen after it.

        A calibration of that moment holds them already. Only backfill is seen so late: the rest is spent when seen.
        """
        row = self._database.connection.execute(
            "SELECT coalesce(sum(l.credits_micro), 0) AS learnt FROM ledger l JOIN threads t ON t.key = l.thread_key"
            " WHERE l.basis = 'backfill' AND l.seen_ms > ? AND l.at_ms >= ? AND l.at_ms <= ? AND t.user_id = ?",
            (at_ms, period.start_ms, at_ms, user_id),
        ).fetchone()
        return int(row["learnt"])

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
            " LEFT JOIN people p ON p.id = t.user_id WHERE l.basis IN ('delta', 'messages', 'shared')"
            " ORDER BY l.id DESC LIMIT ?",
            (limit,),
        )
        return [Increase(usage_of(row), row["title"], row["url"], row["email"]) for row in found]

    def _observe(
        self, known: Known | None, thread: Thread, look: Look, watched_since_ms: int | None, gap_ms: int
    ) -> Observation | None:
        return observe(
            known,
            thread,
            look,
            watched_since_ms=watched_since_ms,
            gap_ms=gap_ms,
            history=lambda: self.rows_of(thread.id),
        )

    def _with_prompts(self, observation: Observation, before: int | None, count: Count | None) -> Observation:
        """The observation with the prompts of its increase, whose messages are accounted for from now on."""
        rows = list(observation.rows)
        for index, row in enumerate(rows):
            if row.basis is Basis.DELTA:
                found = attributed(row, before, count.messages if count is not None else None)
                if count is not None or found.messages != before:
                    self._messages.account(row.thread_id, found.messages, count)
                rows[index] = found.row
        return replace(observation, rows=tuple(rows))

    def _known(self, thread_ids: Iterable[str]) -> dict[str, tuple[int, Known]]:
        """The key and the standing of those of the threads that were seen before."""
        ids = json.dumps(list(thread_ids))
        # A page is asked after three times before it is stored, and read once.
        facts = ids, self._database.connection.total_changes
        if self._looked_up[0] != facts:
            found = self._database.connection.execute(
                "SELECT id, key, credits_micro, high_micro, figure_ms, look FROM threads"
                " WHERE id IN (SELECT value FROM json_each(?))",
                (ids,),
            )
            self._looked_up = facts, {row[0]: (row[1], Known(*row[2:])) for row in map(tuple, found)}
        return dict(self._looked_up[1])

    def _next_key(self) -> int:
        highest: int | None = self._database.connection.execute("SELECT max(key) FROM threads").fetchone()[0]
        return 1 + (highest or 0)


def _countable(row: Usage) -> bool:
    """An increase whose prompts a count can tell. After a long gap that would not be known of each prompt's time."""
    return row.basis is Basis.DELTA and row.prompts is not None


def _is_first(known: Known | None) -> bool:
    """Whether all messages of a thread belong to the increase that is seen now: it cost nothing before."""
    return known is None or not known.high_micro


_SEVEN = ", ".join(f"json_extract(value, '$[{place}]')" for place in range(7))


def _write(connection: sqlite3.Connection, page: _Page) -> None:
    connection.executemany(
        "INSERT INTO threads (id, user_id, created_ms, credits_micro, high_micro, figure_ms, look, model, type, source,"
        " title, sensitive, url, topics, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (thread.id, thread.user_id, thread.created_ms, *_standing(known), *_details(thread), key)
            for thread, key, known in page.new
        ],
    )
    connection.executemany(
        # A thread keeps its user when that one leaves the workspace and Hex no longer says whose it was.
        "UPDATE threads SET user_id = coalesce(?, user_id), credits_micro = ?, high_micro = ?, figure_ms = ?, look = ?,"
        " model = ?, type = ?, source = ?, title = ?, sensitive = ?, url = ?, topics = ? WHERE key = ?",
        [(thread.user_id, *_standing(known), *_details(thread), key) for thread, key, known in page.seen],
    )
    # In one statement: with triggers each has a journal of its own, of all the pages that it changes.
    connection.execute(
        "INSERT INTO ledger (thread_key, after_ms, at_ms, credits_micro, prompts, basis, seen_ms) SELECT"
        f" {_SEVEN} FROM json_each(?)",
        (
            json.dumps(
                [
                    (key, row.after_ms, row.at_ms, row.credits_micro, row.prompts, row.basis, row.seen_ms)
                    for key, row in page.rows
                ]
            ),
        ),
    )


def _standing(known: Known) -> tuple[int | None, ...]:
    return known.credits_micro, known.high_micro, known.figure_ms, known.look


def _details(thread: Thread) -> tuple[object, ...]:
    topics = json.dumps(thread.topics, ensure_ascii=False) if thread.topics else None
    return thread.model, thread.type, thread.source, thread.title, thread.sensitive, thread.url, topics
