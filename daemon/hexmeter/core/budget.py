"""The request budget: how long to wait before the next request, so that no sliding window holds too many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hexmeter.core.instants import HOUR_MS, MINUTE_MS


@dataclass(frozen=True, slots=True)
class Window:
    """At most `most` requests in any `span_ms` milliseconds."""

    span_ms: int
    most: int


def windows(requests_per_minute: int, requests_per_hour: int) -> tuple[Window, Window]:
    """The two windows of `[poll]`. Hex allows 30 a minute and 1,800 an hour; the defaults take half of either."""
    return Window(MINUTE_MS, requests_per_minute), Window(HOUR_MS, requests_per_hour)


@dataclass(frozen=True, slots=True)
class Restraint:
    """What 429s have taught: nothing goes before `held_until_ms`, and no more than `most_a_minute` (None: as
    configured) since `learned_ms`. Unix milliseconds, for it outlasts a restart."""

    held_until_ms: int = 0
    most_a_minute: int | None = None
    learned_ms: int = 0


def learn(restraint: Restraint, configured: int, now_ms: int) -> Restraint:
    """After a 429: a quarter less a minute than until now, for a part of Hex's limit is used by other tools."""
    until_now = most_a_minute(restraint, configured, now_ms)
    return replace(restraint, most_a_minute=max(1, until_now * 3 // 4), learned_ms=now_ms)


def most_a_minute(restraint: Restraint, configured: int, now_ms: int) -> int:
    """How many requests a minute may go: each hour without a 429 gives one back, up to what is configured."""
    if restraint.most_a_minute is None:
        return configured
    return min(configured, restraint.most_a_minute + max(0, now_ms - restraint.learned_ms) // HOUR_MS)


def wait_ms(sent_ms: Sequence[int], limits: Iterable[Window], now_ms: int) -> int:
    """Milliseconds from `now_ms` until one more request fits all windows; 0 when it does now.

    `sent_ms`: when the past requests were sent, in ascending order, on the same clock as `now_ms`.
    """
    longest = 0
    for window in limits:
        if len(sent_ms) >= window.most:
            # The window frees a place once its oldest counted request has left it.
            longest = max(longest, sent_ms[-window.most] + window.span_ms - now_ms)
    return longest
