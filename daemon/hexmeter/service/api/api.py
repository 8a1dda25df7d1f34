"""The local API: a table of routes, from path to verb."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Any

from hexmeter.config.load import ConfigError
from hexmeter.config.token import TokenError
from hexmeter.core.instants import DAY_MS
from hexmeter.core.logrow import LogRow
from hexmeter.core.periods import Period
from hexmeter.core.spans import ALLOWED, SpanError, span
from hexmeter.service.api.adminroutes import ADMIN_ROUTES
from hexmeter.service.api.alertroutes import ALERT_ROUTES
from hexmeter.service.api.asked import body_of, texts
from hexmeter.service.api.forecastroutes import FORECAST_ROUTES
from hexmeter.service.api.route import Route
from hexmeter.service.daemon import Daemon
from hexmeter.service.dashboard.listener import Dashboard
from hexmeter.service.dashboard.routes import DASHBOARD_ROUTES
from hexmeter.service.documents.usagedocument import DIMENSIONS
from hexmeter.service.importing import MOST_ROWS, parse_rows
from hexmeter.service.polling.poll import Outcome
from hexmeter.service.refused import Refused, bad
from hexmeter.service.reload import Reloaded
from hexmeter.service.watch import WatchError
from hexmeter.store.database import WrongOrg
from hexmeter.wire import shapes
from hexmeter.wire.httpd import Answer, Request, Response, Stream
from hexmeter.wire.shapes import Failure
from hexmeter.wire.statusbar import FORMATS, formatted

_MOST_DAYS = 3660
_MOST_DAYS_COMPARED = 366
_CHANNELS = ("desktop",)
_STATES = ("handed_over", "seen", "pending", "closed")
_REFERENCE_CHARACTERS = 200


class Api:
    """Answers requests from the command line, the tray and status bars with the daemon's verbs."""

    def __init__(
        self,
        daemon: Daemon,
        reload: Callable[[], Awaitable[Reloaded]] | None = None,
        dashboard: Dashboard | None = None,
    ) -> None:
        self.daemon = daemon
        self.dashboard = dashboard
        self._reload = reload

    async def handle(self, request: Request) -> Answer:
        """The answer to one request; errors all have one shape."""
        there = {route.method: route for route in ROUTES if route.path == request.path}
        # Whoever serves connections leaves out the body of an answer to HEAD.
        route = there.get("GET" if request.method == "HEAD" else request.method)
        if route is None:
            return _no_route(request, list(there))
        try:
            answer = await route.answer(self, request)
        except Refused as error:
            return _failed(error.failure)
        except (WrongOrg, WatchError) as error:
            return _failed(Failure("configuration", str(error), getattr(error, "hint", ""), 2))
        except sqlite3.Error as error:
            return _failed(Failure("database", f"the database cannot be used: {error}", "is the disk full?"), 500)
        return answer if isinstance(answer, Stream | Response) else Response(200, shapes.dump(answer))

    async def status(self, request: Request) -> dict[str, Any] | Response:
        document = self.daemon.documents.status(self.daemon.clock.now_ms())
        name = request.query.get("format")
        if name is None:
            return document
        if name not in FORMATS:
            raise bad(f"status in the format {name[:40]!r}", f"format: {', '.join(FORMATS)}")
        text = formatted(name, document) + "\n"
        return Response(200, text.encode("utf-8"), "text/plain; charset=utf-8")

    async def events(self, request: Request) -> Stream:
        return Stream(self._events())

    async def usage(self, request: Request) -> dict[str, Any]:
        by, asked = self._asked(request, DIMENSIONS, _MOST_DAYS)
        return self.daemon.documents.usage(by, asked)

    async def compare(self, request: Request) -> dict[str, Any]:
        by, asked = self._asked(request, ("user", "day"), _MOST_DAYS_COMPARED)
        return self.daemon.documents.comparison(by, asked)

    def _asked(self, request: Request, dimensions: Sequence[str], most_days: int) -> tuple[str, Period]:
        """What usage is asked for: by which dimension, and of which time."""
        by = request.query.get("by", "user")
        if by not in dimensions:
            raise bad(f"usage by {by[:40]!r}", f"by: {', '.join(dimensions)}")
        now_ms = self.daemon.clock.now_ms()
        period = self.daemon.figures.period(now_ms)
        # The day that runs is shown, those to come are not.
        until_ms = max(now_ms, period.start_ms + 1) if by == "day" else period.end_ms
        default = Period(period.start_ms, until_ms)
        asked = self._span(request, default, "usage")
        if by == "day" and asked.end_ms - asked.start_ms > most_days * DAY_MS:
            raise bad("usage by day of so long a time", f"by day: at most {most_days} days")
        return by, asked

    def _span(self, request: Request, default: Period, noun: str) -> Period:
        """The time from since to until that is asked for."""
        since, until = request.query.get("since"), request.query.get("until")
        try:
            return span(since, until, default, self.daemon.clock.now_ms(), self.daemon.config.zone)
        except SpanError as error:
            raise bad(f"{noun}: {error}", f"since and until: {ALLOWED}") from None

    async def newest(self, request: Request) -> dict[str, Any]:
        limit = request.query.get("limit", "20")
        if not limit.isdecimal() or len(limit) > 3 or not 1 <= int(limit) <= 500:
            raise bad(f"limit={limit[:40]}", "limit: 1 to 500")
        return self.daemon.documents.newest(int(limit))

    async def poll(self, request: Request) -> dict[str, Any]:
        return _poll_document(await self.daemon.poll_whole())

    async def reload(self, request: Request) -> dict[str, Any]:
        if self._reload is None:
            raise Refused(Failure("not_found", "this daemon's configuration cannot be read anew", ""))
        try:
            told = await self._reload()
        except (ConfigError, TokenError, WatchError) as error:
            hint = "mend it; until then the daemon goes on with the old one"
            raise Refused(Failure("configuration", str(error), hint, 2)) from None
        return {"changed": told.changed, "needs_restart": told.needs_restart, "sentence": told.sentence}

    async def tracked(self, request: Request) -> dict[str, Any]:
        return self.daemon.documents.tracked()

    async def track(self, request: Request) -> dict[str, Any]:
        ids = self.daemon.track(texts(body_of(request), "threads"))
        outcome = await self.daemon.poll(whole=False)
        return {**self.daemon.documents.tracked(), "added": ids, "poll": _poll_document(outcome)}

    async def untrack(self, request: Request) -> dict[str, Any]:
        self.daemon.untrack(texts(body_of(request), "threads"))
        return self.daemon.documents.tracked()

    async def calibrate(self, request: Request) -> dict[str, Any]:
        body = body_of(request)
        given = [name for name in ("used", "remaining") if body.get(name) is not None]
        if len(given) != 1:
            raise bad("a calibration takes one figure", "give either used or remaining")
        meter_name, amount, insist = body.get("meter", "grant"), body[given[0]], body.get("insist", False)
        if (
            not isinstance(insist, bool)
            or not isinstance(meter_name, str)
            or not isinstance(amount, str | int | Decimal)
            or isinstance(amount, bool)
        ):
            raise bad("a calibration takes a meter and an amount", 'such as {"meter": "grant", "used": "12.5"}')
        meter = await self.daemon.calibrate(meter_name, str(amount), is_used=given == ["used"], insist=insist)
        return {"meter": shapes.meter(meter)}

    async def take_rows(self, request: Request) -> dict[str, Any]:
        body = body_of(request)
        rows, dry_run = parse_rows(body.get("rows")), body.get("dry_run", False)
        if rows is None or not isinstance(dry_run, bool):
            raise bad("an import takes rows of a usage log", f"1 to {MOST_ROWS} of {', '.join(LogRow._fields)}")
        return self.daemon.import_rows(rows, dry_run=dry_run)

    async def claim(self, request: Request) -> dict[str, Any]:
        body = body_of(request)
        channel, claimant = body.get("channel"), body.get("claimant")
        if channel not in _CHANNELS or not isinstance(claimant, str) or not claimant:
            raise bad("a claim takes a channel and a claimant", f"channel: {', '.join(_CHANNELS)}")
        notices = self.daemon.claim(channel, claimant)
        return {"notices": [self.daemon.documents.notice(notice) for notice in notices]}

    async def confirm(self, request: Request) -> dict[str, Any]:
        body = body_of(request)
        deliveries, state, claimant = body.get("deliveries"), body.get("state"), body.get("claimant")
        reference = body.get("reference")
        if (
            not isinstance(deliveries, list)
            or not all(type(delivery) is int and 0 < delivery < 2**63 for delivery in deliveries)
            or state not in _STATES
            or not isinstance(claimant, str)
            or not (reference is None or (isinstance(reference, str) and len(reference) <= _REFERENCE_CHARACTERS))
        ):
            raise bad(
                "a confirmation takes deliveries, a state and a claimant, and may take a short text as reference",
                f"state: {', '.join(_STATES)}",
            )
        return {"moved": self.daemon.confirm(deliveries, state, claimant, reference)}

    async def _events(self) -> AsyncIterator[bytes]:
        """Server-sent events `status` and `alerts`, each at once and then whenever it changed."""
        sent: dict[str, bytes] = {}
        async for _ in self.daemon.changes():
            now_ms = self.daemon.clock.now_ms()
            documents = {
                "status": self.daemon.documents.status(now_ms),
                "alerts": self.daemon.documents.standing(now_ms),
            }
            for name, document in documents.items():
                data = shapes.dump(document)
                if sent.get(name) != data:
                    sent[name] = data
                    yield b"event: %s\ndata: %s\n\n" % (name.encode(), data)


