"""The view: status document, alerts and time in; icon, tooltip, title and menu out. Pure, tested as tables."""

from datetime import tzinfo

from hexmeter_tray import texts
from hexmeter_tray.entries import (
    alert_items,
    has_dashboard,
    hex_link,
    login_items,
    muted_items,
    muted_of,
    opening_items,
    pause_item,
    refresh_item,
)
from hexmeter_tray.lines import (
    LINE_CHARACTERS,
    Reading,
    meter_items,
    meter_text,
    news_items,
    prompts_items,
    read,
    today_items,
)
from hexmeter_tray.meters import text, worst_first
from hexmeter_tray.model import Action, Facts, Gauge, IconState, Kind, MenuItem, View
from hexmeter_tray.notes import explanation, note_items

_LEVEL_STEP = 5


def view(facts: Facts, now_ms: int, zone: tzinfo | None) -> View:
    """What to show now, in the plan's zone, which is `zone` until the daemon tells; None is the desktop's own."""
    reading = read(facts.status, now_ms, zone) if facts.status is not None else None
    figures = _figure_items(reading) if reading is not None else _absent_items(facts)
    alerts = _attention_items(facts, reading) if reading is not None else ()
    notes = note_items(reading, facts.config) if reading is not None else ()
    menu = (
        *figures,
        *notes,
        *_part("meters"),
        *alerts,
        *(_part("alerts") if alerts else ()),
        refresh_item(facts, reading, now_ms),
        pause_item(reading),
        *opening_items(facts.status),
        *_part("settings"),
        *login_items(facts.at_login),
        MenuItem("about", texts.ABOUT, action=Action.ABOUT),
        MenuItem("quit", texts.QUIT, action=Action.QUIT),
    )
    said = tuple(item.label for item in figures)
    tooltip = (*said, *explanation(reading)) if reading is not None else said
    return View(_icon(reading), _title(reading, said), tooltip, menu, _default(facts))


def _figure_items(reading: Reading) -> tuple[MenuItem, ...]:
    return (*news_items(reading), *meter_items(reading), *prompts_items(reading), *today_items(reading))


def _attention_items(facts: Facts, reading: Reading) -> tuple[MenuItem, ...]:
    muted = muted_of(facts.silences)
    return (*alert_items(facts.alerts, muted, reading), *muted_items(muted, reading))


def _part(name: str) -> tuple[MenuItem, ...]:
    return (MenuItem(f"separator:{name}", kind=Kind.SEPARATOR),)


def _default(facts: Facts) -> Action | None:
    """What a click on the icon does: the page with all figures where it is served, else Hex's own."""
    if has_dashboard(facts.status):
        return Action.OPEN_DASHBOARD
    return Action.OPEN_HEX if hex_link(facts.status) is not None else None


def _icon(reading: Reading | None) -> IconState:
    if reading is None:
        return IconState(Gauge.ABSENT)
    worst = next(iter(worst_first(reading.meters)), None)
    share = worst.share_left if worst is not None else None
    if worst is None or share is None:
        return IconState(Gauge.UNKNOWN)
    level = _level(share)
    if reading.paused_until is not None:
        return IconState(Gauge.PAUSED, level)
    return IconState(Gauge.STALE if reading.stale else Gauge(worst.state), level)


def _level(share: float) -> int:
    """Cut to a step, so that only a full gauge looks full; what is left, however little, does not look empty."""
    step = int(share * 100 + 1e-9) // _LEVEL_STEP * _LEVEL_STEP
    return max(step, _LEVEL_STEP) if share > 0 else 0


def _title(reading: Reading | None, said: tuple[str, ...]) -> str:
    if reading is None or not reading.meters:
        return f"{texts.APP_NAME}: {said[0]}"
    worst = worst_first(reading.meters)[0]
    paused = "" if reading.paused_until is None else f" · {said[0]}"
    return f"{texts.APP_NAME}: {meter_text(worst, reading)}{paused}"


def _absent_items(facts: Facts) -> tuple[MenuItem, ...]:
    if facts.trouble:
        return (MenuItem("absent", text(facts.trouble, LINE_CHARACTERS)),)
    hint = texts.absent_hint(facts.config)
    return (MenuItem("absent", texts.ABSENT), MenuItem("absent:hint", hint[0].upper() + hint[1:]))
