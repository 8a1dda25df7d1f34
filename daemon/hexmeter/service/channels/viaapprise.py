"""Apprise's channels, through a process of their own: it takes more memory than the daemon, and seconds."""

import asyncio
import importlib.util
import json
import os
import sys

from hexmeter.config.channels import Address
from hexmeter.service.channels.errors import DeliveryError

NOT_INSTALLED = "Apprise, which it needs, is not installed"
EXTRA = "pip install 'hexmeter[apprise]'"
_MOST_BYTES = 64 * 1024
_CHILD = "hexmeter.service.channels.apprisechild"
_KEPT_FROM_IT = ("HEX_TOKEN", "HEXMETER_WEBHOOK_SECRET", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_USEC")
"""What of our environment is no business of another program's."""


def is_installed() -> bool:
    """Whether the extra is; looked up anew each time, for it may be installed while we run."""
    return importlib.util.find_spec("apprise") is not None


async def notify(address: Address, title: str, body: str, severity: str, whole_s: float) -> None:
    """Send a text to one of Apprise's addresses, within so many seconds. Raises DeliveryError."""
    if not is_installed():
        raise DeliveryError(NOT_INSTALLED, EXTRA)
    # The address goes through stdin: a process's arguments can be read by everybody.
    asked = {"address": str(address), "title": title, "body": body, "severity": severity}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", _CHILD),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name not in _KEPT_FROM_IT},
    )
    try:
        async with asyncio.timeout(whole_s):
            said, _ = await process.communicate(json.dumps(asked).encode())
    except TimeoutError:
        raise DeliveryError("Apprise did not come to an end in time", "is the service up?") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    _check(said[:_MOST_BYTES])


def _check(said: bytes) -> None:
    try:
        answer = json.loads(said)
        problem, hint, permanent = answer["problem"], str(answer["hint"]), bool(answer["permanent"])
    except (ValueError, KeyError, TypeError):
        raise DeliveryError("Apprise ended without a word", EXTRA.replace("install", "install --upgrade")) from None
    if problem is not None:
        raise DeliveryError(str(problem), hint, permanent=permanent)
