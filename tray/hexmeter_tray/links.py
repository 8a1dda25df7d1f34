"""Links a tray may open: https to Hex's configured host, handed to the desktop's own opener, and no other."""

import asyncio
import logging
import re
from urllib.parse import SplitResult, urlsplit

log = logging.getLogger(__name__)

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


async def open_link(link: str) -> None:
    """Hand `link` to xdg-open; one line in the log when that fails. The caller has asked `openable`."""
    null = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            "xdg-open", link, stdin=null, stdout=null, stderr=null, start_new_session=True
        )
    except OSError as error:
        log.warning("cannot open %s: xdg-open: %s", link, error.strerror)
        return
    if await process.wait():
        log.warning("cannot open %s: xdg-open ended with status %d", link, process.returncode)


def _https(link: SplitResult) -> bool:
    return link.scheme == "https" and bool(link.hostname) and link.username is None and link.password is None


def _place(link: SplitResult) -> tuple[str | None, int]:
    return link.hostname, link.port or 443
