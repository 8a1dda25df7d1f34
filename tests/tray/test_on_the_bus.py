"""The tray as a process, on a private D-Bus session with fake services and a fake daemon."""

import os
import signal
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from desktop import FakeWatcher, TrayItem, private_bus, wait_until

from .conftest import Stage
from .fake_daemon import current, meter, notice

pytestmark = pytest.mark.desktop

# Chosen, it says at once that nobody shows it; left to choose, it gives a panel time.
SNI = '[tray]\nbackend = "sni"\n'
END = ["---", "Refresh now", "Pause", "Open Hex", "---", "Start at login", "About Hexmeter", "Quit"]
SIGNATURES = {
    "Category": "s",
    "Id": "s",
    "Title": "s",
    "Status": "s",
    "IconPixmap": "a(iiay)",
    "AttentionIconPixmap": "a(iiay)",
    "ToolTip": "(sa(iiay)ss)",
    "ItemIsMenu": "b",
    "Menu": "o",
}


def wait_for_label(item: TrayItem, label: str) -> None:
    wait_until(lambda: label in item.menu_labels(), f"the menu says {label!r}")


def shown_item(stage: Stage) -> TrayItem:
    """A tray with its daemon, showing figures."""
    stage.daemon.start()
    watcher = stage.watcher()
    stage.start_tray()
    item = watcher.item()
    wait_for_label(item, "Grant 27.5 of 40 left")
    return item


def test_the_menu_and_the_icon_follow_the_daemon(stage: Stage) -> None:
    item = shown_item(stage)
    assert item.menu_labels() == ["Grant 27.5 of 40 left", *END]
    properties = item.properties()
    assert {name: properties[name].signature for name in SIGNATURES} == SIGNATURES
    assert properties["Title"].value == "Hexmeter: Grant 27.5 of 40 left"
    assert list(properties["ToolTip"].value[2:]) == ["Hexmeter", "Grant 27.5 of 40 left"]
    sizes = [(width, height, len(data)) for width, height, data in properties["IconPixmap"].value]
    assert sizes == [(size, size, size * size * 4) for size in (22, 24, 32, 44, 48, 64, 96)]
    before = properties["IconPixmap"].value
    stage.daemon.show(meters=[meter(used=39.0, remaining=1.0, state="critical", label="<b>&")])
    wait_for_label(item, "Grant 1 of 40 left")
    assert item.property("IconPixmap") != before
    assert item.property("Status") == "NeedsAttention"


def test_a_changed_figure_updates_the_menu_in_place(stage: Stage) -> None:
    item = shown_item(stage)
    number = item.line("Grant").number
    item.signals.clear()
    stage.daemon.show(meters=[meter(remaining=26.0)])
    wait_for_label(item, "Grant 26 of 40 left")
    wait_until(lambda: item.signals, "signals come")
    assert item.line("Grant").number == number
    members = [sent.member for sent in item.signals]
    assert "ItemsPropertiesUpdated" in members
    assert "LayoutUpdated" not in members
    stage.daemon.show(meters=[meter(), meter(id="pool", label="A_pool")])
    wait_for_label(item, "A_pool: 27.5 of 40 left")
    wait_until(lambda: "LayoutUpdated" in [sent.member for sent in item.signals], "the layout changes")


def test_a_status_that_changes_nothing_visible_sends_nothing(stage: Stage) -> None:
    item = shown_item(stage)
    item.signals.clear()
    stage.daemon.show(interval_s=60)
    stage.daemon.show(meters=[meter(remaining=26.0)])
    wait_for_label(item, "Grant 26 of 40 left")
    wait_until(lambda: "NewToolTip" in [sent.member for sent in item.signals], "the tooltip changes")
    assert [sent.member for sent in item.signals].count("ItemsPropertiesUpdated") == 1


def test_a_title_with_markup_is_escaped_in_the_tooltip_only(stage: Stage) -> None:
    item = shown_item(stage)
    stage.daemon.show(meters=[meter(), meter(id="pool", label="<b>R&D</b>")])
    wait_for_label(item, "<b>R&D</b>: 27.5 of 40 left")
    assert "&lt;b&gt;R&amp;D&lt;/b&gt;: 27.5" in item.property("ToolTip")[3]


