"""The projects of a simulated workspace and their runs: the truth about what ran, when and for how long. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

STATUSES = ("PENDING", "RUNNING", "ERRORED", "COMPLETED", "KILLED", "UNABLE_TO_ALLOCATE_KERNEL")
TRIGGERS = ("API", "SCHEDULED", "APP_REFRESH")
WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a project runs by itself, in the clock of `zone`. `weekday`: 0 is Monday. `cadence` CUSTOM: on working days,
    and `cron` says so."""

    cadence: str
    minute: int = 0
    hour: int = 9
    weekday: int = 0
    day: int = 1
    zone: str = "Europe/Berlin"
    enabled: bool = True

    @property
    def cron(self) -> str:
        """What a custom schedule says."""
        return f"{self.minute} {self.hour} * * 1-5"

    def fires_on(self, day: date) -> Iterator[int]:
        """When it fires on a local day, in Unix milliseconds."""
        due = {
            "HOURLY": True,
            "DAILY": True,
            "WEEKLY": day.weekday() == self.weekday,
            "MONTHLY": day.day == self.day,
            "CUSTOM": day.weekday() < 5,
        }[self.cadence]
        for hour in (range(24) if self.cadence == "HOURLY" else (self.hour,)) if self.enabled and due else ():
            at = datetime(day.year, day.month, day.day, hour, self.minute, tzinfo=ZoneInfo(self.zone))
            yield round(at.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Project:
    """A project. `views` are those of its app in the last 7, 14 and 30 days, and ever.

    `run_ms` and `fails_every` say how its scheduled runs go: how long they take about, and which ones fail (0: none).
    """

    id: str
    title: str
    owner_email: str
    created_ms: int
    last_viewed_ms: int | None = None
    views: tuple[int, int, int, int] = (0, 0, 0, 0)
    schedules: tuple[Schedule, ...] = ()
    archived_ms: int | None = None
    trashed_ms: int | None = None
    kind: str = "PROJECT"
    run_ms: int = 90_000
    fails_every: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One run; `start_ms` is None for one that has not begun, `end_ms` and `elapsed_ms` for one that goes on."""

    id: str
    project_id: str
    status: str
    trigger: str
    start_ms: int | None
    end_ms: int | None
    elapsed_ms: int | None


class Projects:
    """All projects of a workspace, and what ran."""

    def __init__(self) -> None:
        self.by_id: dict[str, Project] = {}
        self._runs: dict[str, list[Run]] = {}
        self._fired_ms: dict[str, int] = {}

    def add(self, project: Project, *, scheduled_since_ms: int | None = None) -> Project:
        """A new project; its schedules fire from `scheduled_since_ms` on, never when that is None."""
        self.by_id[project.id] = project
        self._runs[project.id] = []
        if scheduled_since_ms is not None:
            self._fired_ms[project.id] = scheduled_since_ms
        return project

    def change(self, project_id: str, **fields: object) -> Project:
        """Replace fields of a project; raises KeyError."""
        self.by_id[project_id] = replace(self.by_id[project_id], **fields)  # type: ignore[arg-type]
        return self.by_id[project_id]

    def add_run(self, run: Run) -> Run:
        """One more run; raises KeyError for an unknown project, ValueError for an unknown status or trigger."""
        if run.status not in STATUSES or run.trigger not in TRIGGERS:
            raise ValueError(f"{run.status} or {run.trigger} is none of {', '.join((*STATUSES, *TRIGGERS))}")
        self._runs[run.project_id].append(run)
        return run

    def change_run(self, project_id: str, run_id: str, **fields: object) -> Run:
        """Replace fields of a run, such as its status when it ends; raises KeyError."""
        runs = self._runs[project_id]
        for index, run in enumerate(runs):
            if run.id == run_id:
                runs[index] = replace(run, **fields)  # type: ignore[arg-type]
                return runs[index]
        raise KeyError(run_id)

    def runs_of(self, project_id: str) -> list[Run]:
        """The runs of a project, newest first; those that have not begun before all others."""
        return sorted(self._runs[project_id], key=lambda run: (run.start_ms is not None, -(run.start_ms or 0)))

    def newest_first(self) -> list[Project]:
        """All projects, most recently created first."""
        return sorted(self.by_id.values(), key=lambda project: (-project.created_ms, project.id))

    def advance(self, now_ms: int) -> None:
        """Let the schedules fire that are due up to `now_ms`; in how many steps one gets there makes no difference."""
        for project_id, since_ms in self._fired_ms.items():
            for at_ms in self._due(self.by_id[project_id], since_ms, now_ms):
                self._fire(self.by_id[project_id], at_ms)
            self._fired_ms[project_id] = max(since_ms, now_ms)

    # The truth

    def runs_between(self, start_ms: int, end_ms: int) -> list[Run]:
        """The runs that began in [start, end), oldest first."""
        found = [run for runs in self._runs.values() for run in runs if start_ms <= (run.start_ms or -1) < end_ms]
        return sorted(found, key=lambda run: (run.start_ms or 0, run.id))

    def _due(self, project: Project, since_ms: int, until_ms: int) -> list[int]:
        """When schedules fire in (since, until], archived and trashed projects apart."""
        if project.archived_ms is not None or project.trashed_ms is not None:
            return []
        found: set[int] = set()
        for schedule in project.schedules:
            zone = ZoneInfo(schedule.zone)
            day = datetime.fromtimestamp(since_ms / 1000, zone).date()
            while day <= datetime.fromtimestamp(until_ms / 1000, zone).date():
                found.update(at_ms for at_ms in schedule.fires_on(day) if since_ms < at_ms <= until_ms)
                day += timedelta(days=1)
        return sorted(found)

    def _fire(self, project: Project, at_ms: int) -> None:
        """A scheduled run, done at once: how long it took depends on the project and the time alone."""
        number = len(self._runs[project.id]) + 1
        failed = project.fails_every and number % project.fails_every == 0
        elapsed_ms = project.run_ms + at_ms // 60_000 % 7 * 1_000
        run_id = f"{project.id[:24]}{number:012x}"
        status = "ERRORED" if failed else "COMPLETED"
        self.add_run(Run(run_id, project.id, status, "SCHEDULED", at_ms, at_ms + elapsed_ms, elapsed_ms))
