"""Hex's public API over a world: who may see what, filters and pages. Pure: the time is an argument.

The rules are those of Hex's OpenAPI document: GET /users/me, /users, /groups, /threads, /threads/{id},
/threads/{id}/messages, /projects and /projects/{id}/runs under /api/v1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hexmeter.hex.simulator.documents import (
    Document,
    HexError,
    group_document,
    person_document,
    single_thread_document,
    thread_document,
)
from hexmeter.hex.simulator.jsontext import Json
from hexmeter.hex.simulator.messages import messages_document
from hexmeter.hex.simulator.paging import asked_integer, asked_place, page_at
from hexmeter.hex.simulator.projectsapi import projects_document, runs_document
from hexmeter.hex.simulator.world import Person, Thread, Token, World

_DAY_MS = 86_400_000
_MOST_DAYS = 100_000
_SOURCES = ("HEX", "SLACK", "MCP", "PUBLIC_API")
_TYPES = ("THREADS", "NOTEBOOK", "MODELING")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a token and, unless it is the workspace's, its person."""

    token: Token
    person: Person | None

    @property
    def sees_all(self) -> bool:
        """Admins and workspace tokens see every thread."""
        return self.person is None or self.person.role == "ADMIN"


def caller_of(world: World, authorization: str | None, now_ms: int) -> Caller:
    """Whom the Authorization header names; raises HexError 401 for none, an unknown, expired or revoked token."""
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise HexError(401, "Authorization not provided")
    token = world.tokens.get(text.strip())
    if token is None or token.revoked:
        raise HexError(401, "Invalid token")
    if token.expires_ms is not None and now_ms >= token.expires_ms:
        raise HexError(401, "Token has expired")
    return Caller(token, None if token.user_id is None else world.people[token.user_id])


def answer(world: World, caller: Caller, path: str, query: Mapping[str, str], now_ms: int) -> Document:
    """The document at `path` (below /api/v1) for this caller; raises HexError."""
    if path.startswith("/threads/"):
        thread_id, _, below = path.removeprefix("/threads/").partition("/")
        if below == "messages":
            return _messages(world, caller, thread_id, query)
        return _thread(world, caller, path.removeprefix("/threads/"), now_ms)
    if path.startswith("/projects/") and path.endswith("/runs"):
        project_id = path.removeprefix("/projects/").removesuffix("/runs")
        return runs_document(world.projects, caller.person, project_id, query)
    endpoint = _ENDPOINTS.get(path)
    if endpoint is None:
        raise HexError(404, "Not found")
    return endpoint(world, caller, query, now_ms)


