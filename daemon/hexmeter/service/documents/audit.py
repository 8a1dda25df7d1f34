"""The audit's document: the stored facts put before the core, and what it found."""

from collections.abc import Iterable
from typing import Any

from hexmeter.config.model import Config
from hexmeter.core import audit
from hexmeter.core.audit import Activity, Finding, Kind, Seat, Use, View
from hexmeter.core.credits import to_number
from hexmeter.core.grants import Grant, NoGrant, grant_held
from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, to_iso
from hexmeter.core.meters import bound_of, grant_key
from hexmeter.core.periods import Period, previous_period
from hexmeter.core.runs import RunSums
from hexmeter.core.schedules import crowds, is_readable
from hexmeter.service.meters.figures import Figures
from hexmeter.service.meters.runfigures import week_to
from hexmeter.store.progress import EVERYBODY
from hexmeter.store.store import Store

DAYS = 30
"""So many days without use or login make a seat idle, unless told otherwise."""

_SEATS = (Kind.IDLE_SEAT, Kind.UNUSED_GRANT, Kind.MORE_NEEDED)
_PROJECTS = (Kind.FAILING_RUNS, Kind.IDLE_SCHEDULE, Kind.BUSY_SCHEDULE, Kind.CROWDED_MINUTE)
_WEEK_MS = 7 * DAY_MS


