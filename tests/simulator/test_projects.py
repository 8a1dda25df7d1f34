"""Projects and their runs over real HTTP: who sees which, pages by cursor and offset, and schedules that fire."""

from datetime import UTC, datetime

import httpx
import pytest

from hexmeter.hex.simulator.history import generated
from hexmeter.hex.simulator.projects import Project, Projects, Run, Schedule

from .conftest import DAY_MS, HOUR_MS, NOW_MS, Hex

OWN = "00000000-0000-4000-8000-00000000000a"
OTHER = "00000000-0000-4000-8000-00000000000c"


@pytest.fixture
def projects(hex_: Hex) -> Projects:
    """An editor's project with thirty runs, a minute each, and one of the admin's that others do not see."""
    made = hex_.sim.world.projects
    made.add(Project(OWN, "Churn", "editor@acme.test", NOW_MS - DAY_MS, schedules=(Schedule("WEEKLY", weekday=2),)))
    made.add(
        Project(OTHER, "Board pack", "admin@acme.test", NOW_MS, last_viewed_ms=NOW_MS - HOUR_MS, views=(1, 2, 3, 4))
    )
    for number in range(30):
        start_ms = NOW_MS - HOUR_MS * (number + 1)
        made.add_run(Run(f"r{number:02}", OWN, "COMPLETED", "API", start_ms, start_ms + 60_000, 60_000))
    return made


def refused(answer: httpx.Response) -> tuple[int, str]:
    document = answer.json()
    assert set(document) == {"reason", "details", "traceId"}
    return answer.status_code, document["reason"]


def test_projects_come_newest_first_and_others_see_their_own_and_some(hex_: Hex, projects: Projects) -> None:
    seen = {
        who: [project["title"] for project in hex_.by(f"{who}@acme.test").get("/projects").json()["values"]]
        for who in ("admin", "editor")
    }
    assert seen == {"admin": ["Board pack", "Churn"], "editor": ["Churn"]}


def test_a_project_has_its_owner_its_views_and_its_schedules(admin: httpx.Client, projects: Projects) -> None:
    board, churn = admin.get("/projects", params={"limit": 100}).json()["values"]
    assert board["analytics"]["appViews"] == {
        "lastSevenDays": 1,
        "lastFourteenDays": 2,
        "lastThirtyDays": 3,
        "allTime": 4,
    }
    assert (churn["owner"], churn["analytics"]["lastViewedAt"]) == ({"email": "editor@acme.test"}, None)
    (schedule,) = churn["schedules"]
    assert schedule["weekly"] == {"dayOfWeek": "WEDNESDAY", "hour": 9, "minute": 0, "timezone": "Europe/Berlin"}
    assert (schedule["cadence"], schedule["enabled"], schedule["daily"]) == ("WEEKLY", True, None)


def test_archived_and_trashed_projects_are_listed_only_when_asked_for(admin: httpx.Client, projects: Projects) -> None:
    projects.change(OTHER, archived_ms=NOW_MS)
    projects.change(OWN, trashed_ms=NOW_MS)
    assert admin.get("/projects").json()["values"] == []
    (board,) = admin.get("/projects", params={"includeArchived": "true"}).json()["values"]
    assert board["title"] == "Board pack"


def test_runs_come_newest_first_in_pages_by_offset(admin: httpx.Client, projects: Projects) -> None:
    first = admin.get(f"/projects/{OWN}/runs").json()
    assert [run["runId"] for run in first["runs"]] == [f"r{number:02}" for number in range(25)]
    assert (first["runs"][0]["elapsedTime"], first["runs"][0]["runTrigger"]) == (60_000, "API")
    assert first["nextPage"].endswith("limit=25&offset=25")
    second = admin.get(f"/projects/{OWN}/runs", params={"offset": 25}).json()
    assert [run["runId"] for run in second["runs"]] == [f"r{number:02}" for number in range(25, 30)]
    assert second["nextPage"] is None


def test_runs_of_a_project_out_of_sight_are_refused(hex_: Hex, projects: Projects) -> None:
    editor = hex_.by("editor@acme.test")
    assert refused(editor.get(f"/projects/{OTHER}/runs")) == (403, "Insufficient access to the project")
    assert refused(editor.get("/projects/nothing/runs")) == (404, "Project not found")
    assert refused(editor.get(f"/projects/{OWN}/runs", params={"statusFilter": "DONE"}))[0] == 422


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        pytest.param(Schedule("HOURLY", minute=5, zone="UTC"), 7 * 24, id="hourly"),
        pytest.param(Schedule("DAILY", zone="UTC"), 7, id="daily"),
        pytest.param(Schedule("WEEKLY", weekday=1, zone="UTC"), 1, id="weekly"),
        pytest.param(Schedule("CUSTOM", zone="UTC"), 5, id="on working days"),
        pytest.param(Schedule("DAILY", enabled=False), 0, id="switched off"),
    ],
)
def test_schedules_fire_however_time_passes(schedule: Schedule, expected: int) -> None:
    start_ms = round(datetime(2026, 11, 16, 0, 30, tzinfo=UTC).timestamp() * 1000)
    told = []
    for steps in (1, 60):
        made = Projects()
        made.add(Project(OWN, "Churn", "a@acme.test", 0, schedules=(schedule,)), scheduled_since_ms=start_ms)
        for step in range(1, steps + 1):
            made.advance(start_ms + 7 * DAY_MS * step // steps)
        told.append(made.runs_between(0, 2**62))
    assert told[0] == told[1]
    assert len(told[0]) == expected


def test_a_generated_world_has_projects_that_ran_and_one_that_fails() -> None:
    projects = generated(1, NOW_MS).projects
    assert projects.by_id == generated(1, NOW_MS).projects.by_id
    runs = projects.runs_between(0, NOW_MS + 1)
    assert {run.trigger for run in runs} == {"API", "SCHEDULED", "APP_REFRESH"}
    assert "ERRORED" in {run.status for run in runs}
    assert runs == projects.runs_between(0, 2**62), "nothing has begun in the future"


def test_the_truth_about_runs_can_be_read_and_added_to(hex_: Hex, projects: Projects) -> None:
    client = hex_.client(None)
    body = {"project_id": OTHER, "elapsed_ms": 90_000, "status": "ERRORED", "trigger": "SCHEDULED"}
    assert client.post(f"{hex_.sim.url}/_sim/run", json=body).json()["run"]["end_ms"] == NOW_MS + 90_000
    made = client.post(f"{hex_.sim.url}/_sim/project", json={"email": "editor@acme.test", "title": "New"}).json()
    assert made["project"]["owner_email"] == "editor@acme.test"
    truth = client.get(f"{hex_.sim.url}/_sim/projects", params={"since_ms": NOW_MS - HOUR_MS}).json()
    assert [project["title"] for project in truth["projects"]] == ["Churn", "Board pack", "New"]
    assert [run["project_id"] for run in truth["runs"]] == [OWN, OTHER]
