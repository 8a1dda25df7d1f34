"""The lines on the meters: what is left, how long it lasts, what today cost, and how far the figures can be trusted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core.age import too_old_at_ms
from hexmeter.core.outlooktexts import lasts_or_ends, prompts_left
from hexmeter_tray import texts
from hexmeter_tray.meters import Figure, figures, instant, number, text, worst_first
from hexmeter_tray.model import MenuItem

METERS_LISTED = 5
LINE_CHARACTERS = 72
_OF_ALL = ("pool", "spend")
"""Kinds that are everybody's: they are listed whatever else is."""
_LAST = "runs"
_NAME_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Reading:
    """A status document with what it takes to put it into words. `zone`: the plan's, as everywhere else, or None for
    the desktop's own. `stale`: there was no good reading for too long, `stale_since` the last one, None if never."""

    status: Mapping[str, Any]
    meters: tuple[Figure, ...]
    now_ms: int
    zone: tzinfo | None
    stale: bool
    stale_since: int | None
    paused_until: int | None


def read(status: Mapping[str, Any], now_ms: int, zone: tzinfo | None) -> Reading:
    """Read a status document without trust."""
    paused_until, too_old_at = instant(status.get("paused_until")), _too_old_at(status)
    late = too_old_at is not None and too_old_at <= now_ms
    return Reading(
        status,
        figures(status),
        now_ms,
        _zone(status.get("timezone")) or zone,
        late or status.get("stale") is True,
        instant(status.get("as_of")) if late else _stale_since(status),
        paused_until if paused_until is not None and paused_until > now_ms else None,
    )


def changes_at(status: Mapping[str, Any], now_ms: int) -> int | None:
    """When a status document looks different though nothing new is told, in Unix milliseconds; None: never."""
    coming = [at for at in (instant(status.get("paused_until")), _too_old_at(status)) if at is not None and at > now_ms]
    return min(coming, default=None)


def meter_items(reading: Reading) -> tuple[MenuItem, ...]:
    """The meters that are listed: all of a few, else the pool, the spend limit and those nearest to their limit."""
    if not reading.meters:
        return (MenuItem("meters:none", texts.NO_METERS, enabled=False),)
    shown = listed(reading.meters)
    # Enabled though a click does nothing: a disabled line is grey, and these are what the menu is opened for.
    items = [_meter_item(figure, reading) for figure in shown]
    if len(reading.meters) > len(shown):
        items.append(MenuItem("meters:more", texts.and_more(len(reading.meters) - len(shown)), enabled=False))
    return tuple(items)


def listed(meters: tuple[Figure, ...]) -> list[Figure]:
    """The meters that the menu shows. Credits first: runs come last whatever their state."""
    of_all = [figure for figure in meters if figure.kind in _OF_ALL]
    others = [figure for figure in meters if figure.kind not in (*_OF_ALL, _LAST)]
    runs = [figure for figure in meters if figure.kind == _LAST]
    if len(meters) <= METERS_LISTED:
        return [*(figure for figure in meters if figure.kind != _LAST), *runs]
    return [*of_all, *worst_first(tuple(others))[:METERS_LISTED], *runs]


def meter_text(figure: Figure, reading: Reading) -> str:
    """One meter in one line."""
    alone = len(reading.meters) == 1
    label = texts.GRANT if alone and figure.kind == "grant" else figure.label
    said = _figure_text(figure)
    if said != texts.UNKNOWN:
        said += texts.remarks(_remarks(figure, reading))
        said += _outlook_text(figure, reading) if reading.stale_since is None else ""
    return texts.meter_line(label, said, alone=alone)


def prompts_items(reading: Reading) -> tuple[MenuItem, ...]:
    """How many prompts the own grant, or the only one, still holds; nothing where that is not known, or old."""
    identity = reading.status.get("identity")
    own = f"grant:{identity.get('email')}" if isinstance(identity, Mapping) else ""
    if reading.stale_since is not None:
        return ()
    alone = len(reading.meters) == 1
    for figure in reading.meters:
        if figure.prompts_left is None or figure.state in ("exhausted", "unknown") or not (alone or figure.id == own):
            continue
        typical, heavy = figure.prompts_left
        said = prompts_left(typical, heavy, figure.bound)
        label = said.capitalize() if alone else texts.meter_line(figure.label, said, alone=False)
        return (MenuItem("prompts", label),)
    return ()


