"""Hex's API over HTTP: GET only, paced, bounded in time and size, never redirected; answers as our types."""

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, NoReturn, TypeVar
from urllib.parse import quote

from hexmeter import __version__
from hexmeter.core.clock import Clock
from hexmeter.core.instants import DAY_MS, MINUTE_MS, SECOND_MS
from hexmeter.core.model import Identity, Look, Person, Thread
from hexmeter.core.retries import retry_after_ms
from hexmeter.core.runs import Project
from hexmeter.core.strings import clean
from hexmeter.hex import parse
from hexmeter.hex.errors import (
    BadAnswer,
    BadRequest,
    Forbidden,
    Held,
    HexError,
    NotFound,
    RateLimited,
    Redirected,
    ServerError,
    TokenRefused,
    Unreachable,
)
from hexmeter.hex.lean import httpx
from hexmeter.hex.pacer import Pacer
from hexmeter.hex.parse import MessagesPage, Page
from hexmeter.hex.parseprojects import RunsPage, projects_page, runs_page

log = logging.getLogger(__name__)

# httpcore tries to import it several times a request: where it is missing, Python searches its whole path each time.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

THREADS_PER_PAGE = 100
PEOPLE_PER_PAGE = 500
BLOCKS_PER_PAGE = 50
PROJECTS_PER_PAGE = RUNS_PER_PAGE = 100
_TRIES = 3
_LONGEST_WAIT_MS = 90 * SECOND_MS
"""A poll waits so long for Hex to take requests again; past that it fails, and a later one asks."""

_LONGEST_HOLD_MS = 7 * DAY_MS
"""Hex is obeyed when it asks to wait, but not for ever."""

