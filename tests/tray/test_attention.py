"""What can be done about an alert, from the menu and from a notification's buttons, and when notifications go."""

from pathlib import Path
from typing import Any

import pytest

from desktop import FakeNotifications, Shown, TrayItem, wait_until
from hexmeter.core.instants import to_iso

from .conftest import Stage
from .fake_daemon import notice

pytestmark = pytest.mark.desktop

USED: dict[str, Any] = {
    "id": 101,
    "kind": "used",
    "meter": "grant:ed@acme.test",
    "title": "Hex credits: 80 % used",
    "body": "8.1 of 40 left.",
    "severity": "warning",
    "state": "firing",
    "snoozed_until": None,
    "muted": False,
}
FAR_MS = 4_000_000_000_000
BUTTONS = {
    "snooze": "Snooze until tomorrow",
    "acknowledge": "Acknowledge",
    "wrong": "This is wrong",
}


@pytest.fixture
def item(stage: Stage) -> TrayItem:
    stage.daemon.start()
    watcher = stage.watcher()
    stage.start_tray()
    found = watcher.item()
    wait_until(lambda: "Grant 27.5 of 40 left" in found.menu_labels(), "the figures are shown")
    return found


def asked(stage: Stage) -> list[tuple[str, dict[str, Any]]]:
    return wait_until(lambda: list(stage.daemon.asked), "the daemon is asked")


def shown_alert(stage: Stage, notifications: FakeNotifications, alert: dict[str, Any], delivery: int) -> Shown:
    """A notification of this alert."""
    stage.daemon.alert(alert)
    before = len(notifications.shown)
    stage.daemon.deliver(notice(delivery, alerts=[alert["id"]], title=alert["title"], body=alert["body"]))
    wait_until(lambda: len(notifications.shown) > before, "it is shown")
    wait_until(lambda: stage.daemon.states(delivery)[-1:] == ["handed_over"], "it is confirmed")
    return notifications.shown[-1]


@pytest.mark.parametrize(
    ("clicked", "call"),
    [
        pytest.param(
            ("Hex credits", "Snooze until tomorrow"), ("snooze", {"alert": 101, "until": "tomorrow"}), id="tomorrow"
        ),
        pytest.param(("Hex credits", "Snooze until the"), ("snooze", {"alert": 101, "until": "reset"}), id="reset"),
        pytest.param(("Hex credits", "Acknowledge"), ("ack", {"alert": 101}), id="acknowledge"),
    ],
)
def test_an_alert_is_silenced_from_the_menu(
    stage: Stage, item: TrayItem, clicked: tuple[str, str], call: tuple[str, dict[str, Any]]
) -> None:
    stage.daemon.alert(USED)
    wait_until(lambda: "Hex credits: 80 % used" in item.menu_labels(), "the alert is listed")
    item.click(*clicked)
    verb, body = call
    assert asked(stage) == [(f"/v1/alerts/{verb}", body)]


def test_what_was_silenced_is_taken_back_from_the_menu(stage: Stage, item: TrayItem) -> None:
    stage.daemon.alert(
        {**USED, "state": "snoozed", "snoozed_until": to_iso(FAR_MS)}, {**USED, "id": 8, "state": "acknowledged"}
    )
    wait_until(lambda: any("(acknowledged)" in label for label in item.menu_labels()), "both are listed")
    item.click("Hex credits: 80 % used (snoozed", "End the snooze")
    item.click("Hex credits: 80 % used (ack", "Take the acknowledgement back")
    wait_until(lambda: len(stage.daemon.asked) == 2, "the daemon is asked")
    assert sorted(stage.daemon.asked) == [("/v1/alerts/unack", {"alert": 8}), ("/v1/alerts/unsnooze", {"alert": 101})]


