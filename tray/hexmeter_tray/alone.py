"""One tray per session and configuration: a mark that only one process can have, and that its end gives back."""

import hashlib
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hexmeter.wire.address import runtime_folder

if TYPE_CHECKING:
    from hexmeter_tray.bus import SessionBus

_held: list[object] = []
"""What the mark depends on, kept until the process ends."""


async def is_first(bus: "SessionBus | None", api_socket: str) -> bool:
    """Whether no other tray of this session shows the daemon at `api_socket`; then none can from now on."""
    mark = _mark(api_socket)
    if bus is not None:
        return await bus.own(f"tech.hexmeter.Tray.x{mark}")
    if sys.platform == "linux":
        return _bind(f"\0hexmeter-tray-{os.getuid()}-{os.environ.get('DISPLAY', '')}-{mark}")
    else:  # noqa: RET505 (mypy knows platforms by this form)
        return _lock(Path(runtime_folder(), f"tray-{mark}.lock"))


def _mark(api_socket: str) -> str:
    return hashlib.sha256(os.fsencode(os.path.realpath(api_socket))).hexdigest()[:16]


def _bind(name: str) -> bool:
    """Take an abstract socket, which leaves no file behind."""
    taken = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        taken.bind(name)
    except OSError:
        taken.close()
        return False
    _held.append(taken)
    return True


def _lock(path: Path) -> bool:
    """Lock a file of our own; untested on the platforms that need it."""
    try:
        import fcntl
    except ImportError:  # Windows, where nothing of this is tried
        return True
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return False
    _held.append(file)
    return True
