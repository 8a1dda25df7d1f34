"""One poll: who we are, who is watched, what is new, what grew, and what follows from it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hexmeter.config.model import Config
from hexmeter.config.token import TokenError
from hexmeter.core.clock import Clock
from hexmeter.core.instants import HOUR_MS
from hexmeter.core.ledger import Usage
from hexmeter.core.model import Identity
from hexmeter.hex.client import HexClient
from hexmeter.hex.errors import Forbidden, HexError, TokenRefused
from hexmeter.service.polling.counting import Counter
from hexmeter.service.polling.currenttoken import AlreadyRefused, CurrentToken
from hexmeter.service.polling.people import list_people, read_groups
from hexmeter.service.polling.plan import BUSY_REQUESTS, OLDER_PAGES_PER_ROUND, QUIET_REQUESTS, Effort, Hot
from hexmeter.service.polling.reading import Reader, Rules, Seen
from hexmeter.service.watch import Watched, effective_watch, needs_roster, resolve
from hexmeter.store.progress import EVERYBODY, Tracked
from hexmeter.store.store import Store

log = logging.getLogger(__name__)

_HISTORY_PAGES = 20
"""So many pages of history at a time: between them the newest are looked at, and alerts decided."""

_WHOLE_WINDOW_PAGES = 1_000
_REFRESH_MS = HOUR_MS
"""How often the identity and the roster are read anew."""

_REFUSALS_BELIEVED = 3
"""A list that Hex showed before has to be refused so often in a row: a single 403 may be a passing fault."""


@dataclass(frozen=True, slots=True)
class PollFailure:
    """A poll that did not come to its end: one clean sentence, what to try, and whether the token was refused."""

    message: str
    hint: str
    token_refused: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a poll saw: so many threads, each counted once. `failure` is None for a good one.

    `more` tells that history is left to read, `cut_short` that the budget ended a look at the whole window.
    """

    at_ms: int
    failure: PollFailure | None
    requests: int
    threads: int
    added: tuple[Usage, ...]
    warnings: int
    more: bool
    cut_short: bool = False