def test_a_kind_is_muted_from_its_alert_and_told_again_though_none_stands(stage: Stage, item: TrayItem) -> None:
    stage.daemon.alert(USED)
    wait_until(lambda: "Hex credits: 80 % used" in item.menu_labels(), "the alert is listed")
    item.click("Hex credits", "Mute this kind")
    wait_until(lambda: "Muted: all of kind used" in item.menu_labels(), "it is shown as muted")
    stage.daemon.alert()
    wait_until(lambda: "Hex credits: 80 % used" not in item.menu_labels(), "the alert is over")
    item.click("Muted", "Unmute all of kind used")
    wait_until(lambda: not any(label.startswith("Muted") for label in item.menu_labels()), "it is shown no more")
    assert stage.daemon.asked == [("/v1/alerts/mute", {"what": "used"}), ("/v1/alerts/unmute", {"what": "used"})]


def test_polling_is_paused_and_resumed(stage: Stage, item: TrayItem) -> None:
    item.click("Pause", "For 1 hour")
    assert asked(stage) == [("/v1/pause", {"until": "1h"})]
    item.click("Pause", "Until tomorrow")
    wait_until(lambda: stage.daemon.asked[-1] == ("/v1/pause", {"until": "tomorrow"}), "the daemon is asked")
    stage.daemon.show(paused_until=to_iso(FAR_MS))
    wait_until(lambda: any(label.startswith("Resume") for label in item.menu_labels()), "the pause is shown")
    item.click("Resume")
    wait_until(lambda: stage.daemon.asked[-1] == ("/v1/resume", {}), "the daemon is asked")


@pytest.mark.parametrize("button", BUTTONS)
def test_each_button_does_what_it_says(stage: Stage, item: TrayItem, button: str) -> None:
    del item
    notifications = stage.notifications()
    shown = shown_alert(stage, notifications, USED, 1)
    assert dict(zip(shown.actions[::2], shown.actions[1::2], strict=True)) == BUTTONS
    notifications.click(shown.number, button)
    wait_until(lambda: stage.daemon.states(1)[-1] == "seen", "it is seen")
    if button == "wrong":
        explained = wait_until(lambda: notifications.shown[1:], "calibration is explained")[0]
        assert "hexmeter --config" in explained.body
        assert "calibrate grant:ed@acme.test --used N" in explained.body
        assert explained.actions == []
    else:
        verb = {"snooze": ("snooze", {"alert": 101, "until": "tomorrow"}), "acknowledge": ("ack", {"alert": 101})}
        assert asked(stage) == [(f"/v1/alerts/{verb[button][0]}", verb[button][1])]


def test_a_digest_is_silenced_as_one(stage: Stage, item: TrayItem) -> None:
    del item
    notifications = stage.notifications()
    stage.daemon.alert(USED, {**USED, "id": 102})
    stage.daemon.deliver(notice(1, 2, alerts=[101, 102]))
    shown = wait_until(lambda: notifications.shown, "it is shown")[0]
    assert shown.actions[::2] == ["snooze", "acknowledge"]
    notifications.click(shown.number, "acknowledge")
    wait_until(lambda: len(stage.daemon.asked) == 2, "both are acknowledged")
    assert stage.daemon.asked == [("/v1/alerts/ack", {"alert": 101}), ("/v1/alerts/ack", {"alert": 102})]


def test_a_later_rung_takes_the_place_of_an_earlier_and_another_kind_does_not(stage: Stage, item: TrayItem) -> None:
    del item
    notifications = stage.notifications()
    first = shown_alert(stage, notifications, USED, 1)
    other = shown_alert(stage, notifications, {**USED, "id": 102, "kind": "prompt", "title": "A dear prompt"}, 2)
    # The daemon withdraws the lower rung in the same breath: it is replaced, and does not blink.
    exhausted = {**USED, "id": 103, "kind": "exhausted", "title": "Used up"}
    stage.daemon.replace(101, exhausted, notice(3, alerts=[103], title="Used up"))
    wait_until(lambda: stage.daemon.states(3) == ["handed_over"], "the later rung is confirmed")
    last = notifications.shown[-1]
    assert [shown.replaces for shown in notifications.shown] == [0, 0, first.number]
    assert other.number != last.number == first.number
    assert notifications.closed == []


