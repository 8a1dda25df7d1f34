"""Hex's rate limit: sliding windows per token, and how an excess is told."""

import math
from collections import deque
from dataclasses import dataclass
from email.utils import formatdate
from typing import Literal

from hexmeter.hex.simulator.documents import error
from hexmeter.hex.simulator.jsontext import dumps
from hexmeter.wire.httpd import Response

RetryAfter = Literal["seconds", "date", "none"]
_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Rates:
    """Requests allowed in any minute and any hour per token; None: as many as one likes."""

    per_minute: int | None = 30
    per_hour: int | None = 1_800


UNLIMITED = Rates(None, None)


class Limiter:
    """Counts the requests of each token; those it refuses do not count."""

    def __init__(self, rates: Rates) -> None:
        self.rates = rates
        self._sent: dict[str, deque[int]] = {}

    def wait_ms(self, token: str, now_ms: int) -> int:
        """Count one request of this token and return 0, or, over the limit, how long until the next is allowed."""
        sent = self._sent.setdefault(token, deque())
        while sent and sent[0] <= now_ms - _HOUR_MS:
            sent.popleft()
        waits = (
            _wait_ms(sent, self.rates.per_minute, _MINUTE_MS, now_ms),
            _wait_ms(sent, self.rates.per_hour, _HOUR_MS, now_ms),
        )
        if not max(waits):
            sent.append(now_ms)
        return max(waits)


def _wait_ms(sent: deque[int], most: int | None, window_ms: int, now_ms: int) -> int:
    if most is None or len(sent) < most:
        return 0
    if most == 0:
        return window_ms
    # The request that must leave the window before another fits.
    return max(0, sent[len(sent) - most] + window_ms - now_ms)


def too_many(retry_after: RetryAfter, wait_ms: int, now_ms: int) -> Response:
    """429 with Retry-After in seconds, as an HTTP date, or without."""
    headers: tuple[tuple[str, str], ...] = ()
    if retry_after == "seconds":
        headers = (("Retry-After", str(math.ceil(wait_ms / 1000))),)
    elif retry_after == "date":
        headers = (("Retry-After", formatdate(math.ceil((now_ms + wait_ms) / 1000), usegmt=True)),)
    return Response(429, dumps(error(429, "Rate limit exceeded")).encode(), headers=headers)
