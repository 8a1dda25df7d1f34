"""The export: the ledger, the meters and the alerts as a stream of rows, by name or by pseudonym."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from hexmeter.core.credits import to_number
from hexmeter.core.instants import to_iso
from hexmeter.core.meters import Meter
from hexmeter.core.outlook import Forecast
from hexmeter.core.pseudonyms import meter_pseudonym, pseudonym
from hexmeter.service.meters.figures import Figures
from hexmeter.store.exporting import Spent
from hexmeter.store.outbox import Alert
from hexmeter.store.store import Store
from hexmeter.wire import shapes

COLUMNS: dict[str, tuple[str, ...]] = {
    "ledger": (
        *("row", "thread", "user", "user_id", "title", "url", "model", "source", "type"),
        *("after", "at", "credits", "prompts", "basis", "seen"),
    ),
    "meters": (
        *("id", "kind", "label", "limit", "used", "remaining", "state", "bound", "adjustment", "start", "end"),
        *("expected_total", "low", "high", "exhaust_at", "probability", "note"),
    ),
    "alerts": (*("id", "kind", "meter", "level", "severity", "state", "fired_at", "resolved_at", "title", "body"),),
}
"""What can be exported, and the columns of each."""

LEFT_OUT: dict[str, tuple[str, ...]] = {
    "ledger": ("user_id", "title", "url"),
    "meters": ("label", "note"),
    "alerts": ("title", "body"),
}
"""The columns that an anonymous export leaves out; people, threads, groups have pseudonyms in it."""

Row = dict[str, Any]


class Export:
    """Reads rows for one export at a time. With a `key` it is anonymous."""

    def __init__(self, store: Store, figures: Figures, *, anonymous: bool) -> None:
        self._store = store
        self._figures = figures
        self._key = store.exporting.key() if anonymous else None

    def columns(self, what: str) -> list[str]:
        """The columns of an export."""
        left_out = LEFT_OUT[what] if self._key is not None else ()
        return [name for name in COLUMNS[what] if name not in left_out]

    async def lines(self, what: str, now_ms: int) -> AsyncIterator[bytes]:
        """A line of JSON that says what comes, one a row, and one that says that it was all."""
        columns = self.columns(what)
        left_out = [name for name in COLUMNS[what] if name not in columns]
        head = {"schema": shapes.SCHEMA, "export": what, "as_of": to_iso(now_ms), "columns": columns}
        yield _line({**head, "anonymous": self._key is not None, "left_out": left_out})
        count = 0
        for batch in self._batches(what, now_ms):
            count += len(batch)
            yield b"".join(_line({name: row[name] for name in columns}) for row in batch)
            await asyncio.sleep(0)  # Between two batches others get their turn.
        yield _line({"end": True, "rows": count})

    def _batches(self, what: str, now_ms: int) -> Iterator[list[Row]]:
        if what == "ledger":
            for batch in self._store.exporting.ledger():
                yield [self._spent(spent) for spent in batch]
        elif what == "meters":
            yield [self._meter(meter) for meter in self._figures.meters(now_ms)]
        else:
            for alert_id in self._store.exporting.alert_ids():
                alert = self._store.outbox.alert(alert_id)
                yield [self._alert(alert)] if alert is not None else []

    def _spent(self, spent: Spent) -> Row:
        usage, thread = spent.usage, spent.thread
        return {
            "row": spent.number,
            "thread": self._named("thread", thread.id),
            "user": self._person(thread.user_id, spent.email),
            "user_id": thread.user_id,
            "title": thread.title,
            "url": thread.url,
            "model": thread.model,
            "source": thread.source,
            "type": thread.type,
            "after": to_iso(usage.after_ms),
            "at": to_iso(usage.at_ms),
            "credits": to_number(usage.credits_micro),
            "prompts": usage.prompts,
            "basis": usage.basis.value,
            "seen": to_iso(usage.seen_ms),
        }

    def _meter(self, meter: Meter) -> Row:
        forecast = meter.outlook if isinstance(meter.outlook, Forecast) else None
        return {
            "id": meter.id if self._key is None else meter_pseudonym(self._key, meter.key),
            "kind": meter.kind,
            "label": meter.label,
            "limit": shapes.amount(meter.limit_micro),
            "used": shapes.amount(meter.used_micro),
            "remaining": shapes.amount(meter.remaining_micro),
            "state": meter.state.value,
            "bound": meter.bound.value,
            "adjustment": to_number(meter.adjustment_micro),
            "start": shapes.instant(meter.period.start_ms if meter.period else None),
            "end": shapes.instant(meter.period.end_ms if meter.period else None),
            "expected_total": shapes.amount(forecast.expected_micro if forecast else None),
            "low": shapes.amount(forecast.low_micro if forecast else None),
            "high": shapes.amount(forecast.high_micro if forecast else None),
            "exhaust_at": shapes.instant(forecast.exhaust_at_ms if forecast else None),
            "probability": round(forecast.probability, 4) if forecast else None,
            "note": meter.note,
        }

    def _alert(self, alert: Alert) -> Row:
        return {
            "id": alert.id,
            "kind": alert.kind,
            "meter": self._meter_of(alert),
            "level": shapes.level(alert.level),
            "severity": alert.severity,
            "state": alert.state,
            "fired_at": to_iso(alert.fired_ms),
            "resolved_at": shapes.instant(alert.resolved_ms),
            "title": alert.title,
            "body": alert.body,
        }

    def _meter_of(self, alert: Alert) -> str | None:
        """The meter that an alert is about. One that is known by its name alone is called after that person."""
        if alert.meter is None or self._key is None:
            return alert.meter
        if alert.meter_key is not None:
            return meter_pseudonym(self._key, alert.meter_key)
        kind, _, name = alert.meter.partition(":")
        person = self._store.roster.by_email(name) if kind == "grant" else None
        return meter_pseudonym(self._key, alert.meter if person is None else f"grant:user:{person.id}")

    def _person(self, user_id: str | None, email: str | None) -> str | None:
        if user_id is None or self._key is None:
            return email or user_id
        return self._named("user", user_id)

    def _named(self, kind: str, value: str) -> str:
        return value if self._key is None else pseudonym(self._key, kind, value)


def _line(document: Row) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"
