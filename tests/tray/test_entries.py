"""The menu's entries that do something, as tables: alerts, pausing, opening, refreshing, starting at login."""

from typing import Any

import pytest

from hexmeter_tray.lines import LINE_CHARACTERS
from hexmeter_tray.model import Action, Facts, Gauge, IconState, MenuItem, Refresh
from hexmeter_tray.view import view

from .fake_daemon import meter, status
from .test_view import BERLIN, NOW_MS, shown


def menu_of(document: dict[str, Any] | None, **facts: Any) -> dict[str, MenuItem]:
    """The menu's entries by id, those below others too."""
    menu = view(Facts(document, **facts), NOW_MS, BERLIN).menu
    return {item.id: item for top in menu for item in (top, *top.children)}


def test_active_alerts_are_listed_between_meters_and_actions() -> None:
    alerts = ({"id": 7, "title": "Hex credits: 80 % used"}, {"id": 8, "title": "\u202eThe pool ends\x1b[31m"})
    labels = shown(status(), alerts=alerts)
    assert labels[:5] == ["Grant 27.5 of 40 left", "---", "Hex credits: 80 % used", "The pool ends[31m", "---"]


MUTES = ("Mute this kind", "Mute this meter")
ALERT = {"id": 7, "kind": "used", "meter": "grant:ed@acme.test", "title": "80 % used", "state": "firing"}


@pytest.mark.parametrize(
    ("changes", "title", "ways"),
    [
        pytest.param(
            {},
            "80 % used",
            ["Snooze until tomorrow", "Snooze until the reset", "Acknowledge", "This is wrong", *MUTES],
            id="firing",
        ),
        pytest.param(
            {"state": "snoozed", "snoozed_until": "2026-11-23T08:00:00Z"},
            "80 % used (snoozed until Mon 23 Nov 09:00)",
            ["End the snooze", "Acknowledge", "This is wrong", *MUTES],
            id="snoozed",
        ),
        pytest.param(
            {"state": "acknowledged"},
            "80 % used (acknowledged)",
            ["Take the acknowledgement back", "This is wrong", *MUTES],
            id="acknowledged",
        ),
        pytest.param(
            {"kind": "blind", "meter": None, "muted": True},
            "80 % used (muted)",
            ["Snooze until tomorrow", "Acknowledge", "Mute this kind"],
            id="of no meter, muted",
        ),
        pytest.param(
            {"kind": "runs", "meter": "runs"},
            "80 % used",
            ["Snooze until tomorrow", "Snooze until the reset", "Acknowledge", "Mute this kind"],
            id="of a meter that nobody calibrates, and is called as its kind",
        ),
        pytest.param(
            {"kind": "restored", "meter": None},
            "80 % used",
            ["Snooze until tomorrow", "Acknowledge"],
            id="of a kind that is always told",
        ),
    ],
)
def test_an_alert_offers_what_can_be_done_about_it(changes: dict[str, Any], title: str, ways: list[str]) -> None:
    entry = menu_of(status(), alerts=({**ALERT, **changes},))["alert:7"]
    assert entry.label == title
    assert [way.label for way in entry.children] == ways
    assert {way.target for way in entry.children if way.what == ""} == {7}


KIND_MUTED = {"scope": "kind", "what": "used", "since": "2026-11-20T08:00:00Z", "until": None}
METER_MUTED = {**KIND_MUTED, "scope": "meter", "what": "grant:ed@acme.test"}


@pytest.mark.parametrize(
    ("silences", "ways"),
    [
        pytest.param((), {"Mute this kind": "used", "Mute this meter": "grant:ed@acme.test"}, id="none"),
        pytest.param(
            (KIND_MUTED,), {"Unmute this kind": "used", "Mute this meter": "grant:ed@acme.test"}, id="its kind"
        ),
        pytest.param(
            (METER_MUTED,), {"Mute this kind": "used", "Unmute this meter": "grant:ed@acme.test"}, id="its meter"
        ),
        pytest.param(
            ({**METER_MUTED, "until": "2026-12-01T00:00:00Z"}, {**KIND_MUTED, "what": "burn"}, {"scope": 7}),
            {"Mute this kind": "used", "Mute this meter": "grant:ed@acme.test"},
            id="snoozed, another kind, an odd one",
        ),
    ],
)
def test_an_alert_offers_to_mute_its_kind_and_its_meter_and_the_way_back(
    silences: tuple[dict[str, Any], ...], ways: dict[str, str]
) -> None:
    entry = menu_of(status(), alerts=(ALERT,), silences=silences)["alert:7"]
    assert {way.label: way.what for way in entry.children if way.what} == ways
    for way in entry.children:
        assert not way.what or way.action is (Action.UNMUTE if way.label.startswith("Unmute") else Action.MUTE)


