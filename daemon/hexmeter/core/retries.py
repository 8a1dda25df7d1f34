"""When a delivery that failed is tried again, and when it is given up."""

from hexmeter.core.instants import DAY_MS, HOUR_MS, SECOND_MS

FIRST_MS = 30 * SECOND_MS
LONGEST_MS = HOUR_MS
PATIENCE_MS = DAY_MS
"""What failed for so long is given up: a warning of yesterday helps nobody."""


def next_try_ms(tries: int, now_ms: int, chance: float) -> int:
    """When to try again after `tries` failures in a row: twice as late each time, up to an hour.

    `chance` (0 to 1) takes away up to half, so that what failed together does not come back together.
    """
    pause_ms = min(LONGEST_MS, FIRST_MS << min(tries - 1, 20))
    return now_ms + pause_ms - int(pause_ms / 2 * chance)


def is_hopeless(since_ms: int, now_ms: int) -> bool:
    """Whether what has failed since then is given up."""
    return now_ms - since_ms >= PATIENCE_MS
