"""Whose credits are watched: from the configuration, the token's identity and the roster to people and listings."""

from collections.abc import Sequence
from dataclasses import dataclass

from hexmeter.config.model import Watch
from hexmeter.core.model import Identity, Person
from hexmeter.store.progress import EVERYBODY

MOST_FILTERED = 5
"""A list of more people than this is read from everybody's listing: a filtered one costs a request a person."""


class WatchError(Exception):
    """The configuration asks for what this token cannot give; the message says what to change. Exit code 2."""


@dataclass(frozen=True, slots=True)
class Watched:
    """`people`: whose grants are shown by name (None: everybody's). `scopes`: which listings are read for it.
    `missing`: emails of the configuration that nobody in the workspace has."""

    people: tuple[Person, ...] | None
    scopes: tuple[str, ...]
    missing: tuple[str, ...] = ()


def effective_watch(watch: Watch | None, identity: Identity) -> Watch:
    """What is watched with this token: as configured, else one's own credits with a personal token, everybody's with a
    workspace token. Raises WatchError for "me" with a workspace token, which is nobody."""
    if watch is None:
        return "everyone" if identity.person is None else "me"
    if watch == "me" and identity.person is None:
        raise WatchError(
            'watch.users = "me": a workspace token is nobody\'s own; use "everyone" or a list of emails,'
            " or a personal token"
        )
    return watch


def needs_roster(watch: Watch, identity: Identity) -> bool:
    """Whether the list of users is needed to know who is watched."""
    own_email = identity.person.email if identity.person else None
    return watch != "me" and watch != (own_email,)


def resolve(watch: Watch, identity: Identity, roster: Sequence[Person] | None) -> Watched:
    """Who is watched. `roster` is None where it may not be listed: then only oneself can be."""
    own = identity.person
    if watch == "me" and own is not None:
        return Watched((own,), (own.id,))
    known = roster if roster is not None else [own] if own is not None else []
    if not isinstance(watch, tuple):
        # Who has no roster and is nobody still sees threads: a workspace token lists everybody's.
        return Watched(None, (EVERYBODY,)) if roster is not None or own is None else _named(known, ())
    by_email = {person.email: person for person in known}
    people = [by_email[email] for email in watch if email in by_email]
    return _named(people, tuple(email for email in watch if email not in by_email))


def _named(people: Sequence[Person], missing: tuple[str, ...]) -> Watched:
    scopes = tuple(person.id for person in people) if len(people) <= MOST_FILTERED else (EVERYBODY,)
    return Watched(tuple(people), scopes, missing)
