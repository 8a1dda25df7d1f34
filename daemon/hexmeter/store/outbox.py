"""Alerts and their deliveries: ladders as states, alerts as history, deliveries as an outbox with claims."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hexmeter.core.alerts import AlertState, Kind, Rung
from hexmeter.core.instants import SECOND_MS
from hexmeter.core.periods import Period
from hexmeter.store.database import Database

LEASE_MS = 30 * SECOND_MS
"""How long a claimed delivery belongs to its claimant; one that crashed gives it back by silence."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert on its way over one channel: pending, claimed, handed_over, seen, or superseded when moot."""

    id: int
    channel: str
    state: str
    at_ms: int


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


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert to be told on `channels`; those with the same `digest` become one message."""

    ladder: str
    rung: Rung
    meter: str | None
    severity: str
    title: str
    body: str
    channels: Sequence[str]
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery handed to a claimant, with its alert."""

    delivery_id: int
    digest: str | None
    alert: Alert


class Outbox:
    """What was told, what stands, and what waits to be delivered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ladder(self, key: str) -> AlertState:
        """What the ladder `key` remembers."""
        row = self._database.connection.execute("SELECT * FROM ladders WHERE key = ?", (key,)).fetchone()
        if row is None:
            return AlertState()
        period = None if row["start_ms"] is None else Period(row["start_ms"], row["end_ms"])
        return AlertState(
            period, _rung(row["kind"], row["level"]), row["falls"], _rung(row["fallen_kind"], row["fallen_level"])
        )

    def save_ladder(self, key: str, state: AlertState) -> None:
        """Store what the ladder `key` remembers."""
        period = state.period
        self._database.connection.execute(
            "INSERT OR REPLACE INTO ladders (key, start_ms, end_ms, kind, level, falls, fallen_kind, fallen_level)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(key, period.start_ms if period else None, period.end_ms if period else None),
                *(*_columns(state.told), state.falls, *_columns(state.fallen_to)),
            ),
        )

    def fire(self, alert: NewAlert, now_ms: int) -> int:
        """Store an alert with its deliveries; what its ladder told before is over. Its id."""
        with self._database.transaction() as connection:
            self.resolve(alert.ladder, now_ms)
            cursor = connection.execute(
                "INSERT INTO alerts (ladder, kind, meter, level, severity, state, fired_ms, title, body)"
                " VALUES (?, ?, ?, ?, ?, 'firing', ?, ?, ?)",
                (
                    *(alert.ladder, alert.rung.kind, alert.meter, _text(alert.rung.level), alert.severity),
                    *(now_ms, alert.title, alert.body),
                ),
            )
            alert_id = cursor.lastrowid
            assert alert_id is not None
            connection.executemany(
                "INSERT INTO deliveries (alert_id, channel, state, at_ms, digest) VALUES (?, ?, 'pending', ?, ?)",
                [(alert_id, channel, now_ms, alert.digest) for channel in alert.channels],
            )
        return alert_id

    def resolve(self, ladder: str, now_ms: int) -> None:
        """What the ladder told is over; what of it still waits to be delivered is moot."""
        with self._database.transaction() as connection:
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
        return [(_alert(row), self._deliveries_of(row["id"])) for row in found]

    def standing(self) -> list[Alert]:
        """The alerts that are not resolved, newest first."""
        found = self._database.connection.execute("SELECT * FROM alerts WHERE state != 'resolved' ORDER BY id DESC")
        return [_alert(row) for row in found]

    def waiting(self, channel: str, now_ms: int) -> int:
        """How many deliveries of `channel` may be claimed now."""
        return len(self._claimable(channel, now_ms))

    def claim(self, channel: str, claimant: str, now_ms: int) -> list[Claimed]:
        """Give `claimant` all that waits on `channel`, under a lease; a lease that ran out counts as waiting."""
        with self._database.transaction() as connection:
            rows = self._claimable(channel, now_ms)
            connection.executemany(
                "UPDATE deliveries SET state = 'claimed', claimant = ?, lease_until_ms = ?, at_ms = ? WHERE id = ?",
                [(claimant, now_ms + LEASE_MS, now_ms, row["delivery_id"]) for row in rows],
            )
        return [Claimed(row["delivery_id"], row["digest"], _alert(row)) for row in rows]

    def confirm(self, delivery_ids: Sequence[int], state: str, claimant: str, now_ms: int) -> int:
        """Move deliveries on to `state`; how many moved.

        Forward only: what is superseded or seen stays so, and only its claimant may give a claimed one back
        (state `pending`). A hand-over is believed even after the lease, for the notice was shown.
        """
        allowed = {
            "handed_over": "state IN ('pending', 'claimed')",
            "seen": "state IN ('pending', 'claimed', 'handed_over')",
            "pending": "state = 'claimed' AND claimant = :claimant",
        }[state]
        moved = 0
        with self._database.transaction() as connection:
            for delivery_id in delivery_ids:
                moved += connection.execute(
                    "UPDATE deliveries SET state = :state, at_ms = :now, lease_until_ms = NULL"
                    f" WHERE id = :id AND {allowed}",
                    {"state": state, "now": now_ms, "id": delivery_id, "claimant": claimant},
                ).rowcount
        return moved

    def _claimable(self, channel: str, now_ms: int) -> list[sqlite3.Row]:
        # A lease that ends later than a fresh one would was given before the clock was set back.
        return self._database.connection.execute(
            "SELECT d.id AS delivery_id, d.digest, a.* FROM deliveries d JOIN alerts a ON a.id = d.alert_id"
            " WHERE d.channel = ? AND (d.state = 'pending' OR (d.state = 'claimed'"
            " AND (d.lease_until_ms <= ? OR d.lease_until_ms > ?))) ORDER BY d.id",
            (channel, now_ms, now_ms + LEASE_MS),
        ).fetchall()

    def _deliveries_of(self, alert_id: int) -> list[Delivery]:
        found = self._database.connection.execute(
            "SELECT id, channel, state, at_ms FROM deliveries WHERE alert_id = ? ORDER BY id", (alert_id,)
        )
        return [Delivery(*row) for row in found]


def _alert(row: sqlite3.Row) -> Alert:
    return Alert(
        *(row["id"], row["ladder"], row["kind"], row["meter"], _decimal(row["level"]), row["severity"], row["state"]),
        *(row["fired_ms"], row["resolved_ms"], row["title"], row["body"]),
    )


def _rung(kind: str | None, level: str | None) -> Rung | None:
    return None if kind is None else Rung(Kind(kind), _decimal(level))


def _columns(rung: Rung | None) -> tuple[str | None, str | None]:
    return (None, None) if rung is None else (rung.kind, _text(rung.level))


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _text(level: Decimal | None) -> str | None:
    return None if level is None else str(level)
