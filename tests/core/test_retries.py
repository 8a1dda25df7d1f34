"""When failed deliveries are tried again."""

import pytest

from builders import NOW_MS
from hexmeter.core.instants import DAY_MS, HOUR_MS, SECOND_MS
from hexmeter.core.retries import is_hopeless, next_try_ms, retry_after_ms


@pytest.mark.parametrize(
    ("tries", "chance", "pause_s"),
    [(1, 0.0, 30), (1, 1.0, 15), (2, 0.0, 60), (3, 0.5, 90), (8, 0.0, 3600), (500, 0.0, 3600), (500, 1.0, 1800)],
)
def test_each_try_waits_twice_as_long_up_to_an_hour(tries: int, chance: float, pause_s: int) -> None:
    assert next_try_ms(tries, NOW_MS, chance) - NOW_MS == pause_s * SECOND_MS


@pytest.mark.parametrize(
    ("header", "pause_ms"),
    [
        ("12", 12 * SECOND_MS),
        (" 12 ", 12 * SECOND_MS),
        ("0", 0),
        ("9" * 6_000, HOUR_MS),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30 * SECOND_MS),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", HOUR_MS),
        ("Sun, 22 Nov 2026 12:00:30 +" + "9" * 30, None),
        ("Sun, 99 Nov 2026 12:00:30 GMT", None),
        (None, None),
    ],
)
def test_retry_after_is_read_leniently(header: str | None, pause_ms: int | None) -> None:
    assert retry_after_ms(header, NOW_MS, HOUR_MS) == pause_ms


@pytest.mark.parametrize(
    ("tries", "asked_s", "pause_s"),
    [
        pytest.param(1, 600, 600, id="longer than ours"),
        pytest.param(4, 10, 120, id="shorter than ours"),
        pytest.param(1, 90_000, 3600, id="longer than we ever wait"),
    ],
)
def test_the_other_end_may_ask_for_more_time_up_to_an_hour(tries: int, asked_s: int, pause_s: int) -> None:
    assert next_try_ms(tries, NOW_MS, 1.0, asked_s * SECOND_MS) - NOW_MS == pause_s * SECOND_MS


def test_after_a_day_it_is_given_up() -> None:
    assert not is_hopeless(NOW_MS - DAY_MS + HOUR_MS, NOW_MS)
    assert is_hopeless(NOW_MS - DAY_MS, NOW_MS)
