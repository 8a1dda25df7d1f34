"""What Hex shows: the token's identity, people, threads, and one look at them."""

from dataclasses import dataclass

SEATED_AS_EDITOR = frozenset({"EDITOR", "ADMIN", "MANAGER"})
"""Roles whose seat has an Editor's grant: Admins and Managers sit on Editor seats."""

UNATTRIBUTED = "unattributed"
"""Whose the credits are of a thread without a user."""


@dataclass(frozen=True, slots=True)
class Person:
    """One user of the workspace. `role` is Hex's word, which may be one we do not know; `email` is in lower case.

    `last_login_ms` is None for one who never logged in, as far as Hex says.
    """

    id: str
    email: str | None
    name: str | None
    role: str | None
    last_login_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the token is: a person with a personal token, nobody (`person` is None) with a workspace token."""

    org_id: str
    person: Person | None
    token_expires_ms: int | None


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread as one answer showed it. `credits_micro` is its running total; None when Hex does not know it yet."""

    id: str
    user_id: str | None
    created_ms: int
    credits_micro: int | None
    model: str | None
    type: str | None
    source: str | None
    title: str | None
    sensitive: bool
    url: str | None
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """When an answer was asked for and came.

    `number` counts the requests in the order of sending, over restarts too: of two answers about one thread
    the higher number wins, whatever the wall clock did meanwhile.
    """

    number: int
    sent_ms: int
    answered_ms: int
