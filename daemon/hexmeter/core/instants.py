"""Instants as Unix milliseconds (UTC), and their ISO 8601 form."""

from datetime import UTC, datetime, timedelta

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_datetime(at_ms: int) -> datetime:
    """The instant as an aware UTC datetime, exact to the millisecond."""
    return _EPOCH + at_ms * _MILLISECOND


def from_datetime(moment: datetime) -> int:
    """The aware datetime `moment` in Unix milliseconds, cut to the millisecond."""
    return (moment - _EPOCH) // _MILLISECOND


def parse_iso(text: str) -> int:
    """Unix milliseconds of an ISO 8601 instant such as 2026-11-22T09:30:00.000Z; one without a zone is UTC.

    Raises ValueError when `text` is no instant, or one outside the years 2000 to 2200.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if not 2000 <= moment.year <= 2200:
        raise ValueError(f"{text!r} is outside the years 2000 to 2200")
    return from_datetime(moment)


def to_iso(at_ms: int) -> str:
    """ISO 8601 in UTC with Z, to the second: 2026-11-22T09:30:00Z."""
    return to_datetime(at_ms).isoformat(timespec="seconds").replace("+00:00", "Z")
