"""Hex's projects and runs as our types: unknown words in stride, an ill-typed item left out with a warning."""

from dataclasses import dataclass
from typing import Any

from hexmeter.core.runs import Project, Run, Schedule, Views
from hexmeter.core.strings import clean
from hexmeter.hex.fields import Unusable, maybe_instant, read_count, read_elapsed, read_id, read_instant, read_text
from hexmeter.hex.parse import Page, read_page

_WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_MOST_SCHEDULES = 50
_LONGEST_CRON = 100
_UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class RunsPage:
    """One page of a project's runs: what could be used, a warning for each that could not, how many Hex sent, and
    whether more follow."""

    items: tuple[Run, ...]
    warnings: tuple[str, ...]
    size: int
    more: bool


def projects_page(document: Any) -> Page[Project]:
    """`GET /projects`."""
    return read_page(document, "values", _project, "project")


def runs_page(document: Any) -> RunsPage:
    """`GET /projects/{id}/runs`. `nextPage` is an address, which is not followed: the token goes where we send it."""
    page = read_page(document, "runs", _run, "run")
    return RunsPage(page.items, page.warnings, page.size, more=bool(document.get("nextPage")))


def _project(item: dict[str, Any]) -> Project:
    owner = _table(item, "owner").get("email")
    analytics = _table(item, "analytics")
    views = _table(analytics, "appViews")
    names = ("lastSevenDays", "lastFourteenDays", "lastThirtyDays", "allTime")
    return Project(
        id=read_id(item, "id"),
        title=read_text(item, "title"),
        owner_email=clean(owner).lower() if isinstance(owner, str) and owner else None,
        created_ms=maybe_instant(item, "createdAt"),
        last_viewed_ms=maybe_instant(analytics, "lastViewedAt"),
        views=Views(*(read_count(views.get(name)) for name in names)),
        schedules=tuple(_schedules(item.get("schedules"))),
    )


def _schedules(value: Any) -> list[Schedule]:
    items = value if isinstance(value, list) else []
    return [_schedule(item) for item in items[:_MOST_SCHEDULES] if isinstance(item, dict)]


def _schedule(item: dict[str, Any]) -> Schedule:
    cadence = _word(item, "cadence")
    when = _table(item, cadence.lower())
    cron, zone, weekday = when.get("cron"), when.get("timezone"), when.get("dayOfWeek")
    return Schedule(
        cadence=cadence,
        # One of which Hex does not say that it is off is taken to run.
        enabled=item.get("enabled") is not False,
        zone=clean(zone, _LONGEST_CRON) if isinstance(zone, str) else None,
        minute=_within(when.get("minute"), 59),
        hour=_within(when.get("hour"), 23),
        weekday=_WEEKDAYS.index(weekday) if weekday in _WEEKDAYS else None,
        day=_within(when.get("day"), 31),
        cron=clean(cron, _LONGEST_CRON) if isinstance(cron, str) else None,
    )


def _run(item: dict[str, Any]) -> Run:
    return Run(
        id=read_id(item, "runId"),
        status=_word(item, "status"),
        trigger=_word(item, "runTrigger"),
        start_ms=_time(item, "startTime"),
        end_ms=_time(item, "endTime"),
        elapsed_ms=read_elapsed(item, "elapsedTime"),
    )


def _time(item: dict[str, Any], name: str) -> int | None:
    return None if item.get(name) is None else read_instant(item, name)


def _word(item: dict[str, Any], name: str) -> str:
    """One of Hex's words, known to us or not. Raises Unusable where it is no text."""
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        raise Unusable(f"{name} is {clean(repr(value), 60)}, not a word")
    return clean(value, 60) if value else _UNKNOWN


def _table(item: dict[str, Any], name: str) -> dict[str, Any]:
    value = item.get(name)
    return value if isinstance(value, dict) else {}


def _within(value: Any, most: int) -> int | None:
    count = read_count(value)
    return count if count is not None and count <= most else None