def test_what_is_muted_is_listed_with_the_way_back_though_no_alert_stands() -> None:
    document = status(meters=[meter(label="Ed\u202e")])
    assert shown(document, silences=(KIND_MUTED, METER_MUTED))[:4] == [
        "Grant 27.5 of 40 left",
        "---",
        "Muted: all of kind used, Ed",
        "---",
    ]
    entry = menu_of(document, silences=(KIND_MUTED, METER_MUTED))["muted"]
    assert [(way.label, way.action, way.what) for way in entry.children] == [
        ("Unmute all of kind used", Action.UNMUTE, "used"),
        ("Unmute Ed", Action.UNMUTE, "grant:ed@acme.test"),
    ]


def test_of_many_mutes_ten_are_listed_in_a_line_that_is_cut() -> None:
    silences = tuple({**METER_MUTED, "what": f"grant:{number}@acme.test"} for number in range(12))
    entry = menu_of(status(), silences=silences)["muted"]
    assert (len(entry.label), entry.label[-1]) == (LINE_CHARACTERS, "…")
    assert [way.label for way in entry.children][9:] == ["Unmute grant:9@acme.test", "and 2 more"]


def test_of_many_alerts_five_are_listed() -> None:
    alerts = tuple({**ALERT, "id": number} for number in range(1, 9))
    assert [label for label in shown(status(), alerts=alerts) if "80 %" in label or "more" in label][-2:] == [
        "80 % used",
        "and 3 more",
    ]


def test_a_pause_shows_and_can_be_ended() -> None:
    document = status(paused_until="2026-11-22T15:10:00Z", stale=True, meters=[meter(state="critical")])
    seen = view(Facts(document), NOW_MS, BERLIN)
    assert seen.menu[0].label == "Paused until 16:10: figures stand still"
    assert seen.icon == IconState(Gauge.PAUSED, 65)
    assert "Paused until 16:10" in seen.title
    assert "Resume (paused until 16:10)" in shown(document)
    assert "pause" not in menu_of(document)


def test_a_pause_that_is_over_is_none() -> None:
    document = status(paused_until="2026-11-22T14:00:00Z")
    assert view(Facts(document), NOW_MS, BERLIN).icon == IconState(Gauge.OK, 65)
    assert [way.label for way in menu_of(document)["pause"].children] == ["For 1 hour", "Until tomorrow"]


@pytest.mark.parametrize(
    ("dashboard", "default"),
    [
        pytest.param({"available": True}, Action.OPEN_DASHBOARD, id="served when asked"),
        pytest.param({"available": False}, Action.OPEN_HEX, id="not served"),
        pytest.param(None, Action.OPEN_HEX, id="a daemon without one"),
        pytest.param({"available": "http://evil.test/"}, Action.OPEN_HEX, id="no answer"),
    ],
)
def test_the_dashboard_is_offered_where_the_daemon_serves_one(dashboard: object, default: Action) -> None:
    document = status(dashboard=dashboard)
    seen = view(Facts(document), NOW_MS, BERLIN)
    assert seen.default is default
    assert ("Open dashboard" in shown(document)) is (default is Action.OPEN_DASHBOARD)


@pytest.mark.parametrize(("at_login", "toggle"), [(None, []), (True, [True]), (False, [False])])
def test_start_at_login_is_a_check_box_where_there_is_such_a_thing(at_login: bool | None, toggle: list[bool]) -> None:
    menu = menu_of(status(), at_login=at_login)
    assert [item.toggle for name, item in menu.items() if name == "login"] == toggle


def test_what_the_icon_says_by_colour_a_screen_reader_says_in_words() -> None:
    menu = menu_of(status(meters=[meter(state="warning", remaining=8.0)]))
    assert menu["meter:grant:ed@acme.test"].said == "Grant 8 of 40 left, warning"


@pytest.mark.parametrize(
    ("refresh", "label", "enabled"),
    [
        pytest.param(Refresh(), "Refresh now", True, id="never asked"),
        pytest.param(Refresh(running=True), "Refreshing…", False, id="running"),
        pytest.param(Refresh(at_ms=NOW_MS), "Refresh now (nothing new at 15:10)", True, id="nothing new"),
        pytest.param(Refresh(at_ms=NOW_MS, increases=1), "Refresh now (1 increase at 15:10)", True, id="one"),
        pytest.param(Refresh(at_ms=NOW_MS, increases=3), "Refresh now (3 increases at 15:10)", True, id="several"),
        pytest.param(
            Refresh(at_ms=NOW_MS, error="Hex says\n429"),
            "Refresh now (failed at 15:10: Hex says 429)",
            True,
            id="failed",
        ),
    ],
)
def test_refresh_says_how_it_went(refresh: Refresh, label: str, enabled: bool) -> None:
    item = next(i for i in view(Facts(status(), refresh=refresh), NOW_MS, BERLIN).menu if i.id == "refresh")
    assert (item.label, item.enabled) == (label, enabled)


@pytest.mark.parametrize("link", [None, "http://127.0.0.1:8000", "https://user@app.hex.tech", "javascript:alert(1)", 7])
def test_open_hex_is_disabled_without_an_https_host(link: object) -> None:
    menu = view(Facts(status(links={"hex": link})), NOW_MS, BERLIN).menu
    assert not next(item for item in menu if item.id == "open_hex").enabled