def _me(world: World, caller: Caller, query: Mapping[str, str], now_ms: int) -> Document:
    expires_ms = caller.token.expires_ms
    about_token: Document = {"exp": None if expires_ms is None else expires_ms // 1000}
    org: Document = {"id": world.org_id}
    about_person = {} if caller.person is None else person_document(caller.person)
    return {**about_person, "org": org, "token": about_token}


def _users(world: World, caller: Caller, query: Mapping[str, str], now_ms: int) -> Document:
    if caller.person is not None and caller.person.role in ("MEMBER", "GUEST"):
        raise HexError(403, "Insufficient access")
    place = asked_place(query, "users", 500)
    sort_by = _one_of(query, "sortBy", ("NAME", "EMAIL")) or "NAME"
    descending = _one_of(query, "sortDirection", ("ASC", "DESC")) == "DESC"
    chosen = {user_id for user_id in query.get("userIds", "").split(",") if user_id}
    group_id = query.get("groupId")
    if group_id and group_id not in world.groups:
        raise HexError(404, "Not found", "No such group")
    listed = [person for person in world.people.values() if not group_id or person.id in world.groups[group_id].members]
    listed.sort(key=lambda person: (sort_by == "NAME" and (person.name or ""), person.email), reverse=descending)
    page = page_at(
        place,
        lambda position: listed[position] if position < len(listed) else None,
        lambda person: not chosen or person.id in chosen,
    )
    values: list[Json] = [person_document(person) for person in page.items]
    return {"values": values, "pagination": page.pagination}


def _projects(world: World, caller: Caller, query: Mapping[str, str], now_ms: int) -> Document:
    return projects_document(world.projects, caller.person, query)


def _groups(world: World, caller: Caller, query: Mapping[str, str], now_ms: int) -> Document:
    if caller.person is not None and caller.person.role in ("MEMBER", "GUEST"):
        raise HexError(403, "Insufficient access")
    listed = sorted(world.groups.values(), key=lambda group: group.name)
    page = page_at(
        asked_place(query, "groups", 500),
        lambda position: listed[position] if position < len(listed) else None,
        lambda group: True,
    )
    values: list[Json] = [group_document(group) for group in page.items]
    return {"values": values, "pagination": page.pagination}


def _threads(world: World, caller: Caller, query: Mapping[str, str], now_ms: int) -> Document:
    if caller.person is not None and caller.person.role not in ("ADMIN", "MANAGER"):
        raise HexError(403, "Insufficient access", "Requires the Manager role or higher")
    place = asked_place(query, "threads", 100)
    matches = _filter(query, now_ms)
    page = page_at(
        place,
        world.newest,
        lambda thread: thread.deleted_ms is None and matches(thread) and _listed_for(caller, thread),
    )
    threads: list[Json] = [
        thread_document(thread, world.org_id, now_ms, redacted=_redacted(caller, thread)) for thread in page.items
    ]
    return {"threads": threads, "pagination": page.pagination}


def _thread(world: World, caller: Caller, thread_id: str, now_ms: int) -> Document:
    thread = world.threads.get(thread_id)
    if thread is None or thread.deleted_ms is not None:
        raise HexError(404, "Not found")
    if not caller.sees_all and not _own(caller, thread):
        if _is_manager(caller) and _listed_for(caller, thread):
            return single_thread_document(thread, world.org_id, now_ms, redacted=thread.sensitive)
        raise HexError(403, "Insufficient access")
    return single_thread_document(thread, world.org_id, now_ms, redacted=_redacted(caller, thread))


def _messages(world: World, caller: Caller, thread_id: str, query: Mapping[str, str]) -> Document:
    """For the author, Admins and workspace tokens; a Manager may read those they see that are not sensitive."""
    thread = world.threads.get(thread_id)
    if thread is None or thread.deleted_ms is not None or (_is_manager(caller) and not _listed_for(caller, thread)):
        raise HexError(404, "Not found")
    if not caller.sees_all and not _own(caller, thread) and (thread.sensitive or not _is_manager(caller)):
        raise HexError(403, "Insufficient access")
    return messages_document(world, thread_id, query)


def _is_manager(caller: Caller) -> bool:
    return caller.person is not None and caller.person.role == "MANAGER"


def _filter(query: Mapping[str, str], now_ms: int) -> Callable[[Thread], bool]:
    source = _one_of(query, "source", _SOURCES)
    kind = _one_of(query, "type", _TYPES)
    user_id = query.get("userId")
    since_ms = None
    if "numDays" in query:
        since_ms = now_ms - asked_integer(query, "numDays", 1, _MOST_DAYS) * _DAY_MS
    return lambda thread: (
        (source is None or thread.source == source)
        and (kind is None or thread.type == kind)
        and (user_id is None or thread.user_id == user_id)
        and (since_ms is None or thread.created_ms >= since_ms)
    )


def _one_of(query: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str | None:
    value = query.get(name)
    if value is not None and value not in allowed:
        raise HexError(400, "Invalid input data", f"{name}: expected one of {', '.join(allowed)}")
    return value


def _own(caller: Caller, thread: Thread) -> bool:
    return caller.person is not None and thread.user_id == caller.person.id


def _listed_for(caller: Caller, thread: Thread) -> bool:
    if caller.sees_all or _own(caller, thread):
        return True
    # A Manager sees others' Threads-type threads on projects they can open: a stable half, here.
    return thread.type == "THREADS" and sum(thread.id.encode()) % 2 == 0


def _redacted(caller: Caller, thread: Thread) -> bool:
    return thread.sensitive and not _own(caller, thread)


_ENDPOINTS: dict[str, Callable[[World, Caller, Mapping[str, str], int], Document]] = {
    "/users/me": _me,
    "/users": _users,
    "/groups": _groups,
    "/threads": _threads,
    "/projects": _projects,
}
