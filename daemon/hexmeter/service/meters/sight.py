"""What the token is shown of whom, as far as it was read: looked up once for all the people of a document."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hexmeter.core.model import Identity
from hexmeter.core.periods import Period
from hexmeter.service.watch import Watched
from hexmeter.store.progress import EVERYBODY, Listing, Unread

SEES_EVERYTHING = frozenset({"ADMIN"})
"""Roles whose listing holds everybody's threads, as a workspace token's does; a Manager's holds a part."""


def sees_whole(identity: Identity | None, user_id: str) -> bool:
    """Whether the token's listing of everybody holds all threads of this person ("": of everybody)."""
    own = identity.person if identity else None
    return identity is not None and (own is None or own.role in SEES_EVERYTHING or own.id == user_id)


@dataclass(frozen=True, slots=True)
class Sight:
    """`listings`: of each scope that is read, None where Hex lists this token no threads; `tracked`: whether a thread
    followed by its id was read; `unread`: the threads that Hex showed in a form that could not be used."""

    identity: Identity | None
    watched: Watched | None
    listings: Mapping[str, Listing] | None
    tracked: bool
    unread: Collection[Unread] = ()

    def has_looked(self, user_id: str) -> bool:
        """Whether there is a reading of this person at all: a listing's first page, or a tracked thread's answer."""
        if self.listings is None:
            return self.tracked
        listing = self.listings.get(user_id) or self.listings.get(EVERYBODY)
        return listing is not None and listing.watched_since_ms is not None

    def sees_all(self, user_id: str | None, period: Period) -> bool:
        """Whether no thread of this user (None: of anybody who is watched) can be missing in `period`."""
        if self.watched is None or self.listings is None or self._misses_one(user_id, period):
            return False
        scopes = [user_id] if user_id in self.listings else self.listings
        return all(
            sees_whole(self.identity, scope or user_id or "") and self.listings[scope].covers(period)
            for scope in scopes
            if scope is not None
        )

    def _misses_one(self, user_id: str | None, period: Period) -> bool:
        return any(
            unread.may_count_in(period) and (user_id is None or unread.user_id in (user_id, None))
            for unread in self.unread
        )
