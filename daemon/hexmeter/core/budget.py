"""The request budget: how long to wait before the next request, so that no sliding window holds too many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hexmeter.core.instants import HOUR_MS, MINUTE_MS


@dataclass(frozen=True, slots=True)
class Window:
    """At most `most` requests in any `span_ms` milliseconds."""

    span_ms: int
    most: int


def windows(requests_per_minute: int, requests_per_hour: int) -> tuple[Window, Window]:
    """The two windows of `[poll]`. Hex allows 30 a minute and 1,800 an hour; the defaults take half of either."""
    return Window(MINUTE_MS, requests_per_minute), Window(HOUR_MS, requests_per_hour)


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