_MOST_DIGITS = 40
_LEAST_SECRET = 16
_HIDDEN = "…"

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request: seconds to connect, between bytes and in all, and bytes of its answer once unpacked."""

    connect_s: float = 10.0
    read_s: float = 30.0
    whole_s: float = 90.0
    answer_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer(Generic[Value]):
    """What Hex answered, and the look that asked."""

    value: Value
    look: Look


class HexClient:
    """Reads Hex's API with the token that `token` gives at each request. All methods raise HexError."""

    def __init__(
        self, base_url: str, token: Callable[[], str], pacer: Pacer, clock: Clock, limits: Limits | None = None
    ) -> None:
        self._base_url = base_url
        self._token = token
        self._pacer = pacer
        self._clock = clock
        self._limits = limits or Limits()
        self.sent = 0
        """Requests sent so far."""
        self._http = httpx.AsyncClient(
            headers={"User-Agent": f"hexmeter/{__version__}", "Accept": "application/json"},
            timeout=httpx.Timeout(self._limits.read_s, connect=self._limits.connect_s),
            limits=httpx.Limits(max_connections=3),
            follow_redirects=False,
            # A proxy from the environment sees nothing but TLS; plain http, which is for this machine only, gets none.
            trust_env=base_url.startswith("https:"),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def me(self, *, tries: int = _TRIES) -> Answer[Identity]:
        """Who the token is."""
        return await self._get("/users/me", {}, parse.identity, tries=tries)

    async def people(self, cursor: str | None, group_id: str | None = None) -> Answer[Page[Person]]:
        """One page of the roster; of the members of one group when `group_id` is given."""
        query = _listing(PEOPLE_PER_PAGE, cursor)
        if group_id is not None:
            query["groupId"] = group_id
        return await self._get("/users", query, parse.people_page)

    async def threads(self, cursor: str | None, user_id: str | None = None) -> Answer[Page[Thread]]:
        """One page of the threads, newest created first; of one user when `user_id` is given."""
        query = _listing(THREADS_PER_PAGE, cursor)
        if user_id is not None:
            query["userId"] = user_id
        return await self._get("/threads", query, parse.threads_page)

    async def thread(self, thread_id: str) -> Answer[Thread]:
        """One thread, which its author may read whatever the role."""
        return await self._get(f"/threads/{quote(thread_id, safe='')}", {}, parse.single_thread)

    async def messages(
        self, thread_id: str, *, before: str | None = None, after: str | None = None
    ) -> Answer[MessagesPage]:
        """One page of what was said in a thread, counted: the newest, the one before the cursor `before`, or the one
        after the cursor `after`. It is asked for once: nothing depends on it that cannot do without."""
        query = {"limit": str(BLOCKS_PER_PAGE)}
        if before is not None:
            query["before"] = before
        if after is not None:
            query["after"] = after
        return await self._get(f"/threads/{quote(thread_id, safe='')}/messages", query, parse.messages_page, tries=1)

    async def projects(self, cursor: str | None) -> Answer[Page[Project]]:
        """One page of the projects that the token may see; it is asked for once, for it has all day."""
        return await self._get("/projects", _listing(PROJECTS_PER_PAGE, cursor), projects_page, tries=1)

    async def runs(self, project_id: str, offset: int) -> Answer[RunsPage]:
        """One page of a project's runs, from the `offset`th on; it is asked for once."""
        query = {"limit": str(RUNS_PER_PAGE), "offset": str(offset)}
        return await self._get(f"/projects/{quote(project_id, safe='')}/runs", query, runs_page, tries=1)

    def wait_ms(self) -> int:
        """How long the next request would have to wait for the budget."""
        return self._pacer.wait_ms()

    async def _get(
        self, path: str, query: dict[str, str], read: Callable[[Any], Value], *, tries: int = _TRIES
    ) -> Answer[Value]:
        """Ask until an answer comes, at most so many times for what may pass by itself."""
        failures = 0
        while True:
            try:
                document, look = await self._ask(path, query)
                return Answer(_understood(read, document, path), look)
            except HexError as error:
                failures += 1
                if not error.retryable or isinstance(error, Held):
                    raise
                pause_ms = self._pause_after(error, failures)
                if isinstance(error, RateLimited):
                    self._pacer.refused(pause_ms)
                else:
                    self._pacer.hold(pause_ms)
                if failures == tries or pause_ms > _LONGEST_WAIT_MS:
                    raise
                log.info("%s; asking again in %.1f s", error, pause_ms / 1000)

    def _pause_after(self, error: HexError, failures: int) -> int:
        if isinstance(error, RateLimited) and error.retry_after_ms is not None:
            return error.retry_after_ms
        return self._pacer.backoff_ms(failures)

    async def _ask(self, path: str, query: dict[str, str]) -> tuple[Any, Look]:
        if (held_ms := self._pacer.held_ms()) > _LONGEST_WAIT_MS:
            # A poll that waited would look like one that hangs.
            minutes = -(-held_ms // MINUTE_MS)
            raise Held(f"Hex asked for a pause, which lasts another {minutes} minutes", held_ms)
        number = await self._pacer.turn()
        sent_ms = self._clock.now_ms()
        self.sent += 1
        token = self._token()
        try:
            async with (
                asyncio.timeout(self._limits.whole_s),
                self._http.stream(
                    "GET", self._base_url + path, params=query, headers={"Authorization": f"Bearer {token}"}
                ) as response,
            ):
                content = await self._read(response)
        except (TimeoutError, httpx.TimeoutException):
            raise Unreachable(f"Hex did not answer GET {path} in time") from None
        except httpx.DecodingError:
            raise BadAnswer(f"Hex's answer to GET {path} cannot be unpacked") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise Unreachable(f"cannot reach Hex for GET {path}: {_plain(error, token)}") from None
        # Whoever echoes the token must not bring it into a message or the database.
        if _is_secret(token):
            content = content.replace(token.encode(), _HIDDEN.encode())
        if response.status_code != 200:
            self._raise_for(response, content, path, token)
        return _json(content, path), Look(number, sent_ms, self._clock.now_ms())

    async def _read(self, response: httpx.Response) -> bytes:
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > self._limits.answer_bytes:
                raise BadAnswer(f"Hex's answer is larger than {self._limits.answer_bytes // 1024**2} MiB")
        return bytes(content)

    def _raise_for(self, response: httpx.Response, content: bytes, path: str, token: str) -> NoReturn:
        status = response.status_code
        words = clean(_hide(_words_in(content), token))
        message = f"Hex answered GET {path} with {status}" + (f": {words}" if words else "")
        if status == 429:
            asked = response.headers.get("Retry-After")
            raise RateLimited(message, retry_after_ms(asked, self._clock.now_ms(), _LONGEST_HOLD_MS))
        if 300 <= status < 400:
            where = clean(_hide(response.headers.get("Location", "elsewhere"), token), 120)
            raise Redirected(f"{message} to {where}; redirects are not followed")
        by_status: dict[int, type[HexError]] = {401: TokenRefused, 403: Forbidden, 404: NotFound}
        raise by_status.get(status, ServerError if status >= 500 else BadRequest)(message)


def _listing(limit: int, cursor: str | None) -> dict[str, str]:
    return {"limit": str(limit)} if cursor is None else {"limit": str(limit), "after": cursor}


def _json(content: bytes, path: str) -> Any:
    try:
        return json.loads(content, parse_int=_whole, parse_float=_decimal, parse_constant=Decimal)
    except (ValueError, RecursionError):
        raise BadAnswer(f"Hex's answer to GET {path} is not JSON: {clean(repr(content[:40]), 60)}") from None


def _whole(digits: str) -> int | Decimal:
    """A number too long for Python's int must cost its item, and not the whole page."""
    return int(digits) if len(digits) <= _MOST_DIGITS else _decimal(digits)


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except ArithmeticError:
        return Decimal("NaN")


def _understood(read: Callable[[Any], Value], document: Any, path: str) -> Value:
    try:
        return read(document)
    except RecursionError:
        raise BadAnswer(f"Hex's answer to GET {path} is nested too deeply") from None


def _is_secret(token: str) -> bool:
    """Whether a token can be told from ordinary words: a short made-up one may be a part of names, ids and fields,
    which have to stay as they are."""
    return token.startswith("hxt") or len(token) >= _LEAST_SECRET


def _hide(text: str, token: str) -> str:
    return text.replace(token, _HIDDEN)


def _words_in(content: bytes) -> str:
    try:
        return parse.error_words(json.loads(content))
    except (ValueError, RecursionError):
        return ""


def _plain(error: Exception, token: str) -> str:
    return clean(_hide(str(error), token), 120) or type(error).__name__
