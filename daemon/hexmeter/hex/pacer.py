"""The pacer: lets each request go when the budget allows, and writes down that it went."""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from hexmeter.core.budget import Restraint, Window, learn, most_a_minute, wait_ms
from hexmeter.core.clock import Clock
from hexmeter.core.instants import DAY_MS, MINUTE_MS

_FIRST_BACKOFF_MS = 1_000
_LONGEST_BACKOFF_MS = 120_000
_LONGEST_HOLD_MS = 7 * DAY_MS
_ON_THE_WAY_MS = 250
"""Hex counts requests as they arrive, and one that has to connect first is longer on its way than those after it: each
is counted so much after it was sent, so that Hex's window never holds too many either."""


class Journal(Protocol):
    """Where requests are written down, so that the budget holds over restarts."""

    def requests_since(self, since_ms: int) -> Sequence[int]:
        """When the requests since then were sent (Unix milliseconds), in ascending order."""
        ...

    def write_request(self, sent_ms: int) -> int:
        """Write a request down as sent; its number, higher than any before."""
        ...

    def restraint(self) -> Restraint:
        """What 429s have taught so far."""
        ...

    def save_restraint(self, restraint: Restraint) -> None:
        """Write down what a 429 has taught."""
        ...


class Pacer:
    """The sliding windows of `[poll]`, and the waits Hex asks for.

    Windows are counted on the clock that never runs back, so a wall clock that is set moves nothing.
    """

    def __init__(self, limits: Sequence[Window], clock: Clock, journal: Journal, seed: int | None = None) -> None:
        self._limits = limits
        self._clock = clock
        self._journal = journal
        self._random = random.Random(seed)  # noqa: S311 (jitter is no secret)
        self._sent_ms: deque[int] = deque(maxlen=max(window.most for window in limits))
        self._held_until_ms = 0
        self._restraint = journal.restraint()
        self._load()

    async def turn(self) -> int:
        """Wait until one more request may go, count it as sent, and give its number."""
        while (pause_ms := self.wait_ms()) > 0:
            await self._clock.wait(pause_ms)
        self._sent_ms.append(self._clock.uptime_ms() + _ON_THE_WAY_MS)
        return self._journal.write_request(self._clock.now_ms())

    def wait_ms(self) -> int:
        """How long the next request has to wait, in milliseconds; 0 when it may go now."""
        return max(self.held_ms(), wait_ms(self._sent_ms, self._limits_now(), self._clock.uptime_ms()), 0)

    def held_ms(self) -> int:
        """How long Hex, or a fault of it, has us wait, whatever the budget says."""
        return max(0, self._held_until_ms - self._clock.uptime_ms())

    def hold(self, for_ms: int) -> None:
        """Send nothing for `for_ms` milliseconds."""
        self._held_until_ms = max(self._held_until_ms, self._clock.uptime_ms() + for_ms)

    def refused(self, for_ms: int) -> None:
        """A 429 came: send nothing for `for_ms` milliseconds, and less from then on; a restart does not forget it."""
        self.hold(for_ms)
        now_ms = self._clock.now_ms()
        configured = min(window.most for window in self._limits if window.span_ms == MINUTE_MS)
        learned = learn(self._restraint, configured, now_ms)
        self._restraint = replace(learned, held_until_ms=max(learned.held_until_ms, now_ms + for_ms))
        self._journal.save_restraint(self._restraint)

    def backoff_ms(self, failures: int) -> int:
        """How long to wait after so many failures in a row: exponential with full jitter, up to two minutes."""
        return self._random.randint(0, min(_LONGEST_BACKOFF_MS, _FIRST_BACKOFF_MS << min(failures, 20)))

    def _limits_now(self) -> list[Window]:
        now_ms = self._clock.now_ms()
        return [
            Window(window.span_ms, most_a_minute(self._restraint, window.most, now_ms))
            if window.span_ms == MINUTE_MS
            else window
            for window in self._limits
        ]

    def _load(self) -> None:
        now_ms, uptime_ms = self._clock.now_ms(), self._clock.uptime_ms()
        # A hold that ends later than the longest one was written before the clock was set back.
        self._held_until_ms = uptime_ms + min(max(0, self._restraint.held_until_ms - now_ms), _LONGEST_HOLD_MS)
        span_ms = max(window.span_ms for window in self._limits)
        for sent_ms in self._journal.requests_since(now_ms - span_ms):
            # One from the future is older than a change of the clock; how old cannot be told, so it counts as new.
            self._sent_ms.append(uptime_ms - max(0, now_ms - sent_ms) + _ON_THE_WAY_MS)