def test_refresh_asks_for_a_poll_and_says_what_came_of_it(stage: Stage) -> None:
    item = shown_item(stage)
    stage.daemon.may_answer_poll.clear()
    stage.daemon.poll_answer["increases"] = 2
    item.click("Refresh now")
    wait_for_label(item, "Refreshing…")
    assert not item.line("Refreshing").enabled
    stage.daemon.may_answer_poll.set()
    wait_until(lambda: item.line("Refresh").label.startswith("Refresh now (2 increases at "), "the result is told")
    assert stage.daemon.polls == 1
    stage.daemon.poll_answer.update(ok=False, error="Hex answered 503")
    item.click("Refresh now")
    wait_until(lambda: item.line("Refresh").label.endswith(": Hex answered 503)"), "the failure is told")


@pytest.mark.parametrize("way", ["Quit", "SIGTERM", "SIGINT"])
def test_it_ends_cleanly_even_while_a_refresh_is_running(stage: Stage, way: str) -> None:
    stage.daemon.start()
    watcher, tray = stage.watcher(), stage.start_tray()
    item = watcher.item()
    wait_for_label(item, "Grant 27.5 of 40 left")
    stage.daemon.may_answer_poll.clear()
    item.click("Refresh now")
    wait_until(lambda: stage.daemon.polls, "the poll is asked for")
    if way == "Quit":
        item.click("Quit")
    else:
        tray.process.send_signal(signal.Signals[way])
    assert tray.wait() == 0
    assert tray.said() == ""
    stage.daemon.may_answer_poll.set()


def test_a_signal_right_after_the_start_ends_it_as_cleanly(stage: Stage) -> None:
    tray = stage.start_tray()
    stage.wait_for_said(tray, "no tray host")
    tray.process.terminate()
    assert tray.wait() == 0
    assert tray.said().count("\n") == 1


def test_an_interrupt_while_it_still_starts_is_no_traceback(stage: Stage) -> None:
    stage.config.unlink()
    os.mkfifo(stage.config)
    tray = stage.start_tray()
    with stage.config.open("wb"):  # which is when the tray reads it, and waits for more
        tray.process.send_signal(signal.SIGINT)
        assert tray.wait() == -signal.SIGINT
    assert tray.said() == ""


def test_open_hex_hands_the_configured_address_to_the_desktop(stage: Stage) -> None:
    opened = stage.folder / "opened"
    program = stage.folder / "xdg-open"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {opened}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    stage.daemon.start()
    watcher, notifications = stage.watcher(), stage.notifications()
    stage.start_tray(PATH=f"{stage.folder}:/usr/bin:/bin")
    item = watcher.item()
    wait_for_label(item, "Open Hex")
    wait_until(lambda: item.line("Open Hex").enabled, "Open Hex is enabled")
    item.click("Open Hex")
    wait_until(lambda: _lines(opened) == ["https://app.hex.tech"], "Hex is opened")
    stage.daemon.deliver(notice(1, link="https://app.hex.tech/thread/1"), notice(2, link="https://evil.test/thread/1"))
    wait_until(lambda: len(notifications.shown) == 2, "both are shown")
    # Only a link to Hex's configured host opens.
    assert [shown.actions[:4] for shown in notifications.shown] == [
        ["default", "Open Hex", "open_hex", "Open Hex"],
        ["snooze", "Snooze until tomorrow", "acknowledge", "Acknowledge"],
    ]
    for shown in notifications.shown:
        notifications.click(shown.number)
    wait_until(lambda: stage.daemon.states(2)[-1:] == ["seen"], "both are seen")
    wait_until(lambda: len(_lines(opened)) == 2, "the link is opened")
    assert _lines(opened)[1:] == ["https://app.hex.tech/thread/1"]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_it_registers_again_when_the_panel_restarts(stage: Stage) -> None:
    stage.configure(SNI)
    stage.daemon.start()
    first = FakeWatcher(stage.bus_address)
    tray = stage.start_tray()
    first.item()
    first.close()
    stage.wait_for_said(tray, "no tray host")
    second = stage.watcher()
    wait_for_label(second.item(), "Grant 27.5 of 40 left")
    assert len(second.registered) == 1
    assert tray.said().count("\n") == 1


def test_without_a_tray_host_notifications_still_come(stage: Stage) -> None:
    stage.daemon.start()
    notifications = stage.notifications()
    tray = stage.start_tray()
    stage.wait_for_said(tray, "no tray host")
    stage.daemon.deliver(notice(1))
    wait_until(lambda: stage.daemon.states(1) == ["handed_over"], "it is delivered")
    assert [shown.title for shown in notifications.shown] == ["Hex credits: 80 % used"]


