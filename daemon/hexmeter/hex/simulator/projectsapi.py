"""GET /projects and GET /projects/{id}/runs over a world: who may see what, and pages by cursor and by offset. Pure."""

from collections.abc import Mapping

from hexmeter.hex.simulator.documents import Document, HexError, iso, traced_error
from hexmeter.hex.simulator.jsontext import Json
from hexmeter.hex.simulator.paging import asked_integer, asked_place, page_at
from hexmeter.hex.simulator.projects import STATUSES, TRIGGERS, WEEKDAYS, Project, Projects, Run, Schedule
from hexmeter.hex.simulator.world import Person

_MOST_OFFSET = 999_999_999


def projects_document(projects: Projects, person: Person | None, query: Mapping[str, str]) -> Document:
    """GET /projects for `person` (None: a workspace token), most recently created first."""
    if person is not None and person.role == "GUEST":
        raise HexError(403, "Insufficient access")
    place = asked_place(query, "projects", 100)
    listed = projects.newest_first()
    page = page_at(
        place,
        lambda position: listed[position] if position < len(listed) else None,
        lambda project: (
            _viewable(project, person)
            and (project.archived_ms is None or query.get("includeArchived") == "true")
            and (project.trashed_ms is None or query.get("includeTrashed") == "true")
            and (project.kind == "PROJECT" or query.get("includeComponents") == "true")
        ),
    )
    values: list[Json] = [_project(project) for project in page.items]
    return {"values": values, "pagination": page.pagination}


def runs_document(projects: Projects, person: Person | None, project_id: str, query: Mapping[str, str]) -> Document:
    """GET /projects/{id}/runs, newest first."""
    project = projects.by_id.get(project_id)
    if project is None:
        raise _refusal(404, "Project not found")
    if not _viewable(project, person):
        raise _refusal(403, "Insufficient access to the project")
    limit = asked_integer(query, "limit", 25, 100)
    offset = 0 if query.get("offset", "0") == "0" else asked_integer(query, "offset", 1, _MOST_OFFSET)
    status, trigger = query.get("statusFilter"), query.get("runTriggerFilter", "ALL")
    if (status is not None and status not in STATUSES) or trigger not in (*TRIGGERS, "ALL"):
        raise _refusal(422, "Unknown status or trigger")
    runs = [
        run for run in projects.runs_of(project_id) if status in (None, run.status) and trigger in ("ALL", run.trigger)
    ]
    chosen: list[Json] = [_run(run) for run in runs[offset : offset + limit]]
    following = offset + limit < len(runs)
    return {
        "runs": chosen,
        "nextPage": _page_url(project_id, limit, offset + limit) if following else None,
        "previousPage": _page_url(project_id, limit, max(0, offset - limit)) if offset else None,
        "traceId": "0" * 32,
    }


def _refusal(status: int, reason: str) -> HexError:
    """An error in the form of Hex's older endpoints."""
    refusal = HexError(status, reason)
    refusal.document = traced_error(reason, "The request was refused.")
    return refusal


def _viewable(project: Project, person: Person | None) -> bool:
    """Admins and workspace tokens see every project, others their own and, here, a stable half."""
    if person is None or person.role == "ADMIN" or project.owner_email == person.email:
        return True
    return sum(project.id.encode()) % 2 == 0


def _page_url(project_id: str, limit: int, offset: int) -> str:
    return f"https://app.hex.tech/api/v1/projects/{project_id}/runs?limit={limit}&offset={offset}"


def _project(project: Project) -> Document:
    names = ("lastSevenDays", "lastFourteenDays", "lastThirtyDays", "allTime")
    schedules: list[Json] = [_schedule(schedule) for schedule in project.schedules]
    return {
        "id": project.id,
        "title": project.title,
        "description": None,
        "type": project.kind,
        "creator": {"email": project.owner_email},
        "owner": {"email": project.owner_email},
        "status": None,
        "categories": [],
        "reviews": {"required": False},
        "analytics": {
            "appViews": dict(zip(names, project.views, strict=True)),
            "lastViewedAt": _instant(project.last_viewed_ms),
            "publishedResultsUpdatedAt": None,
        },
        "lastEditedAt": iso(project.created_ms),
        "lastPublishedAt": None,
        "createdAt": iso(project.created_ms),
        "archivedAt": _instant(project.archived_ms),
        "trashedAt": _instant(project.trashed_ms),
        "schedules": schedules,
    }


def _schedule(schedule: Schedule) -> Document:
    at: Document = {"minute": schedule.minute, "timezone": schedule.zone}
    daily: Document = {"hour": schedule.hour, **at}
    told: dict[str, Document] = {
        "HOURLY": at,
        "DAILY": daily,
        "WEEKLY": {"dayOfWeek": WEEKDAYS[schedule.weekday], **daily},
        "MONTHLY": {"day": schedule.day, **daily},
        "CUSTOM": {"cron": schedule.cron, "timezone": schedule.zone},
    }
    parts: Document = {name.lower(): told[name] if name == schedule.cadence else None for name in told}
    return {"cadence": schedule.cadence, "enabled": schedule.enabled, **parts}


def _run(run: Run) -> Document:
    return {
        "projectId": run.project_id,
        "projectVersion": 1,
        "runId": run.id,
        "runUrl": f"https://app.hex.tech/hex/{run.project_id}/runs/{run.id}",
        "status": run.status,
        "runTrigger": run.trigger,
        "startTime": _instant(run.start_ms),
        "endTime": _instant(run.end_ms),
        "elapsedTime": run.elapsed_ms,
        "traceId": "0" * 32,
    }


def _instant(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)
