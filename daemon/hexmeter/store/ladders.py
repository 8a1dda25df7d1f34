"""Ladders: what each remembers of what it told, and why it changed."""

import json
import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hexmeter.core.alerts import AlertState, Kind, Rung
from hexmeter.core.periods import Period
from hexmeter.store.database import Database


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of a ladder: `outcome` is fired or resolved, None for one that tells nobody; `facts` are JSON."""

    ladder: str
    at_ms: int
    outcome: str | None
    rung: Rung | None
    reason: str
    facts: dict[str, Any]
    alert_id: int | None = None


class Ladders:
    """The states of alerts' ladders, and how they came to be."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def state(self, key: str) -> AlertState:
        """What the ladder `key` remembers."""
        row = self._database.connection.execute("SELECT * FROM ladders WHERE key = ?", (key,)).fetchone()
        if row is None:
            return AlertState()
        period = None if row["start_ms"] is None else Period(row["start_ms"], row["end_ms"])
        return AlertState(
            period,
            _rung(row["kind"], row["level"]),
            row["falls"],
            _rung(row["fallen_kind"], row["fallen_level"]),
            bool(row["over"]),
        )

    def save(self, key: str, state: AlertState) -> None:
        """Store what the ladder `key` remembers."""
        period = state.period
        self._database.connection.execute(
            "INSERT OR REPLACE INTO ladders (key, start_ms, end_ms, kind, level, falls, fallen_kind, fallen_level,"
            " over)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(key, period.start_ms if period else None, period.end_ms if period else None),
                *(*_columns(state.told), state.falls, *_columns(state.fallen_to), state.over),
            ),
        )

    def note(self, transition: Transition) -> None:
        """Store a change of a ladder."""
        self._database.connection.execute(
            "INSERT INTO transitions (ladder, at_ms, outcome, kind, level, reason, facts, alert_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(transition.ladder, transition.at_ms, transition.outcome, *_columns(transition.rung)),
                *(transition.reason, json.dumps(transition.facts), transition.alert_id),
            ),
        )

    def history(self, alert_id: int) -> list[Transition]:
        """The changes of an alert's ladder, from the first after the one before it, to its end."""
        connection = self._database.connection
        # By the ladder, of which there is an index.
        fired = connection.execute(
            "SELECT * FROM transitions WHERE ladder = (SELECT ladder FROM alerts WHERE id = :id) AND alert_id = :id",
            {"id": alert_id},
        ).fetchone()
        if fired is None:
            return []
        before = connection.execute(
            "SELECT coalesce(max(id), 0) FROM transitions WHERE ladder = ? AND id < ? AND outcome IS NOT NULL",
            (fired["ladder"], fired["id"]),
        ).fetchone()[0]
        end = connection.execute(
            "SELECT min(id) FROM transitions WHERE ladder = ? AND id > ? AND outcome IS NOT NULL",
            (fired["ladder"], fired["id"]),
        ).fetchone()[0]
        found = connection.execute(
            "SELECT * FROM transitions WHERE ladder = ? AND id > ? AND id <= ? ORDER BY id",
            (fired["ladder"], before, end or 2**62),
        )
        return [_transition(row) for row in found]

    def judged_ms(self, meter_key: str) -> int | None:
        """Up to when a person's prompts were judged; None: never yet."""
        row = self._database.connection.execute(
            "SELECT spent_ms FROM judged WHERE meter_key = ?", (meter_key,)
        ).fetchone()
        return None if row is None else int(row["spent_ms"])

    def judge(self, meter_key: str, spent_ms: int) -> None:
        """Note up to when a person's prompts were judged."""
        self._database.connection.execute("INSERT OR REPLACE INTO judged VALUES (?, ?)", (meter_key, spent_ms))


def _transition(row: sqlite3.Row) -> Transition:
    return Transition(
        *(row["ladder"], row["at_ms"], row["outcome"], _rung(row["kind"], row["level"]), row["reason"]),
        *(json.loads(row["facts"]), row["alert_id"]),
    )


def _rung(kind: str | None, level: str | None) -> Rung | None:
    return None if kind is None else Rung(Kind(kind), read_level(level))


def _columns(rung: Rung | None) -> tuple[str | None, str | None]:
    return (None, None) if rung is None else (rung.kind, level_text(rung.level))


def read_level(stored: str | None) -> Decimal | None:
    """A rung's level as it is stored."""
    return None if stored is None else Decimal(stored)


def level_text(level: Decimal | None) -> str | None:
    """A rung's level as it is to be stored: exact, which a REAL would not be."""
    return None if level is None else str(level)
