"""Compaction of the old part of the ledger, a few rows at a time."""

import sqlite3
from zoneinfo import ZoneInfo

from hexmeter.core.ledger import Usage
from hexmeter.core.retention import compact
from hexmeter.store.database import Database
from hexmeter.store.sums import ROW, usage_of

_ROWS_AT_ONCE = 200
_TO, _THROUGH = "compacted_to_ms", "compacted_through_id"


class Retention:
    """Merges what is old. It goes on where it was: compacted is what ended up to one mark, and stored up to another."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def compact_some(self, before_ms: int, zone: ZoneInfo) -> bool:
        """Merge some of the rows that ended up to `before_ms`, in one transaction; whether more of them are left.

        What was stored since the last time about days that were compacted then, such as a fall, comes last.
        """
        with self._database.transaction() as connection:
            to_ms = self._mark(_TO)
            last = connection.execute(
                "SELECT max(at_ms) FROM (SELECT at_ms FROM ledger INDEXED BY ledger_by_time WHERE at_ms > ?"
                " AND at_ms <= ? ORDER BY at_ms LIMIT ?)",
                (to_ms, before_ms, _ROWS_AT_ONCE),
            ).fetchone()[0]
            if last is not None:
                found = connection.execute(
                    "SELECT DISTINCT thread_key FROM ledger INDEXED BY ledger_by_time WHERE at_ms > ? AND at_ms <= ?",
                    (to_ms, last),
                )
                self._compact(connection, [row[0] for row in found], before_ms, zone)
                self._set_mark(_TO, last)
                return True
            newest = connection.execute("SELECT coalesce(max(id), 0) FROM ledger").fetchone()[0]
            late = connection.execute(
                "SELECT DISTINCT thread_key FROM ledger WHERE id > ? AND at_ms <= ?", (self._mark(_THROUGH), to_ms)
            )
            self._compact(connection, [row[0] for row in late], before_ms, zone)
            self._set_mark(_THROUGH, newest)
            return False

    def _compact(self, connection: sqlite3.Connection, keys: list[int], before_ms: int, zone: ZoneInfo) -> None:
        for key in keys:
            rows: dict[int, Usage] = {}
            for row in connection.execute(
                f"SELECT l.id, {ROW} FROM ledger l JOIN threads t ON t.key = l.thread_key WHERE l.thread_key = ?",
                (key,),
            ):
                rows[row["id"]] = usage_of(row)
            compaction = compact(rows, before_ms, zone)
            connection.executemany(
                "UPDATE ledger SET after_ms = ?, at_ms = ?, credits_micro = ?, prompts = ?, basis = ?, seen_ms = ?"
                " WHERE id = ?",
                [
                    (row.after_ms, row.at_ms, row.credits_micro, row.prompts, row.basis, row.seen_ms, id)
                    for id, row in compaction.changed.items()
                ],
            )
            connection.executemany("DELETE FROM ledger WHERE id = ?", [(id,) for id in compaction.removed])

    def _mark(self, name: str) -> int:
        row = self._database.connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return 0 if row is None else int(row[0])

    def _set_mark(self, name: str, value: int) -> None:
        self._database.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, str(value)))
