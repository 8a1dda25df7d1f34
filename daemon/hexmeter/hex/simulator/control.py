"""The handle on the simulated Hex for tests and the demo: the truth, the requests seen, and changes, under /_sim/.

Every POST takes a JSON object; errors are {"error": {"code", "message", "hint"}}, as in the daemon's own API.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any, Protocol

from hexmeter.hex.simulator.faults import Faults, parse_fault
from hexmeter.hex.simulator.jsontext import micro_of
from hexmeter.hex.simulator.projects import Project, Run, Schedule
from hexmeter.hex.simulator.world import Thread, World
from hexmeter.wire.httpd import Request, Response

_EVER_MS = 2**62
_PROJECT_FIELDS = ("last_viewed_ms", "archived_ms", "trashed_ms", "run_ms", "fails_every")
_THREAD_FIELDS = ("title", "sensitive", "model", "type", "source", "known_from_ms")


class Controlled(Protocol):
    """What is reached here of a simulator."""

    world: World
    faults: Faults
    writes_seen: int

    @property
    def requests(self) -> Iterable[Any]:
        """The requests seen, as dataclasses."""
        ...


def answer(sim: Controlled, request: Request, now_ms: int) -> Response:
    """Answer a request below /_sim/."""
    name = request.path.removeprefix("/_sim/")
    try:
        if request.method == "GET" and name in _READS:
            return _json(200, _READS[name](sim, dict(request.query), now_ms))
        if request.method == "POST" and name in _CHANGES:
            return _json(200, _CHANGES[name](sim, _body(request), now_ms))
    except KeyError as missing:
        return _error(404, "not_found", f"unknown or missing: {missing.args[0]}")
    except (ValueError, TypeError) as wrong:
        return _error(400, "bad_request", str(wrong))
    return _error(404, "not_found", f"no {request.method} {request.path} here")


def _truth(sim: Controlled, query: dict[str, str], now_ms: int) -> dict[str, Any]:
    """Everything spent in [since_ms, until_ms), by default ever."""
    world = sim.world
    start_ms, end_ms = int(query.get("since_ms", 0)), int(query.get("until_ms", _EVER_MS))
    by_user, by_thread = world.used_by_user(start_ms, end_ms), world.used_by_thread(start_ms, end_ms)
    prompts = world.prompts_between(start_ms, end_ms)
    return {
        "now_ms": now_ms,
        "org_id": world.org_id,
        "writes_seen": sim.writes_seen,
        "total_micro": sum(by_user.values()),
        "people": [
            {"id": person.id, "email": person.email, "role": person.role, "credits_micro": by_user.get(person.id, 0)}
            for person in world.people.values()
        ],
        "unattributed_micro": by_user.get(None, 0),
        "threads": [
            _told(thread, now_ms) | {"credits_micro": by_thread.get(thread.id, 0)} for thread in world.threads.values()
        ],
        "prompts": [asdict(prompt) for prompt in prompts],
    }


def _told(thread: Thread, now_ms: int) -> dict[str, Any]:
    return {
        "id": thread.id,
        "user_id": thread.user_id,
        "created_ms": thread.created_ms,
        "reported_micro": thread.reported_micro(now_ms),
        "deleted": thread.deleted_ms is not None,
    }


def _requests(sim: Controlled, query: dict[str, str], now_ms: int) -> dict[str, Any]:
    return {"requests": [asdict(seen) for seen in sim.requests]}


def _tokens(sim: Controlled, query: dict[str, str], now_ms: int) -> dict[str, Any]:
    people = sim.world.people
    held = [
        (token, people.get(token.user_id) if token.user_id is not None else None) for token in sim.world.tokens.values()
    ]
    return {"tokens": [asdict(token) | {"email": person.email if person else None} for token, person in held]}


def _grow(sim: Controlled, body: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """A prompt now: in the given thread, or in the newest of a person, which is created when there is none."""
    credits_micro = micro_of(str(body["credits"]))
    if "thread_id" in body:
        thread_id = str(body["thread_id"])
    else:
        person = sim.world.person(str(body["email"]))
        thread = sim.world.latest_thread_of(person.id) or sim.world.add_thread(person.email, now_ms, title="A question")
        thread_id = thread.id
    sim.world.grow(thread_id, credits_micro, now_ms)
    return _thread_told(sim, thread_id, now_ms)


def _thread(sim: Controlled, body: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """A new thread of `email` (null: of nobody) with a first prompt of `credits` (null: not told by Hex)."""
    told = body.get("credits", "0")
    fields = {name: body[name] for name in _THREAD_FIELDS if name in body}
    thread = sim.world.add_thread(
        body.get("email"),
        int(body.get("created_ms", now_ms)),
        None if told is None else micro_of(str(told)),
        topics=tuple(map(str, body.get("topics", ()))),
        **fields,
    )
    return _thread_told(sim, thread.id, now_ms)


def _credits(sim: Controlled, body: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """Let Hex tell this total of a thread from now on; null: not known."""
    told = body["credits"]
    sim.world.set_credits(str(body["thread_id"]), None if told is None else micro_of(str(told)), now_ms)
    return _thread_told(sim, str(body["thread_id"]), now_ms)


def _delete(sim: Controlled, body: dict[str, Any], now_ms: int) -> dict[str, Any]:
    sim.world.delete_thread(str(body["thread_id"]), now_ms)
    return _thread_told(sim, str(body["thread_id"]), now_ms)


def _thread_told(sim: Controlled, thread_id: str, now_ms: int) -> dict[str, Any]:
    thread = sim.world.threads[thread_id]
    return {"thread": _told(thread, now_ms) | {"credits_micro": thread.credits_micro}}


def _projects(sim: Controlled, query: dict[str, str], now_ms: int) -> dict[str, Any]:
    """All projects, and what of them began in [since_ms, until_ms), by default ever."""
    projects = sim.world.projects
    runs = projects.runs_between(int(query.get("since_ms", 0)), int(query.get("until_ms", _EVER_MS)))
    return {
        "projects": [asdict(project) for project in projects.by_id.values()],
        "runs": [asdict(run) for run in runs],
    }


def _project(sim: Controlled, body: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """A new project of `email`; its `schedules` fire from now on."""
    schedules = tuple(Schedule(**schedule) for schedule in body.get("schedules", ()))
    fields = {name: body[name] for name in _PROJECT_FIELDS if name in body}
    made = Project(
        str(body.get("id") or sim.world.new_id()),
        str(body.get("title", "A project")),
        sim.world.person(str(body["email"])).email,
        int(body.get("created_ms", now_ms)),
        views=tuple(body.get("views", (0, 0, 0, 0))),
        schedules=schedules,
        **fields,
    )
    return {"project": asdict(sim.world.projects.add(made, scheduled_since_ms=now_ms))}


def _run(sim: Controlled, body: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """A run of `project_id` that began at `start_ms` (now) and took `elapsed_ms` (null: it goes on)."""
    start_ms, elapsed_ms = int(body.get("start_ms", now_ms)), body.get("elapsed_ms", 60_000)
    run = Run(
        str(body.get("id") or sim.world.new_id()),
        str(body["project_id"]),
        str(body.get("status", "COMPLETED" if elapsed_ms is not None else "RUNNING")),
        str(body.get("trigger", "API")),
        start_ms,
        None if elapsed_ms is None else start_ms + int(elapsed_ms),
        None if elapsed_ms is None else int(elapsed_ms),
    )
    return {"run": asdict(sim.world.projects.add_run(run))}


def _fault(sim: Controlled, body: dict[str, Any], now_ms: int) -> dict[str, Any]:
    sim.faults.arm(parse_fault(str(body["spec"])))
    return _faults(sim, {}, now_ms)


def _fault_clear(sim: Controlled, body: dict[str, Any], now_ms: int) -> dict[str, Any]:
    sim.faults.clear()
    return _faults(sim, {}, now_ms)


def _faults(sim: Controlled, query: dict[str, str], now_ms: int) -> dict[str, Any]:
    return {"faults": [asdict(fault) for fault in sim.faults.armed]}


def _token(sim: Controlled, body: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """A personal token of `email`, or one that is there already."""
    return {"token": sim.world.token_for(str(body["email"]))}


def _revoke(sim: Controlled, body: dict[str, Any], now_ms: int) -> dict[str, Any]:
    sim.world.revoke(str(body["token"]))
    return {"revoked": True}


_READS: dict[str, Callable[[Controlled, dict[str, str], int], dict[str, Any]]] = {
    "truth": _truth,
    "requests": _requests,
    "tokens": _tokens,
    "faults": _faults,
    "projects": _projects,
}
_CHANGES: dict[str, Callable[[Controlled, dict[str, Any], int], dict[str, Any]]] = {
    "grow": _grow,
    "thread": _thread,
    "credits": _credits,
    "delete": _delete,
    "fault": _fault,
    "fault/clear": _fault_clear,
    "token": _token,
    "revoke": _revoke,
    "project": _project,
    "run": _run,
}


def _body(request: Request) -> dict[str, Any]:
    body = json.loads(request.body or b"{}")
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


def _json(status: int, document: dict[str, Any]) -> Response:
    return Response(status, json.dumps(document).encode())


def _error(status: int, code: str, message: str) -> Response:
    hint = f"GET: {', '.join(_READS)}; POST: {', '.join(_CHANGES)}"
    return _json(status, {"error": {"code": code, "message": message, "hint": hint}})
