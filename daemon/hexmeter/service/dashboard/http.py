"""The dashboard's answers over HTTP: each request is checked before anything is shown."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping

from hexmeter.config.model import DASHBOARD_HOST
from hexmeter.page import assets
from hexmeter.page.view import View
from hexmeter.service.daemon import Daemon
from hexmeter.service.dashboard.access import ENTRANCE, Access, Session
from hexmeter.service.dashboard.live import Live
from hexmeter.service.dashboard.pages import Pages
from hexmeter.wire.httpd import Answer, Request, Response, Stream

MOST_STREAMS = 5
"""Live pages of one session: a browser opens six connections to one place, and the sixth is for pages to load by."""

_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    ("Content-Security-Policy", _CSP),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_ASSETS = {
    "/style.css": (assets.style, "text/css; charset=utf-8"),
    "/live.js": (assets.script, "text/javascript; charset=utf-8"),
    "/icon.svg": (assets.icon, "image/svg+xml"),
}
_CLOSED = """\
Nothing is shown here without a link. To get one, run:

    hexmeter dashboard

It works once, within two minutes. Clicked in another page it does not work: paste it into the address bar.
"""


class Showing:
    """Answers for one daemon; `port` tells where, None once that is closed."""

    def __init__(self, daemon: Daemon, access: Access, port: Callable[[], int | None]) -> None:
        self._access = access
        self._port = port
        self._pages = Pages(daemon)
        self._live = Live(daemon, self._pages)

    def prepare(self) -> None:
        """Do before a link is given what the first page would wait for. Raises sqlite3.Error."""
        self._pages.prepare()

    async def handle(self, request: Request) -> Answer:
        """The answer to one request; for Front."""
        port = self._port()
        if port is None or not asked_from_itself(request.headers, port):
            return _plain(403, _CLOSED)
        if request.method not in ("GET", "HEAD"):
            return _plain(405, "This page only shows.\n", ("Allow", "GET, HEAD"))
        cookie = _cookie(request.headers.get("cookie", ""), cookie_name(port))
        if request.path == ENTRANCE and request.method == "GET":
            return self._enter(request.query.get("once", ""), cookie, port)
        session = self._access.session(cookie)
        if session is None:
            return _plain(403, _CLOSED)
        try:
            return self._show(request, session)
        except sqlite3.Error as error:
            return _plain(500, f"The database cannot be read: {error}.\n")

    def _enter(self, secret: str, cookie: str, port: int) -> Answer:
        """A session for who has a new link; its secret stays in no address and no history."""
        session = self._access.enter(secret, cookie)
        if session is None:
            return _plain(403, _CLOSED)
        given = f"{cookie_name(port)}={session.secret}; Path=/; HttpOnly; SameSite=Strict"
        return _plain(303, "", ("Location", "/"), ("Set-Cookie", given))

    def _show(self, request: Request, session: Session) -> Answer:
        view = View.of(request.query)
        if request.path == "/":
            html, sections = self._pages.html(view)
            if request.method == "GET":
                session.load(view, sections)
            return Response(200, html.encode("utf-8"), "text/html; charset=utf-8", HEADERS)
        if request.path == "/events":
            if session.streams >= MOST_STREAMS:
                return _plain(503, f"{MOST_STREAMS} pages are live already; this one is not.\n")
            if request.method == "HEAD":
                return Response(200, b"", "text/event-stream", HEADERS)
            return Stream(self._events(session, view), headers=HEADERS)
        if request.path in _ASSETS:
            read, kind = _ASSETS[request.path]
            return Response(200, read(), kind, HEADERS)
        return _plain(404, "There is no such page.\n")

    async def _events(self, session: Session, view: View) -> AsyncIterator[bytes]:
        session.streams += 1
        try:
            events = self._live.events(view, session.loaded.pop(view, {}), lambda: self._access.lasts(session))
            async with contextlib.aclosing(events):
                async for event in events:
                    yield event
        finally:
            session.streams -= 1
            self._access.note_use()


def asked_from_itself(headers: Mapping[str, str], port: int) -> bool:
    """Whether a person, or the page itself, asks: under a name of this machine, and not another site.

    A name that somebody else made lead here has another Host; another server of this machine is the same site to
    SameSite, for which ports do not count, but another origin.
    """
    host = headers.get("host", "").lower()
    return (
        host in (f"{DASHBOARD_HOST}:{port}", f"localhost:{port}")
        and headers.get("origin", f"http://{host}") == f"http://{host}"
        and headers.get("sec-fetch-site", "none") in ("none", "same-origin")
    )


def cookie_name(port: int) -> str:
    """The name of the session's cookie: browsers send cookies to all ports of a host."""
    return f"hexmeter-{port}"


def _cookie(header: str, name: str) -> str:
    """The value of one cookie. Not by http.cookies, which gives none where another server of this host set odd ones."""
    for pair in header.split(";"):
        given, _, value = pair.strip().partition("=")
        if given == name:
            return value
    return ""


def _plain(status: int, text: str, *headers: tuple[str, str]) -> Response:
    return Response(status, text.encode("utf-8"), "text/plain; charset=utf-8", (*HEADERS, *headers))
