"""The clock as the edges see it; the core is given instants instead."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """A wall clock, a clock that only runs forward, and a way to wait."""

    def now_ms(self) -> int:
        """The wall clock in Unix milliseconds; it may be set back."""
        ...

    def uptime_ms(self) -> int:
        """Milliseconds since some fixed moment, sleep of the machine included; never runs back."""
        ...

    def slept_ms(self) -> int:
        """How long the machine has slept since some fixed moment."""
        ...

    async def wait(self, for_ms: int) -> None:
        """Return after `for_ms` milliseconds."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def uptime_ms(self) -> int:
        # CLOCK_MONOTONIC stands still while the machine sleeps; the budget's windows must not.
        clock = getattr(time, "CLOCK_BOOTTIME", None)
        return (time.monotonic_ns() if clock is None else time.clock_gettime_ns(clock)) // 1_000_000

    def slept_ms(self) -> int:
        # CLOCK_BOOTTIME runs on while the machine sleeps, CLOCK_MONOTONIC does not.
        return self.uptime_ms() - time.monotonic_ns() // 1_000_000

    async def wait(self, for_ms: int) -> None:
        await asyncio.sleep(for_ms / 1000)
