"""The forecast's contract: what it answers at the edges, and what it refuses."""

from datetime import datetime, timedelta
from decimal import Decimal
from math import isfinite, nan
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hexmeter.forecast import forecast

BERLIN = ZoneInfo("Europe/Berlin")


NESTED: list[Any] = []
for _ in range(100_000):
    NESTED = [NESTED]


def at(month: int, day: int, hour: int = 0) -> float:
    return datetime(2026, month, day, hour, tzinfo=BERLIN).timestamp()


START, END = at(11, 1), at(12, 1)
PAST = [[at(month, 1), at(month + 1, 1)] for month in range(5, 11)]


def workdays(first: float, last: float, credits: float) -> list[list[float]]:
    """`credits` at noon of every day from Monday to Friday."""
    day, found = datetime.fromtimestamp(first, BERLIN).replace(hour=12), []
    while day.timestamp() <= last:
        if day.weekday() < 5:
            found.append([day.timestamp(), credits])
        day += timedelta(days=1)
    return found


def request(**changes: Any) -> dict[str, Any]:
    now = changes.get("now", at(11, 16))
    events = workdays(PAST[0][0], now, 2)
    return {
        "timezone": "Europe/Berlin",
        "period_start": START,
        "period_end": END,
        "now": now,
        "limit": 40,
        "events": events,
        "past_periods": PAST,
        "hard_stop": False,
        "alert_active": False,
        **changes,
    }


def checked(answer: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """The answer, once it is certain that it keeps the contract."""
    assert set(answer) == {"expected_total", "low", "high", "probability", "exhaust_at", "alert", "unknown"}
    for key in ("expected_total", "low", "high", "probability"):
        assert isinstance(answer[key], float), key
        assert isfinite(answer[key]), key
    assert 0 <= answer["low"] <= answer["expected_total"] <= answer["high"]
    assert 0 <= answer["probability"] <= 1
    assert isinstance(answer["alert"], bool)
    assert answer["exhaust_at"] is None or asked["period_start"] <= answer["exhaust_at"] <= asked["period_end"]
    assert answer["unknown"] is None or answer["unknown"].startswith("learning")
    return answer


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"events": [], "past_periods": []}, id="nothing known"),
        pytest.param({"events": []}, id="no use in half a year"),
        pytest.param({"limit": 0}, id="no limit left"),
        pytest.param({"limit": 0, "events": []}, id="no limit, no use"),
        pytest.param({"limit": 1e-9, "used": 0}, id="a limit too small for any prompt"),
        pytest.param({"now": START}, id="at the start"),
        pytest.param({"now": END}, id="at the end"),
        pytest.param({"now": END, "events": []}, id="at the end of nothing"),
        pytest.param({"events": [[at(11, 3, 9), 5]]}, id="one event"),
        pytest.param({"events": [[at(11, 16), 1_000_000]], "limit": 10**9}, id="a million credits"),
        pytest.param({"limit": 10**12}, id="a limit far away"),
        pytest.param({"used": Decimal("39.5")}, id="calibrated"),
        pytest.param({"used": 0}, id="calibrated to nothing"),
        pytest.param({"hard_stop": True}, id="a hard stop"),
        pytest.param({"seats": [{"grant": 10, "events": [[at(11, 3), 12]]}, {"grant": 0}]}, id="a pool with its seats"),
        pytest.param({"something": "new"}, id="an unknown key"),
    ],
)
def test_every_valid_request_has_an_answer_in_numbers(changes: dict[str, Any]) -> None:
    asked = request(**changes)
    checked(forecast(asked), asked)


def test_a_spent_limit_is_certain_and_dated_by_its_first_crossing() -> None:
    asked = request(limit=10)
    answer = checked(forecast(asked), asked)
    assert (answer["probability"], answer["alert"], answer["unknown"]) == (1.0, True, None)
    assert answer["exhaust_at"] == at(11, 6, 12)


def test_a_limit_reached_by_fractions_is_reached() -> None:
    answer = forecast(request(limit=0.3, events=[[at(10, 5), 7.7], *([at(11, 2), 0.1] for _ in range(3))]))
    assert (answer["probability"], answer["exhaust_at"]) == (1.0, at(11, 2))


def test_a_light_user_is_not_expected_to_fill_a_large_limit() -> None:
    events = workdays(PAST[0][0], at(11, 16), 0.2)
    answer = forecast(request(limit=1_000_000, events=events))
    assert 3 < answer["expected_total"] < 6
    assert answer["high"] < 20


