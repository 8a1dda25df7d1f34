"""What live pages are sent: the sections that changed, rendered once for all who look at them."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from hexmeter.page.view import View
from hexmeter.service.daemon import Daemon
from hexmeter.service.dashboard.pages import Pages
from hexmeter.wire.shapes import dump

AT_MOST_EVERY_S = 1.0
REST_FACTOR = 10
"""After a rendering there is none for so many times as long: a first run publishes with every page it reads."""

_AGAIN_AFTER_MS = 1_000
"""So soon a page connects again, after a reload say; browsers take some seconds by themselves."""


class Live:
    """Follows one daemon."""

    def __init__(self, daemon: Daemon, pages: Pages) -> None:
        self._daemon = daemon
        self._pages = pages
        self._one = asyncio.Lock()
        self._made_s, self._next_s = float("-inf"), float("-inf")
        self._document: Mapping[str, Any] = {}
        self._rendered: dict[View, Mapping[str, str]] = {}

    async def events(self, view: View, shown: dict[str, int], lasts: Callable[[], bool]) -> AsyncGenerator[bytes, None]:
        """Server-sent events `section` as figures change, for a page in `view`, while `lasts` is true.

        `shown` has the hashes of the sections that the page shows now; others are sent at once.
        """
        yield b"retry: %d\n\n" % _AGAIN_AFTER_MS
        async for _ in self._daemon.changes():
            sections = await self._sections(view)
            if not lasts():
                return
            for name, html in sections.items():
                if shown.get(name) != hash(html):
                    shown[name] = hash(html)
                    yield _event(name, html)

    async def _sections(self, view: View) -> Mapping[str, str]:
        """A view's sections after the latest change; who waits at the same time shares one rendering."""
        loop = asyncio.get_running_loop()
        asked_s = loop.time()
        async with self._one:
            is_old = self._made_s < asked_s
            if is_old:
                await asyncio.sleep(self._next_s - loop.time())
            began_s = loop.time()
            if is_old:
                self._made_s, self._next_s = began_s, began_s + AT_MOST_EVERY_S
                self._document, self._rendered = self._pages.document(), {}
            if view not in self._rendered:
                self._rendered[view] = self._pages.sections(self._document, view)
            self._next_s += REST_FACTOR * (loop.time() - began_s)
            return self._rendered[view]


def _event(name: str, html: str) -> bytes:
    return b"event: section\ndata: %s\n\n" % dump({"id": name, "html": html})