def test_a_notification_says_who_what_and_how_urgent(stage: Stage) -> None:
    stage.daemon.start()
    notifications = stage.notifications()
    stage.start_tray()
    stage.daemon.deliver(notice(1, body="R&D <b>", severity="critical"), notice(2, severity="info"))
    wait_until(lambda: len(notifications.shown) == 2, "both are shown")
    critical, info = notifications.shown
    assert critical.app_name == "Hexmeter"
    assert critical.body == "R&amp;D &lt;b&gt;"
    assert critical.hints == {"urgency": 2, "desktop-entry": "hexmeter-tray"}
    assert (critical.expires_after_ms, info.expires_after_ms, info.hints["urgency"]) == (0, 10_000, 0)
    stage.daemon.deliver(notice(3, replaces=101, title="Hex credits: used up"))
    wait_until(lambda: len(notifications.shown) == 3, "the third is shown")
    assert notifications.shown[2].replaces == critical.number


def test_a_service_without_markup_gets_the_plain_text(stage: Stage) -> None:
    stage.daemon.start()
    notifications = stage.notifications("body")
    stage.start_tray()
    stage.daemon.deliver(notice(1, body="R&D <b>", link="https://app.hex.tech/x"))
    wait_until(lambda: notifications.shown, "it is shown")
    assert (notifications.shown[0].body, notifications.shown[0].actions) == ("R&D <b>", [])


@pytest.mark.parametrize(("reason", "states"), [(1, ["handed_over"]), (2, ["handed_over", "seen"])])
def test_only_what_the_user_closed_was_seen(stage: Stage, reason: int, states: list[str]) -> None:
    stage.daemon.start()
    notifications = stage.notifications()
    stage.start_tray()
    stage.daemon.deliver(notice(1))
    wait_until(lambda: stage.daemon.states(1), "it is confirmed")
    notifications.close_notification(notifications.shown[0].number, reason)
    stage.daemon.deliver(notice(2))
    wait_until(lambda: stage.daemon.states(2), "the next is confirmed")
    wait_until(lambda: stage.daemon.states(1) == states, f"it is {states[-1]}")


def test_a_daemon_killed_between_notice_and_confirmation_shows_nothing_twice(stage: Stage) -> None:
    stage.daemon.start()
    notifications = stage.notifications()
    watcher = stage.watcher()
    stage.start_tray()
    item = watcher.item()
    wait_for_label(item, "Grant 27.5 of 40 left")
    stage.daemon.deaf = True
    stage.daemon.deliver(notice(1))
    wait_for_label(item, "The daemon is not running")
    assert f"Start it with: hexmeter --config {stage.config} daemon" in item.menu_labels()
    stage.daemon.deaf = False
    stage.daemon.start()
    stage.daemon.deliver(notice(2))
    wait_until(lambda: stage.daemon.states(1) and stage.daemon.states(2), "both are confirmed")
    assert set(stage.daemon.states(1)) == {"handed_over"}
    assert len(notifications.shown) == 2
    wait_for_label(item, "Grant 27.5 of 40 left")


def test_it_starts_before_the_daemon(stage: Stage) -> None:
    watcher = stage.watcher()
    tray = stage.start_tray()
    item = watcher.item()
    command = f"hexmeter --config {stage.config} daemon"
    assert item.menu_labels()[:2] == ["The daemon is not running", f"Start it with: {command}"]
    assert not item.line("Refresh now").enabled
    stage.daemon.start()
    wait_for_label(item, "Grant 27.5 of 40 left")
    assert tray.said() == ""


def test_without_a_notification_service_deliveries_wait_for_one(stage: Stage) -> None:
    stage.daemon.start()
    tray = stage.start_tray()
    stage.daemon.deliver(notice(1))
    wait_until(lambda: stage.daemon.states(1) == ["pending"], "it is given back")
    notifications = stage.notifications()
    wait_until(lambda: stage.daemon.states(1)[-1] == "handed_over", "it is delivered")
    assert notifications.received == 1
    assert stage.daemon.claims < 10
    assert "no notification" in tray.said()


