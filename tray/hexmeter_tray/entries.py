"""The menu's entries that do something: alerts, refreshing, pausing, opening, starting at login."""

from collections.abc import Mapping
from typing import Any

from hexmeter.core.alerts import MUTABLE
from hexmeter_tray import links, texts
from hexmeter_tray.lines import LINE_CHARACTERS, Reading
from hexmeter_tray.meters import instant, text
from hexmeter_tray.model import Action, Facts, MenuItem, Refresh

_ALERTS_LISTED = 5
_MUTED_LISTED = 10
_REASON_CHARACTERS = 50
_KIND, _METER = "kind", "meter"
_CALIBRATED = ("grant", "pool", "spend")

Muted = tuple[tuple[str, str], ...]
"""What is muted: `kind` or `meter`, and its name."""


def muted_of(silences: tuple[Mapping[str, Any], ...]) -> Muted:
    """The silences without an end, as the daemon names them."""
    found = [(silence.get("scope"), silence.get("what")) for silence in silences if silence.get("until") is None]
    return tuple((scope, what) for scope, what in found if isinstance(scope, str) and isinstance(what, str))


def muted_items(muted: Muted, reading: Reading) -> tuple[MenuItem, ...]:
    """What is muted, with the way back, whether an alert of it stands or not."""
    if not muted:
        return ()
    labels = {figure.id: figure.label for figure in reading.meters}
    named = [
        (what, text(labels.get(what, what)) if scope == _METER else texts.all_of_kind(what)) for scope, what in muted
    ]
    ways = [
        MenuItem(f"muted:{what}", texts.unmute(name), action=Action.UNMUTE, what=what)
        for what, name in named[:_MUTED_LISTED]
    ]
    if len(named) > _MUTED_LISTED:
        ways.append(MenuItem("muted:more", texts.and_more(len(named) - _MUTED_LISTED), enabled=False))
    label = text(texts.all_muted([name for _, name in named]), LINE_CHARACTERS)
    return (MenuItem("muted", label, children=tuple(ways)),)


def alert_items(alerts: tuple[Mapping[str, Any], ...], muted: Muted, reading: Reading) -> tuple[MenuItem, ...]:
    """The alerts that stand, each with what can be done about it."""
    listed = [alert for alert in alerts if isinstance(alert.get("id"), int)]
    items = [_alert_item(alert, alert["id"], muted, reading) for alert in listed[:_ALERTS_LISTED]]
    if len(listed) > _ALERTS_LISTED:
        items.append(MenuItem("alerts:more", texts.and_more(len(listed) - _ALERTS_LISTED), enabled=False))
    return tuple(items)


def refresh_item(facts: Facts, reading: Reading | None, now_ms: int) -> MenuItem:
    """Refresh now, and how it went the last time."""
    refresh, label = facts.refresh, texts.REFRESH
    if refresh.running:
        label = texts.REFRESHING
    elif refresh.at_ms is not None:
        when = texts.clock(refresh.at_ms, now_ms, reading.zone if reading else None)
        label = _refreshed(refresh, when)
    return MenuItem("refresh", label, reading is not None and not refresh.running, action=Action.REFRESH)


def pause_item(reading: Reading | None) -> MenuItem:
    """Pause for a while, or resume."""
    if reading is not None and reading.paused_until is not None:
        until = texts.clock(reading.paused_until, reading.now_ms, reading.zone)
        return MenuItem("resume", texts.resume(until), action=Action.RESUME)
    ways = (
        MenuItem("pause:hour", texts.PAUSE_HOUR, action=Action.PAUSE_HOUR),
        MenuItem("pause:tomorrow", texts.PAUSE_TO_TOMORROW, action=Action.PAUSE_TO_TOMORROW),
    )
    return MenuItem("pause", texts.PAUSE, reading is not None, children=ways)


def opening_items(status: Mapping[str, Any] | None) -> tuple[MenuItem, ...]:
    """Open the dashboard, which the daemon serves when asked, and Hex."""
    hexs = MenuItem("open_hex", texts.OPEN_HEX, hex_link(status) is not None, action=Action.OPEN_HEX)
    if not has_dashboard(status):
        return (hexs,)
    return (MenuItem("open_dashboard", texts.OPEN_DASHBOARD, action=Action.OPEN_DASHBOARD), hexs)


