"""Alerts and their deliveries: alerts as history, deliveries as an outbox with claims."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hexmeter.core.alerts import Rung
from hexmeter.core.instants import SECOND_MS
from hexmeter.core.retries import LONGEST_MS
from hexmeter.store.database import Database
from hexmeter.store.ladders import level_text, read_level

LEASE_MS = 30 * SECOND_MS
"""How long a claimed delivery belongs to its claimant; one that crashed gives it back by silence."""


SEVERITIES = ("info", "warning", "critical")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert on its way over one channel: pending, claimed, handed_over, seen, superseded when moot, or failed when
    given up. `problem` is why it did not arrive when last tried."""

    id: int
    channel: str
    state: str
    at_ms: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that was told. `meter` is the meter's id for people, None for `blind`."""

    id: int
    ladder: str
    kind: str
    meter: str | None
    level: Decimal | None
    severity: str
    state: str
    fired_ms: int
    resolved_ms: int | None
    title: str
    body: str
    meter_key: str | None = None
    snoozed_until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert to be told on `channels`; those with the same `digest` become one message.

    One that is `snoozed_until_ms` is told when that time has come, if it still stands then.
    """

    ladder: str
    rung: Rung
    meter: str | None
    severity: str
    title: str
    body: str
    channels: Sequence[str]
    digest: str | None = None
    meter_key: str | None = None
    snoozed_until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery handed to a claimant, with its alert."""

    delivery_id: int
    digest: str | None
    alert: Alert


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A delivery that was shown and not seen to be closed. `reference`: how whoever shows it finds it again."""

    delivery_id: int
    reference: str | None
    alert: Alert


class Outbox:
    """What was told, what stands, and what waits to be delivered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fire(self, alert: NewAlert, now_ms: int) -> int:
        """Store an alert with its deliveries; what its ladder told before is over. Its id."""
        with self._database.transaction() as connection:
            self.resolve(alert.ladder, now_ms)
            cursor = connection.execute(
                "INSERT INTO alerts (ladder, kind, meter, level, severity, state, fired_ms, title, body, meter_key,"
                " snoozed_until_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(alert.ladder, alert.rung.kind, alert.meter, level_text(alert.rung.level), alert.severity),
                    *("firing" if alert.snoozed_until_ms is None else "snoozed", now_ms, alert.title, alert.body),
                    *(alert.meter_key, alert.snoozed_until_ms),
                ),
            )
            alert_id = cursor.lastrowid
            assert alert_id is not None
            if alert.snoozed_until_ms is None:
                self.deliver(alert_id, alert.channels, now_ms, alert.digest)
        return alert_id

    def deliver(self, alert_id: int, channels: Sequence[str], now_ms: int, digest: str | None = None) -> None:
        """Let an alert wait for delivery on `channels`: for the first time, or once more after a snooze."""
        with self._database.transaction() as connection:
            for channel in channels:
                again = connection.execute(
                    "UPDATE deliveries SET state = 'pending', at_ms = ?, digest = ?, claimant = NULL,"
                    " lease_until_ms = NULL, tries = 0, since_ms = NULL, next_ms = NULL, problem = NULL"
                    " WHERE alert_id = ? AND channel = ?",
                    (now_ms, digest, alert_id, channel),
                )
                if not again.rowcount:
                    connection.execute(
                        "INSERT INTO deliveries (alert_id, channel, state, at_ms, digest)"
                        " VALUES (?, ?, 'pending', ?, ?)",
                        (alert_id, channel, now_ms, digest),
                    )

    def resolve(self, ladder: str, now_ms: int, *, moot: bool = True) -> None:
        """What the ladder told is over; what of it still waits to be delivered is moot, or told still."""
        with self._database.transaction() as connection:
            if moot:
                connection.execute(
                    "UPDATE deliveries SET state = 'superseded', at_ms = ? WHERE state IN ('pending', 'claimed')"
                    " AND alert_id IN (SELECT id FROM alerts WHERE ladder = ? AND state != 'resolved')",
                    (now_ms, ladder),
                )
            connection.execute(
                "UPDATE alerts SET state = 'resolved', resolved_ms = ? WHERE ladder = ? AND state != 'resolved'",
                (now_ms, ladder),
            )

    def withdraw(self, now_ms: int) -> None:
        """Deliver nothing of what waits: it may have been delivered already."""
        self._database.connection.execute(
            "UPDATE deliveries SET state = 'superseded', at_ms = ? WHERE state IN ('pending', 'claimed')", (now_ms,)
        )

    def alerts(self, limit: int) -> list[tuple[Alert, list[Delivery]]]:
        """The newest alerts with their deliveries, newest first."""
        found = self._database.connection.execute("SELECT * FROM alerts ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
        return [(_alert(row), self.deliveries_of(row["id"])) for row in found]

    def since(self, since_ms: int) -> list[Alert]:
        """The alerts that fired since then, oldest first."""
        found = self._database.connection.execute("SELECT * FROM alerts WHERE fired_ms >= ? ORDER BY id", (since_ms,))
        return [_alert(row) for row in found]

    def alert(self, alert_id: int) -> Alert | None:
        """One alert; None when there is none of this number."""
        row = self._database.connection.execute("SELECT * FROM alerts WHERE id = ?", (alert_id,)).fetchone()
        return None if row is None else _alert(row)

    def handed_over(self, channel: str, limit: int) -> list[HandedOver]:
        """The newest deliveries that were handed over on `channel`, newest alerts first."""
        found = self._database.connection.execute(
            "SELECT d.id AS delivery_id, d.reference, a.* FROM alerts a JOIN deliveries d ON d.alert_id = a.id"
            " WHERE d.channel = ? AND d.state = 'handed_over' ORDER BY a.id DESC LIMIT ?",
            (channel, limit),
        )
        return [HandedOver(row["delivery_id"], row["reference"], _alert(row)) for row in found]

    def standing(self) -> list[Alert]:
        """The alerts that are not resolved, newest first."""
        found = self._database.connection.execute("SELECT * FROM alerts WHERE state != 'resolved' ORDER BY id DESC")
        return [_alert(row) for row in found]

    def waiting(self, channel: str, now_ms: int, severities: Sequence[str] = SEVERITIES) -> int:
        """How many deliveries of `channel` may be claimed now, of alerts of these severities."""
        return len(self._claimable(channel, now_ms, severities))

    def claim(self, channel: str, claimant: str, now_ms: int, severities: Sequence[str] = SEVERITIES) -> list[Claimed]:
        """Give `claimant` what waits on `channel` of these severities, under a lease; a lease that ran out counts as
        waiting."""
        with self._database.transaction() as connection:
            rows = self._claimable(channel, now_ms, severities)
            connection.executemany(
                "UPDATE deliveries SET state = 'claimed', claimant = ?, lease_until_ms = ?, at_ms = ? WHERE id = ?",
                [(claimant, now_ms + LEASE_MS, now_ms, row["delivery_id"]) for row in rows],
            )
        return [Claimed(row["delivery_id"], row["digest"], _alert(row)) for row in rows]

    def confirm(
        self, delivery_ids: Sequence[int], state: str, claimant: str, now_ms: int, reference: str | None = None
    ) -> int:
        """Move deliveries on to `state`; how many moved.

        Forward only: what is superseded or seen stays so, and only its claimant may give a claimed one back
        (state `pending`). A hand-over is believed even after the lease, for the notice was shown. Its `reference`
        is kept: who had it before was replaced by this.
        """
        allowed = {
            "handed_over": "state IN ('pending', 'claimed')",
            "seen": "state IN ('pending', 'claimed', 'handed_over')",
            "pending": "state = 'claimed' AND claimant = :claimant",
        }[state]
        moved = 0
        kept = reference if state == "handed_over" else None
        with self._database.transaction() as connection:
            if reference is not None:
                connection.execute("UPDATE deliveries SET reference = NULL WHERE reference = ?", (reference,))
            for delivery_id in delivery_ids:
                moved += connection.execute(
                    "UPDATE deliveries SET state = :state, at_ms = :now, lease_until_ms = NULL, problem = NULL,"
                    f" reference = :reference WHERE id = :id AND {allowed}",
                    {"state": state, "now": now_ms, "id": delivery_id, "claimant": claimant, "reference": kept},
                ).rowcount
        return moved

    def closed(self, delivery_ids: Sequence[int]) -> int:
        """What was handed over is on the screen no more, though nobody has seen it; how many those were."""
        with self._database.transaction() as connection:
            return sum(
                connection.execute(
                    "UPDATE deliveries SET reference = NULL"
                    " WHERE id = ? AND state = 'handed_over' AND reference IS NOT NULL",
                    (delivery_id,),
                ).rowcount
                for delivery_id in delivery_ids
            )

    def _claimable(self, channel: str, now_ms: int, severities: Sequence[str]) -> list[sqlite3.Row]:
        # A lease that ends later than a fresh one would was given before the clock was set back; a pause likewise.
        # What is sent on demand is told in quiet hours too: somebody waits for it.
        return self._database.connection.execute(
            "SELECT d.id AS delivery_id, d.digest, a.* FROM deliveries d JOIN alerts a ON a.id = d.alert_id"
            " WHERE d.channel = ? AND (d.state = 'pending'"
            " AND (d.next_ms IS NULL OR d.next_ms <= ? OR d.next_ms > ?) OR (d.state = 'claimed'"
            " AND (d.lease_until_ms <= ? OR d.lease_until_ms > ?)))"
            " AND (a.ladder = 'test' OR a.severity IN (SELECT value FROM json_each(?))) ORDER BY d.id",
            (channel, now_ms, now_ms + LONGEST_MS, now_ms, now_ms + LEASE_MS, json.dumps(list(severities))),
        ).fetchall()

    def deliveries_of(self, alert_id: int) -> list[Delivery]:
        """How one alert was delivered."""
        found = self._database.connection.execute(
            "SELECT id, channel, state, at_ms, problem FROM deliveries WHERE alert_id = ? ORDER BY id", (alert_id,)
        )
        return [Delivery(*row) for row in found]


def _alert(row: sqlite3.Row) -> Alert:
    return Alert(
        *(row["id"], row["ladder"], row["kind"], row["meter"], read_level(row["level"]), row["severity"], row["state"]),
        *(row["fired_ms"], row["resolved_ms"], row["title"], row["body"], row["meter_key"], row["snoozed_until_ms"]),
    )