def test_a_hung_notification_service_does_no_harm(stage: Stage) -> None:
    stage.daemon.start()
    notifications, watcher = stage.notifications(), stage.watcher()
    notifications.hang()
    stage.start_tray()
    stage.daemon.deliver(notice(1), notice(2))
    wait_until(lambda: notifications.received, "the service is asked")
    item = watcher.item()
    stage.daemon.show(meters=[meter(remaining=26.0)])
    wait_for_label(item, "Grant 26 of 40 left")
    wait_until(lambda: stage.daemon.states(2) == ["pending"], "both are given back", timeout_s=20)
    assert notifications.received == 1
    notifications.answer()
    wait_until(lambda: stage.daemon.states(2)[-1] == "handed_over", "both are delivered")
    assert stage.daemon.states(1)[-1] == "handed_over"
    assert [shown.number for shown in notifications.shown] == [1, 2]


def test_a_daemon_that_hangs_leaves_no_figures_that_look_current(stage: Stage) -> None:
    """It keeps its connections and says nothing any more: the clock alone tells."""
    item = shown_item(stage)
    told = current(interval_s=0.5)
    stage.daemon.show(**told)
    wait_until(lambda: item.menu_labels()[0].startswith("No good reading since "), "the figures are old")
    assert item.menu_labels()[1].startswith("Grant 27.5 of 40 left (as of ")
    assert "(as of " in item.property("Title")
    stage.daemon.show(as_of=current()["as_of"], interval_s=300)
    wait_for_label(item, "Grant 27.5 of 40 left")


def test_a_second_tray_of_the_same_configuration_says_so_and_ends(stage: Stage) -> None:
    stage.start_tray()
    watcher = stage.watcher()
    watcher.item()
    second = stage.start_tray()
    assert second.wait() == 4
    assert second.said().count("\n") == 1
    assert "another tray" in second.said()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        pytest.param({"DISPLAY": "", "WAYLAND_DISPLAY": ""}, "no screen", id="no screen"),
        pytest.param({"DBUS_SESSION_BUS_ADDRESS": "", "XDG_RUNTIME_DIR": ""}, "cannot be used (DBUS", id="no bus"),
        pytest.param(
            {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}, "cannot be used (No such file", id="dead bus"
        ),
        pytest.param({"DBUS_SESSION_BUS_ADDRESS": "nonsense"}, "cannot be used", id="odd bus"),
    ],
)
def test_without_a_session_it_says_one_line(stage: Stage, environment: dict[str, str], words: str) -> None:
    tray = stage.start_tray(**environment)
    assert tray.wait() == 1
    assert words in tray.said()
    assert tray.said().count("\n") == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"[api\nsocket", "is not valid TOML", id="no TOML"),
        pytest.param(b"socket = '\xff'", "is not valid TOML", id="no text"),
        pytest.param(b'[tray]\nbackend = "\\u202egtk"', 'tray.backend = "gtk" is no backend; take one of', id="a word"),
        pytest.param(b"[tray]\nbackend = 5", "tray.backend = 5 is no backend; take one of", id="a backend in figures"),
        pytest.param(b"[notify]\nbackend = [1]", "notify.backend = [1] is no backend; take one of", id="a list"),
        pytest.param(b"[api]\nsocket = 3", "api.socket must be text; write", id="a socket in figures"),
        pytest.param(None, "there is no such file", id="none"),
    ],
)
def test_a_wrong_configuration_is_told_in_one_line(stage: Stage, content: bytes | None, words: str) -> None:
    stage.config.unlink()
    if content is not None:
        stage.config.write_bytes(content)
    tray = stage.start_tray()
    assert tray.wait() == 2
    assert words in tray.said()
    assert tray.said().count("\n") == 1


def test_alerts_are_listed_while_they_are_active(stage: Stage) -> None:
    item = shown_item(stage)
    alert: dict[str, Any] = {
        "id": 7,
        "kind": "used",
        "meter": "pool",
        "title": "Pool: 80 % used",
        "severity": "warning",
    }
    stage.daemon.alert(alert)
    wait_for_label(item, "Pool: 80 % used")
    stage.daemon.alert()
    wait_until(lambda: "Pool: 80 % used" not in item.menu_labels(), "the alert is gone")


def test_the_end_of_the_session_ends_it_with_one_line(tmp_path: Path) -> None:
    with ExitStack() as stack:
        with private_bus() as address:
            stage = Stage(tmp_path, address, stack)
            stage.configure(SNI)
            watcher, tray = FakeWatcher(address), stage.start_tray()
            watcher.item()
            watcher.close()
            stage.wait_for_said(tray, "no tray host")
        assert tray.wait() == 1
    assert tray.said().splitlines()[1].startswith("hexmeter-tray: the D-Bus session bus went away")
    assert tray.said().count("\n") == 2