ROUTES: tuple[Route["Api"], ...] = (
    Route("GET", "/v1/status", "the meters and how polling goes; format=text|oneline|waybar", Api.status),
    Route("GET", "/v1/events", "server-sent events: status and alerts, as they change", Api.events),
    Route("GET", "/v1/usage", f"the ledger, summed; by={'|'.join(DIMENSIONS)}, since, until", Api.usage),
    Route("GET", "/v1/compare", "polling beside imported logs; by=user|day, since, until", Api.compare),
    Route("GET", "/v1/increases", "the newest increases; limit=1…500", Api.newest),
    Route("POST", "/v1/poll", "poll now, the whole window; answers when done", Api.poll),
    Route("POST", "/v1/reload", "read the configuration anew; one with faults changes nothing", Api.reload),
    Route("GET", "/v1/tracked", "the threads followed by link", Api.tracked),
    Route("POST", "/v1/track", "follow threads: threads=[link or id, …]", Api.track),
    Route("POST", "/v1/untrack", "follow threads no longer: threads=[link or id, …]", Api.untrack),
    Route("POST", "/v1/calibrate", "anchor a meter: meter, and used or remaining", Api.calibrate),
    Route("POST", "/v1/import", "take in rows of a usage log: rows, dry_run", Api.take_rows),
    Route("POST", "/v1/deliveries/claim", "take what waits: channel, claimant", Api.claim),
    Route(
        "POST", "/v1/deliveries/confirm", "say what became of it: deliveries, state, claimant, reference", Api.confirm
    ),
    *ALERT_ROUTES,
    *ADMIN_ROUTES,
    *FORECAST_ROUTES,
    *DASHBOARD_ROUTES,
)


