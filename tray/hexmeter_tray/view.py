"""The view: status document, alerts and time in; icon, tooltip, title and menu out. Pure, tested as tables."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from hexmeter_tray import links, texts
from hexmeter_tray.meters import Figure, figures, instant, text, worst_first
from hexmeter_tray.model import Action, Facts, Gauge, IconState, Kind, MenuItem, Refresh, View

METERS_LISTED = 5
_LEVEL_STEP = 5
_ALERTS_LISTED = 5
_LINE_CHARACTERS = 72
_REASON_CHARACTERS = 50


def view(facts: Facts, now_ms: int, zone: tzinfo | None) -> View:
    """What to show now. A `zone` of None is the desktop's own."""
    status = facts.status
    meters = figures(status) if status is not None else ()
    lines = _meter_items(status, meters, now_ms, zone) if status is not None else _absent_items(facts.trouble)
    news = _news_items(status, now_ms, zone) if status is not None else ()
    alerts = _alert_items(facts.alerts) if status is not None else ()
    menu = (
        *news,
        *lines,
        MenuItem("separator:meters", kind=Kind.SEPARATOR),
        *alerts,
        *((MenuItem("separator:alerts", kind=Kind.SEPARATOR),) if alerts else ()),
        _refresh_item(facts.refresh, status is not None, now_ms, zone),
        MenuItem("open_hex", texts.OPEN_HEX, hex_link(status) is not None, action=Action.OPEN_HEX),
        MenuItem("separator:quit", kind=Kind.SEPARATOR),
        MenuItem("quit", texts.QUIT, action=Action.QUIT),
    )
    said = tuple(item.label for item in (*news, *lines))
    return View(_icon(status, meters), _title(status, meters, said, now_ms, zone), said, menu)


def hex_link(status: Mapping[str, Any] | None) -> str | None:
    """Where Open Hex leads: the configured host's https address, or None."""
    given = status.get("links") if status is not None else None
    link = given.get("hex") if isinstance(given, Mapping) else None
    return link if isinstance(link, str) and links.openable(link, link) else None


def _icon(status: Mapping[str, Any] | None, meters: tuple[Figure, ...]) -> IconState:
    if status is None:
        return IconState(Gauge.ABSENT)
    worst = next(iter(worst_first(meters)), None)
    share = worst.share_left if worst is not None else None
    if worst is None or share is None:
        return IconState(Gauge.UNKNOWN)
    gauge = Gauge.STALE if status.get("stale") is True else Gauge(worst.state)
    return IconState(gauge, _level(share))


def _level(share: float) -> int:
    """Cut to a step, so that only a full gauge looks full; what is left, however little, does not look empty."""
    step = int(share * 100 + 1e-9) // _LEVEL_STEP * _LEVEL_STEP
    return max(step, _LEVEL_STEP) if share > 0 else 0


def _title(
    status: Mapping[str, Any] | None,
    meters: tuple[Figure, ...],
    said: tuple[str, ...],
    now_ms: int,
    zone: tzinfo | None,
) -> str:
    if status is None or not meters:
        return f"{texts.APP_NAME}: {said[0]}"
    worst = worst_first(meters)[0]
    return f"{texts.APP_NAME}: {_meter_text(worst, len(meters) == 1, _stale_since(status), now_ms, zone)}"


def _meter_items(
    status: Mapping[str, Any], meters: tuple[Figure, ...], now_ms: int, zone: tzinfo | None
) -> tuple[MenuItem, ...]:
    if not meters:
        return (MenuItem("meters:none", texts.NO_METERS, enabled=False),)
    listed = list(meters) if len(meters) <= METERS_LISTED else worst_first(meters)[:METERS_LISTED]
    since = _stale_since(status)
    # Enabled though a click does nothing: a disabled line is grey, and these are what the menu is opened for.
    items = [
        MenuItem(f"meter:{figure.id}", _meter_text(figure, len(meters) == 1, since, now_ms, zone)) for figure in listed
    ]
    if len(meters) > METERS_LISTED:
        items.append(MenuItem("meters:more", texts.and_more(len(meters) - METERS_LISTED), enabled=False))
    return tuple(items)


