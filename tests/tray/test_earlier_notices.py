"""The notifications of an earlier tray process: closed, replaced and clicked like one's own, and nobody else's ever."""

import pytest

from desktop import FakeNotifications, TrayItem, wait_until

from .conftest import Stage, TrayProcess
from .fake_daemon import notice
from .test_attention import USED, asked, shown_alert

pytestmark = pytest.mark.desktop


def started_tray(stage: Stage) -> TrayProcess:
    """A tray that has heard what the daemon says: the figures, and the alerts with what is shown of them."""
    watcher = stage.watcher()
    tray = stage.start_tray()
    item: TrayItem = watcher.item()
    told = {"Grant 27.5 of 40 left", *(alert["title"] for alert in stage.daemon.active)}
    wait_until(lambda: told <= set(item.menu_labels()), "the figures and the alerts are shown")
    watcher.close()
    return tray


@pytest.fixture
def earlier(stage: Stage) -> FakeNotifications:
    """A notification of alert 101, whose tray was killed."""
    stage.daemon.start()
    notifications = stage.notifications()
    tray = started_tray(stage)
    shown_alert(stage, notifications, USED, 1)
    tray.process.kill()
    tray.process.wait()
    return notifications


def test_what_is_moot_is_withdrawn(stage: Stage, earlier: FakeNotifications) -> None:
    started_tray(stage)
    stage.daemon.withdraw(101)
    wait_until(lambda: earlier.closed == [1], "it is closed")


def test_what_became_moot_without_a_tray_is_withdrawn_by_the_next(stage: Stage, earlier: FakeNotifications) -> None:
    stage.daemon.alert()
    stage.daemon.withdraw(101)
    started_tray(stage)
    wait_until(lambda: earlier.closed == [1], "it is closed")


def test_a_later_rung_takes_its_place(stage: Stage, earlier: FakeNotifications) -> None:
    # Told while no tray is there, and the lower rung is over.
    stage.daemon.withdrawn = [101]
    stage.daemon.alert({**USED, "id": 102, "kind": "exhausted"})
    stage.daemon.deliver(notice(2, alerts=[102], title="Used up"))
    started_tray(stage)
    wait_until(lambda: stage.daemon.states(2) == ["handed_over"], "the next is shown")
    assert [(shown.number, shown.replaces) for shown in earlier.shown] == [(1, 0), (1, 1)]
    assert earlier.closed == []


def test_its_buttons_do_what_they_say(stage: Stage, earlier: FakeNotifications) -> None:
    started_tray(stage)
    earlier.click(1, "acknowledge")
    assert asked(stage) == [("/v1/alerts/ack", {"alert": 101})]
    wait_until(lambda: stage.daemon.states(1)[-1] == "seen", "it is seen")


@pytest.mark.parametrize("reason", [1, 2], ids=["expired", "closed by hand"])
def test_what_is_no_longer_on_the_screen_is_left_alone(stage: Stage, earlier: FakeNotifications, reason: int) -> None:
    tray = started_tray(stage)
    assert stage.daemon.shown
    earlier.close_notification(1, reason)
    wait_until(lambda: not stage.daemon.shown, "the daemon is told")
    assert stage.daemon.states(1)[-1] == ("handed_over" if reason == 1 else "seen")
    tray.process.kill()
    tray.process.wait()
    started_tray(stage)
    stage.daemon.withdraw(101)
    stage.daemon.deliver(notice(2))
    wait_until(lambda: stage.daemon.states(2) == ["handed_over"], "the next is shown")
    assert earlier.closed == []


def test_another_service_s_notification_of_the_same_number_is_never_touched(
    stage: Stage, earlier: FakeNotifications
) -> None:
    earlier.close()
    another = stage.notifications()
    another.show_for_somebody_else("Not Hexmeter's")
    started_tray(stage)
    stage.daemon.withdraw(101)
    stage.daemon.alert({**USED, "id": 102})
    stage.daemon.deliver(notice(2, alerts=[102]))
    wait_until(lambda: stage.daemon.states(2) == ["handed_over"], "the next is shown")
    assert [(shown.number, shown.replaces) for shown in another.shown] == [(1, 0), (2, 0)]
    assert another.closed == []