def _poll_document(outcome: Outcome) -> dict[str, Any]:
    failure = outcome.failure
    return {
        "ok": failure is None,
        "error": failure.message if failure else None,
        "hint": failure.hint if failure else None,
        "token_refused": failure.token_refused if failure else False,
        "requests": outcome.requests,
        "threads": outcome.threads,
        "increases": len(outcome.added),
        "credits": shapes.amount(sum(usage.credits_micro for usage in outcome.added)),
        "left_out": outcome.warnings,
        "more": outcome.more or outcome.cut_short,
    }


def _no_route(request: Request, methods: list[str]) -> Response:
    """Why nothing answers: there is no such path, or it has other `methods`."""
    message = f"there is no {request.method[:20]} {request.path[:80]}"
    if not methods:
        return _failed(Failure("not_found", message, "are both of one version?"))
    failure = Failure("method_not_allowed", message, f"ask with {' or '.join(methods)}")
    allowed = [*methods, "HEAD"] if "GET" in methods else methods
    return Response(405, shapes.dump(shapes.error(failure)), headers=(("Allow", ", ".join(allowed)),))


def _failed(failure: Failure, status: int | None = None) -> Response:
    statuses = {"not_found": 404, "poll_failed": 502, "no_such_meter": 404, "no_such_alert": 404}
    return Response(status or statuses.get(failure.code, 400), shapes.dump(shapes.error(failure)))
