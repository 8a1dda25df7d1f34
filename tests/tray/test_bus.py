"""The session bus under load."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from desktop import private_bus
from hexmeter_tray.bus import SessionBus
from hexmeter_tray.failures import NoAnswer

pytestmark = pytest.mark.desktop

BUS = "org.freedesktop.DBus"
MUCH = "x" * 300_000


def test_a_full_socket_delays_messages_and_ends_nothing() -> None:
    """Against a bus daemon that is stopped, until much more waits than a socket holds."""

    async def scene(address: str) -> list[list[bool]]:
        bus = await SessionBus.connect(address)
        daemon = daemon_at(address)
        os.kill(daemon, signal.SIGSTOP)
        calls = [
            asyncio.ensure_future(bus.call(BUS, "/org/freedesktop/DBus", BUS, "NameHasOwner", "s", [MUCH]))
            for _ in range(8)
        ]
        with pytest.raises(NoAnswer):
            await bus.call(BUS, "/org/freedesktop/DBus", BUS, "GetId", timeout_s=0.2)
        os.kill(daemon, signal.SIGCONT)
        answers = await asyncio.gather(*calls)
        bus.disconnect()
        return answers

    with private_bus() as address:
        assert asyncio.run(scene(address)) == [[False]] * 8


def daemon_at(address: str) -> int:
    """The process of the private bus: the one with its folder's configuration."""
    folder = address.partition("path=")[2].partition(",")[0].rpartition("/")[0]
    found = subprocess.run(["pgrep", "-f", f"config-file={folder}/"], capture_output=True, text=True, check=True)
    (pid,) = [
        int(pid) for pid in found.stdout.split() if Path("/proc", pid, "comm").read_text().strip() == "dbus-daemon"
    ]
    return pid
