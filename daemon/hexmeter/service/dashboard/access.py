"""Who may see the dashboard: links that work once, and the sessions they open. Both are in memory alone."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from hexmeter.core.clock import Clock
from hexmeter.core.instants import DAY_MS, MINUTE_MS
from hexmeter.page.view import View

ENTRANCE = "/open"
"""Where a link leads; its secret goes no further."""

LINK_LIVES_MS = 2 * MINUTE_MS
SESSION_LIVES_MS = DAY_MS
_MOST_LINKS, _MOST_SESSIONS = 8, 16
"""More of them end the oldest."""

_MOST_LOADED = 16
_SECRET_BYTES = 32


@dataclass(slots=True, eq=False)
class Link:
    """A link that was given out and not opened yet."""

    secret: str
    ends_ms: int


@dataclass(slots=True, eq=False)
class Session:
    """A browser that opened a link. `streams` counts its live pages.

    `loaded` has, by view, the hashes of the sections of pages that were sent, and whose stream has not begun yet.
    """

    secret: str
    ends_ms: int
    streams: int = 0
    loaded: dict[View, dict[str, int]] = field(default_factory=dict)

    def load(self, view: View, sections: Mapping[str, str]) -> None:
        """Note what a page shows that was sent just now.

        Nobody knows which of two pages begins its stream first: where they differ, both will be sent the section.
        """
        now = {name: hash(html) for name, html in sections.items()}
        before = self.loaded.pop(view, now)
        self.loaded[view] = {name: mark for name, mark in now.items() if before.get(name) == mark}
        if len(self.loaded) > _MOST_LOADED:
            del self.loaded[next(iter(self.loaded))]


Held = TypeVar("Held", Link, Session)


class Access:
    """Links and sessions, by a clock that is never set back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._links: list[Link] = []
        self._sessions: list[Session] = []
        self.used_ms = 0
        """When a link was given out, or a session was used, last."""
        self.note_use()

    @property
    def is_live(self) -> bool:
        """Whether a live page is open."""
        return any(session.streams for session in self._alive(self._sessions))

    def new_link(self) -> str:
        """The secret of a link that works once, within LINK_LIVES_MS."""
        self.note_use()
        link = Link(secrets.token_urlsafe(_SECRET_BYTES), self._clock.uptime_ms() + LINK_LIVES_MS)
        self._links = [*self._alive(self._links), link][-_MOST_LINKS:]
        return link.secret

    def enter(self, secret: str, cookie: str = "") -> Session | None:
        """The session that a link opens; None for one that was not given out, was used, or is over.

        A browser whose `cookie` is of a session has that one prolonged: it is one browser, with one count of streams.
        """
        links = self._alive(self._links)
        link = _found(secret, links)
        if link is None:
            return None
        self._links = [other for other in links if other is not link]
        self.note_use()
        sessions, ends_ms = self._alive(self._sessions), self._clock.uptime_ms() + SESSION_LIVES_MS
        session = _found(cookie, sessions)
        if session is None:
            session = Session(secrets.token_urlsafe(_SECRET_BYTES), ends_ms)
            self._sessions = [*sessions, session][-_MOST_SESSIONS:]
        session.ends_ms = ends_ms
        return session

    def session(self, secret: str) -> Session | None:
        """The session of a cookie, while it lasts."""
        session = _found(secret, self._alive(self._sessions))
        if session is not None:
            self.note_use()
        return session

    def lasts(self, session: Session) -> bool:
        """Whether a session is not over."""
        return session in self._alive(self._sessions)

    def note_use(self) -> None:
        """Note that somebody uses it now."""
        self.used_ms = self._clock.uptime_ms()

    def end(self) -> None:
        """End all sessions, and all links."""
        self._links, self._sessions = [], []

    def _alive(self, held: list[Held]) -> list[Held]:
        now_ms = self._clock.uptime_ms()
        return [one for one in held if one.ends_ms > now_ms]


def _found(secret: str, held: list[Held]) -> Held | None:
    """Compared with each in constant time: how long it takes tells nothing of any."""
    given = secret.encode("utf-8", "replace")
    found = [one for one in held if secrets.compare_digest(one.secret.encode("ascii"), given)]
    return found[0] if found else None
