"""The stored facts row by row, for export: a batch at a time, so that nothing large is ever held."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from hexmeter.core.ledger import Usage
from hexmeter.store.breakdown import About
from hexmeter.store.database import Database
from hexmeter.store.sums import ROW, usage_of

_BATCH = 1_000
_KEY = "export_key"


@dataclass(frozen=True, slots=True)
class Spent:
    """A row of the ledger with its number, its thread, and the email of its user."""

    number: int
    usage: Usage
    thread: About
    email: str | None


class Exporting:
    """Reads what is exported, oldest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ledger(self) -> Iterator[list[Spent]]:
        """All rows of the ledger, in batches; what is added meanwhile comes too."""
        after = 0
        while True:
            found = self._database.connection.execute(
                f"SELECT l.id AS number, {ROW}, t.user_id, t.title, t.url, t.model, t.source, t.type, p.email"
                " FROM ledger l JOIN threads t ON t.key = l.thread_key LEFT JOIN people p ON p.id = t.user_id"
                " WHERE l.id > ? ORDER BY l.id LIMIT ?",
                (after, _BATCH),
            ).fetchall()
            if not found:
                return
            after = found[-1]["number"]
            yield [
                Spent(
                    row["number"],
                    usage_of(row),
                    About(
                        *(row["thread_id"], row["user_id"], row["title"], row["url"]),
                        *(row["model"], row["source"], row["type"]),
                    ),
                    row["email"],
                )
                for row in found
            ]

    def alert_ids(self) -> list[int]:
        """The numbers of all alerts, oldest first."""
        return [row[0] for row in self._database.connection.execute("SELECT id FROM alerts ORDER BY id")]

    def key(self) -> bytes:
        """The key of pseudonyms, made at its first use; it never leaves this database, whose exports so agree."""
        self._database.connection.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (_KEY, secrets.token_hex(32)))
        row = self._database.connection.execute("SELECT value FROM meta WHERE name = ?", (_KEY,)).fetchone()
        return bytes.fromhex(row["value"])
