"""A stand-in for the daemon on a real Unix socket: the calls a tray makes, with deliveries that can be watched."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any, Self

from hexmeter.core.instants import to_iso
from hexmeter.wire.httpd import Answer, HttpServer, Request, Response, Stream

METER: dict[str, Any] = {
    "id": "grant:ed@acme.test",
    "kind": "grant",
    "label": "ed@acme.test",
    "limit": 40.0,
    "used": 12.5,
    "remaining": 27.5,
    "state": "ok",
    "bound": "exact",
    "adjustment": 0.0,
    "period": {"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"},
    "burn": {"per_prompt": 1.56, "prompts": 8, "per_day": 0.9, "pace": 27.1},
    "forecast": {"unknown": "nothing was forecast yet"},
}
STATUS: dict[str, Any] = {
    "schema": 1,
    "as_of": "2026-11-22T14:02:00Z",
    "stale": False,
    "progress": None,
    "last_poll": {"at": "2026-11-22T14:02:00Z", "ok": True, "error": None, "requests": 2},
    "identity": {"email": "ed@acme.test", "role": "EDITOR", "org": "acme"},
    "meters": [METER],
    "interval_s": 300,
    "links": {"hex": "https://app.hex.tech"},
    "notes": [],
    "timezone": "Europe/Berlin",
    "paused_until": None,
    "version": "0.1.0",
}


def meter(**changes: Any) -> dict[str, Any]:
    """The one meter of the plain status, with changes."""
    return {**deepcopy(METER), **changes}


def status(**changes: Any) -> dict[str, Any]:
    """The plain status, with changes."""
    return {**deepcopy(STATUS), **changes}


def current(**changes: Any) -> dict[str, Any]:
    """The plain status as just read, with changes."""
    return status(as_of=to_iso(int(time.time() * 1000)), **changes)


def notice(*deliveries: int, **changes: Any) -> dict[str, Any]:
    """A notice as a claim answers it; its one alert has the number of its first delivery plus 100."""
    plain = {
        "deliveries": list(deliveries),
        "alerts": [deliveries[0] + 100],
        "title": "Hex credits: 80 % used",
        "body": "8.1 of 40 left.",
        "severity": "warning",
        "link": None,
        "replaces": None,
    }
    return {**plain, **changes}


class FakeDaemon:
    """Serves in a thread of its own between `start` and `stop`; what it knows outlives a restart, as a database does.

    `confirmed` records every confirmation but of closing, `shown` what is on the screen by its reference, `asked` what
    was asked of alerts and pauses; `refusals` has the errors to answer by path. While `deaf` it dies at a confirmation
    instead of taking it.
    """

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.status: dict[str, Any] = current()
        self.active: list[dict[str, Any]] = []
        self.silences: list[dict[str, Any]] = []
        self.poll_answer: dict[str, Any] = {
            "schema": 1, "ok": True, "error": None, "requests": 2, "increases": 0, "threads": 7
        }  # fmt: skip
        self.polls = 0
        self.claims = 0
        self.confirmed: list[tuple[list[int], str]] = []
        self.shown: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.refusals: dict[str, dict[str, str]] = {}
        self.withdrawn: list[int] = []
        self.deaf = False
        self.dashboard_url = "http://127.0.0.1:8377/open?once=x"
        self.may_answer_poll = threading.Event()
        self.may_answer_poll.set()
        self._waiting: list[dict[str, Any]] = []
        self._claimed: list[dict[str, Any]] = []
        self._loop = asyncio.new_event_loop()
        self._changed: set[asyncio.Event] = set()
        self._server: asyncio.Server | None = None
        self._http: HttpServer | None = None
        threading.Thread(target=self._loop.run_forever, name="fake daemon", daemon=True).start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; what was claimed and not confirmed waits again, as when its lease ran out."""
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(timeout=10)

    def stop(self) -> None:
        """Go away, as a daemon that was killed."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(timeout=10)

    def show(self, **changes: Any) -> None:
        """Change the status and tell who listens."""
        self._tell(lambda: self.status.update(changes))

    def alert(self, *active: dict[str, Any]) -> None:
        """Set the active alerts and tell who listens."""
        self._tell(lambda: self._stand(active))

    def withdraw(self, *alerts: int) -> None:
        """Say that these need no notification any more."""
        self._tell(lambda: self._withdraw(alerts))

    def deliver(self, *notices: dict[str, Any]) -> None:
        """Let these notices wait for a desktop, and tell who listens."""
        self._tell(lambda: self._waiting.extend(notices))

    def replace(self, moot: int, alert: dict[str, Any], notice: dict[str, Any]) -> None:
        """Let `alert` stand alone, its notice wait and the moot one go, in one transaction: a higher rung."""

        def change() -> None:
            self._stand((alert,))
            self._withdraw((moot,))
            self._waiting.append(notice)

        self._tell(change)

    def states(self, delivery: int) -> list[str]:
        """What was confirmed of one delivery, in order."""
        return [state for deliveries, state in self.confirmed if delivery in deliveries]

    def _stand(self, active: Iterable[dict[str, Any]]) -> None:
        self.active = list(active)

    def _withdraw(self, alerts: Iterable[int]) -> None:
        self.withdrawn = list(alerts)

    def _tell(self, change: Callable[[], None]) -> None:
        """Make a change between two requests, as a transaction does, and tell who listens."""

        async def work() -> None:
            change()
            self._wake()

        asyncio.run_coroutine_threadsafe(work(), self._loop).result(timeout=10)

    def _wake(self) -> None:
        for changed in self._changed:
            changed.set()

    async def _start(self) -> None:
        self._waiting, self._claimed = self._claimed + self._waiting, []
        self.socket.unlink(missing_ok=True)
        self._http = HttpServer(self._answer)
        self._server = await asyncio.start_unix_server(self._http.accept, str(self.socket))

    async def _stop(self) -> None:
        if self._server is None or self._http is None:
            return
        self._server.close()
        self._server = None
        # Before the wait: a tray that hears of the end is answered by the next, whose socket this is then.
        self.socket.unlink(missing_ok=True)
        await self._http.close()

    async def _answer(self, request: Request) -> Answer:
        body = json.loads(request.body) if request.body else {}
        match request.method, request.path:
            case "GET", "/v1/status":
                return _json(self.status)
            case "GET", "/v1/events":
                return Stream(self._events())
            case "POST", "/v1/poll":
                self.polls += 1
                await asyncio.to_thread(self.may_answer_poll.wait, 20)
                return _json(self.poll_answer)
            case "POST", "/v1/pause" | "/v1/resume" | "/v1/alerts/ack" | "/v1/alerts/unack":
                return self._attend(request.path, body)
            case "POST", "/v1/alerts/mute" | "/v1/alerts/unmute":
                return self._mute(request.path, body)
            case "POST", "/v1/alerts/snooze" | "/v1/alerts/unsnooze" | "/v1/dashboard":
                return self._attend(request.path, body)
            case "POST", "/v1/deliveries/claim":
                return self._claim(body)
            case "POST", "/v1/deliveries/confirm":
                return await self._confirm(body)
        return _json({"error": {"code": "not_found", "message": "no such endpoint", "hint": ""}}, 404)

    def _attend(self, path: str, body: dict[str, Any]) -> Answer:
        self.asked.append((path, body))
        if path in self.refusals:
            return _json({"error": self.refusals[path]}, 400)
        return _json({"schema": 1, "result": "done", "url": self.dashboard_url})

    def _mute(self, path: str, body: dict[str, Any]) -> Answer:
        others = [silence for silence in self.silences if silence["what"] != body["what"]]
        new = {"scope": "kind", "what": body["what"], "since": "2026-11-20T08:00:00Z", "until": None}
        self.silences = [*others, new] if path.endswith("/mute") else others
        self._wake()
        return self._attend(path, body)

    def _claim(self, body: dict[str, Any]) -> Answer:
        assert body["channel"] == "desktop"
        assert body["claimant"]
        self.claims += 1
        taken, self._waiting = self._waiting, []
        self._claimed += taken
        if taken:
            self._wake()
        return _json({"schema": 1, "notices": taken})

    async def _confirm(self, body: dict[str, Any]) -> Answer:
        if self.deaf:
            self._loop.create_task(self._stop())
            await asyncio.sleep(5)
        deliveries, state = body["deliveries"], body["state"]
        if state in ("closed", "seen"):
            self.shown = {name: one for name, one in self.shown.items() if one["deliveries"] != deliveries}
        if state == "closed":
            return _json({"schema": 1})
        settled = [notice for notice in self._claimed if notice["deliveries"] == deliveries]
        if not settled and not (state == "seen" and "handed_over" in self.states(deliveries[0])):
            return _json({"error": {"code": "conflict", "message": "not claimed by you", "hint": ""}}, 409)
        self.confirmed.append((deliveries, state))
        if state == "handed_over" and "reference" in body:
            self._remember(body["reference"], settled[0])
        self._claimed = [notice for notice in self._claimed if notice["deliveries"] != deliveries]
        if state == "pending":
            self._waiting += settled
            self._wake()
        return _json({"schema": 1})

    def _remember(self, reference: str, notice: dict[str, Any]) -> None:
        known = {alert["id"]: alert for alert in self.active}
        alerts = [known.get(alert, {"id": alert, "kind": "used", "meter": None}) for alert in notice["alerts"]]
        self.shown[reference] = {"reference": reference, "deliveries": notice["deliveries"], "alerts": alerts}

    def _standing(self) -> dict[str, Any]:
        return {
            "schema": 1,
            "pending": len(self._waiting),
            "active": self.active,
            "withdrawn": self.withdrawn,
            "shown": list(self.shown.values()),
            "silences": self.silences,
        }

    async def _events(self) -> AsyncIterator[bytes]:
        changed = asyncio.Event()
        self._changed.add(changed)
        try:
            while True:
                yield _event("status", self.status)
                yield _event("alerts", self._standing())
                await changed.wait()
                changed.clear()
        finally:
            with contextlib.suppress(KeyError):
                self._changed.remove(changed)


def _json(document: dict[str, Any], code: int = 200) -> Response:
    return Response(code, json.dumps(document).encode())


def _event(name: str, document: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(document)}\n\n".encode()
