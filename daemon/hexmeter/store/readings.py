"""Readings: the figures that alerts were decided on, a row on change, so that other rules can be tried on them."""

import sqlite3

from hexmeter.core.meters import Bound
from hexmeter.core.periods import Period
from hexmeter.core.replay import Reading, Stored
from hexmeter.store.database import Database


class Readings:
    """The readings of all meters."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, reading: Reading, now_ms: int) -> None:
        """Store a reading where it differs from the meter's last one; else that it was made again, once.

        A fall takes two complete polls, so the second matters, and what follows it does not.
        """
        connection = self._database.connection
        row = connection.execute(
            "SELECT * FROM readings WHERE meter_key = ? ORDER BY id DESC LIMIT 1", (reading.meter_key,)
        ).fetchone()
        if row is not None and _reading(row) == reading:
            if reading.complete and row["again_ms"] is None:
                connection.execute("UPDATE readings SET again_ms = ? WHERE id = ?", (now_ms, row["id"]))
            return
        period = reading.period
        connection.execute(
            "INSERT INTO readings (meter_key, meter, at_ms, limit_micro, used_micro, start_ms, end_ms, complete,"
            " alerts, bound) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(reading.meter_key, reading.meter, now_ms, reading.limit_micro, reading.used_micro),
                *(period.start_ms if period else None, period.end_ms if period else None),
                *(reading.complete, reading.alerts, reading.bound and reading.bound.value),
            ),
        )

    def all(self) -> list[Stored]:
        """All readings, meter by meter, in the order they were made."""
        found = self._database.connection.execute("SELECT * FROM readings ORDER BY meter_key, id")
        return [Stored(_reading(row), row["at_ms"], row["again_ms"]) for row in found]

    def forget(self, before_ms: int) -> None:
        """Forget the readings and the changes of ladders from before then; the last of each meter goes with them."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM readings WHERE at_ms < ?", (before_ms,))
            connection.execute("DELETE FROM transitions WHERE at_ms < ? AND outcome IS NULL", (before_ms,))


def _reading(row: sqlite3.Row) -> Reading:
    return Reading(
        *(row["meter_key"], row["meter"], row["limit_micro"], row["used_micro"]),
        None if row["start_ms"] is None else Period(row["start_ms"], row["end_ms"]),
        bool(row["complete"]),
        None if row["alerts"] is None else bool(row["alerts"]),
        None if row["bound"] is None else Bound(row["bound"]),
    )
