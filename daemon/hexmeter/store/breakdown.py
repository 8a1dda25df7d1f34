"""What was used in a time, thread by thread and prompt by prompt, with what Hex says of each thread."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from hexmeter.core.instants import MINUTE_MS
from hexmeter.core.periods import Period
from hexmeter.core.prompts import Spending, costs, even_parts, spendings
from hexmeter.store.database import Database
from hexmeter.store.sums import LAST_MS, ROW, Sums, usage_of


@dataclass(frozen=True, slots=True)
class About:
    """What Hex says of a thread."""

    id: str
    user_id: str | None
    title: str | None
    url: str | None
    model: str | None
    source: str | None
    type: str | None


QUARTER_MS = 15 * MINUTE_MS


class Kind(NamedTuple):
    """What rows come to that end in a quarter of an hour, of threads of a model and a source."""

    start_ms: int
    model: str | None
    source: str | None
    credits_micro: int


_Prompted = tuple[int, str | None, int, int, int]


class Breakdown:
    """The ledger by what its threads are, and by prompt."""

    def __init__(self, database: Database, sums: Sums) -> None:
        self._database = database
        self._sums = sums

    def threads(self, period: Period) -> list[tuple[About, int]]:
        """The threads that used something in `period`, with their micro-credits, dearest first."""
        used = self._sums.by_thread(period)
        found = self._database.connection.execute(
            "SELECT id, user_id, title, url, model, source, type FROM threads"
            " WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([use.thread_id for use in used]),),
        )
        about = {row["id"]: About(*row) for row in found}
        return [(about[use.thread_id], use.credits_micro) for use in used]

    def dearest(self, period: Period, limit: int) -> list[tuple[About, int]]:
        """The threads that used the most in `period`, which no row outlasts, at most `limit` of them: without looking
        at what the others are."""
        before: dict[int, int] = defaultdict(int)
        for row in self._sums.crossing(period.start_ms):
            before[row.thread_key] += row.credits_micro
        found = self._database.connection.execute(
            "SELECT thread_key, sum(credits_micro) FROM ledger l INDEXED BY ledger_by_time"
            f" WHERE at_ms >= ? AND {LAST_MS} >= ? GROUP BY thread_key ORDER BY 2 DESC LIMIT ?",
            # A row of before may take some of these down, and none other up.
            (period.start_ms, period.start_ms, limit + len(before)),
        )
        used = {key: micro - before[key] for key, micro in map(tuple, found)}
        ranked = sorted(used, key=lambda key: -used[key])[:limit]
        abouts = self.by_key(ranked)
        return [(abouts[key], used[key]) for key in ranked if used[key] > 0]

    def by_key(self, thread_keys: Iterable[int]) -> dict[int, About]:
        """What Hex says of threads, by their keys."""
        found = self._database.connection.execute(
            "SELECT key, id, user_id, title, url, model, source, type FROM threads"
            " WHERE key IN (SELECT value FROM json_each(?))",
            (json.dumps(list(thread_keys)),),
        )
        return {row[0]: About(*row[1:]) for row in map(tuple, found)}

    def kinds(self, since_ms: int, after_row: int) -> list[Kind]:
        """What the rows after `after_row` that end since then come to, by the quarter of an hour they end in, which no
        zone's midnight lies within, and by their thread's model and source."""
        found = self._database.connection.execute(
            f"SELECT {LAST_MS} / {QUARTER_MS} * {QUARTER_MS} AS start_ms, t.model, t.source, sum(l.credits_micro)"
            " FROM ledger l JOIN threads t ON t.key = l.thread_key"
            f" WHERE {'l.id > :after' if after_row else 'l.at_ms >= :since'} AND {LAST_MS} >= :since GROUP BY 1, 2, 3",
            {"after": after_row, "since": since_ms},
        )
        return [Kind(*row) for row in found]

    def topics(self, thread_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The topics of those of the threads that have any."""
        found = self._database.connection.execute(
            "SELECT id, topics FROM threads WHERE topics IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(thread_ids)),),
        )
        return {row["id"]: tuple(json.loads(row["topics"])) for row in found}

    def spendings(self, thread_ids: Iterable[str]) -> Iterator[tuple[str, Spending]]:
        """All usage of these threads, of any time, as what their prompts cost, with the thread's id."""
        found = self._database.connection.execute(
            f"SELECT {ROW} FROM threads t JOIN ledger l ON l.thread_key = t.key"
            " WHERE t.id IN (SELECT value FROM json_each(?)) ORDER BY l.thread_key, l.id",
            (json.dumps(list(thread_ids)),),
        )
        for thread_id, rows in groupby(found, key=_thread_id):
            for spending in spendings([usage_of(row) for row in rows]):
                yield thread_id, spending

    def costs(self, period: Period) -> dict[tuple[str, str | None], list[int]]:
        """What the prompts cost that were seen in `period`, each with all that belongs to it, by the id of their thread
        and of its user."""
        columns = "t.id, t.user_id, l.thread_key, l.prompts, l.credits_micro"
        found = self._database.connection.execute(
            f"SELECT {columns} FROM ledger l INDEXED BY ledger_by_time JOIN threads t ON t.key = l.thread_key"
            f" WHERE l.at_ms >= :start AND {LAST_MS} >= :start AND l.prompts >= 0"
            f" AND ({LAST_MS} < :end OR l.prompts = 0)",
            {"start": period.start_ms, "end": period.end_ms},
        ).fetchall()
        # A follow-up comes after its prompt, and a fall has its interval: whatever belongs to a prompt is among these.
        whole = {row["thread_key"]: (row["id"], row["user_id"]) for row in found if row["prompts"] == 0}
        by_thread: dict[tuple[str, str | None], list[int]] = defaultdict(list)
        for thread_id, user_id, key, prompts, credits_micro in found:
            if key not in whole:
                by_thread[thread_id, user_id] += even_parts(credits_micro, prompts)
        for key, thread in whole.items():
            by_thread[thread] += [cost for spent_ms, cost in self.costs_of(key) if spent_ms in period]
        return by_thread

    def costs_of(self, thread_key: int) -> list[tuple[int, int]]:
        """The prompts of one thread: the last instant at which each was spent, and its micro-credits."""
        found = self._database.connection.execute(
            f"SELECT {ROW} FROM ledger l JOIN threads t ON t.key = l.thread_key WHERE l.thread_key = ? ORDER BY l.id",
            (thread_key,),
        )
        spent = spendings([usage_of(row) for row in found])
        return [(spending.spent_ms, cost) for spending in spent for cost in costs([spending])]

    def prompted(self, since_ms: int, after_row: int) -> list[_Prompted]:
        """The rows after `after_row`, spent since `since_ms`, whose prompts are known: the key and user of the thread,
        the last instant at which it was spent, its micro-credits and its prompts."""
        found = self._database.connection.execute(
            f"SELECT l.thread_key, t.user_id, {LAST_MS}, l.credits_micro, l.prompts FROM ledger l"
            " JOIN threads t ON t.key = l.thread_key"
            f" WHERE {'l.id > :after' if after_row else 'l.at_ms >= :since'} AND {LAST_MS} >= :since"
            " AND l.prompts IS NOT NULL",
            {"after": after_row, "since": since_ms},
        )
        return [tuple(row) for row in found]

    def earliest_after(self, row: int) -> int | None:
        """When the earliest of the rows after `row` began; None where there are none."""
        found = self._database.connection.execute("SELECT min(after_ms) FROM ledger WHERE id > ?", (row,)).fetchone()
        return None if found[0] is None else int(found[0])

    def newest_row(self) -> int:
        """The number of the newest row; it grows with the ledger."""
        newest: int | None = self._database.connection.execute("SELECT max(id) FROM ledger").fetchone()[0]
        return newest or 0


def _thread_id(row: sqlite3.Row) -> str:
    thread_id: str = row["thread_id"]
    return thread_id