def test_what_is_moot_is_withdrawn_and_nobody_has_seen_it(stage: Stage, item: TrayItem) -> None:
    del item
    notifications = stage.notifications()
    first = shown_alert(stage, notifications, USED, 1)
    shown_alert(stage, notifications, {**USED, "id": 102, "kind": "prompt"}, 2)
    stage.daemon.withdraw(101, 999)
    wait_until(lambda: notifications.closed == [first.number], "the moot one is closed")
    stage.daemon.withdraw(101, 999)
    stage.daemon.deliver(notice(3))
    wait_until(lambda: stage.daemon.states(3) == ["handed_over"], "the next is shown")
    assert notifications.closed == [first.number]
    assert stage.daemon.states(1) == ["handed_over"]


def test_a_digest_goes_when_all_of_it_is_moot(stage: Stage, item: TrayItem) -> None:
    del item
    notifications = stage.notifications()
    stage.daemon.deliver(notice(1, 2, alerts=[101, 102]))
    wait_until(lambda: stage.daemon.states(1) == ["handed_over"], "it is shown")
    stage.daemon.withdraw(101)
    stage.daemon.deliver(notice(3))
    wait_until(lambda: stage.daemon.states(3) == ["handed_over"], "the next is shown")
    assert notifications.closed == []
    stage.daemon.withdraw(101, 102)
    wait_until(lambda: notifications.closed == [1], "the digest is closed")


def test_a_notification_that_was_closed_by_hand_is_not_closed_again(stage: Stage, item: TrayItem) -> None:
    del item
    notifications = stage.notifications()
    shown = shown_alert(stage, notifications, USED, 1)
    notifications.close_notification(shown.number, reason=2)
    wait_until(lambda: stage.daemon.states(1)[-1] == "seen", "it is seen")
    stage.daemon.withdraw(101)
    stage.daemon.deliver(notice(2))
    wait_until(lambda: stage.daemon.states(2) == ["handed_over"], "the next is shown")
    assert notifications.closed == []


@pytest.mark.parametrize(
    ("code", "told"),
    [pytest.param("bad_request", True, id="refused"), pytest.param("resolved", False, id="over in the meantime")],
)
def test_what_the_daemon_refuses_is_told_once(stage: Stage, item: TrayItem, code: str, told: bool) -> None:
    notifications = stage.notifications()
    stage.daemon.refusals["/v1/alerts/ack"] = {"code": code, "message": "no <such> alert", "hint": "look again"}
    stage.daemon.alert(USED)
    wait_until(lambda: "Hex credits: 80 % used" in item.menu_labels(), "the alert is listed")
    item.click("Hex credits", "Acknowledge")
    asked(stage)
    stage.daemon.deliver(notice(1, title="The next"))
    expected = ["Hexmeter could not do that", "The next"] if told else ["The next"]
    # The refusal and the next notice go their ways at once: either may be the first on the screen.
    wait_until(lambda: len(notifications.shown) >= len(expected), "all is shown")
    assert sorted(shown.title for shown in notifications.shown) == expected
    assert all("&lt;such&gt;" in shown.body for shown in notifications.shown if shown.title != "The next")


@pytest.mark.parametrize(
    ("capabilities", "body", "buttons"),
    [
        pytest.param(("body",), "a < b & c", 0, id="plain"),
        pytest.param(("body", "body-markup"), "a &lt; b &amp; c", 0, id="markup"),
        pytest.param(("body", "actions"), "a < b & c", 6, id="buttons"),
    ],
)
def test_a_service_gets_what_it_can_show(
    stage: Stage, item: TrayItem, capabilities: tuple[str, ...], body: str, buttons: int
) -> None:
    del item
    shown = shown_alert(stage, stage.notifications(*capabilities), {**USED, "body": "a < b & c"}, 1)
    assert (shown.body, len(shown.actions)) == (body, buttons)


