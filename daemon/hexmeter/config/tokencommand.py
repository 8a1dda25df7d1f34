"""Runs the user's token_command: no shell, ten seconds, and only so much of what it says."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from hexmeter.core.strings import clean, without_tokens

TIMEOUT_S = 10.0
_ERROR_BYTES = 2_000


class CommandFailed(Exception):
    """The command gave nothing to use; the message says why, with the first line of its own words."""


def output_of(command: Sequence[str], folder: Path, most_bytes: int, timeout_s: float = TIMEOUT_S) -> bytes:
    """What `command`, run in `folder`, prints: at most `most_bytes` + 1. Raises CommandFailed."""
    environ = {name: value for name, value in os.environ.items() if name != "HEX_TOKEN"}
    try:
        process = subprocess.Popen(  # noqa: S603 (the user's own words, taken as they are)
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise CommandFailed(f"cannot run {clean(command[0], 80)}: {getattr(error, 'strerror', error)}") from None
    with process:
        try:
            deadline_s = time.monotonic() + timeout_s
            printed, said = _read_both(process, most_bytes, deadline_s)
            if len(printed) > most_bytes:
                raise CommandFailed("it prints far more than a token")
            code = process.wait(max(0.0, deadline_s - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired):
            raise CommandFailed(f"it took longer than {timeout_s:g} seconds") from None
        finally:
            _end_group(process)
    if code != 0:
        words = clean(without_tokens(said.decode("utf-8", "replace").strip().partition("\n")[0]), 120)
        raise CommandFailed(f"it ended with exit code {code}" + (f": {words}" if words else ""))
    return printed


def _read_both(process: subprocess.Popen[bytes], most_bytes: int, deadline_s: float) -> tuple[bytes, bytes]:
    """Standard output and error until both end, or until more came than anybody needs. Raises TimeoutError."""
    assert process.stdout is not None
    assert process.stderr is not None
    read: dict[int, bytearray] = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    printed, said = read.values()
    with selectors.DefaultSelector() as selector:
        for file in read:
            selector.register(file, selectors.EVENT_READ)
        while selector.get_map() and len(printed) <= most_bytes:
            ready = selector.select(max(0.0, deadline_s - time.monotonic()))
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                chunk = os.read(key.fd, 4096)
                read[key.fd] += chunk
                if not chunk:
                    selector.unregister(key.fd)
            del said[_ERROR_BYTES:]
    return bytes(printed[: most_bytes + 1]), bytes(said)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the command with all that it started, so that nothing waits for what nobody reads."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
