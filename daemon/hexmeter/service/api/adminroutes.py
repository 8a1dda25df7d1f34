"""The local API's endpoints for admins: runs, the audit, reports and exports, whose modules are imported when asked."""

from typing import Any

from hexmeter.core.spans import ALLOWED, SpanError, span
from hexmeter.service.api.asked import body_of
from hexmeter.service.api.route import Route, Serving
from hexmeter.service.meters.runfigures import week_to
from hexmeter.service.refused import bad
from hexmeter.wire.httpd import Request, Stream

_FLAGS = {"true": True, "false": False}


async def runs(api: Serving, request: Request) -> dict[str, Any]:
    """What project runs come to."""
    now_ms, query = api.daemon.clock.now_ms(), request.query
    try:
        asked = span(query.get("since"), query.get("until"), week_to(now_ms), now_ms, api.daemon.config.zone)
    except SpanError as error:
        raise bad(f"runs: {error}", f"since and until: {ALLOWED}") from None
    return api.daemon.documents.runs(asked, now_ms)


async def audit(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter audit --json`."""
    from hexmeter.service.documents.audit import DAYS

    days = request.query.get("days", str(DAYS))
    if not days.isdecimal() or len(days) > 3 or not 1 <= int(days) <= 366:
        raise bad(f"days={days[:40]}", "days: 1 to 366")
    return api.daemon.documents.audit(int(days), api.daemon.clock.now_ms())


async def report(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter report --json`."""
    from hexmeter.service.documents.report import KINDS

    kind = _one_of(request, "span", KINDS)
    return api.daemon.documents.report(kind, api.daemon.clock.now_ms(), last=_flag(request, "last"))


async def send_report(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter report --send`."""
    from hexmeter.service.documents.report import KINDS

    body = body_of(request)
    kind, last, channel = body.get("span", KINDS[0]), body.get("last", False), body.get("channel")
    if kind not in KINDS or not isinstance(last, bool) or not isinstance(channel, str | None):
        raise bad("a report is sent by its span, last and channel", 'such as {"span": "week", "last": true}')
    return await api.daemon.send_report(kind, channel, last=last)


async def export(api: Serving, request: Request) -> Stream:
    """`hexmeter export`."""
    from hexmeter.service.documents.export import COLUMNS, Export

    what = _one_of(request, "what", tuple(COLUMNS))
    made = Export(api.daemon.store, api.daemon.figures, anonymous=_flag(request, "anonymous"))
    return Stream(made.lines(what, api.daemon.clock.now_ms()), "application/x-ndjson")


def _one_of(request: Request, name: str, allowed: tuple[str, ...]) -> str:
    value = request.query.get(name, allowed[0])
    if value not in allowed:
        raise bad(f"{name}={value[:40]}", f"{name}: {', '.join(allowed)}")
    return value


def _flag(request: Request, name: str) -> bool:
    value = request.query.get(name, "false")
    if value not in _FLAGS:
        raise bad(f"{name}={value[:40]}", f"{name}: true, false")
    return _FLAGS[value]


ADMIN_ROUTES: tuple[Route[Serving], ...] = (
    Route("GET", "/v1/runs", "project runs as seen by Hex's API, by project; since, until", runs),
    Route("GET", "/v1/audit", "idle seats and schedules, failing runs, who needs more; days=1…366", audit),
    Route("GET", "/v1/report", "a week or month against the one before; span=week|month, last=true", report),
    Route("POST", "/v1/report/send", "send it now: span, last, channel; answers when known", send_report),
    Route("GET", "/v1/export", "all rows; what=ledger|meters|alerts, anonymous=true", export),
)
