"""Links a tray may open: https to Hex's configured host, handed to the desktop's own opener, and no other."""

import asyncio
import logging
import re
import sys
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

log = logging.getLogger(__name__)

_OPENERS = {"darwin": ("open",), "win32": ("rundll32", "url.dll,FileProtocolHandler")}
_PLAIN = re.compile(r"[!-~]+")


def openable(link: str, hex_link: str | None) -> bool:
    """Whether `link` is https, to the host and port of `hex_link`, with nothing in it that could mislead."""
    if hex_link is None or not _PLAIN.fullmatch(link) or "\\" in link:
        return False
    try:
        asked, allowed = urlsplit(link), urlsplit(hex_link)
        return _https(asked) and _https(allowed) and _place(asked) == _place(allowed)
    except ValueError:
        return False


def local(link: str) -> bool:
    """Whether `link` is a page that this machine serves to itself."""
    if not _PLAIN.fullmatch(link) or "\\" in link:
        return False
    try:
        asked = urlsplit(link)
        plain = asked.scheme == "http" and asked.username is None and asked.password is None and asked.port is not None
        return plain and ip_address(asked.hostname or "").is_loopback
    except ValueError:
        return False


async def open_link(link: str) -> None:
    """Hand `link` to the desktop; one line in the log when that fails. The caller has asked `openable` or `local`."""
    null = asyncio.subprocess.DEVNULL
    opener = _OPENERS.get(sys.platform, ("xdg-open",))
    # The query may hold a one-time token.
    shown = link.partition("?")[0]
    try:
        process = await asyncio.create_subprocess_exec(
            *opener, link, stdin=null, stdout=null, stderr=null, start_new_session=True
        )
    except OSError as error:
        log.warning("cannot open %s: %s: %s", shown, opener[0], error.strerror)
        return
    if await process.wait():
        log.warning("cannot open %s: %s ended with status %d", shown, opener[0], process.returncode)


def _https(link: SplitResult) -> bool:
    return link.scheme == "https" and bool(link.hostname) and link.username is None and link.password is None


def _place(link: SplitResult) -> tuple[str | None, int]:
    return link.hostname, link.port or 443
