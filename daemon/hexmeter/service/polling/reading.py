"""Reading Hex's listings: the newest pages, the history behind them, the sweep for growth, and single threads."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hexmeter.core.ledger import GROWTH, Usage
from hexmeter.core.model import Look, Thread
from hexmeter.core.prompts import Count
from hexmeter.hex.client import Answer, HexClient
from hexmeter.hex.errors import BadAnswer, BadRequest, Forbidden, NotFound
from hexmeter.hex.parse import Page
from hexmeter.service.polling.counting import Counter
from hexmeter.service.polling.plan import BUSY_REQUESTS
from hexmeter.store.progress import EVERYBODY, Listing
from hexmeter.store.store import Store

log = logging.getLogger(__name__)

_PAGES_WITHOUT_PROGRESS = 3
"""So many pages in a row without an older thread are taken for a listing without end: cursors shift, but not so far."""

_WARNINGS_LOGGED = 5


@dataclass(slots=True)
class Seen:
    """What one poll has seen so far."""

    added: list[Usage] = field(default_factory=list)
    warnings: int = 0
    ids: set[str] = field(default_factory=set)
    """The threads seen: one that two pages show, for the pages overlap, is one."""

    def growth_since(self, mark: int) -> list[str]:
        """The threads that grew among those whose usage was added after the first `mark` rows."""
        return [usage.thread_id for usage in self.added[mark:] if usage.basis in GROWTH]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the reading goes by: `history_ms` is an age of threads, `gap_ms` see `ledger.observe`."""

    history_ms: int
    gap_ms: int


