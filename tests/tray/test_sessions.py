"""Trays and their sessions: one for each session and configuration, asleep and awake, and what doctor says of both."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from desktop import NO_DISPLAY, TrayItem, private_bus, wait_until
from hexmeter_tray.app import App, Backends
from hexmeter_tray.backends import Choice
from hexmeter_tray.bus import SessionBus
from hexmeter_tray.model import View
from hexmeter_tray.settings import Settings

from .conftest import Stage
from .fake_daemon import meter, notice, status

pytestmark = pytest.mark.desktop


def wait_for_figure(item: TrayItem, figure: str) -> None:
    wait_until(lambda: item.menu_labels()[0] == f"Grant {figure} of 40 left", f"{figure} are left")


def test_each_session_and_each_configuration_has_a_tray_of_its_own(stage: Stage) -> None:
    watcher = stage.watcher()
    trays = [stage.start_tray()]
    wait_until(lambda: len(watcher.registered) == 1, "the first is there")
    with ExitStack() as stack:
        elsewhere = stack.enter_context(private_bus())
        trays.append(stage.start_tray(DBUS_SESSION_BUS_ADDRESS=elsewhere))
        stage.wait_for_said(trays[1], "no tray host")
        stage.config = stage.folder / "other.toml"
        stage.config.write_text(f'[api]\nsocket = "{stage.folder}/other.sock"\n')
        trays.append(stage.start_tray())
        wait_until(lambda: len(watcher.registered) == 2, "the other configuration's is there")
        assert [tray.process.poll() for tray in trays] == [None] * 3


def test_a_tray_that_slept_shows_what_came_meanwhile_once(stage: Stage) -> None:
    stage.daemon.start()
    watcher, notifications, tray = stage.watcher(), stage.notifications(), stage.start_tray()
    item = watcher.item()
    wait_for_figure(item, "27.5")
    tray.process.send_signal(signal.SIGSTOP)
    stage.daemon.deliver(notice(1))
    for left in range(20, 10, -1):
        stage.daemon.show(meters=[meter(remaining=float(left))])
    stage.daemon.stop()
    stage.daemon.start()
    stage.daemon.show(meters=[meter(remaining=9.0)])
    tray.process.send_signal(signal.SIGCONT)
    wait_for_figure(item, "9")
    wait_until(lambda: stage.daemon.states(1) == ["handed_over"], "the notice is delivered")
    assert notifications.received == 1
    assert tray.said() == ""


def test_what_the_daemon_says_while_the_tray_ends_is_not_shown() -> None:
    """There is no connection any more that could show it."""

    async def scene(address: str) -> list[View]:
        told_to_end, shown = asyncio.Event(), list[View]()
        backends = Backends(Choice("sni", "why"), Choice("dbus", "why"))
        settings = Settings(None, "/nonexistent", "auto", "auto")
        app = App(await SessionBus.connect(address), backends, settings, told_to_end)
        await app.start()
        app._tray.show = shown.append  # type: ignore[method-assign]
        app._on_event("status", status())
        told_to_end.set()
        assert await app.run_until_told() == ""
        app._on_event("status", status(stale=True))
        app._on_lost("")
        return shown

    with private_bus() as address:
        assert len(asyncio.run(scene(address))) == 1


def doctor(stage: Stage) -> dict[str, Any]:
    """What `hexmeter doctor` finds, by the check's name."""
    own = {"HOME": str(stage.home), "DISPLAY": NO_DISPLAY, "DBUS_SESSION_BUS_ADDRESS": stage.bus_address}
    command = [sys.executable, "-m", "hexmeter", "--config", str(stage.config), "doctor", "--json"]
    ran = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=False, cwd=Path("/"))
    return {check["name"]: check for check in json.loads(ran.stdout)["checks"]}


def test_doctor_says_that_warnings_wait_while_nobody_shows_them(stage: Stage) -> None:
    found = doctor(stage)["notifications"]
    assert found["state"] == "warning"
    assert found["message"] == "no notification service is running: warnings wait until one is"
    stage.notifications()
    assert doctor(stage)["notifications"]["state"] == "ok"
