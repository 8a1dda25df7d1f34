"""The local API's endpoints for alerts: the list, and what people do with them."""

from typing import Any

from hexmeter.core.instants import to_iso
from hexmeter.core.spans import ALLOWED, SpanError, parse_moment
from hexmeter.service.api.asked import body_of, number, text
from hexmeter.service.api.route import Route, Serving
from hexmeter.service.refused import bad
from hexmeter.wire.httpd import Request

_WHEN = "such as 1h, tomorrow, reset or 17:30"
_WHICH = "such as grant:ed@acme.test"


async def alerts(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter alerts --json`."""
    return api.daemon.documents.alerts(api.daemon.clock.now_ms())


async def acknowledge(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter alerts ack`."""
    alert_id = number(body_of(request), "alert")
    return _alert(api, alert_id, api.daemon.attending.acknowledge(alert_id, api.daemon.clock.now_ms()))


async def unacknowledge(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter alerts unack`."""
    alert_id = number(body_of(request), "alert")
    return _alert(api, alert_id, api.daemon.attending.unacknowledge(alert_id, api.daemon.clock.now_ms()))


async def snooze(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter alerts snooze`."""
    body, now_ms = body_of(request), api.daemon.clock.now_ms()
    when = text(body, "until", _WHEN)
    if _is_of_meter(body):
        meter, until_ms = api.daemon.attending.snooze_meter(text(body, "meter", _WHICH), when, now_ms)
        api.daemon.publish()
        return {"result": "snoozed", "meter": meter.id, **_until(api, until_ms)}
    alert_id = number(body, "alert")
    until_ms = api.daemon.attending.snooze(alert_id, when, now_ms)
    return {**_alert(api, alert_id, "snoozed"), **_until(api, until_ms)}


async def unsnooze(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter alerts unsnooze`."""
    body, now_ms = body_of(request), api.daemon.clock.now_ms()
    if _is_of_meter(body):
        name = text(body, "meter", _WHICH)
        _, shown, ended = api.daemon.attending.end_silence(name, now_ms, muted=False)
        api.daemon.publish()
        return {"result": "unsnoozed" if ended else "already_unsnoozed", "meter": shown}
    alert_id = number(body, "alert")
    return _alert(api, alert_id, api.daemon.attending.unsnooze(alert_id, now_ms))


async def mute(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter alerts mute`."""
    name = text(body_of(request), "what", "a kind or a meter, such as burn or grant:ed@acme.test")
    scope, shown, new = api.daemon.attending.mute(name, api.daemon.clock.now_ms())
    api.daemon.publish()
    return {"result": "muted" if new else "already_muted", "scope": scope, "what": shown}


async def unmute(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter alerts unmute`."""
    name = text(body_of(request), "what", "a kind or a meter, such as burn or grant:ed@acme.test")
    scope, shown, ended = api.daemon.attending.end_silence(name, api.daemon.clock.now_ms(), muted=True)
    api.daemon.publish()
    return {"result": "unmuted" if ended else "already_unmuted", "scope": scope, "what": shown}


async def pause(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter pause`."""
    until_ms = api.daemon.attending.pause(text(body_of(request), "until", _WHEN), api.daemon.clock.now_ms())
    api.daemon.publish()
    return {"result": "paused", "paused_until": to_iso(until_ms), "timezone": api.daemon.config.zone.key}


async def resume(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter resume`."""
    return {"result": "resumed" if api.daemon.resume() else "already_resumed", "paused_until": None}


async def test_channels(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter alerts test`."""
    wanted = body_of(request).get("channel")
    if wanted is not None and not isinstance(wanted, str):
        raise bad("a test takes the name of a channel", 'such as {"channel": "desktop"}; without it: all')
    return await api.daemon.test_channels(wanted)


async def channels(api: Serving, request: Request) -> dict[str, Any]:
    """How the channels do; `hexmeter doctor` asks."""
    return api.daemon.documents.channels()


async def why(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter alerts why`."""
    from hexmeter.service.alerts.explaining import Explaining

    name = request.query.get("id", "")
    alert_id = number({"id": int(name) if name.isdecimal() and len(name) < 19 else name}, "id")
    told = Explaining(api.daemon.config, api.daemon.store).why(alert_id)
    return {"alert": api.daemon.documents.alert(alert_id, api.daemon.clock.now_ms()), **told}


async def replay(api: Serving, request: Request) -> dict[str, Any]:
    """`hexmeter alerts replay`."""
    from hexmeter.service.alerts.explaining import Explaining

    try:
        since_ms = parse_moment(request.query.get("since", "30d"), api.daemon.clock.now_ms(), api.daemon.config.zone)
    except SpanError as error:
        raise bad(f"replay: {error}", f"since: {ALLOWED}") from None
    return Explaining(api.daemon.config, api.daemon.store).replay(since_ms, request.query.get("set", ""))


def _is_of_meter(body: dict[str, Any]) -> bool:
    given = [name for name in ("alert", "meter") if body.get(name) is not None]
    if len(given) != 1:
        raise bad("it takes one alert or one meter", 'such as {"alert": 7} or {"meter": "grant:ed@acme.test"}')
    return given == ["meter"]


def _until(api: Serving, until_ms: int) -> dict[str, Any]:
    return {"until": to_iso(until_ms), "timezone": api.daemon.config.zone.key}


def _alert(api: Serving, alert_id: int, result: str) -> dict[str, Any]:
    api.daemon.publish()
    return {"result": result, "alert": api.daemon.documents.alert(alert_id, api.daemon.clock.now_ms())}


ALERT_ROUTES: tuple[Route[Serving], ...] = (
    Route("GET", "/v1/alerts", "what was told, newest first, and what is snoozed or muted", alerts),
    Route("POST", "/v1/alerts/ack", "acknowledge: alert", acknowledge),
    Route("POST", "/v1/alerts/unack", "take an acknowledgement back: alert", unacknowledge),
    Route("POST", "/v1/alerts/snooze", "tell again later: alert or meter, until", snooze),
    Route("POST", "/v1/alerts/unsnooze", "take a snooze back: alert or meter", unsnooze),
    Route("POST", "/v1/alerts/mute", "tell nothing of a kind or meter: what", mute),
    Route("POST", "/v1/alerts/unmute", "take a mute back: what", unmute),
    Route("POST", "/v1/alerts/test", "send a test: channel (without it: all); answers when known", test_channels),
    Route("GET", "/v1/channels", "where warnings go, and how each channel does", channels),
    Route("GET", "/v1/alerts/why", "why an alert was told, from stored facts; id", why),
    Route("GET", "/v1/alerts/replay", "what the rules, or others, tell over the stored readings; since, set", replay),
    Route("POST", "/v1/pause", "pause scheduled polls: until", pause),
    Route("POST", "/v1/resume", "poll as scheduled again", resume),
)
