"""Cells of a usage log: amounts and times as spreadsheets and services write them, read only where they are clear."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from hexmeter.core.credits import CreditsError, parse_credits
from hexmeter.core.instants import from_datetime, parse_iso
from hexmeter.core.periods import first_instant
from hexmeter.core.strings import clean

_SHOWN = 60
_LONGEST_AMOUNT = 40
_LONGEST_TIME = 64


class CellError(ValueError):
    """The cell cannot be read; the message says why."""


class Marks(StrEnum):
    """What a column's clear amounts say of its decimal mark."""

    POINT = "point"
    COMMA = "comma"
    MIXED = "mixed"
    UNSETTLED = "unsettled"


_PLAIN = re.compile(r"\d+(?:[eE][+-]?\d{1,2})?|\d+\.\d+[eE][+-]?\d{1,2}", re.ASCII)
_SPACES = re.compile(r"(?<=\d)[ '\u00a0\u2009\u202f’](?=\d{3}(?!\d))", re.ASCII)
_UNCLEAR = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
"""1,234: a thousand and more, or one and a fraction."""

_POINT = re.compile(r"\d*\.\d+|[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_COMMA = re.compile(r"\d*,\d+|[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?", re.ASCII)


def marks_of(amounts: Iterable[str]) -> Marks:
    """What the amounts of a column that can be read in one way only say of its decimal mark."""
    point = comma = False
    for amount in amounts:
        if point and comma:
            break
        text = _joined(amount) if len(amount) <= _LONGEST_AMOUNT else ""
        if _PLAIN.fullmatch(text) or _UNCLEAR.fullmatch(text):
            continue
        point = point or bool(_POINT.fullmatch(text))
        comma = comma or bool(_COMMA.fullmatch(text))
    if point and comma:
        return Marks.MIXED
    return Marks.POINT if point else Marks.COMMA if comma else Marks.UNSETTLED


def read_credits(cell: str, marks: Marks) -> int:
    """Micro-credits of a cell such as 1.5, 1,234.5 or 1.234,5. Raises CellError, also for what can be read in two ways.

    A lone point before three digits is a decimal point unless the column has decimal commas; a lone comma before three
    digits is clear only by the rest of the column.
    """
    text = _joined(cell) if len(cell) <= _LONGEST_AMOUNT else ""
    if _UNCLEAR.fullmatch(text):
        text = _settled(text, marks)
    elif not _PLAIN.fullmatch(text):
        if _POINT.fullmatch(text):
            text = text.replace(",", "")
        elif _COMMA.fullmatch(text):
            text = text.replace(".", "").replace(",", ".")
        elif not text.startswith("-"):
            raise CellError(f"{_quoted(cell)} is no amount of credits")
    try:
        return parse_credits(text)
    except CreditsError as error:
        raise CellError(clean(str(error), _SHOWN + 40)) from None


def _settled(text: str, marks: Marks) -> str:
    """The unclear amount `text` with a decimal point or none. Raises CellError."""
    if marks is Marks.POINT or (marks is Marks.UNSETTLED and "." in text):
        return text.replace(",", "")
    if marks is Marks.COMMA:
        return text.replace(".", "").replace(",", ".")
    raise CellError(
        f"{_quoted(text)} may be a thousand and more, or a fraction; write it without a thousands separator"
    )


def _joined(cell: str) -> str:
    return _SPACES.sub("", cell.strip())


@dataclass(frozen=True, slots=True)
class Moment:
    """When a row says it was: the instant; whether it names a day alone; and `said`, which no setting changes."""

    at_ms: int
    whole_day: bool
    said: str


class Times:
    """Reads the times of one log; those without a zone are of `zone`."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._days: dict[str, Moment] = {}

    def read(self, cell: str) -> Moment:
        """The moment of a cell: ISO 8601, seconds or milliseconds since 1970, a local date or a local date and time.

        Raises CellError.
        """
        text = cell.strip()
        if len(text) > _LONGEST_TIME:
            raise CellError(f"{_quoted(text)} is no time")
        if text in self._days:
            return self._days[text]
        try:
            return self._number(text) if _NUMBER.fullmatch(text) else self._written(text)
        except (ValueError, OverflowError):
            raise CellError(f"{_quoted(text)} is no time: ISO 8601 (2026-11-22T09:30:00Z) is understood") from None

    def _number(self, text: str) -> Moment:
        whole, _, fraction = text.partition(".")
        in_seconds = len(whole) <= 10
        at_ms = int(whole) * 1000 + int((fraction + "000")[:3]) if in_seconds else int(whole)
        if not _FIRST_MS <= at_ms < _LAST_MS:
            raise ValueError(text)
        return Moment(at_ms, False, str(at_ms))

    def _written(self, text: str) -> Moment:
        if _DATE.fullmatch(text):
            day = date.fromisoformat(text)
            at_ms = first_instant(day, self._zone)
            self._days[text] = Moment(_checked(at_ms), True, day.isoformat())
            return self._days[text]
        if text.endswith(("UTC", "GMT", " +0000")):
            text = _UTC.sub("Z", text)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            at_ms = _checked(from_datetime(moment))
            return Moment(at_ms, False, str(at_ms))
        return Moment(_checked(from_datetime(moment.replace(tzinfo=self._zone))), False, moment.isoformat())


_NUMBER = re.compile(r"\d{9,10}(?:\.\d{1,9})?|\d{12,13}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_UTC = re.compile(r"\s*(?:UTC|GMT|(?<=\d)\s+\+0000)$")
_FIRST_MS, _LAST_MS = parse_iso("2000-01-01"), parse_iso("2200-01-01")


def _checked(at_ms: int) -> int:
    if not _FIRST_MS <= at_ms < _LAST_MS:
        raise ValueError(at_ms)
    return at_ms


def _quoted(cell: str) -> str:
    return repr(clean(cell, _SHOWN)) if cell.strip() else "an empty cell"
