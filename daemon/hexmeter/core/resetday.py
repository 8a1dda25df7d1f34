"""Whether figures that people read in Hex contradict the configured reset day, and which days would fit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from hexmeter.core.credits import MICRO
from hexmeter.core.periods import period_at

_NEAR_MICRO = MICRO // 2
_NEAR_SHARE = 50
"""Half a credit, or a fiftieth: some of what Hex does is free, and a figure is read a little after it was true."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A person read at `at_ms` that so much of a grant was used. `used_since` tells what is known to be used from an
    instant until then."""

    at_ms: int
    used_micro: int
    used_since: Callable[[int], int]


def better_days(readings: Sequence[Reading], reset_day: int, zone: ZoneInfo) -> list[int]:
    """Other reset days that all the readings fit; none while they fit the configured one, or fit no day at all."""
    if not readings or _fit(readings, reset_day, zone):
        return []
    return [day for day in range(1, 32) if _fit(readings, day, zone)]


def _fit(readings: Sequence[Reading], reset_day: int, zone: ZoneInfo) -> bool:
    return all(_near(reading, period_at(reading.at_ms, reset_day, zone).start_ms) for reading in readings)


def _near(reading: Reading, start_ms: int) -> bool:
    apart_micro = abs(reading.used_since(start_ms) - reading.used_micro)
    return apart_micro <= max(_NEAR_MICRO, reading.used_micro // _NEAR_SHARE)
