"""What people do with alerts: acknowledge, snooze and mute; every change is forward, stored and reversible."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Literal

from hexmeter.store.database import Database

Scope = Literal["kind", "meter"]


@dataclass(frozen=True, slots=True)
class Silence:
    """A kind of alert, or a meter (by its key), of which nothing is told: until then, or muted (None).

    `name` is what people call it.
    """

    scope: str
    what: str
    name: str
    since_ms: int
    until_ms: int | None


class Attention:
    """The states of alerts that people change, and what they do not want to hear of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set_state(self, alert_id: int, state: str, now_ms: int, until_ms: int | None = None) -> bool:
        """Let an alert that stands be `firing`, `acknowledged`, or `snoozed` until then; False when it does not stand.

        What of it still waits to be delivered is moot: its reader knows of it already.
        """
        with self._database.transaction() as connection:
            changed = connection.execute(
                "UPDATE alerts SET state = ?, snoozed_until_ms = ? WHERE id = ? AND state != 'resolved'",
                (state, until_ms, alert_id),
            ).rowcount
            if changed and state != "firing":
                self._drop_waiting([alert_id], now_ms)
        return changed == 1

    def due(self, now_ms: int) -> list[int]:
        """The snoozed alerts whose time has come."""
        found = self._database.connection.execute(
            "SELECT id FROM alerts WHERE state = 'snoozed' AND snoozed_until_ms <= ? ORDER BY id", (now_ms,)
        )
        return [row["id"] for row in found]

    def silence(self, silence: Silence, now_ms: int) -> None:
        """Store a silence, in the place of one of the same kind or meter; what waits of it is moot.

        What a snooze covers is snoozed as long: so is what the snooze in whose place it comes had snoozed, and what
        was to be told again before it ends. What is snoozed for longer by itself stays so.
        """
        with self._database.transaction() as connection:
            before_ms = self._until_ms(silence.scope, silence.what)
            connection.execute(
                "INSERT OR REPLACE INTO silences VALUES (?, ?, ?, ?, ?)",
                (silence.scope, silence.what, silence.name, silence.since_ms, silence.until_ms),
            )
            standing = [row["id"] for row in self._standing_of(silence.scope, silence.what)]
            self._drop_waiting(standing, now_ms)
            if silence.until_ms is not None:
                connection.execute(
                    "UPDATE alerts SET state = 'snoozed', snoozed_until_ms = ?"
                    " WHERE (state = 'firing' OR state = 'snoozed' AND (snoozed_until_ms < ? OR snoozed_until_ms = ?))"
                    " AND id IN (SELECT value FROM json_each(?))",
                    (silence.until_ms, silence.until_ms, before_ms, json.dumps(standing)),
                )

    def end_silence(self, scope: Scope, what: str) -> bool:
        """End a silence; False when there is none. What was snoozed with it, and not by itself, stands as before."""
        with self._database.transaction() as connection:
            standing = [row["id"] for row in self._standing_of(scope, what)]
            connection.execute(
                "UPDATE alerts SET state = 'firing', snoozed_until_ms = NULL"
                " WHERE state = 'snoozed' AND snoozed_until_ms = ? AND id IN (SELECT value FROM json_each(?))",
                (self._until_ms(scope, what), json.dumps(standing)),
            )
            ended = connection.execute("DELETE FROM silences WHERE scope = ? AND what = ?", (scope, what))
        return ended.rowcount == 1

    def forget_over(self, now_ms: int) -> None:
        """Forget the silences whose time is over."""
        self._database.connection.execute("DELETE FROM silences WHERE until_ms <= ?", (now_ms,))

    def silences(self) -> list[Silence]:
        """All silences, the oldest first."""
        found = self._database.connection.execute("SELECT * FROM silences ORDER BY since_ms, scope, what")
        return [Silence(*row) for row in found]

    def _until_ms(self, scope: str, what: str) -> int | None:
        """Until when a kind or meter is snoozed; None where it is not."""
        row = self._database.connection.execute(
            "SELECT until_ms FROM silences WHERE scope = ? AND what = ?", (scope, what)
        ).fetchone()
        return None if row is None else row["until_ms"]

    def _standing_of(self, scope: str, what: str) -> list[sqlite3.Row]:
        column = "kind" if scope == "kind" else "meter_key"
        return self._database.connection.execute(
            f"SELECT id FROM alerts WHERE state != 'resolved' AND {column} = ?", (what,)
        ).fetchall()

    def _drop_waiting(self, alert_ids: list[int], now_ms: int) -> None:
        self._database.connection.execute(
            "UPDATE deliveries SET state = 'superseded', at_ms = ? WHERE state IN ('pending', 'claimed')"
            " AND alert_id IN (SELECT value FROM json_each(?))",
            (now_ms, json.dumps(alert_ids)),
        )


def silenced(silences: list[Silence], kind: str, meter_key: str | None, now_ms: int) -> Silence | None:
    """The silence that covers alerts of this kind and meter now; a mute before a snooze, and the longest snooze."""
    found = [
        silence
        for silence in silences
        if silence.what == (kind if silence.scope == "kind" else meter_key)
        and (silence.until_ms is None or silence.until_ms > now_ms)
    ]
    return max(found, key=lambda silence: (silence.until_ms is None, silence.until_ms or 0), default=None)
