"""When failed deliveries are tried again."""

import pytest

from builders import NOW_MS
from hexmeter.core.instants import DAY_MS, HOUR_MS, SECOND_MS
from hexmeter.core.retries import is_hopeless, next_try_ms


@pytest.mark.parametrize(
    ("tries", "chance", "pause_s"),
    [(1, 0.0, 30), (1, 1.0, 15), (2, 0.0, 60), (3, 0.5, 90), (8, 0.0, 3600), (500, 0.0, 3600), (500, 1.0, 1800)],
)
def test_each_try_waits_twice_as_long_up_to_an_hour(tries: int, chance: float, pause_s: int) -> None:
    assert next_try_ms(tries, NOW_MS, chance) - NOW_MS == pause_s * SECOND_MS


def test_after_a_day_it_is_given_up() -> None:
    assert not is_hopeless(NOW_MS - DAY_MS + HOUR_MS, NOW_MS)
    assert is_hopeless(NOW_MS - DAY_MS, NOW_MS)
