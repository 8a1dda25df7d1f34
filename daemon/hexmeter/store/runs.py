"""Projects and their runs: what the daily sweep saw, how far it came, and what runs come to."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from hexmeter.core.instants import DAY_MS
from hexmeter.core.periods import Period
from hexmeter.core.runs import FAILED, STOPPED, UNFINISHED, Project, Run, RunSums, Schedule, Views
from hexmeter.store.database import Database

_META = "runs_sweep"


@dataclass(frozen=True, slots=True)
class Sweep:
    """How far the look at all projects came that began at `began_ms` (None: there was none yet).

    First the projects are listed, on from `cursor`; then the runs of each are read, and at `done_ms` that came to its
    end. `listed_ms` is when the last one began whose list came to its end. `problem` says why Hex lists no projects.
    """

    began_ms: int | None = None
    cursor: str | None = None
    listed_ms: int | None = None
    done_ms: int | None = None
    problem: str | None = None

    @property
    def under_way(self) -> bool:
        """Whether it began and has not come to its end."""
        return self.began_ms is not None and (self.done_ms is None or self.done_ms < self.began_ms)

    @property
    def listed(self) -> bool:
        """Whether its list of projects came to its end."""
        return self.began_ms is not None and self.listed_ms == self.began_ms


@dataclass(frozen=True, slots=True)
class Unread:
    """A project whose runs are to be read, from the `offset`th on; those from before `horizon_ms` are known."""

    project_id: str
    offset: int
    horizon_ms: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A project as it was listed last, whether it still is, and why its runs could not be read last time."""

    project: Project
    listed: bool
    problem: str | None


