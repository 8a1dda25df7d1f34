"""When what failed is tried again, and when it is given up."""

from email.utils import parsedate_to_datetime

from hexmeter.core.instants import DAY_MS, HOUR_MS, SECOND_MS, from_datetime

FIRST_MS = 30 * SECOND_MS
LONGEST_MS = HOUR_MS
PATIENCE_MS = DAY_MS
"""What failed for so long is given up: a warning of yesterday helps nobody."""


_MOST_DIGITS = 40
"""Python reads no number of thousands of digits."""


def next_try_ms(tries: int, now_ms: int, chance: float, asked_ms: int = 0) -> int:
    """When to try again after `tries` failures in a row: twice as late each time, up to an hour; no sooner than
    `asked_ms` from now, for which the other end asked, if that is no longer.

    `chance` (0 to 1) takes away up to half, so that what failed together does not come back together.
    """
    pause_ms = min(LONGEST_MS, FIRST_MS << min(tries - 1, 20))
    return now_ms + max(pause_ms - int(pause_ms / 2 * chance), min(asked_ms, LONGEST_MS))


def retry_after_ms(header: str | None, now_ms: int, longest_ms: int) -> int | None:
    """For how long a Retry-After asks to wait, in seconds or by an HTTP date, `longest_ms` at most; None when it is
    missing or neither."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return min(int(header.strip()[:_MOST_DIGITS]) * SECOND_MS, longest_ms)
    try:
        until_ms = from_datetime(parsedate_to_datetime(header))
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(0, until_ms - now_ms), longest_ms)


def is_hopeless(since_ms: int, now_ms: int) -> bool:
    """Whether what has failed since then is given up."""
    return now_ms - since_ms >= PATIENCE_MS
