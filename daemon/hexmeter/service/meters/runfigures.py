"""Project runs as figures: the weekly meter, and what each project's runs come to. Always as seen by the API."""

from collections.abc import Callable
from typing import Any

from hexmeter.config.model import Config
from hexmeter.core.instants import to_iso
from hexmeter.core.meters import Meter
from hexmeter.core.outlooktexts import moment as moment_text
from hexmeter.core.periods import Period
from hexmeter.core.runs import RUNS_PER_WEEK, WEEK_MS, Project, RunSums, Schedule, runs_meter, sum_runs
from hexmeter.service.watch import Watched
from hexmeter.store.runs import Sweep
from hexmeter.store.store import Store
from hexmeter.wire import shapes

NOT_ALL = "project runs as seen by the API: its own, scheduled ones and app refreshes; others are not visible"
_NOT_YET = "the projects are not read yet"
_NOT_WANTED = "projects are read only where everybody is watched, or [budgets] runs_per_week is set"


class RunFigures:
    """What is stored of projects and their runs. Nothing here asks Hex, and nothing is written."""

    def __init__(self, config: Config, store: Store, watched: Callable[[], Watched | None]) -> None:
        self._config = config
        self._store = store
        self._watched = watched

    @property
    def limit(self) -> int:
        """The weekly budget."""
        return self._config.runs_per_week or RUNS_PER_WEEK

    def wanted(self) -> bool:
        """Whether projects are to be read: for those who watch everybody or set a budget."""
        watched = self._watched()
        return watched is not None and (watched.people is None or self._config.runs_per_week is not None)

    def meters(self, now_ms: int) -> list[Meter]:
        """The meter of the last seven days; none before projects were ever listed."""
        sweep = self._store.runs.sweep()
        if sweep.listed_ms is None:
            return []
        if sweep.done_ms is None:
            return [runs_meter(None, self.limit, _NOT_YET)]
        return [runs_meter(self._store.runs.count(week_to(now_ms)), self.limit, self._note(sweep))]

    def document(self, period: Period, now_ms: int) -> dict[str, Any]:
        """`GET /v1/runs`: what the runs that began in `period` come to, by project, the most runs first."""
        sums = self._store.runs.sums(period)
        rows = [
            {**_about(stored.project), "listed": stored.listed, "problem": stored.problem, **run_sums(sums[key])}
            for stored in self._store.runs.projects()
            if (key := stored.project.id) in sums
        ]
        rows.sort(key=lambda row: (-row["runs"], row["project"]))
        return {
            "since": to_iso(period.start_ms),
            "until": to_iso(period.end_ms),
            "timezone": self._config.zone.key,
            "bound": "at_least",
            **self.reading(),
            "week": {"runs": self.week(now_ms), "limit": self.limit},
            "total": run_sums(sum_runs(sums.values())),
            "rows": rows,
        }

    def week(self, now_ms: int) -> int | None:
        """How many runs the last seven days had; None before the first sweep came to its end."""
        return None if self._store.runs.sweep().done_ms is None else self._store.runs.count(week_to(now_ms))

    def reading(self) -> dict[str, Any]:
        """When the projects were last read from end to end, and why they could not be."""
        sweep = self._store.runs.sweep()
        done_ms = sweep.done_ms if sweep.listed_ms else None
        return {"as_of": shapes.instant(done_ms), "problem": sweep.problem or (None if done_ms else self._unwanted())}

    def problem(self) -> str | None:
        """Why Hex lists no projects."""
        return self._store.runs.sweep().problem

    def unknown(self, now_ms: int) -> str | None:
        """Why nothing is known of runs; None where it is."""
        if (problem := self.problem()) is not None or self.week(now_ms) is not None:
            return problem
        return self._unwanted() or _NOT_YET

    def _unwanted(self) -> str | None:
        """Why projects will not be read either; None while it is not known who is watched."""
        return _NOT_WANTED if self._watched() is not None and not self.wanted() else None

    def _note(self, sweep: Sweep) -> str:
        since = f", as of {moment_text(sweep.done_ms, self._config.zone)}" if sweep.done_ms else ""
        return NOT_ALL + since


def week_to(now_ms: int) -> Period:
    """The seven days up to now, with this very moment."""
    return Period(now_ms + 1 - WEEK_MS, now_ms + 1)


def run_sums(sums: RunSums) -> dict[str, Any]:
    """What some runs come to, as a document."""
    return {
        "runs": sums.runs,
        "api": sums.api,
        "scheduled": sums.scheduled,
        "app_refresh": sums.app_refresh,
        "failures": sums.failures,
        "stopped": sums.stopped,
        "unfinished": sums.unfinished,
        "elapsed_ms": sums.elapsed_ms,
        "minutes": sums.minutes,
    }


def schedule_text(schedule: Schedule) -> str:
    """A schedule in words: daily at 06:00 (Europe/Berlin)."""
    days = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
    time = "" if schedule.hour is None or schedule.minute is None else f" at {schedule.hour:02}:{schedule.minute:02}"
    if schedule.cadence == "HOURLY":
        time = "" if schedule.minute is None else f" at minute {schedule.minute}"
    elif schedule.cadence == "WEEKLY" and schedule.weekday is not None:
        time = f" on {days[schedule.weekday]}{time}"
    elif schedule.cadence == "MONTHLY" and schedule.day is not None:
        time = f" on day {schedule.day}{time}"
    elif schedule.cron is not None:
        time = f" by cron {schedule.cron}"
    zone = f" ({schedule.zone})" if schedule.zone and time else ""
    return schedule.cadence.lower() + time + zone + ("" if schedule.enabled else ", switched off")


def _about(project: Project) -> dict[str, Any]:
    return {
        "project": project.id,
        "title": project.title,
        "owner": project.owner_email,
        "schedules": [schedule_text(schedule) for schedule in project.schedules],
        "views_30_days": project.views.thirty_days,
        "last_viewed_at": shapes.instant(project.last_viewed_ms),
    }