@pytest.mark.parametrize(
    ("severity", "urgency", "expires"), [("info", 0, 10_000), ("warning", 1, 20_000), ("critical", 2, 0)]
)
def test_what_is_critical_stays_until_it_is_closed(
    stage: Stage, item: TrayItem, severity: str, urgency: int, expires: int
) -> None:
    del item
    notifications = stage.notifications()
    stage.daemon.deliver(notice(1, severity=severity))
    shown = wait_until(lambda: notifications.shown, "it is shown")[0]
    assert (shown.hints["urgency"], shown.expires_after_ms) == (urgency, expires)


def test_start_at_login_is_one_file_written_and_removed(stage: Stage, item: TrayItem) -> None:
    folder = stage.home / "config" / "autostart"
    for wanted in (True, False, True):
        item.click("Start at login")
        wait_until(lambda wanted=wanted: item.line("Start at login").toggle is wanted, "the check box follows")
        assert len(list(folder.iterdir())) == wanted
    (entry,) = folder.iterdir()
    assert str(stage.config) in entry.read_text()


def test_the_check_box_is_right_when_the_menu_opens_whoever_wrote_the_file(stage: Stage, item: TrayItem) -> None:
    item.click("Start at login")
    wait_until(lambda: item.line("Start at login").toggle, "the check box follows")
    (entry,) = (stage.home / "config" / "autostart").iterdir()
    entry.unlink()
    item.open_menu()
    assert item.line("Start at login").toggle is False


def test_about_says_the_version_and_how_it_runs(stage: Stage, item: TrayItem) -> None:
    notifications = stage.notifications()
    item.click("About")
    shown = wait_until(lambda: notifications.shown, "it is shown")[0]
    assert shown.title == "About Hexmeter"
    assert f"Daemon 0.1.0 ({stage.daemon.socket})" in shown.body
    assert "Icon: sni (" in shown.body
    assert "Notifications: dbus (" in shown.body


def with_dashboard(stage: Stage) -> tuple[TrayItem, Path]:
    """A tray whose daemon serves a dashboard, and the file in which the links that it opened will be."""
    opened = stage.folder / "opened"
    program = stage.folder / "xdg-open"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {opened}\n')
    program.chmod(0o755)
    stage.daemon.status["dashboard"] = {"available": True}
    stage.daemon.status["meters"][0].update(state="warning")
    stage.daemon.start()
    watcher = stage.watcher()
    stage.start_tray(PATH=f"{stage.folder}:/usr/bin:/bin")
    item = watcher.item()
    wait_until(lambda: "Open dashboard" in item.menu_labels(), "the dashboard is offered")
    return item, opened


def test_a_left_click_opens_the_dashboard_by_a_link_of_its_own_and_the_ear_hears_the_state(stage: Stage) -> None:
    item, opened = with_dashboard(stage)
    assert item.line("Grant").said.endswith(", warning")
    assert item.property("IconAccessibleDesc") == item.property("Title")
    assert stage.daemon.asked == []
    item.activate()
    wait_until(lambda: opened.exists() and opened.read_text(), "the dashboard is opened")
    assert stage.daemon.asked == [("/v1/dashboard", {})]
    assert opened.read_text() == f"{stage.daemon.dashboard_url}\n"


def test_a_dashboard_that_cannot_be_opened_is_told_and_none_of_elsewhere_is(stage: Stage) -> None:
    notifications = stage.notifications()
    item, opened = with_dashboard(stage)
    stage.daemon.dashboard_url = "http://evil.test:8377/"
    item.activate()
    wait_until(lambda: stage.daemon.asked, "the daemon is asked")
    refusal = {"code": "port_taken", "message": "port 8377 is taken", "hint": "set [dashboard] port"}
    stage.daemon.refusals["/v1/dashboard"] = refusal
    item.activate()
    told = wait_until(lambda: notifications.shown, "it is told")[0]
    assert "port 8377 is taken" in told.body
    assert not opened.exists()
