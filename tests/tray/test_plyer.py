"""plyer as the notifier: guarded against a service that is absent, hangs or fails."""

import asyncio
import sys
from pathlib import Path

import pytest

from desktop import require, wait_until
from hexmeter_tray.failures import CallFailed, NoAnswer
from hexmeter_tray.notify import Notice
from hexmeter_tray.plyernotify import PlyerNotifier

from .conftest import Stage
from .fake_daemon import notice

pytestmark = pytest.mark.desktop

PLYER = '[notify]\nbackend = "plyer"\n'


def test_without_a_service_deliveries_wait_for_one(stage: Stage) -> None:
    require("notify-send")
    stage.configure(PLYER)
    stage.daemon.start()
    tray = stage.start_tray()
    stage.daemon.deliver(notice(1))
    wait_until(lambda: stage.daemon.states(1) == ["pending"], "it is given back")
    notifications = stage.notifications()
    wait_until(lambda: stage.daemon.states(1)[-1] == "handed_over", "it is delivered")
    assert [shown.title for shown in notifications.shown] == ["Hex credits: 80 % used"]
    assert "is not there" in tray.said()


def test_a_hung_service_does_no_harm(stage: Stage) -> None:
    require("notify-send")
    stage.configure(PLYER)
    stage.daemon.start()
    notifications, watcher = stage.notifications(), stage.watcher()
    notifications.hang()
    tray = stage.start_tray()
    stage.daemon.deliver(notice(1), notice(2))
    wait_until(lambda: notifications.received, "the service is asked")
    item = watcher.item()
    assert item.line("Quit").enabled
    wait_until(lambda: stage.daemon.states(2) == ["pending"], "both are given back", timeout_s=20)
    assert notifications.received == 1
    tray.process.terminate()
    assert tray.wait() == 0
    assert "did not end in 6 s" in tray.said()


def showing(program: str) -> PlyerNotifier:
    """A notifier whose process runs this program instead of plyer; the notification service is not asked."""
    found = PlyerNotifier(None, lambda: None, command=(sys.executable, "-c", program), timeout_s=5)
    found._ask = _nothing  # type: ignore[method-assign]  # there is no bus to ask
    return found


async def _nothing() -> frozenset[str]:
    return frozenset()


def test_a_failure_is_told_by_its_last_line() -> None:
    with pytest.raises(CallFailed, match=r"could not show it: no such display$"):
        asyncio.run(showing("import sys; sys.exit('first\\nno such display')").show(Notice((), (), "t", "b")))


def test_a_process_that_hangs_is_given_up() -> None:
    notifier = showing("import subprocess; subprocess.call(['sleep', '600'])")
    notifier._timeout_s = 0.3
    with pytest.raises(NoAnswer):
        asyncio.run(notifier.show(Notice((), (), "t", "b")))


HANGS = """
import os, subprocess
child = subprocess.Popen(["sleep", "600"])
os.symlink(str(child.pid), {link!r})
child.wait()
"""


def test_a_process_that_is_given_up_is_ended_with_all_it_started(tmp_path: Path) -> None:
    link = tmp_path / "child"

    async def scene() -> None:
        given_up = asyncio.create_task(showing(HANGS.format(link=str(link))).show(Notice((), (), "t", "b")))
        await asyncio.to_thread(wait_until, link.is_symlink, "it has started another")
        given_up.cancel()
        await asyncio.wait({given_up})

    asyncio.run(scene())
    wait_until(lambda: has_ended(link.readlink()), "that has ended too")


def has_ended(pid: Path) -> bool:
    """Whether this process runs no more; nobody may have asked yet how it ended."""
    try:
        return " Z " in Path("/proc", pid, "stat").read_text()
    except FileNotFoundError:
        return True
