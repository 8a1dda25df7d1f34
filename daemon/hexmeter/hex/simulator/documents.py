"""What Hex's API answers, as documents: people, threads and errors, in the shapes of its OpenAPI description."""

from datetime import UTC, datetime
from hashlib import sha256

from hexmeter.hex.simulator.jsontext import Json, credits_number
from hexmeter.hex.simulator.world import Group, Person, Thread

Document = dict[str, Json]


class HexError(Exception):
    """An answer that is an error: `status` and `document`, which is {message, code, issues}."""

    def __init__(self, status: int, message: str, *issues: str) -> None:
        super().__init__(message)
        self.status = status
        self.document = error(status, message, *issues)


_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_SUPPORTED",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
}


def error(status: int, message: str, *issues: str) -> Document:
    """Hex's usual error: {message, code, issues}."""
    listed: list[Json] = [{"message": issue} for issue in issues]
    return {"message": message, "code": _CODES.get(status, "INTERNAL_SERVER_ERROR"), "issues": listed}


def traced_error(reason: str, details: str) -> Document:
    """Hex's other error, of its older endpoints: {reason, details, traceId}."""
    trace_id = sha256(f"{reason} {details}".encode()).hexdigest()[:32]
    return {"reason": reason, "details": details, "traceId": trace_id}


def person_document(person: Person) -> Document:
    """One of GET /users."""
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "role": person.role,
        "lastLoginDate": None if person.last_login_ms is None else iso(person.last_login_ms),
    }


def group_document(group: Group) -> Document:
    """One of GET /groups."""
    return {"id": group.id, "name": group.name, "createdAt": iso(group.created_ms)}


def thread_document(thread: Thread, org_id: str, now_ms: int, *, redacted: bool) -> Document:
    """One of GET /threads as seen at `now_ms`; `redacted` withholds what a private thread says."""
    credits_micro = thread.reported_micro(now_ms)
    return {
        "title": None if redacted else thread.title,
        "creditsUsed": None if credits_micro is None else credits_number(credits_micro),
        "topics": [] if redacted else _topics(thread),
        "warnings": [] if redacted else _warnings(thread),
        "feedback": [],
        "warningsGeneratedAt": iso(thread.created_ms) if thread.warnings else None,
        "threadSummary": None,
        "threadIntent": None,
        "model": thread.model,
        "userId": thread.user_id,
        "type": thread.type,
        "source": thread.source,
        "createdAt": iso(thread.created_ms),
        "sensitive": thread.sensitive,
        "id": thread.id,
        "orgId": org_id,
        "url": f"https://app.hex.tech/{org_id}/thread/{thread.id}",
    }


def single_thread_document(thread: Thread, org_id: str, now_ms: int, *, redacted: bool) -> Document:
    """GET /threads/{id}: as in the list, with `threadId` for `id`, no `orgId`, and the state of the agent."""
    document = thread_document(thread, org_id, now_ms, redacted=redacted)
    del document["orgId"]
    document["threadId"] = document.pop("id")
    document["status"] = thread.status
    if thread.status == "ERROR":
        document["error"] = {"type": "OVER_LIMIT", "message": "You have used all credits of this month."}
    done: list[Json] = [{"type": "text", "text": "Here is what I found."}]
    document["response"] = done if thread.status == "IDLE" and not redacted else None
    return document


def iso(at_ms: int) -> str:
    """A time as Hex writes it: 2026-11-22T14:46:54.123Z."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def _topics(thread: Thread) -> list[Json]:
    return [{"id": _stable_id(name), "name": name} for name in thread.topics]


def _warnings(thread: Thread) -> list[Json]:
    return [{"id": _stable_id(thread.id + kind), "type": kind, "summary": summary} for kind, summary in thread.warnings]


def _stable_id(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:24]