def login_items(at_login: bool | None) -> tuple[MenuItem, ...]:
    """The check box whether the tray starts at login."""
    if at_login is None:
        return ()
    action = Action.STOP_AT_LOGIN if at_login else Action.START_AT_LOGIN
    return (MenuItem("login", texts.START_AT_LOGIN, action=action, toggle=at_login),)


def hex_link(status: Mapping[str, Any] | None) -> str | None:
    """Where Open Hex leads: the configured host's https address, or None."""
    given = status.get("links") if status is not None else None
    link = given.get("hex") if isinstance(given, Mapping) else None
    return link if isinstance(link, str) and links.openable(link, link) else None


def has_dashboard(status: Mapping[str, Any] | None) -> bool:
    """Whether the daemon serves a dashboard when asked; the link is asked for at the click, for it works once."""
    given = status.get("dashboard") if status is not None else None
    return isinstance(given, Mapping) and given.get("available") is True


def calibrated_meter(alert: Mapping[str, Any]) -> str | None:
    """The meter of an alert, if a person can set it to what Hex shows."""
    meter = alert.get("meter")
    return meter if isinstance(meter, str) and meter.partition(":")[0] in _CALIBRATED else None


def _alert_item(alert: Mapping[str, Any], number: int, muted: Muted, reading: Reading) -> MenuItem:
    title = text(alert.get("title"), LINE_CHARACTERS)
    state, snoozed_until = alert.get("state"), instant(alert.get("snoozed_until"))
    if state == "acknowledged":
        title = texts.acknowledged(title)
    elif state == "snoozed" and snoozed_until is not None:
        title = texts.snoozed(title, texts.clock(snoozed_until, reading.now_ms, reading.zone))
    elif alert.get("muted") is True:
        title = texts.muted(title)
    return MenuItem(
        f"alert:{number}", title, children=(*_ways(alert, number, state), *_mute_ways(alert, number, muted))
    )


def _ways(alert: Mapping[str, Any], number: int, state: object) -> tuple[MenuItem, ...]:
    def way(name: str, label: str, action: Action) -> MenuItem:
        return MenuItem(f"alert:{number}:{name}", label, action=action, target=number)

    if state == "acknowledged":
        ways = [way("unack", texts.UNACKNOWLEDGE, Action.UNACKNOWLEDGE)]
    elif state == "snoozed":
        ways = [way("unsnooze", texts.UNSNOOZE, Action.UNSNOOZE), way("ack", texts.ACKNOWLEDGE, Action.ACKNOWLEDGE)]
    else:
        ways = [way("snooze", texts.SNOOZE, Action.SNOOZE)]
        if isinstance(alert.get("meter"), str):
            ways.append(way("reset", texts.SNOOZE_TO_RESET, Action.SNOOZE_TO_RESET))
        ways.append(way("ack", texts.ACKNOWLEDGE, Action.ACKNOWLEDGE))
    if calibrated_meter(alert) is not None:
        ways.append(way("wrong", texts.WRONG, Action.WRONG))
    return tuple(ways)


def _mute_ways(alert: Mapping[str, Any], number: int, muted: Muted) -> tuple[MenuItem, ...]:
    """For its kind and its meter each: mute it, or take that back."""
    kind, meter, ways = alert.get("kind"), alert.get("meter"), []
    if isinstance(kind, str) and kind in MUTABLE:
        ways.append((_KIND, kind, texts.MUTE_KIND, texts.UNMUTE_KIND))
    # Of a word that is both, such as `runs`, the kind is meant.
    if isinstance(meter, str) and meter not in MUTABLE:
        ways.append((_METER, meter, texts.MUTE_METER, texts.UNMUTE_METER))
    return tuple(
        MenuItem(f"alert:{number}:unmute:{scope}", unmute, action=Action.UNMUTE, what=what)
        if (scope, what) in muted
        else MenuItem(f"alert:{number}:mute:{scope}", mute, action=Action.MUTE, what=what)
        for scope, what, mute, unmute in ways
    )


def _refreshed(refresh: Refresh, when: str) -> str:
    if refresh.error:
        return texts.refresh_failed(text(refresh.error, _REASON_CHARACTERS), when)
    return texts.refreshed(refresh.increases, when)
