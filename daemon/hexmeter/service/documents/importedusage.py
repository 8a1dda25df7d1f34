"""The imported rows that count, among the ledger's: usage sums to the same by whatever it is summed."""

from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core.credits import MICRO, to_number
from hexmeter.core.instants import to_iso
from hexmeter.core.meters import Bound
from hexmeter.core.periods import Period, days_between
from hexmeter.service.documents.usagedocument import UNKNOWN
from hexmeter.service.meters.imported import Imported
from hexmeter.wire import shapes

Row = dict[str, Any]


def with_imported(imported: Imported, by: str, rows: list[Row], period: Period, zone: ZoneInfo) -> list[Row]:
    """The ledger's `rows` of `GET /v1/usage` with what counts of imported logs in `period`, in their order again."""
    micros = imported.counted(period)
    if not micros:
        return rows
    if by == "day":
        parts = [part for _, part in days_between(period.start_ms, period.end_ms, zone)]
        return [_added(row, sum(imported.counted(part).values())) for row, part in zip(rows, parts, strict=True)]
    if by == "user":
        rows = [_estimated(row, micros.pop(row["user_id"], 0)) for row in rows]
        rows += [_estimated({**imported.person(user_id), **_nothing()}, micro) for user_id, micro in micros.items()]
    elif by in ("thread", "prompt"):
        rows = rows + [_added(_nameless(imported.person(user_id), period), micro) for user_id, micro in micros.items()]
    else:
        words = {word or UNKNOWN: micro for word, micro in imported.counted_by_word(period, by).items()}
        rows = [_added(row, words.pop(row[by], 0)) for row in rows]
        rows += [_added({by: word, **_nothing()}, micro) for word, micro in words.items()]
    return sorted(rows, key=lambda row: -row["credits"])


def _added(row: Row, micro: int) -> Row:
    if not micro:
        return row
    bound = row["bound"] if row["bound"] == Bound.AT_LEAST else Bound.ESTIMATED.value
    credits = to_number(round(row["credits"] * MICRO) + micro)
    return {**row, "credits": credits, "bound": bound, "imported": to_number(micro)}


def _estimated(row: Row, micro: int) -> Row:
    return {**_added(row, micro), "estimated": True} if micro else row


def _nothing() -> Row:
    return {"credits": 0.0, "bound": Bound.EXACT.value, **shapes.prompts(None)}


def _nameless(person: Row, period: Period) -> Row:
    """A row for imported credits of a person, of which nothing tells the thread or the prompt."""
    return {
        "thread": None,
        "title": "(imported)",
        "url": None,
        **person,
        "model": UNKNOWN,
        "source": UNKNOWN,
        "type": UNKNOWN,
        **_nothing(),
        "after": to_iso(period.start_ms),
        "at": to_iso(period.end_ms),
        "basis": "imported",
        "shared": False,
    }
