"""Calibrations against the configured reset day: which other days would fit what a person read in Hex."""

from zoneinfo import ZoneInfo

import pytest

from builders import utc
from hexmeter.core.resetday import Reading, better_days

UTC = ZoneInfo("UTC")
SPENT = {utc("2026-11-03T12:00"): 10_000_000, utc("2026-11-12T12:00"): 5_000_000, utc("2026-11-18T12:00"): 2_000_000}


def read(at: str, used_micro: int) -> Reading:
    def used_since(start_ms: int) -> int:
        return sum(micro for spent_ms, micro in SPENT.items() if start_ms <= spent_ms < utc(at))

    return Reading(utc(at), used_micro, used_since)


@pytest.mark.parametrize(
    ("readings", "reset_day", "better"),
    [
        pytest.param([], 1, [], id="nobody calibrated"),
        pytest.param([read("2026-11-20T12:00", 17_000_000)], 1, [], id="it fits"),
        pytest.param([read("2026-11-20T12:00", 17_400_000)], 1, [], id="near enough fits"),
        pytest.param([read("2026-11-20T12:00", 2_000_000)], 1, [13, 14, 15, 16, 17, 18], id="it began later"),
        pytest.param(
            [read("2026-11-20T12:00", 2_000_000), read("2026-11-15T12:00", 0)], 1, [13, 14, 15], id="two say more"
        ),
        pytest.param([read("2026-11-20T12:00", 9_000_000)], 1, [], id="no day fits"),
    ],
)
def test_days_that_fit(readings: list[Reading], reset_day: int, better: list[int]) -> None:
    assert better_days(readings, reset_day, UTC) == better