class Poller:
    """Polls Hex for one configuration and stores what it saw."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        hexapi: HexClient,
        token: CurrentToken,
        on_page: Callable[[], None] = lambda: None,
    ) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._hex = hexapi
        self._token = token
        self._on_page = on_page
        self._refreshed_ms: int | None = None
        self._turns = 0
        self._tries_listing = True
        self._refusals = 0
        poll = config.poll
        self._effort = Effort(min(poll.requests_per_minute, poll.requests_per_hour / 60))
        self._hot = Hot()
        self._older_left: dict[str, int] = {}
        self._behind_window: dict[str, str | None] = {}
        self._began_ms = clock.uptime_ms()
        self._cut_short = False

    @property
    def waits(self) -> bool:
        """Whether the next request waits for the budget, or for a pause that Hex asked for."""
        return self._hex.wait_ms() > 0

    @property
    def sent(self) -> int:
        """Requests sent so far."""
        return self._hex.sent

    async def run(self, *, whole: bool = False) -> Outcome:
        """Poll once. `whole`: look at the whole window at once, as far as the budget allows without waiting.

        Raises WrongOrg and WatchError, which no other poll can mend; all else that fails is in the outcome.
        """
        sent_before, failure = self._hex.sent, None
        before_ms, self._began_ms = self._began_ms, self._clock.uptime_ms()
        self._effort.begin(self._began_ms - before_ms)
        reader = Reader(self._hex, self._store, self._rules(), self._counter(), self._on_page)
        more = self._cut_short = False
        try:
            if await self._token.refresh(eager=whole):
                self._refreshed_ms = None
            identity = await self._identify()
            reader.counter.own_id = identity.person.id if identity.person else None
            watched = await self._watched(identity)
            await self._read(reader, watched, whole, sent_before)
            more = self._store.progress.access().threads and any(
                not self._store.progress.listing(scope).history_done for scope in watched.scopes
            )
        except TokenRefused as error:
            self._token.refuse()
            failure = PollFailure(str(error), error.hint, token_refused=True)
        except (HexError, TokenError) as error:
            failure = PollFailure(str(error), error.hint, isinstance(error, AlreadyRefused))
        self._effort.spend(self._hex.sent - sent_before)
        return self._outcome(reader.seen, failure, self._hex.sent - sent_before, more)

    async def _identify(self) -> Identity:
        """Who the token is: asked at the start, for a new token, and hourly. The database must be of its workspace."""
        stored = self._store.progress.identity()
        if stored is not None and self._is_fresh():
            return stored
        identity = (await self._hex.me()).value
        with self._store.transaction():
            self._store.database.bind(identity.org_id)
            effective_watch(self._config.watch, identity)
            self._store.progress.save_identity(identity)
            if identity.person is not None:
                self._store.roster.save([identity.person], self._clock.now_ms(), whole=False)
        # A role may have changed, so what was refused is tried again.
        self._tries_listing = True
        return identity

    async def _watched(self, identity: Identity) -> Watched:
        """Who is watched; reads the roster, hourly, where that takes one."""
        watch = effective_watch(self._config.watch, identity)
        roster_needed = needs_roster(watch, identity)
        if not self._is_fresh():
            if roster_needed:
                await self._read_roster()
                await read_groups(self._hex, self._store.groups, self._config.allocations, self._clock.now_ms())
            self._refreshed_ms = self._clock.uptime_ms()
        if not roster_needed:
            return resolve(watch, identity, None)
        access = self._store.progress.access()
        watched = resolve(watch, identity, self._store.roster.listed() if access.people else None)
        for email in watched.missing:
            log.warning("watch.users: nobody that the token can see has the email %s", email)
        return watched

    async def _read_roster(self) -> None:
        try:
            people, whole = await list_people(self._hex)
        except Forbidden as error:
            log.warning("the list of users is not open to this token, so only its own credits are watched: %s", error)
            self._store.progress.save_access(replace(self._store.progress.access(), people=False))
            return
        self._store.roster.save(people.values(), self._clock.now_ms(), whole=whole)
        self._store.progress.save_access(replace(self._store.progress.access(), people=True))

    async def _read(self, reader: Reader, watched: Watched, whole: bool, sent_before: int) -> None:
        """What the role may list; else, or besides, the threads that are followed one by one."""
        access = self._store.progress.access()
        if access.threads or self._tries_listing:
            try:
                await self._read_listings(reader, watched.scopes, whole, sent_before)
                access = replace(access, threads=True)
                self._refusals = 0
            except Forbidden as error:
                self._refusals += 1
                if access.threads and self._refusals < _REFUSALS_BELIEVED and self._has_listed(watched):
                    raise
                log.warning("Hex does not list threads for this role, so only tracked threads are read: %s", error)
                access = replace(access, threads=False)
            self._tries_listing = False
            self._store.progress.save_access(access)
        tracked = [tracked.thread_id for tracked in self._store.progress.tracked()]
        if access.threads:
            # What the listings show needs no request of its own; what they do not, such as old threads, takes turns.
            unlisted = [thread_id for thread_id in tracked if not self._is_listed(thread_id, watched)]
            never_read = [thread.thread_id for thread in self._store.progress.tracked() if self._is_new(thread)]
            tracked = never_read or _rotated(unlisted, self._turns)[:1]
        for thread_id in tracked:
            await reader.single(thread_id)

    async def _read_listings(self, reader: Reader, scopes: Sequence[str], whole: bool, sent_before: int) -> None:
        """Newest first; then the history, or the sweep with the requests that this poll has left."""
        behind = {scope: await reader.newest(scope) for scope in scopes}
        now_ms = self._clock.now_ms()
        window_end_ms = now_ms - self._config.poll.window_ms
        # Another scope is the first each time: one alone could take all that a quiet poll may ask.
        self._turns += 1
        for turn, scope in enumerate(_rotated(scopes, self._turns)):
            if not self._store.progress.listing(scope).history_done:
                await reader.history(scope, _HISTORY_PAGES, now_ms)
            elif whole:
                looked = await reader.sweep_all(scope, behind[scope], _WHOLE_WINDOW_PAGES, window_end_ms)
                self._cut_short = self._cut_short or not looked
            else:
                # A poll that counts messages is not a quiet one, and must not starve the sweep.
                sent = self._hex.sent - sent_before - reader.counter.sent
                # Listings of several people take their requests for the newest alone; then one a poll is swept.
                least = 1 if turn == 0 and len(scopes) > 1 else 0
                pages = max(self._effort.sweep_pages(scope, sent), least)
                await self._sweep(reader, scope, behind[scope], pages, now_ms)

    async def _sweep(self, reader: Reader, scope: str, behind: str | None, pages: int, now_ms: int) -> None:
        """Look at what may have grown out of sight of the newest pages, with so many requests.

        In busy times first at what grew lately; between two rounds at threads older than the window.
        """
        mark, sent_before = len(reader.seen.added), self._hex.sent - reader.counter.sent
        if self._effort.busy(scope):
            await self._look_at_hot(reader, pages, now_ms)
        pages -= self._hex.sent - reader.counter.sent - sent_before
        older = min(pages, self._older_left.get(scope, 0))
        if older > 0:
            self._older_left[scope] -= older
            await reader.older(scope, self._behind_window.get(scope), older, now_ms)
        await reader.sweep(scope, behind, pages - older, now_ms - self._config.poll.window_ms)
        grown = reader.seen.growth_since(mark)
        self._hot.note(grown, now_ms)
        if grown:
            self._effort.note_growth(scope)
        if scope in reader.behind_window:
            self._effort.end_round(scope)
            self._behind_window[scope] = reader.behind_window[scope]
            # Where nothing is older than the window, no request is kept for it.
            self._older_left[scope] = OLDER_PAGES_PER_ROUND if reader.behind_window[scope] else 0

    async def _look_at_hot(self, reader: Reader, requests: int, now_ms: int) -> None:
        for thread_id in self._hot.due(now_ms, frozenset(reader.seen.ids))[:requests]:
            if self._hex.sent >= reader.ends_at:
                return
            if not await reader.single(thread_id):
                self._hot.forget(thread_id)

    def _has_listed(self, watched: Watched) -> bool:
        return any(self._store.progress.listing(scope).watched_since_ms is not None for scope in watched.scopes)

    def _is_new(self, tracked: Tracked) -> bool:
        return tracked.problem is None and self._store.ledger.thread(tracked.thread_id) is None

    def _is_listed(self, thread_id: str, watched: Watched) -> bool:
        thread = self._store.ledger.thread(thread_id)
        if thread is None or thread["created_ms"] < self._clock.now_ms() - self._config.poll.window_ms:
            return False
        return EVERYBODY in watched.scopes or thread["user_id"] in watched.scopes

    def _is_fresh(self) -> bool:
        return self._refreshed_ms is not None and self._clock.uptime_ms() - self._refreshed_ms < _REFRESH_MS

    def _counter(self) -> Counter:
        # Half of a minute's requests stay for the listings, without which there is nothing to count for.
        half = max(1, self._config.poll.requests_per_minute // 2)
        return Counter(self._hex, self._store.messages, self._clock, min(BUSY_REQUESTS - QUIET_REQUESTS, half))

    def _rules(self) -> Rules:
        poll = self._config.poll
        return Rules(poll.history_ms, gap_ms=2 * poll.interval_ms)

    def _outcome(self, seen: Seen, failure: PollFailure | None, requests: int, more: bool) -> Outcome:
        return Outcome(
            at_ms=self._clock.now_ms(),
            failure=failure,
            requests=requests,
            threads=len(seen.ids),
            added=tuple(seen.added),
            warnings=seen.warnings,
            more=more,
            cut_short=self._cut_short,
        )


def _rotated(scopes: Sequence[str], by: int) -> list[str]:
    start = by % len(scopes) if scopes else 0
    return [*scopes[start:], *scopes[:start]]