class Runs:
    """The projects that the token may see, and their runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sweep(self) -> Sweep:
        """How far the last sweep came."""
        row = self._database.connection.execute("SELECT value FROM meta WHERE name = ?", (_META,)).fetchone()
        return Sweep() if row is None else Sweep(**json.loads(row["value"]))

    def save_sweep(self, sweep: Sweep) -> None:
        """Store how far a sweep came."""
        self._database.connection.execute(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)", (_META, json.dumps(asdict(sweep)))
        )

    def save_projects(self, projects: Iterable[Project], began_ms: int) -> None:
        """Store projects that the sweep which began then saw listed."""
        self._database.connection.executemany(
            "INSERT INTO projects (id, title, owner_email, created_ms, last_viewed_ms, views_seven_days,"
            " views_fourteen_days, views_thirty_days, views_all_time, schedules, scheduled, listed_ms, next_offset)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (id) DO UPDATE SET title = excluded.title,"
            " owner_email = excluded.owner_email, created_ms = excluded.created_ms,"
            " last_viewed_ms = excluded.last_viewed_ms, views_seven_days = excluded.views_seven_days,"
            " views_fourteen_days = excluded.views_fourteen_days, views_thirty_days = excluded.views_thirty_days,"
            " views_all_time = excluded.views_all_time, schedules = excluded.schedules,"
            " scheduled = excluded.scheduled, listed_ms = excluded.listed_ms,"
            # Where a sweep ended in the middle of a project, runs have come since, and shifted what follows.
            " next_offset = iif(listed_ms = excluded.listed_ms, next_offset, 0)",
            [(*_columns(project), began_ms) for project in projects],
        )

    def next_unread(self, began_ms: int, oldest_ms: int) -> Unread | None:
        """A listed project whose runs this sweep has not read, those on a schedule first; None at the end.

        Known are the runs from a day before the last reading back, and none of interest are from before `oldest_ms`;
        but one that had not ended then is looked for again.
        """
        row = self._database.connection.execute(
            "SELECT id, next_offset, read_ms, (SELECT min(at_ms) FROM runs WHERE project_id = p.id AND at_ms >= :oldest"
            f" AND status IN ({_quoted(UNFINISHED)})) AS unfinished_ms FROM projects p"
            " WHERE listed_ms = :began AND (done_ms IS NULL OR done_ms < :began)"
            " ORDER BY scheduled DESC, id LIMIT 1",
            {"began": began_ms, "oldest": oldest_ms},
        ).fetchone()
        if row is None:
            return None
        known_ms = oldest_ms if row["read_ms"] is None else max(oldest_ms, row["read_ms"] - DAY_MS)
        return Unread(row["id"], row["next_offset"], min(known_ms, row["unfinished_ms"] or known_ms))

    def save_runs(self, project_id: str, runs: Iterable[Run], seen_ms: int) -> None:
        """Store runs of a project; a run that was seen before is as it is now. One that has not begun counts for the
        time at which it was first seen."""
        self._database.connection.executemany(
            "INSERT INTO runs (id, project_id, status, trigger, start_ms, end_ms, elapsed_ms, at_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET status = excluded.status,"
            " trigger = excluded.trigger, start_ms = excluded.start_ms, end_ms = excluded.end_ms,"
            " elapsed_ms = excluded.elapsed_ms, at_ms = coalesce(excluded.start_ms, at_ms)",
            [
                (
                    *(run.id, project_id, run.status, run.trigger, run.start_ms, run.end_ms, run.took_ms),
                    seen_ms if run.start_ms is None else run.start_ms,
                )
                for run in runs
            ],
        )

    def note_read(self, project_id: str, next_offset: int) -> None:
        """Store how far the runs of a project were read."""
        self._database.connection.execute("UPDATE projects SET next_offset = ? WHERE id = ?", (next_offset, project_id))

    def end_project(self, project_id: str, began_ms: int, problem: str | None) -> None:
        """The sweep which began then is through with a project, because all was read or for a `problem`."""
        self._database.connection.execute(
            # What a problem kept from being read is looked for again the next time.
            "UPDATE projects SET done_ms = :began, read_ms = iif(:problem IS NULL, :began, read_ms), next_offset = 0,"
            " problem = :problem WHERE id = :id",
            {"began": began_ms, "problem": problem, "id": project_id},
        )

    def count(self, period: Period) -> int:
        """How many runs began in `period`."""
        found: int = self._database.connection.execute(
            "SELECT count(*) FROM runs WHERE at_ms >= ? AND at_ms < ?", (period.start_ms, period.end_ms)
        ).fetchone()[0]
        return found

    def sums(self, period: Period, trigger: str | None = None) -> dict[str, RunSums]:
        """What each project's runs that began in `period` come to, by its id; only those of a `trigger` where given."""
        found = self._database.connection.execute(
            "SELECT project_id, count(*), coalesce(sum(elapsed_ms), 0),"
            f" sum(status IN ({_quoted(FAILED)})), sum(status = '{STOPPED}'), sum(status IN ({_quoted(UNFINISHED)})),"
            " sum(trigger = 'API'), sum(trigger = 'SCHEDULED'), sum(trigger = 'APP_REFRESH')"
            " FROM runs WHERE at_ms >= ? AND at_ms < ? AND trigger = coalesce(?, trigger) GROUP BY project_id",
            (period.start_ms, period.end_ms, trigger),
        )
        return {row[0]: RunSums(*tuple(row)[1:]) for row in found}

    def newest(self, project_id: str, limit: int) -> list[Run]:
        """The newest runs of a project, newest first."""
        found = self._database.connection.execute(
            "SELECT id, status, trigger, start_ms, end_ms, elapsed_ms FROM runs WHERE project_id = ?"
            " ORDER BY at_ms DESC, id LIMIT ?",
            (project_id, limit),
        )
        return [Run(*row) for row in found]

    def projects(self) -> list[Stored]:
        """All projects ever listed, by title."""
        listed_ms = self.sweep().listed_ms or 0
        found = self._database.connection.execute("SELECT * FROM projects ORDER BY title, id")
        return [Stored(_project(row), row["listed_ms"] >= listed_ms, row["problem"]) for row in found]


def _columns(project: Project) -> tuple[object, ...]:
    views = project.views
    return (
        *(project.id, project.title, project.owner_email, project.created_ms, project.last_viewed_ms),
        *(views.seven_days, views.fourteen_days, views.thirty_days, views.all_time),
        json.dumps([asdict(schedule) for schedule in project.schedules], ensure_ascii=False),
        any(schedule.enabled for schedule in project.schedules),
    )


def _project(row: sqlite3.Row) -> Project:
    names = ("views_seven_days", "views_fourteen_days", "views_thirty_days", "views_all_time")
    return Project(
        *(row["id"], row["title"], row["owner_email"], row["created_ms"], row["last_viewed_ms"]),
        Views(*(row[name] for name in names)),
        tuple(Schedule(**schedule) for schedule in json.loads(row["schedules"])),
    )


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))