def today_items(reading: Reading) -> tuple[MenuItem, ...]:
    """What today cost, and its dearest prompt; nothing where the daemon does not tell."""
    today = reading.status.get("today")
    used = number(today.get("used")) if isinstance(today, Mapping) else None
    if not isinstance(today, Mapping) or used is None:
        return ()
    bound, dearest = text(today.get("bound")), today.get("dearest")
    # Nothing at least is always used.
    if not used and bound == "at_least":
        return ()
    cost = number(dearest.get("credits")) if isinstance(dearest, Mapping) else None
    said = texts.today(used, bound)
    if isinstance(dearest, Mapping) and cost is not None:
        several = len(reading.meters) > 1
        said += texts.dearest(cost, text(dearest.get("user"), _NAME_CHARACTERS) if several else "")
    return (MenuItem("today", said),)


def news_items(reading: Reading) -> tuple[MenuItem, ...]:
    """What to know about the figures before reading them; each only when there is something to say.

    Enabled as the figures are: grey would hide what matters most.
    """
    items = []
    status, since = reading.status, reading.stale_since
    progress = status.get("progress")
    first = isinstance(progress, Mapping) and isinstance(progress.get("done"), int)
    if reading.paused_until is not None:
        said = texts.paused(texts.clock(reading.paused_until, reading.now_ms, reading.zone))
        items.append(MenuItem("news:paused", said))
    # While the first reading is under way, or none is meant to be, that is what there is to say.
    if reading.stale and not (first if since is None else reading.paused_until is not None):
        said = texts.stale(texts.clock(since, reading.now_ms, reading.zone) if since is not None else None)
        items.append(MenuItem("news:stale", said))
    poll = status.get("last_poll")
    if isinstance(poll, Mapping) and poll.get("ok") is False:
        reason = text(poll.get("error")) or texts.UNKNOWN
        items.append(MenuItem("news:poll", text(texts.poll_failed(reason), LINE_CHARACTERS)))
    if isinstance(progress, Mapping) and first:
        of = progress.get("of")
        said = texts.progress(progress["done"], of if isinstance(of, int) else None)
        items.append(MenuItem("news:progress", said))
    return tuple(items)


def _meter_item(figure: Figure, reading: Reading) -> MenuItem:
    label = meter_text(figure, reading)
    # The eye has the icon's colour for it; the ear has words.
    said = texts.spoken(label, figure.state) if figure.state not in ("ok", "unknown") else ""
    return MenuItem(f"meter:{figure.id}", label, said=said)


def _figure_text(figure: Figure) -> str:
    if figure.share_left is None:
        if figure.used is None or figure.limit is not None:
            return texts.UNKNOWN
        return texts.used_only(figure.used, figure.bound)
    assert figure.remaining is not None
    assert figure.limit is not None
    return texts.left(figure.remaining, figure.limit, figure.bound)


def _remarks(figure: Figure, reading: Reading) -> list[str]:
    remarks, used, limit = [], figure.used, figure.limit
    if figure.share_left is not None and used is not None and limit is not None and used > limit:
        remarks.append(texts.overdrawn(used, figure.bound))
    if reading.stale_since is not None:
        remarks.append(texts.figure_of(texts.clock(reading.stale_since, reading.now_ms, reading.zone)))
    return remarks


def _outlook_text(figure: Figure, reading: Reading) -> str:
    """How long it lasts, where that was foreseen of a period that is not over."""
    if figure.probability is None or figure.state == "exhausted":
        return ""
    ends, resets = figure.exhaust_at_ms, figure.reset_ms
    if resets is not None and resets <= reading.now_ms:
        return ""
    return texts.outlook(lasts_or_ends(figure.probability, ends, resets, reading.now_ms, reading.zone, figure.bound))


def _too_old_at(status: Mapping[str, Any]) -> int | None:
    """From when on figures that the daemon calls fresh are not, if it tells no newer ones: it may hang."""
    as_of, interval_s = instant(status.get("as_of")), number(status.get("interval_s"))
    if status.get("stale") is not False or as_of is None or interval_s is None or interval_s <= 0:
        return None
    return too_old_at_ms(as_of, round(interval_s * 1000))


def _stale_since(status: Mapping[str, Any]) -> int | None:
    """When the last good reading was, if it is too long ago; None also when there never was one."""
    as_of, poll = instant(status.get("as_of")), status.get("last_poll")
    if status.get("stale") is not True or as_of is None or not isinstance(poll, Mapping):
        return None
    # Before the first good poll `as_of` is the document's own time: not before the failed poll it tells of.
    failed_at = instant(poll.get("at")) if poll.get("ok") is False else None
    return None if failed_at is not None and as_of >= failed_at else as_of


def _zone(name: object) -> tzinfo | None:
    try:
        return ZoneInfo(name) if isinstance(name, str) else None
    except (ValueError, OSError, KeyError):
        return None
