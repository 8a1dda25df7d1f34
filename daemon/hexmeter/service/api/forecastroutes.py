"""The local API's endpoints for forecasts."""

from typing import Any

from hexmeter.service.api.route import Route, Serving
from hexmeter.service.refused import bad
from hexmeter.wire.httpd import Request

_MOST_PROMPTS = 1_000_000


async def forecasts(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter forecast --json`."""
    now_ms = api.daemon.clock.now_ms()
    return {**_about(api, now_ms), **api.daemon.documents.forecasts.meters(request.query.get("meter"), now_ms)}


async def scores(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter forecast --score --json`."""
    now_ms = api.daemon.clock.now_ms()
    return {**_about(api, now_ms), **api.daemon.documents.forecasts.scores(request.query.get("meter"), now_ms)}


async def afford(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter can-afford --json`."""
    asked = request.query.get("prompts", "1")
    if not asked.isdecimal() or len(asked) > 7 or not 1 <= int(asked) <= _MOST_PROMPTS:
        raise bad(f"prompts={asked[:40]}", f"prompts: a whole number, 1 to {_MOST_PROMPTS}")
    now_ms = api.daemon.clock.now_ms()
    about = _about(api, now_ms)
    meter, model = request.query.get("meter", "grant"), request.query.get("model")
    return {**about, **api.daemon.documents.forecasts.afford(int(asked), meter, model, now_ms, stale=about["stale"])}


def _about(api: Serving, now_ms: int) -> dict[str, Any]:
    return {**api.daemon.documents.age(now_ms), "timezone": api.daemon.config.zone.key}


FORECAST_ROUTES: tuple[Route[Serving], ...] = (
    Route("GET", "/v1/forecast", "what the meters will come to; meter: one, with the weeks behind it", forecasts),
    Route("GET", "/v1/forecast/score", "how the forecasts of ended periods did; meter: of one", scores),
    Route("GET", "/v1/afford", "whether more prompts fit; prompts, meter, model", afford),
)
