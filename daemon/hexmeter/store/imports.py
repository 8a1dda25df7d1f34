"""Rows of usage logs that a person downloaded from Hex: a source of its own, never mixed into the ledger."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hexmeter.core.instants import DAY_MS
from hexmeter.core.logrow import LogRow, Merge
from hexmeter.core.periods import Period
from hexmeter.store.database import Database


class Standing(StrEnum):
    """What a row of a log is to what is stored already."""

    NEW = "new"
    KNOWN = "known"
    CHANGED = "changed"


class Group(StrEnum):
    """Whose part of the ledger."""

    ONE = "one"
    UNLISTED = "unlisted"
    """Those whom Hex does not list, and the unattributed: among them is who left before anybody looked."""
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Whose:
    """One user's part of the ledger, or that of a group, in which it must be."""

    group: Group
    user_id: str = ""


_WHOSE = {
    Group.ONE: "= :user",
    Group.UNLISTED: "NOT IN (SELECT id FROM people WHERE listed)",
    Group.ALL: "IS NOT NULL",
}


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
        spans = []
        for user in self.users():
            row = self._database.connection.execute(
                "SELECT (SELECT min(at_ms) FROM imports WHERE user = :user) AS first,"
                " (SELECT max(at_ms) FROM imports WHERE user = :user) AS last",
                {"user": user},
            ).fetchone()
            spans.append((row["first"], row["last"] + 1))
        return Period(min(first for first, _ in spans), max(last for _, last in spans)) if spans else None

    def of(self, user: str, period: Period, *, anchored_ms: int | None = None) -> int:
        """The micro-credits of a user's rows in `period`; without those that a calibration at `anchored_ms` holds
        already: rows of before it that were imported after it."""
        sql = "SELECT coalesce(sum(credits_micro), 0) FROM imports WHERE user = ? AND at_ms >= ? AND at_ms < ?"
        values: tuple[object, ...] = (user, period.start_ms, period.end_ms)
        if anchored_ms is not None:
            sql += " AND (at_ms >= ? OR imported_ms <= ?)"
            values += (anchored_ms, anchored_ms)
        return int(self._database.connection.execute(sql, values).fetchone()[0])

    def amounts_of(self, user: str, period: Period) -> list[tuple[int, int]]:
        """The instants of a user's rows in `period`, and their micro-credits, in the order of time."""
        found = self._database.connection.execute(
            "SELECT at_ms, credits_micro FROM imports WHERE user = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms",
            (user, period.start_ms, period.end_ms),
        )
        return [(row[0], row[1]) for row in found]

    def by_word(self, user: str, period: Period, word: str) -> dict[str, int]:
        """The micro-credits of a user's rows in `period`, by model, source or type; "" where the log says none."""
        assert word in ("model", "source", "type")
        found = self._database.connection.execute(
            f"SELECT {word}, sum(credits_micro) FROM imports WHERE user = ? AND at_ms >= ? AND at_ms < ? GROUP BY 1",
            (user, period.start_ms, period.end_ms),
        )
        return {row[0]: row[1] for row in found}

    def ledger_begins(self, whose: Whose) -> int | None:
        """An instant before which the ledger can hold nothing of theirs; None where it holds nothing.

        From the roll-ups, so it may lie up to a day before the first that it does hold.
        """
        condition = _WHOSE[whose.group]
        row = self._database.connection.execute(
            f"SELECT start_ms, min(rows = backfilled) AS at_once FROM sums WHERE width_ms = {DAY_MS} AND start_ms ="
            f" (SELECT start_ms FROM sums WHERE width_ms = {DAY_MS} AND user_id {condition} ORDER BY start_ms LIMIT 1)"
            f" AND user_id {condition}",
            {"user": whose.user_id},
        ).fetchone()
        if row["start_ms"] is None:
            return None
        # Backfill counts at an instant; what was seen to grow may have begun to a day before it ended. What took longer
        # has an index of its own.
        begins_ms: int = row["start_ms"] - (0 if row["at_once"] else DAY_MS)
        longest = self._database.connection.execute(
            "SELECT min(l.after_ms) FROM ledger l INDEXED BY ledger_over_days JOIN threads t ON t.key = l.thread_key"
            f" WHERE l.at_ms - l.after_ms > {DAY_MS} AND coalesce(t.user_id, '') {condition}",
            {"user": whose.user_id},
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
