"""The budget: no window ever holds more than it may, whenever requests want to go."""

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW_MS
from hexmeter.core.budget import Restraint, Window, learn, most_a_minute, wait_ms, windows
from hexmeter.core.instants import DAY_MS, HOUR_MS

PATTERNS = st.lists(st.integers(0, 30) | st.integers(0, 5_000), max_size=80)
WINDOWS = st.lists(st.builds(Window, span_ms=st.integers(1, 2_000), most=st.integers(1, 6)), min_size=1, max_size=3)


@given(WINDOWS, PATTERNS)
def test_no_window_ever_holds_more_than_allowed_and_none_waits_in_vain(limits: list[Window], pauses: list[int]) -> None:
    sent: list[int] = []
    now_ms = 0
    for pause_ms in pauses:
        now_ms += pause_ms
        pause_ms = wait_ms(sent, limits, now_ms)
        assert pause_ms >= 0
        if pause_ms:
            assert any(full(sent, window, now_ms + pause_ms - 1) for window in limits)
        now_ms += pause_ms
        assert wait_ms(sent, limits, now_ms) == 0
        sent.append(now_ms)
    for window in limits:
        for index, at_ms in enumerate(sent):
            within = bisect_left(sent, at_ms + window.span_ms) - index
            assert within <= window.most


def full(sent: list[int], window: Window, at_ms: int) -> bool:
    return sum(at_ms - window.span_ms < one <= at_ms for one in sent) >= window.most


@pytest.mark.parametrize(
    ("sent", "now_ms", "pause_ms"),
    [
        pytest.param([], 0, 0, id="nothing sent"),
        pytest.param([0, 1], 2, 0, id="room left"),
        pytest.param([0, 1, 2], 2, 59_998, id="the minute is full"),
        pytest.param([0, 1, 2], 60_000, 0, id="its oldest just left it"),
        pytest.param([0, 70_000, 140_000, 210_000], 280_000, 3_320_000, id="the hour is full"),
    ],
)
def test_a_request_waits_for_its_place(sent: list[int], now_ms: int, pause_ms: int) -> None:
    assert wait_ms(sent, windows(3, 4), now_ms) == pause_ms


def test_each_429_takes_a_quarter_of_the_rate_and_each_hour_gives_one_back() -> None:
    restraint, rates = Restraint(), []
    for _ in range(8):
        restraint = learn(restraint, 15, NOW_MS)
        rates.append(most_a_minute(restraint, 15, NOW_MS))
    assert rates == [11, 8, 6, 4, 3, 2, 1, 1]
    assert most_a_minute(restraint, 15, NOW_MS + 3 * HOUR_MS) == 4
    assert most_a_minute(restraint, 15, NOW_MS + 3 * DAY_MS) == 15
    assert most_a_minute(restraint, 15, NOW_MS - DAY_MS) == 1


def test_what_was_learned_never_raises_what_is_configured() -> None:
    restraint = learn(Restraint(), 15, NOW_MS)
    assert most_a_minute(restraint, 5, NOW_MS) == 5