class Audit:
    """Looks at seats, grants, schedules and runs. Nothing here asks Hex, and nothing is written."""

    def __init__(self, config: Config, store: Store, figures: Figures) -> None:
        self._config = config
        self._store = store
        self._figures = figures

    def document(self, days: int, now_ms: int) -> dict[str, Any]:
        """`GET /v1/audit`: findings by kind, what is not known, and what all could save."""
        view = View(now_ms, self._config.zone, days, self._config.seat_price_micro)
        unknown: dict[Kind, str] = {}
        found = self._about_seats(view, unknown) + self._about_projects(view, unknown)
        return {
            "as_of": to_iso(now_ms),
            "days": days,
            "since": to_iso(view.since_ms),
            "timezone": self._config.zone.key,
            "currency": self._config.currency,
            "findings": [self._finding(finding) for finding in found],
            "unknown": [{"kind": kind.value, "why": why} for kind, why in unknown.items()],
            "savings": _savings(found),
            "runs": {
                "week": self._figures.runs.week(now_ms),
                "limit": self._figures.runs.limit,
                "bound": "at_least",
                **self._figures.runs.reading(),
            },
        }

    def _about_seats(self, view: View, unknown: dict[Kind, str]) -> list[Finding]:
        if unseen := self._figures.unseen():
            unknown.update(dict.fromkeys(_SEATS, unseen))
            return []
        last = previous_period(self._figures.period(view.now_ms), self._config.reset_day, self._config.zone)
        looked_at = Period(view.since_ms, view.now_ms + 1)
        listing = self._store.progress.listing(EVERYBODY)
        sees_days, sees_last = listing.covers(looked_at), listing.covers(last)
        if not sees_days:
            unknown[Kind.IDLE_SEAT] = f"the threads of the last {view.days} days are not all read yet"
        if not sees_last:
            unknown[Kind.UNUSED_GRANT] = "the threads of the last period are not all read yet"
        seats = self._seats(looked_at if sees_days else None, last if sees_last else None, view.now_ms)
        return audit.idle_seats(seats, view) + audit.unused_grants(seats, last, view) + audit.more_needed(seats)

    def _seats(self, looked_at: Period | None, last: Period | None, now_ms: int) -> list[Seat]:
        used = {} if looked_at is None else self._figures.imported.uses(looked_at)
        first_seen_ms = self._store.roster.first_seen()
        at_first_look_ms = min(first_seen_ms.values(), default=0) + HOUR_MS
        last_uses = self._uses(last) if last is not None else {}
        current = self._uses(self._figures.period(now_ms))
        seats = []
        for person in self._store.roster.listed():
            seen_ms = first_seen_ms.get(person.id)
            use = used.get(person.id)
            seats.append(
                Seat(
                    name=person.email or person.name or person.id,
                    role=person.role,
                    last_login_ms=person.last_login_ms,
                    first_seen_ms=None if seen_ms is None or seen_ms <= at_first_look_ms else seen_ms,
                    used_micro=None if looked_at is None else use.used_micro if use else 0,
                    last=last_uses.get(person.id),
                    current=current.get(person.id),
                )
            )
        return seats

    def _uses(self, period: Period) -> dict[str, Use]:
        """What everybody listed used of their grant in a period, calibrations of it included."""
        roles, calibrations = self._store.roster.roles_in(period), self._store.roster.calibrations_in(period)
        uses = self._figures.imported.uses(period, calibrations)
        sees_all = self._figures.sight().sees_all(None, period)
        found = {}
        for person in self._store.roster.listed():
            grant = grant_held(person, roles.get(person.id, []), self._config.plan)
            if isinstance(grant, NoGrant) and not grant.known:
                continue
            use, calibration = uses.get(person.id), calibrations.get(grant_key(person.id))
            used_micro = use.used_micro if use else 0
            if calibration is not None:
                used_micro += self._store.offset_micro(person.id, calibration, period)
            grant_micro = grant.credits_micro if isinstance(grant, Grant) else 0
            found[person.id] = Use(
                max(0, used_micro), grant_micro, bound_of(use is not None and use.estimated, sees_all)
            )
        return found

    def _about_projects(self, view: View, unknown: dict[Kind, str]) -> list[Finding]:
        why = self._figures.runs.unknown(view.now_ms)
        if why is not None:
            unknown.update(dict.fromkeys(_PROJECTS, why))
            return []
        activities = self._activities(view.now_ms)
        projects = [activity.project for activity in activities]
        week = Period(view.now_ms // MINUTE_MS * MINUTE_MS, view.now_ms + _WEEK_MS)
        on = [schedule for project in projects for schedule in project.schedules if schedule.enabled]
        unread = sum(not is_readable(schedule) for schedule in on)
        if unread:
            unknown[Kind.CROWDED_MINUTE] = f"custom schedules are not read, and not among these: {unread}"
        names = {activity.project.id: activity.name for activity in activities}
        return [
            *audit.failing_runs(activities, view),
            *audit.idle_schedules(activities, view),
            *audit.busy_schedules(activities),
            *audit.crowded_minutes(crowds(projects, week, audit.LEAST_CROWD), names, view),
        ]

    def _activities(self, now_ms: int) -> list[Activity]:
        month = Period(now_ms + 1 - audit.UNVIEWED_MS, now_ms + 1)
        scheduled_week = self._store.runs.sums(week_to(now_ms), trigger="SCHEDULED")
        scheduled_month = self._store.runs.sums(month, trigger="SCHEDULED")
        failures = {key for key, sums in self._store.runs.sums(month).items() if sums.failures >= audit.LEAST_FAILURES}
        return [
            Activity(
                stored.project,
                scheduled_week.get(stored.project.id, RunSums()),
                scheduled_month.get(stored.project.id, RunSums()),
                tuple(self._store.runs.newest(stored.project.id, audit.FAILURES_LOOKED_AT))
                if stored.project.id in failures
                else (),
            )
            for stored in self._store.runs.projects()
            if stored.listed
        ]

    def _finding(self, finding: Finding) -> dict[str, Any]:
        return {
            "kind": finding.kind.value,
            "subject": finding.subject,
            "fact": finding.fact,
            "advice": finding.advice,
            "saving": _saving(finding),
            "bound": finding.bound.value,
            "figures": dict(_figure(name, value) for name, value in finding.figures.items()),
        }


def _figure(name: str, value: int | str | None) -> tuple[str, Any]:
    """A figure of a finding; amounts of credits as plain numbers, under a name without their unit."""
    plain = name.removesuffix("_micro")
    return plain, to_number(value) if plain != name and isinstance(value, int) else value


def _saving(finding: Finding) -> dict[str, Any]:
    saving = finding.saving
    elapsed_ms = saving.elapsed_ms_a_week
    return {
        "money_per_month": None if saving.money_micro is None else to_number(saving.money_micro),
        "runs_per_week": saving.runs_a_week,
        "minutes_per_week": None if elapsed_ms is None else RunSums(elapsed_ms=elapsed_ms).minutes,
    }


def _savings(found: Iterable[Finding]) -> dict[str, Any]:
    """What is known of all savings together. A project that is found for two reasons is saved once."""
    seats = [finding.saving.money_micro for finding in found if finding.saving.money_micro is not None]
    projects: dict[str, tuple[int, int]] = {}
    for finding in found:
        if finding.saving.runs_a_week is not None:
            runs = finding.saving.runs_a_week, finding.saving.elapsed_ms_a_week or 0
            key = str(finding.figures["project"])
            projects[key] = max(projects.get(key, (0, 0)), runs)
    return {
        "money_per_month": to_number(sum(seats)) if seats else None,
        "runs_per_week": sum(runs for runs, _ in projects.values()),
        "minutes_per_week": RunSums(elapsed_ms=sum(elapsed_ms for _, elapsed_ms in projects.values())).minutes,
    }
