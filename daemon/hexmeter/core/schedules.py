"""When schedules fire: the instants of a span, and the minutes in which many fire at once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hexmeter.core.instants import HOUR_MS, MINUTE_MS, from_datetime
from hexmeter.core.periods import Period, local_day
from hexmeter.core.runs import Project, Schedule


@dataclass(frozen=True, slots=True)
class Crowd:
    """Projects whose schedules fire in the same minute, and when they do."""

    projects: tuple[str, ...]
    at_ms: tuple[int, ...]


def is_readable(schedule: Schedule) -> bool:
    """Whether it can be told when this schedule fires; a custom one says so in cron's words, which are not read."""
    needed = {
        "HOURLY": (schedule.minute,),
        "DAILY": (schedule.minute, schedule.hour),
        "WEEKLY": (schedule.minute, schedule.hour, schedule.weekday),
        "MONTHLY": (schedule.minute, schedule.hour, schedule.day),
    }.get(schedule.cadence, (None,))
    return None not in needed and _zone(schedule.zone) is not None


def fires(schedule: Schedule, span: Period) -> Iterator[int]:
    """The instants of `span` at which a readable schedule fires."""
    zone = _zone(schedule.zone)
    if zone is None or not schedule.enabled or not is_readable(schedule):
        return
    if schedule.cadence == "HOURLY":
        at_ms = _at(local_day(span.start_ms, zone), 0, schedule.minute or 0, zone)
        at_ms += max(0, -((at_ms - span.start_ms) // HOUR_MS)) * HOUR_MS
        yield from range(at_ms, span.end_ms, HOUR_MS)
        return
    day = local_day(span.start_ms, zone)
    while day <= local_day(span.end_ms, zone):
        if _is_day(schedule, day):
            at_ms = _at(day, schedule.hour or 0, schedule.minute or 0, zone)
            if at_ms in span:
                yield at_ms
        day += timedelta(days=1)


def crowds(projects: Sequence[Project], span: Period, least: int) -> list[Crowd]:
    """The minutes of `span` in which at least so many projects start by schedule, the same projects together; the
    largest crowd first."""
    by_minute: Mapping[int, set[str]] = defaultdict(set)
    for project in projects:
        for schedule in project.schedules:
            for at_ms in fires(schedule, span):
                by_minute[at_ms // MINUTE_MS].add(project.id)
    minutes: Mapping[frozenset[str], list[int]] = defaultdict(list)
    for minute in sorted(by_minute):
        if len(by_minute[minute]) >= least:
            minutes[frozenset(by_minute[minute])].append(minute * MINUTE_MS)
    found = [Crowd(tuple(sorted(ids)), tuple(at_ms)) for ids, at_ms in minutes.items()]
    return sorted(found, key=lambda crowd: (-len(crowd.projects), -len(crowd.at_ms), crowd.at_ms))


def _is_day(schedule: Schedule, day: date) -> bool:
    if schedule.cadence == "WEEKLY":
        return day.weekday() == schedule.weekday
    return schedule.cadence == "DAILY" or day.day == schedule.day


def _at(day: date, hour: int, minute: int, zone: ZoneInfo) -> int:
    return from_datetime(datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone))


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError):
        return None