def _meter_text(figure: Figure, alone: bool, stale_since: int | None, now_ms: int, zone: tzinfo | None) -> str:
    label = texts.GRANT if alone and figure.kind == "grant" else figure.label
    said = _figure_text(figure)
    if said != texts.UNKNOWN:
        if stale_since is not None:
            said += texts.figure_of(texts.clock(stale_since, now_ms, zone))
        elif figure.exhaust_at_ms is not None and figure.exhaust_at_ms > now_ms and figure.state != "exhausted":
            said += texts.lasts_until(texts.day(figure.exhaust_at_ms, zone))
    return texts.meter_line(label, said, alone=alone)


def _figure_text(figure: Figure) -> str:
    if figure.share_left is None:
        known = figure.used is not None and figure.limit is None
        return texts.used_only(figure.used or 0, figure.bound) if known else texts.UNKNOWN
    assert figure.remaining is not None
    assert figure.limit is not None
    said = texts.left(figure.remaining, figure.limit, figure.bound)
    if figure.used is not None and figure.used > figure.limit:
        said += texts.overdrawn(figure.used, figure.bound)
    return said


def _news_items(status: Mapping[str, Any], now_ms: int, zone: tzinfo | None) -> tuple[MenuItem, ...]:
    """What to know about the figures before reading them; each only when there is something to say."""
    items = []
    progress = status.get("progress")
    reading = isinstance(progress, Mapping) and isinstance(progress.get("done"), int)
    since = _stale_since(status)
    # While the first reading is under way, that is what there is to say.
    if status.get("stale") is True and (since is not None or not reading):
        said = texts.stale(texts.clock(since, now_ms, zone) if since is not None else None)
        items.append(MenuItem("news:stale", said, enabled=False))
    poll = status.get("last_poll")
    if isinstance(poll, Mapping) and poll.get("ok") is False:
        reason = text(poll.get("error")) or texts.UNKNOWN
        said = text(texts.poll_failed(reason), _LINE_CHARACTERS)
        items.append(MenuItem("news:poll", said, enabled=False))
    if isinstance(progress, Mapping) and reading:
        of = progress.get("of")
        said = texts.progress(progress["done"], of if isinstance(of, int) else None)
        items.append(MenuItem("news:progress", said, enabled=False))
    return tuple(items)


def _stale_since(status: Mapping[str, Any]) -> int | None:
    """When the last good reading was, if it is too long ago; None also when there never was one."""
    as_of, poll = instant(status.get("as_of")), status.get("last_poll")
    if status.get("stale") is not True or as_of is None or not isinstance(poll, Mapping):
        return None
    # Before the first good poll `as_of` is the document's own time: not before the failed poll it tells of.
    failed_at = instant(poll.get("at")) if poll.get("ok") is False else None
    return None if failed_at is not None and as_of >= failed_at else as_of


def _absent_items(trouble: str) -> tuple[MenuItem, ...]:
    if trouble:
        return (MenuItem("absent", text(trouble, _LINE_CHARACTERS), enabled=False),)
    return (
        MenuItem("absent", texts.ABSENT, enabled=False),
        MenuItem("absent:hint", texts.ABSENT_HINT, enabled=False),
    )


def _alert_items(alerts: tuple[Mapping[str, Any], ...]) -> tuple[MenuItem, ...]:
    items = [
        MenuItem(f"alert:{alert.get('id')}", text(alert.get("title"), _LINE_CHARACTERS), enabled=False)
        for alert in alerts[:_ALERTS_LISTED]
    ]
    if len(alerts) > _ALERTS_LISTED:
        items.append(MenuItem("alerts:more", texts.and_more(len(alerts) - _ALERTS_LISTED), enabled=False))
    return tuple(items)


def _refresh_item(refresh: Refresh, present: bool, now_ms: int, zone: tzinfo | None) -> MenuItem:
    label = texts.REFRESH
    if refresh.running:
        label = texts.REFRESHING
    elif refresh.at_ms is not None:
        when = texts.clock(refresh.at_ms, now_ms, zone)
        label = texts.refreshed(refresh.increases, when)
        if refresh.error:
            label = texts.refresh_failed(text(refresh.error, _REASON_CHARACTERS), when)
    return MenuItem("refresh", label, present and not refresh.running, action=Action.REFRESH)
