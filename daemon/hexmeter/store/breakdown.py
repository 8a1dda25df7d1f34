"""What was used in a time, thread by thread and prompt by prompt, with what Hex says of each thread."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from hexmeter.core.periods import Period
from hexmeter.core.prompts import Spending, spendings
from hexmeter.store.database import Database
from hexmeter.store.sums import ROW, Sums, usage_of


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

    def newest_row(self) -> int:
        """The number of the newest row; it grows with the ledger."""
        newest: int | None = self._database.connection.execute("SELECT max(id) FROM ledger").fetchone()[0]
        return newest or 0


def _thread_id(row: sqlite3.Row) -> str:
    thread_id: str = row["thread_id"]
    return thread_id