class Reader:
    """Reads listings page by page; each page is stored, with how far it brought us, in one transaction."""

    def __init__(
        self, hexapi: HexClient, store: Store, rules: Rules, counter: Counter, on_page: Callable[[], None]
    ) -> None:
        self._hex = hexapi
        self._store = store
        self._rules = rules
        self.counter = counter
        self._on_page = on_page
        self.seen = Seen()
        self.ends_at = hexapi.sent + BUSY_REQUESTS
        """No sweep goes on once the client has sent so many requests in all."""
        self.behind_window: dict[str, str | None] = {}
        """For each scope whose sweep came to its end: the cursor to the threads older than the window."""

    async def newest(self, scope: str) -> str | None:
        """Read the newest pages until everything that can be new was passed; the cursor to what comes behind them.

        The very first look reads one page: what lies behind it is history.
        """
        listing = self._store.progress.listing(scope)
        first_look = listing.watched_since_ms is None
        trail, restarted = _Trail(), False
        cursor: str | None = None
        top_ms = listing.frontier_ms or 0
        while True:
            try:
                answer = await self._hex.threads(cursor, _user_of(scope))
            except BadRequest:
                if cursor is None or restarted:
                    raise
                log.info("Hex no longer takes the cursor of the newest threads: reading them anew")
                cursor, trail, restarted = None, _Trail(), True
                continue
            page = answer.value
            if first_look:
                listing = replace(listing, watched_since_ms=answer.look.sent_ms)
            # A thread from the future, by whichever clock, must not hide those that are made until then.
            top_ms = max([top_ms, *(min(thread.created_ms, answer.look.sent_ms) for thread in page.items)])
            oldest_ms = trail.passed(page, cursor)
            passed_all = first_look or page.next_cursor is None or oldest_ms < (listing.frontier_ms or 0)
            since_ms = None if first_look else listing.watched_since_ms
            counts = await self._counts(page.items, answer.look, since_ms)
            with self._store.transaction():
                known = self._record(answer, since_ms, counts)
                listing = replace(listing, threads=listing.threads + known)
                if first_look:
                    listing = self._history_from(listing, page, answer.look.sent_ms)
                if passed_all:
                    # An empty first page says nothing of what lies behind it, which is history.
                    listing = replace(listing, frontier_ms=top_ms or answer.look.sent_ms)
                self._store.progress.save_listing(listing)
            self._on_page()
            if passed_all:
                return page.next_cursor
            cursor = page.next_cursor

    async def history(self, scope: str, pages: int, now_ms: int) -> None:
        """Read up to `pages` pages of the history, from where it was left; anew from the newest where its cursor is
        refused."""
        trail, restarted = _Trail(), False
        for _ in range(pages):
            listing = self._store.progress.listing(scope)
            if listing.history_done:
                return
            try:
                answer = await self._hex.threads(listing.history_cursor, _user_of(scope))
            except BadRequest:
                # The cursor of a page just read is not old: whoever refuses that one takes none.
                if listing.history_cursor is None or restarted:
                    raise
                log.info("Hex no longer takes the history's cursor: reading it anew from the newest")
                self._store.progress.save_listing(replace(listing, history_cursor=None))
                trail, restarted = _Trail(), True
                continue
            trail.passed(answer.value, listing.history_cursor)
            restarted = restarted and listing.history_cursor is None
            counts = await self._counts(answer.value.items, answer.look, listing.watched_since_ms)
            with self._store.transaction():
                known = self._record(answer, listing.watched_since_ms, counts)
                listing = replace(self._store.progress.listing(scope), threads=listing.threads + known)
                self._store.progress.save_listing(self._history_from(listing, answer.value, now_ms))
            self._on_page()

    async def sweep(self, scope: str, start: str | None, pages: int, end_ms: int, *, free: bool = False) -> int | None:
        """Look again at up to `pages` pages of older threads, which may have grown; with `free` only while the budget
        lets requests go without waiting.

        It goes on where the last one stopped; `start` is the cursor behind the newest pages, where a round begins.
        A round ends at threads made before `end_ms`. When it came to that end: the creation of the newest thread of
        the first page it read; else None.
        """
        trail = _Trail()
        began_ms: int | None = None
        for _ in range(pages):
            listing = self._store.progress.listing(scope)
            cursor = listing.sweep_cursor or start
            if cursor is None or (self._hex.wait_ms() > 0 if free else self._hex.sent >= self.ends_at):
                return None
            try:
                answer = await self._hex.threads(cursor, _user_of(scope))
            except BadRequest:
                log.info("Hex no longer takes the sweep's cursor: the round begins anew")
                self._store.progress.save_listing(replace(listing, sweep_cursor=None))
                return None
            oldest_ms = trail.passed(answer.value, cursor)
            if began_ms is None:
                began_ms = max((thread.created_ms for thread in answer.value.items), default=end_ms)
            ended = answer.value.next_cursor is None or oldest_ms < end_ms
            counts = await self._counts(answer.value.items, answer.look, listing.watched_since_ms)
            with self._store.transaction():
                self._record(answer, listing.watched_since_ms, counts)
                next_cursor = None if ended else answer.value.next_cursor
                self._store.progress.save_listing(replace(listing, sweep_cursor=next_cursor))
            if ended:
                self.behind_window[scope] = answer.value.next_cursor
                return began_ms
        return None

    async def older(self, scope: str, start: str | None, pages: int, now_ms: int) -> None:
        """Look again at up to `pages` pages of the threads behind the window, back to the history's end.

        It goes on where the last one stopped; `start` is the cursor behind the window, where it begins.
        """
        trail = _Trail()
        cursor = self._store.progress.older_cursor(scope) or start
        for _ in range(pages):
            if cursor is None or self._hex.sent >= self.ends_at:
                return
            try:
                answer = await self._hex.threads(cursor, _user_of(scope))
            except BadRequest:
                self._store.progress.save_older_cursor(scope, None)
                return
            oldest_ms = trail.passed(answer.value, cursor)
            cursor = None if oldest_ms < now_ms - self._rules.history_ms else answer.value.next_cursor
            since_ms = self._store.progress.listing(scope).watched_since_ms
            counts = await self._counts(answer.value.items, answer.look, since_ms)
            with self._store.transaction():
                self._record(answer, since_ms, counts)
                self._store.progress.save_older_cursor(scope, cursor)

    async def sweep_all(self, scope: str, start: str | None, pages: int, end_ms: int) -> bool:
        """Look at the whole window as far as the budget goes without waiting; whether it went all the way.

        First at what the last sweep left, so that one which the budget cuts short again and again comes round too, then
        at what lies before that.
        """
        in_the_middle = self._store.progress.listing(scope).sweep_cursor is not None
        if start is None and not in_the_middle:
            return True  # The newest pages were all there is.
        began_ms = await self.sweep(scope, start, pages, end_ms, free=True)
        if in_the_middle and began_ms is not None and start is not None:
            began_ms = await self.sweep(scope, start, pages, max(began_ms, end_ms), free=True)
        return began_ms is not None

    async def single(self, thread_id: str) -> bool:
        """Read one thread by its id, and store why where it cannot be read; whether it could."""
        try:
            answer = await self._hex.thread(thread_id)
        except (NotFound, Forbidden, BadRequest, BadAnswer) as error:
            log.warning("the thread %s cannot be followed: %s", thread_id, error)
            self._store.progress.note_problem(thread_id, str(error))
            return False
        counts = await self._counts([answer.value], answer.look, None)
        with self._store.transaction():
            self.seen.ids.add(answer.value.id)
            self.seen.added += self._store.ledger.record(
                [answer.value], answer.look, watched_since_ms=None, gap_ms=self._rules.gap_ms, counts=counts
            )
            self._store.progress.note_problem(thread_id, None)
            self._store.progress.note_unread({}, {answer.value.id}, answer.look.answered_ms)
        return True

    async def _counts(self, threads: Sequence[Thread], look: Look, watched_since_ms: int | None) -> Mapping[str, Count]:
        """The messages of those that grew, asked for before anything is stored; see `Ledger.record` for why."""
        grown = self._store.ledger.grown(threads, look, watched_since_ms=watched_since_ms, gap_ms=self._rules.gap_ms)
        return await self.counter.count(grown) if grown else {}

    def _record(self, answer: Answer[Page[Thread]], watched_since_ms: int | None, counts: Mapping[str, Count]) -> int:
        """Store a page's threads; how many of them were new."""
        page = answer.value
        for warning in page.warnings[:_WARNINGS_LOGGED]:
            log.warning("%s", warning)
        if len(page.warnings) > _WARNINGS_LOGGED:
            log.warning("and %d more of that page", len(page.warnings) - _WARNINGS_LOGGED)
        new = self._store.ledger.count_unknown(thread.id for thread in page.items)
        self.seen.warnings += len(page.warnings)
        ids = {thread.id for thread in page.items}
        self.seen.ids |= ids
        self._store.progress.note_unread(page.left_out, ids, answer.look.answered_ms)
        self.seen.added += self._store.ledger.record(
            page.items, answer.look, watched_since_ms=watched_since_ms, gap_ms=self._rules.gap_ms, counts=counts
        )
        return new

    def _history_from(self, listing: Listing, page: Page[Thread], now_ms: int) -> Listing:
        """The listing once its history was read through `page`."""
        to_ms = min([thread.created_ms for thread in page.items] or [listing.history_to_ms or now_ms])
        reached_ms = to_ms if listing.history_to_ms is None else min(to_ms, listing.history_to_ms)
        done = page.next_cursor is None or reached_ms < now_ms - self._rules.history_ms
        return replace(
            listing,
            history_cursor=None if done else page.next_cursor,
            history_to_ms=reached_ms,
            history_done=done,
        )


class _Trail:
    """The pages of one pass, to notice a listing that leads nowhere."""

    def __init__(self) -> None:
        self._cursors: set[str] = set()
        self._oldest_ms: int | None = None
        self._idle = 0

    def passed(self, page: Page[Thread], cursor: str | None) -> int:
        """Note a page got with `cursor`; the creation of the oldest thread so far, the distant future without one.

        Raises BadAnswer when the cursor to the next page was followed before, or pages bring nothing older.
        """
        if cursor is not None:
            self._cursors.add(cursor)
        oldest_ms = min((thread.created_ms for thread in page.items), default=None)
        if oldest_ms is not None and (self._oldest_ms is None or oldest_ms < self._oldest_ms):
            self._oldest_ms = oldest_ms
            self._idle = 0
        else:
            self._idle += 1
        if page.next_cursor in self._cursors or (page.next_cursor and self._idle >= _PAGES_WITHOUT_PROGRESS):
            raise BadAnswer(
                "Hex's list of threads leads round in a circle: its cursor repeats, or brings nothing older"
            )
        return _DISTANT_MS if self._oldest_ms is None else self._oldest_ms


_DISTANT_MS = 2**62


def _user_of(scope: str) -> str | None:
    return None if scope == EVERYBODY else scope
