"""What status bars show: one line about the meter nearest to its limit."""

import json
from typing import Any

import pytest

from hexmeter.wire.statusbar import formatted, oneline, waybar


def meter(remaining: float | None, **other: Any) -> dict[str, Any]:
    used = None if remaining is None else 40 - remaining
    figures = {"limit": 40.0, "used": used, "remaining": remaining, "state": "ok", "bound": "exact"}
    return {"id": "grant:ed@acme.test", "label": "ed@acme.test", **figures, **other}


def status(*meters: dict[str, Any], stale: bool = False, email: str | None = "ed@acme.test") -> dict[str, Any]:
    identity = {"email": email, "role": "EDITOR", "org": "o"}
    good = {"at": "2026-11-22T12:00:00Z", "ok": True, "error": None}
    read = {"as_of": "2026-11-22T12:00:00Z", "stale": stale, "last_poll": good}
    return {**read, "identity": identity, "meters": list(meters)}


@pytest.mark.parametrize(
    ("document", "line"),
    [
        pytest.param(status(meter(27.5)), "27.5/40", id="one's own"),
        pytest.param(status(meter(27.5), email=None), "ed 27.5/40", id="somebody else's"),
        pytest.param(status(meter(2.0), meter(30)), "ed 2/40", id="the nearest of several"),
        pytest.param(status(meter(2.333, bound="estimated")), "~2.33/40", id="estimated"),
        pytest.param(status(meter(2, bound="at_least")), "≤2/40", id="at most so many are left"),
        pytest.param(status(meter(0, bound="at_least")), "0/40", id="none left is none"),
        pytest.param(status(meter(27.5), stale=True), "27.5/40 (stale)", id="old figures say so"),
        pytest.param(status(meter(None)), "unknown", id="no figure is not zero"),
        pytest.param(status(), "unknown", id="no meters"),
    ],
)
def test_the_line_is_about_the_meter_nearest_to_its_limit(document: dict[str, Any], line: str) -> None:
    assert oneline(document) == line
    assert formatted("oneline", document) == line


@pytest.mark.parametrize(
    ("document", "name", "percentage"),
    [
        pytest.param(status(meter(4, state="warning")), "warning", 90, id="warning"),
        pytest.param(status(meter(0, state="exhausted", used=80.0)), "exhausted", 100, id="used twice over"),
        pytest.param(status(meter(4, state="warning"), stale=True), "stale", 90, id="stale"),
        pytest.param(status(meter(None, state="unknown")), "unknown", None, id="unknown"),
        pytest.param(status(meter(4, state="brand new")), "unknown", 90, id="a state of a later version"),
        pytest.param(status(), "unknown", None, id="nothing"),
    ],
)
def test_waybar_gets_a_class_and_a_percentage(document: dict[str, Any], name: str, percentage: int | None) -> None:
    shown = waybar(document)
    assert (shown["class"], shown.get("percentage")) == (name, percentage)
    assert json.loads(formatted("waybar", document)) == shown
    assert shown["tooltip"]


def test_how_old_figures_are_is_told_in_the_zone_of_the_plan() -> None:
    document = {**status(meter(27.5), stale=True), "timezone": "Asia/Kathmandu"}
    assert waybar(document)["tooltip"].splitlines()[0] == "No good reading since Sun 22 Nov 17:45"


@pytest.mark.parametrize(
    ("last_poll", "line"),
    [
        pytest.param(None, "No good reading yet", id="not polled"),
        pytest.param({"at": "2026-11-22T11:59:00Z", "ok": False}, "No good reading yet", id="never a good one"),
        pytest.param({"at": "2026-11-22T12:20:00Z", "ok": False}, "No good reading since ", id="good ones before"),
        pytest.param(
            {"at": "2026-11-22T12:00:00Z", "ok": True}, "No good reading since ", id="a daemon that stood still"
        ),
    ],
)
def test_a_tooltip_of_old_figures_begins_with_their_age(last_poll: dict[str, Any] | None, line: str) -> None:
    assert waybar({**status(meter(4), stale=True), "last_poll": last_poll})["tooltip"].startswith(line)


def test_a_tooltip_that_does_not_show_all_meters_says_so() -> None:
    assert waybar(status(*[meter(4)] * 10))["tooltip"].count("\n") == 9
    assert waybar(status(*[meter(4)] * 12))["tooltip"].endswith("\nand 2 more")
