"""A real daemon and a real tray on a private desktop that counts what it shows, ended and started at will."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from desktop import NO_DISPLAY, FakeNotifications, FakeWatcher, private_bus
from running_daemon import DaemonProcess, Home

_ENDS_WITHIN_S = 20


@dataclass
class Session:
    """A daemon, the desktop's services, and its trays, one after the other."""

    home: Home
    bus: str
    desktop: FakeNotifications
    panel: FakeWatcher
    stack: ExitStack
    daemon: DaemonProcess
    trays: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def temporary(self) -> Path:
        """The trays' folder for temporary files."""
        return self.home.folder / "tmp"

    def start_tray(self) -> None:
        """Start the next tray."""
        self.temporary.mkdir(exist_ok=True)
        own = {"DBUS_SESSION_BUS_ADDRESS": self.bus, "DISPLAY": NO_DISPLAY, "TMPDIR": str(self.temporary)}
        variables = self.home.variables(**own)
        with (self.home.folder / "tray.log").open("ab") as log:
            tray = subprocess.Popen([sys.executable, "-m", "hexmeter_tray"], env=variables, stderr=log)
        self.trays.append(tray)
        self.stack.callback(tray.wait)
        self.stack.callback(tray.kill)

    def restart(self, number: int, *, daemon: bool, tray: bool) -> list[int]:
        """End by a signal, and start what was ended; the exit codes, the tray's first."""
        codes = []
        if tray:
            self.trays[-1].send_signal(number)
        if daemon:
            codes.append(self.daemon.end(number))
            self.daemon = self.home.start()
        if tray:
            codes.insert(0, self.trays[-1].wait(_ENDS_WITHIN_S))
            self.start_tray()
        return codes


@contextmanager
def desktop_session(made: Home) -> Iterator[Session]:
    """The session of this home, with a daemon and without a tray yet."""
    with private_bus() as bus, ExitStack() as stack:
        desktop = stack.enter_context(FakeNotifications(bus))
        panel = stack.enter_context(FakeWatcher(bus))
        yield Session(made, bus, desktop, panel, stack, made.start())
