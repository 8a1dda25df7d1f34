"""Figures for eyes: per cents are cut, so that nearly all is never all."""

import re
from typing import Any

import pytest

from hexmeter.wire.render import meter_table, percent, status_text


@pytest.mark.parametrize(
    ("used", "limit", "shown"),
    [
        (31.996, 40.0, "79 %"),
        (32.0, 40.0, "80 %"),
        (39.999999, 40.0, "99 %"),
        (40.0, 40.0, "100 %"),
        (0.57, 0.57, "100 %"),
        (29.0, 100.0, "29 %"),
        (4.35, 5.0, "87 %"),
        (0.0, 40.0, "0 %"),
        (44.0, 40.0, "110 %"),
    ],
)
def test_a_per_cent_is_reached_before_it_is_shown(used: float, limit: float, shown: str) -> None:
    assert percent(used, limit) == shown


def meter(bound: str) -> dict[str, Any]:
    figures = {"limit": 100.0, "used": 63.34, "remaining": 36.66, "state": "ok", "bound": bound, "note": None}
    rest = {"burn": {"per_day": 2.5}, "period": None, "forecast": {"unknown": "nothing was read"}}
    return {"id": "pool", "label": "Pool", **figures, **rest}


@pytest.mark.parametrize(
    ("bound", "left", "used", "a_day"),
    [
        ("exact", "36.66 of 100", "63.34 (63 %)", "2.5"),
        ("estimated", "about 36.66 of 100", "about 63.34 (63 %)", "about 2.5"),
        ("at_least", "at most 36.66 of 100", "at least 63.34 (63 %)", "at least 2.5"),
    ],
)
def test_what_is_used_in_all_and_a_day_is_marked_as_what_is_left_is(
    bound: str, left: str, used: str, a_day: str
) -> None:
    _, row = meter_table([meter(bound)], "UTC")
    assert f" {left}  " in row
    assert re.search(rf"  {re.escape(used)}  ok +{re.escape(a_day)} +-", row), row


def test_before_any_good_reading_no_time_is_given_for_the_figures() -> None:
    poll = {"at": "2026-11-22T11:59:00Z", "ok": False, "error": "Hex does not answer"}
    none = {"paused_until": None, "progress": None, "identity": None, "meters": [], "notes": [], "timezone": "UTC"}
    identity = {"email": "ed@acme.test", "role": "EDITOR"}
    unread = {"as_of": "2026-11-22T12:00:00Z", "stale": True, "last_poll": poll, **none, "identity": identity}
    lines = status_text(unread).splitlines()
    assert lines[0] == "Hex credits · ed@acme.test (editor) · nothing was read yet"
    assert lines[1] == "STALE: no good reading yet. The last poll failed: Hex does not answer"


def test_while_the_first_poll_reads_on_status_does_not_say_that_nothing_was_read() -> None:
    none = {"paused_until": None, "last_poll": None, "meters": [], "notes": [], "timezone": "UTC"}
    identity = {"email": None, "role": None}
    reading = {"as_of": "2026-11-22T12:00:00Z", "stale": True, "identity": identity, "progress": {"done": 1300}, **none}
    assert status_text(reading).splitlines()[:3] == [
        "Hex credits · workspace token · first reading",
        "STALE: Hex has not been read once from end to end.",
        "Reading the history: 1300 threads so far; figures still grow.",
    ]
