"""Quiet hours: the span of each local day in which nobody wants to be told."""

from dataclasses import dataclass
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from hexmeter.core.periods import first_instant, local_day


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` on the clock of the wall; over midnight where `end` is the earlier.

    A time that comes twice in the night the clocks go back is the first one, and one that does not exist in the night
    they go forward is the first instant after the gap: so each night has one span, which may be an hour longer or
    shorter.
    """

    start: time
    end: time

    def end_ms(self, at_ms: int, zone: ZoneInfo) -> int | None:
        """When the quiet hours that hold `at_ms` end; None when none do."""
        today = local_day(at_ms, zone)
        for day in (today - timedelta(days=1), today):
            last = day if self.start < self.end else day + timedelta(days=1)
            ends_ms = first_instant(last, zone, self.end)
            if first_instant(day, zone, self.start) <= at_ms < ends_ms:
                return ends_ms
        return None

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"
