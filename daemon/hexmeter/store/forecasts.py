"""Forecasts: the one that stands of each meter, those that were shown a few times a day, and how they did."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from hexmeter.core.instants import HOUR_MS
from hexmeter.core.outlook import Forecast, NoForecast, Outlook, Warned
from hexmeter.core.periods import Period
from hexmeter.core.scoring import Record, Score, Shown
from hexmeter.store.database import Database

_EVERY_MS = 6 * HOUR_MS
"""A meter's forecasts are kept so far apart, and besides whenever they begin or cease to warn."""

_SHOWN = (
    "at_ms, limit_micro, used_micro, expected_micro, low_micro, high_micro, probability, exhaust_ms AS exhaust_at_ms,"
    " alert"
)


@dataclass(frozen=True, slots=True)
class Stood:
    """One meter's outlook as it was made at `at_ms` of what the meter then showed, in the meter's own terms.

    `past` is how many past periods it knew. `before_micro` is what the meter counts from before the period, which the
    pool does: it is left out of what is kept for scoring.
    """

    meter_key: str
    at_ms: int
    period: Period
    limit_micro: int
    used_micro: int
    past: int
    outlook: Outlook
    warned: Warned
    before_micro: int = 0


class Forecasts:
    """What was forecast of meters, by their keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def standing(self) -> dict[str, Stood]:
        """The last outlook of each meter, of whatever period."""
        found = self._database.connection.execute("SELECT * FROM outlooks")
        return {row["meter_key"]: _stood(row) for row in found}

    def save(self, made: Iterable[Stood]) -> None:
        """Let these outlooks stand, and keep those forecasts that are due to be kept."""
        with self._database.transaction() as connection:
            for stood in made:
                self._stand(connection, stood)
                if isinstance(stood.outlook, Forecast) and self._is_due(connection, stood, stood.outlook):
                    self._keep(connection, stood, stood.outlook)

    def shown(self, meter_key: str, period: Period) -> list[Shown]:
        """The forecasts of a meter that were kept in `period`, in the order of time."""
        found = self._database.connection.execute(
            f"SELECT {_SHOWN} FROM forecasts WHERE meter_key = ? AND start_ms = ? AND end_ms = ? ORDER BY at_ms",
            (meter_key, period.start_ms, period.end_ms),
        )
        return [Shown(**{**dict(row), "alert": bool(row["alert"])}) for row in found]

    def unscored(self, before_ms: int) -> list[tuple[str, Period]]:
        """The meters and periods that ended up to then, have forecasts, and no score."""
        found = self._database.connection.execute(
            "SELECT DISTINCT meter_key, start_ms, end_ms FROM forecasts f WHERE end_ms <= ? AND NOT EXISTS"
            " (SELECT 1 FROM scores s WHERE s.meter_key = f.meter_key AND s.start_ms = f.start_ms)",
            (before_ms,),
        )
        return [(row["meter_key"], Period(row["start_ms"], row["end_ms"])) for row in found]

    def save_scores(self, scores: Iterable[Score]) -> None:
        """Store how forecasts did."""
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        *(one.meter_key, one.period.start_ms, one.period.end_ms, one.limit_micro, one.total_micro),
                        *(one.checks, one.held, one.error_micro, one.exhausted, one.warned_ms, one.exhausted_ms),
                    )
                    for one in scores
                ],
            )

    def scores(self) -> list[Score]:
        """All scores, the newest periods first."""
        found = self._database.connection.execute("SELECT * FROM scores ORDER BY start_ms DESC, meter_key")
        return [
            Score(
                *(row["meter_key"], Period(row["start_ms"], row["end_ms"]), row["limit_micro"], row["total_micro"]),
                *(row["checks"], row["held"], row["error_micro"], bool(row["exhausted"])),
                *(row["warned_ms"], row["exhausted_ms"]),
            )
            for row in found
        ]

    def records(self) -> dict[str, Record]:
        """How often the ranges of each meter held, over the periods that had any."""
        found = self._database.connection.execute(
            "SELECT meter_key, count(*), sum(checks), sum(held) FROM scores WHERE checks > 0 GROUP BY meter_key"
        )
        return {row[0]: Record(*row[1:]) for row in found}

    def forget(self, before_ms: int) -> None:
        """Forget the forecasts of periods that ended before then; their scores stay."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM forecasts WHERE end_ms < ?", (before_ms,))
            connection.execute("DELETE FROM outlooks WHERE end_ms < ?", (before_ms,))

    def _stand(self, connection: sqlite3.Connection, stood: Stood) -> None:
        known = stood.outlook if isinstance(stood.outlook, Forecast) else None
        connection.execute(
            "INSERT OR REPLACE INTO outlooks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(stood.meter_key, stood.at_ms, stood.period.start_ms, stood.period.end_ms),
                *(stood.limit_micro, stood.used_micro, stood.past),
                *((known.expected_micro, known.low_micro, known.high_micro) if known else (None, None, None)),
                *((known.probability, known.exhaust_at_ms, known.alert) if known else (None, None, False)),
                stood.outlook.reason if isinstance(stood.outlook, NoForecast) else None,
                *(stood.warned.now, stood.warned.ever),
            ),
        )

    def _is_due(self, connection: sqlite3.Connection, stood: Stood, forecast: Forecast) -> bool:
        last = connection.execute(
            "SELECT at_ms, alert, used_micro >= limit_micro AS ended FROM forecasts WHERE meter_key = ?"
            " AND start_ms = ? ORDER BY at_ms DESC LIMIT 1",
            (stood.meter_key, stood.period.start_ms),
        ).fetchone()
        if last is None or not 0 <= stood.at_ms - last["at_ms"] < _EVERY_MS:
            return True
        return (forecast.alert, stood.used_micro >= stood.limit_micro) != (bool(last["alert"]), bool(last["ended"]))

    def _keep(self, connection: sqlite3.Connection, stood: Stood, forecast: Forecast) -> None:
        amounts = (
            stood.limit_micro,
            stood.used_micro,
            forecast.expected_micro,
            forecast.low_micro,
            forecast.high_micro,
        )
        connection.execute(
            "INSERT OR REPLACE INTO forecasts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(stood.meter_key, stood.period.start_ms, stood.at_ms, stood.period.end_ms),
                *(amount - stood.before_micro for amount in amounts),
                *(forecast.probability, forecast.exhaust_at_ms, forecast.alert),
            ),
        )


def _stood(row: sqlite3.Row) -> Stood:
    if row["unknown"] is not None:
        outlook: Outlook = NoForecast(row["unknown"])
    else:
        amounts = (row["expected_micro"], row["low_micro"], row["high_micro"])
        outlook = Forecast(*amounts, row["probability"], row["exhaust_ms"], bool(row["alert"]))
    return Stood(
        meter_key=row["meter_key"],
        at_ms=row["at_ms"],
        period=Period(row["start_ms"], row["end_ms"]),
        limit_micro=row["limit_micro"],
        used_micro=row["used_micro"],
        past=row["past"],
        outlook=outlook,
        warned=Warned(bool(row["warned_now"]), bool(row["warned_ever"])),
    )
