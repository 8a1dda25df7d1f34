"""A tray process between a fake daemon and a private D-Bus session."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from desktop import NO_DISPLAY, FakeNotifications, FakeWatcher, private_bus, wait_until

from .fake_daemon import FakeDaemon


@dataclass(slots=True)
class TrayProcess:
    """A running tray; what it says on stderr goes to a file."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        """All it said so far."""
        return self.log.read_text()

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(timeout=20)


class Stage:
    """The places of one test: a bus, a configuration with a socket, and a tray when `start_tray` is called."""

    def __init__(self, folder: Path, bus_address: str, stack: ExitStack) -> None:
        self.folder = folder
        self.bus_address = bus_address
        self.config = folder / "config.toml"
        self.config.write_text(f'[api]\nsocket = "{folder}/api.sock"\n')
        self.daemon = FakeDaemon(folder / "api.sock")
        self.home = folder / "home"
        self.home.mkdir()
        self._stack = stack
        self._trays = 0
        stack.callback(self.daemon.stop)

    def configure(self, toml: str) -> None:
        """Add to the configuration, before the tray starts."""
        self.config.write_text(self.config.read_text() + toml)

    def start_tray(self, **environment: str) -> TrayProcess:
        """Start `hexmeter-tray --config …`; an empty value in `environment` takes a variable away."""
        self._trays += 1
        log = self.folder / f"tray-{self._trays}.log"
        paths = {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / "config"), "TMPDIR": str(self.home)}
        wanted = {**paths, "DISPLAY": NO_DISPLAY, "DBUS_SESSION_BUS_ADDRESS": self.bus_address, **environment}
        variables = {name: value for name, value in {**os.environ, **wanted}.items() if value}
        command = [sys.executable, "-m", "hexmeter_tray", "--config", str(self.config)]
        with log.open("wb") as stderr:
            process = subprocess.Popen(command, env=variables, stderr=stderr, cwd=self.folder)
        self._stack.callback(_end, process)
        return TrayProcess(process, log)

    def watcher(self) -> FakeWatcher:
        """A tray host appears."""
        return self._stack.enter_context(FakeWatcher(self.bus_address))

    def notifications(self, *capabilities: str) -> FakeNotifications:
        """A notification service appears."""
        given = capabilities or ("body", "body-markup", "actions")
        return self._stack.enter_context(FakeNotifications(self.bus_address, given))

    def wait_for_said(self, tray: TrayProcess, words: str) -> None:
        """Wait until the tray said so."""
        wait_until(lambda: words in tray.said(), f"the tray says {words!r}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


@pytest.fixture
def stage() -> Iterator[Stage]:
    # Not pytest's own folder: a socket's path must stay below 108 characters.
    with tempfile.TemporaryDirectory(prefix="hextray-") as folder, private_bus() as address, ExitStack() as stack:
        yield Stage(Path(folder), address, stack)
