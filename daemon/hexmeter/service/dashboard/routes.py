"""The local API's endpoints for the dashboard: its facts, a link to it, and its end."""

from typing import Any

from hexmeter.core.instants import to_iso
from hexmeter.service.api.route import Route, Serving
from hexmeter.service.dashboard.listener import Dashboard
from hexmeter.service.refused import Refused
from hexmeter.wire.httpd import Request
from hexmeter.wire.shapes import Failure


async def facts(api: Serving, request: Request) -> dict[str, Any]:
    """What the page shows, as JSON."""
    from hexmeter.service.dashboard.pages import Pages  # It is large; few daemons are ever asked.

    return Pages(api.daemon).document()


async def link(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter dashboard`."""
    opened = await _dashboard(api).open()
    return {"url": opened.url, "expires_at": to_iso(opened.until_ms)}


async def close(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter dashboard --close`."""
    return {"result": "closed" if await _dashboard(api).close() else "already_closed"}


def _dashboard(api: Serving) -> Dashboard:
    if api.dashboard is None:
        raise Refused(Failure("not_found", "this daemon serves no dashboard", "start one with: hexmeter daemon"))
    return api.dashboard


DASHBOARD_ROUTES: tuple[Route[Serving], ...] = (
    Route("GET", "/v1/dashboard", "what the dashboard shows", facts),
    Route("POST", "/v1/dashboard", "open the dashboard: a link that works once, and until when", link),
    Route("POST", "/v1/dashboard/close", "end the dashboard's sessions and close its port", close),
)