@pytest.mark.parametrize("seats", [0, 10])
def test_a_year_of_an_even_pace_is_foretold_as_well_as_a_month(seats: int) -> None:
    past = [[START - day * 86_400 + 50_000, 10] for day in range(200, 0, -1)]
    asked = request(period_end=START + 365 * 86_400, now=START, past_periods=[], limit=100_000, events=past)
    asked["seats"] = [{"grant": 0, "events": past}] * seats
    obvious = 3_650 * max(seats, 1)
    assert 0.9 * obvious < forecast(asked)["expected_total"] < 1.1 * obvious


def test_a_large_pool_that_was_always_even_is_neither_foretold_too_low_nor_in_great_doubt() -> None:
    seat = {"grant": 10, "events": workdays(PAST[0][0], START - 1, 2)}
    answer = forecast(request(now=START, limit=2_000, events=[], seats=[seat] * 40))
    obvious = 40 * (21 * 2 - 10)
    assert 0.92 * obvious < answer["expected_total"] < 1.08 * obvious
    assert 1.5 * obvious < answer["high"] < 1.7 * obvious, "half of what holds for anybody is kept"


def test_a_seat_that_used_more_than_was_seen_is_nearer_to_drawing_from_the_pool() -> None:
    seat = {"grant": 60, "events": workdays(PAST[0][0], at(11, 16), 2)}
    seen = forecast(request(events=[], seats=[seat]))
    calibrated = forecast(request(events=[], seats=[{**seat, "used": 55}]))
    assert seen["expected_total"] < 1
    assert 10 < calibrated["expected_total"] < 20


def test_who_has_used_little_is_not_shown_a_forecast_yet() -> None:
    answer = forecast(request(events=[[at(11, 3, 9), 5], [at(11, 4, 9), 5]]))
    assert answer["unknown"] == "learning: 2 of 3 days with use seen so far"
    assert answer["alert"] is False


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"timezone": "Mars/Olympus"}, "timezone", id="an unknown zone"),
        pytest.param({"timezone": None}, "timezone", id="no zone"),
        pytest.param({"period_end": START}, "period_end", id="an empty period"),
        pytest.param({"now": START - 1}, "now", id="now before the period"),
        pytest.param({"now": END + 1}, "now", id="now after the period"),
        pytest.param({"limit": -1}, "limit", id="a negative limit"),
        pytest.param({"limit": nan}, "limit", id="a limit that is no number"),
        pytest.param({"limit": Decimal("NaN")}, "limit", id="a decimal limit that is no number"),
        pytest.param({"used": Decimal("sNaN")}, "used", id="use that is no number, loudly"),
        pytest.param({"limit": "40"}, "limit", id="a limit in words"),
        pytest.param({"used": Decimal("Infinity")}, "used", id="endless use"),
        pytest.param({"events": [[START, nan]]}, "events", id="an amount that is no number"),
        pytest.param({"events": [[START, -1]]}, "events", id="a negative amount"),
        pytest.param({"events": [[START + 2, 1], [START, 1]]}, "events", id="unsorted events"),
        pytest.param({"events": [[END, 1]]}, "events", id="an event to come"),
        pytest.param({"events": [[START]]}, "events", id="half an event"),
        pytest.param({"events": [[START, "1"]]}, "events", id="an amount in words"),
        pytest.param({"events": [[START, True]]}, "events", id="an amount that is a truth"),
        pytest.param({"events": [[START, 10**400]]}, "events", id="an amount beyond all numbers"),
        pytest.param({"events": 5}, "events", id="events that are no list"),
        pytest.param({"limit": 10**400}, "limit", id="a limit beyond all numbers"),
        pytest.param({"limit": 10**5000}, "limit must be", id="a limit that Python refuses to write down"),
        pytest.param({"timezone": "Mars" * 1000}, "timezone", id="a zone of thousands of letters"),
        pytest.param({"past_periods": [[at(10, 1), at(11, 2)]]}, "past_periods", id="a past that is not over"),
        pytest.param({"past_periods": [[START, START]]}, "past_periods", id="an empty past period"),
        pytest.param({"events": [[0, -(10**300)]]}, "events must not have negative", id="a negative of 300 digits"),
        pytest.param({"timezone": NESTED}, "timezone", id="a zone of lists in lists without end"),
        pytest.param({"seats": [{"grant": -1}]}, "seats[0].grant", id="a negative grant"),
        pytest.param({"seats": [{"grant": 1, "used": nan}]}, "seats[0].used", id="a seat's use that is no number"),
        pytest.param({"seats": [3]}, "seats[0]", id="a seat that is none"),
    ],
)
def test_an_invalid_request_is_refused_by_the_name_of_its_key(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("[", r"\[")) as refused:
        forecast(request(**changes))
    assert len(str(refused.value)) < 200


def test_what_is_no_request_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="a request must be an object, got list"):
        forecast([])  # type: ignore[arg-type]
