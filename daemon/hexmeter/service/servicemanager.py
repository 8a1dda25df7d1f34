"""What systemd is told of the service: ready, stopping, alive, and one line of status."""

import os
import socket
import time
from collections.abc import Mapping


class ServiceManager:
    """The sd_notify protocol: datagrams to NOTIFY_SOCKET. Without one, all of this does nothing."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET")
        usec, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
        mine = not pid or pid == str(os.getpid())
        self.watchdog_s = int(usec) / 1_000_000 if self._address and mine and usec.isdecimal() else None
        """Within how many seconds WATCHDOG=1 is expected; None: no watchdog."""

    def tell(self, *words: str) -> None:
        """Send assignments such as "READY=1"; a service manager that does not listen is no reason to fail."""
        if not self._address:
            return
        # A leading @ stands for the zero byte of an abstract socket.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notifier:
                notifier.sendto("\n".join(words).encode("utf-8"), address)
        except OSError:
            return

    def reloading(self) -> tuple[str, str]:
        """What to tell when the configuration is read anew, until READY=1."""
        return "RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}"
