"""Counting the prompts of what grew: a thread's messages, where they may be read and the budget has room for it."""

import logging
from collections.abc import Iterable

from hexmeter.core.clock import Clock
from hexmeter.core.instants import DAY_MS
from hexmeter.core.model import Thread
from hexmeter.core.prompts import Anchor, Count
from hexmeter.hex.client import HexClient
from hexmeter.hex.errors import BadAnswer, BadRequest, Forbidden, HexError, NotFound
from hexmeter.service.polling.plan import BUSY_REQUESTS
from hexmeter.store.messages import Messages, Standing

log = logging.getLogger(__name__)

_MOST_PAGES = 6
"""A thread that takes more pages to count is taken for one prompt per increase."""


class _Full(Exception):
    """The poll has no requests left for messages."""


class _TooLong(Exception):
    """A thread has more pages of messages than a poll may read."""


class Counter:
    """Counts messages for one poll, with at most `most` requests. What fails here costs a count, and never the poll."""

    def __init__(self, hexapi: HexClient, messages: Messages, clock: Clock, most: int) -> None:
        self._hex = hexapi
        self._messages = messages
        self._clock = clock
        self._most = most
        self._sent_before = hexapi.sent
        self.sent = 0
        """Requests sent for messages so far."""
        self.own_id: str | None = None
        """Who the token is, whose private threads may be read."""

    async def count(self, grown: Iterable[tuple[Thread, bool]]) -> dict[str, Count]:
        """The user's messages of the threads in `grown`, by id; those that cannot be counted are left out.

        The flag tells which threads gain by it at once; the others come after them.
        """
        threads = [thread for thread, _ in sorted(grown, key=lambda pair: not pair[1])]
        standings = self._messages.of(thread.id for thread in threads)
        counts: dict[str, Count] = {}
        for thread in threads:
            if not self._may_read(thread, standings[thread.id]):
                continue
            try:
                counts[thread.id] = await self._count(thread.id, standings[thread.id].anchor)
            except _Full:
                break
            except (Forbidden, NotFound, _TooLong):
                self._messages.refuse(thread.id, self._clock.now_ms())
            except (BadAnswer, BadRequest):
                log.info("the messages of the thread %s cannot be counted", thread.id)
            except HexError as error:
                # By its kind alone: an answer about messages might quote them.
                log.info("messages are not counted in this poll: %s", type(error).__name__)
                self._most = 0
                break
        return counts

    def _may_read(self, thread: Thread, standing: Standing) -> bool:
        """What is private to others is never read, though Hex would show it to an Admin; what was refused, daily."""
        if thread.sensitive and (thread.user_id is None or thread.user_id != self.own_id):
            return False
        return standing.refused_ms is None or not 0 <= self._clock.now_ms() - standing.refused_ms < DAY_MS

    async def _count(self, thread_id: str, anchor: Anchor | None) -> Count:
        if anchor is not None:
            try:
                return await self._onward(thread_id, anchor)
            except BadRequest:
                self._messages.forget_anchor(thread_id)
        return await self._from_the_newest(thread_id)

    async def _onward(self, thread_id: str, anchor: Anchor) -> Count:
        """Count from `anchor` on: a long thread that grows a little costs one request, and not all its pages."""
        messages = anchor.messages
        for _ in range(_MOST_PAGES):
            self._spend()
            page = (await self._hex.messages(thread_id, after=anchor.cursor)).value
            messages += page.user_messages
            if page.newer is None:
                return Count(messages, anchor)
            anchor = Anchor(page.newer, messages)
        raise _TooLong

    async def _from_the_newest(self, thread_id: str) -> Count:
        """Count the newest page and all before it; where the newest page began is the next count's anchor."""
        self._spend()
        newest = (await self._hex.messages(thread_id)).value
        before, older, anchor_cursor = 0, newest.older, None
        for _ in range(_MOST_PAGES - 1):
            if older is None:
                anchor = None if anchor_cursor is None else Anchor(anchor_cursor, before)
                return Count(before + newest.user_messages, anchor)
            self._spend()
            page = (await self._hex.messages(thread_id, before=older)).value
            before += page.user_messages
            anchor_cursor = anchor_cursor or page.newer
            older = page.older
        raise _TooLong

    def _spend(self) -> None:
        in_all = self._hex.sent - self._sent_before
        if self.sent >= self._most or in_all >= BUSY_REQUESTS or self._hex.wait_ms() > 0:
            raise _Full
        self.sent += 1
