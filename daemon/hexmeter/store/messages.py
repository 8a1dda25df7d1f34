"""How many messages of each thread the ledger accounts for, and which may not be read; never what was said."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from hexmeter.core.prompts import Anchor, Count
from hexmeter.store.database import Database


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a thread's messages.

    `messages`: how many of the user's the ledger's rows account for (None: not known). `anchor`: from where to count
    on. `refused_ms`: when Hex last refused to show them.
    """

    messages: int | None = None
    anchor: Anchor | None = None
    refused_ms: int | None = None


class Messages:
    """The standing of the threads whose messages were ever asked for, or are accounted for from their first on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, thread_ids: Iterable[str]) -> dict[str, Standing]:
        """The standing of each of these threads."""
        ids = list(thread_ids)
        found = self._database.connection.execute(
            "SELECT * FROM messages WHERE thread_id IN (SELECT value FROM json_each(?))", (json.dumps(ids),)
        )
        known = {row["thread_id"]: _standing(row) for row in found}
        return {thread_id: known.get(thread_id, Standing()) for thread_id in ids}

    def account(self, thread_id: str, messages: int | None, count: Count | None) -> None:
        """Store how many messages the rows of a thread account for from now on, and what a `count` of them found."""
        anchor = count.anchor if count is not None else None
        self._database.connection.execute(
            "INSERT INTO messages (thread_id, messages, anchor, anchor_messages) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (thread_id) DO UPDATE SET messages = excluded.messages,"
            # Without a new anchor the old one still holds: what lies before it does not change.
            " anchor = coalesce(excluded.anchor, anchor),"
            " anchor_messages = coalesce(excluded.anchor_messages, anchor_messages)",
            (thread_id, messages, anchor.cursor if anchor else None, anchor.messages if anchor else None),
        )

    def refuse(self, thread_id: str, at_ms: int) -> None:
        """Store that Hex would not show a thread's messages."""
        self._database.connection.execute(
            "INSERT INTO messages (thread_id, refused_ms) VALUES (?, ?)"
            " ON CONFLICT (thread_id) DO UPDATE SET refused_ms = excluded.refused_ms",
            (thread_id, at_ms),
        )

    def forget_anchor(self, thread_id: str) -> None:
        """Forget an anchor that Hex does not take any more."""
        self._database.connection.execute(
            "UPDATE messages SET anchor = NULL, anchor_messages = NULL WHERE thread_id = ?", (thread_id,)
        )


def _standing(row: sqlite3.Row) -> Standing:
    anchor = None if row["anchor"] is None else Anchor(row["anchor"], row["anchor_messages"])
    return Standing(row["messages"], anchor, row["refused_ms"])
