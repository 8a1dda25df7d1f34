"""Ladders: what each remembers of what it told."""

from decimal import Decimal

from hexmeter.core.alerts import AlertState, Kind, Rung
from hexmeter.core.periods import Period
from hexmeter.store.database import Database


class Ladders:
    """The states of alerts' ladders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def state(self, key: str) -> AlertState:
        """What the ladder `key` remembers."""
        row = self._database.connection.execute("SELECT * FROM ladders WHERE key = ?", (key,)).fetchone()
        if row is None:
            return AlertState()
        period = None if row["start_ms"] is None else Period(row["start_ms"], row["end_ms"])
        return AlertState(
            period, _rung(row["kind"], row["level"]), row["falls"], _rung(row["fallen_kind"], row["fallen_level"])
        )

    def save(self, key: str, state: AlertState) -> None:
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


def _rung(kind: str | None, level: str | None) -> Rung | None:
    return None if kind is None else Rung(Kind(kind), _decimal(level))


def _columns(rung: Rung | None) -> tuple[str | None, str | None]:
    return (None, None) if rung is None else (rung.kind, _text(rung.level))


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _text(level: Decimal | None) -> str | None:
    return None if level is None else str(level)
