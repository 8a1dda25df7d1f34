"""Rows of usage logs that a person downloaded from Hex: a source of its own, never mixed into the ledger."""

import json
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from hexmeter.core.instants import DAY_MS
from hexmeter.core.periods import Period
from hexmeter.core.usagelog import LogRow, Merge
from hexmeter.store.database import Database


class Standing(StrEnum):
    """What a row of a log is to what is stored already."""

    NEW = "new"
    KNOWN = "known"
    CHANGED = "changed"


class Imports:
    """The rows of all imported logs, each once. Users are as the logs name them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, rows: Sequence[LogRow], at_ms: int, *, dry_run: bool = False) -> Counter[Standing]:
        """Store `rows`, in one transaction; how many were new, known, or changed one that was there.

        A key tells what becomes of a row that is there with another amount: see `Merge`. `dry_run`: store nothing.
        """
        found: Counter[Standing] = Counter()
        changes = []
        with self._database.transaction() as connection:
            there = self._there([row.key for row in rows])
            for row in rows:
                standing = _standing(row, there.get(row.key))
                found[standing] += 1
                if standing is not Standing.KNOWN:
                    there[row.key] = row
                    changes.append((*row, at_ms))
            if not dry_run:
                connection.executemany("INSERT OR REPLACE INTO imports VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", changes)
        return found

    def users(self) -> list[str]:
        """Everybody whom a row names; "" for rows of nobody."""
        # A plain DISTINCT would walk the whole index.
        found = self._database.connection.execute(
            "WITH RECURSIVE known (user) AS (SELECT min(user) FROM imports UNION ALL"
            " SELECT (SELECT min(user) FROM imports WHERE user > known.user) FROM known WHERE known.user IS NOT NULL)"
            " SELECT user FROM known WHERE user IS NOT NULL"
        )
        return [row["user"] for row in found]

    def span(self) -> Period | None:
        """From the first row to behind the last; None without rows."""
        first: int | None = None
        last = 0
        for user in self.users():
            row = self._database.connection.execute(
                "SELECT (SELECT min(at_ms) FROM imports WHERE user = :user) AS first,"
                " (SELECT max(at_ms) FROM imports WHERE user = :user) AS last",
                {"user": user},
            ).fetchone()
            first, last = min(first or row["first"], row["first"]), max(last, row["last"])
        return None if first is None else Period(first, last + 1)

    def of(self, user: str, period: Period) -> int:
        """The micro-credits of a user's rows in `period`."""
        found = self._database.connection.execute(
            "SELECT coalesce(sum(credits_micro), 0) FROM imports WHERE user = ? AND at_ms >= ? AND at_ms < ?",
            (user, period.start_ms, period.end_ms),
        )
        return int(found.fetchone()[0])

    def ledger_begins(self, user_id: str) -> int | None:
        """An instant before which the ledger can hold nothing of this user ("" nobody's); None where it holds nothing.

        From the roll-ups, so it may lie up to a day before the first that it does hold.
        """
        row = self._database.connection.execute(
            "SELECT start_ms, rows = backfilled AS at_once FROM sums WHERE width_ms = ? AND user_id = ?"
            " ORDER BY start_ms LIMIT 1",
            (DAY_MS, user_id),
        ).fetchone()
        if row is None:
            return None
        # Backfill counts at an instant; what was seen to grow may have begun to a day before it ended. What took longer
        # has an index of its own.
        begins_ms: int = row["start_ms"] - (0 if row["at_once"] else DAY_MS)
        longest = self._database.connection.execute(
            "SELECT min(l.after_ms) FROM ledger l INDEXED BY ledger_over_days JOIN threads t ON t.key = l.thread_key"
            f" WHERE l.at_ms - l.after_ms > {DAY_MS} AND coalesce(t.user_id, '') = ?",
            (user_id,),
        ).fetchone()[0]
        return begins_ms if longest is None else min(begins_ms, longest)

    def _there(self, keys: Sequence[str]) -> dict[str, LogRow]:
        found = self._database.connection.execute(
            "SELECT key, at_ms, user, credits_micro, thread, model, source, type FROM imports"
            " WHERE key IN (SELECT value FROM json_each(?))",
            (json.dumps(keys),),
        )
        return {row["key"]: LogRow(*row) for row in found}


def _standing(row: LogRow, there: LogRow | None) -> Standing:
    if there is None:
        return Standing.NEW
    if row.key.startswith(Merge.BY_ID):
        return Standing.KNOWN if row == there else Standing.CHANGED
    if row.key.startswith(Merge.BY_DAY) and row.credits_micro > there.credits_micro:
        return Standing.CHANGED
    return Standing.KNOWN
