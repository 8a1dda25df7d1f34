"""What the faults do: answers in place of Hex's, documents spoilt, bodies cut short."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from hexmeter.hex.simulator.documents import Document, error, traced_error
from hexmeter.hex.simulator.faults import Fault
from hexmeter.hex.simulator.jsontext import Json, RawNumber, dumps
from hexmeter.hex.simulator.messages import LISTING as MESSAGES
from hexmeter.hex.simulator.paging import cursor
from hexmeter.hex.simulator.rates import too_many
from hexmeter.wire.httpd import Answer, Raw, Response, Stream

_HANG_S = 3_600
_BIG_BYTES = 50_000_000
_RETRY_AFTER_S = 7
_OLDER_SHAPE = 2
_HTML = b"<!doctype html><html><head><title>Hex</title></head><body><h1>One moment, please</h1></body></html>"

# In place of the answer

_ERRORS: dict[str, Document] = {
    "400": error(400, "Invalid input data", "something was wrong with it"),
    "401": error(401, "Authorization not provided"),
    "403": error(403, "Insufficient access"),
    "404": error(404, "Not found"),
    "500": error(500, "Internal server error"),
    "503": traced_error("Service unavailable", "The service is being restarted."),
}
_INSTEAD = (*_ERRORS, "301", "429-seconds", "429-date", "429-none", "502", "timeout", "refuse", "gzip", "html", "big")


def replaces(fault: Fault, query: Mapping[str, str]) -> bool:
    """Whether the fault answers this request in place of Hex."""
    return fault.kind in _INSTEAD or (fault.kind == "refused-cursor" and ("after" in query or "before" in query))


def replacement(fault: Fault, now_ms: int) -> Answer:
    """The answer of a fault that replaces Hex's; for a timeout, what follows once the waiting is over."""
    if fault.kind in _ERRORS:
        document = _ERRORS[fault.kind]
        if fault.value == _OLDER_SHAPE and "message" in document:
            document = traced_error(str(document["message"]), "The request was refused.")
        return Response(int(fault.kind), dumps(document).encode())
    if fault.kind.startswith("429"):
        wait_ms = 1000 * (_RETRY_AFTER_S if fault.value is None else fault.value)
        way = fault.kind.removeprefix("429-")
        return too_many("date" if way == "date" else "seconds" if way == "seconds" else "none", wait_ms, now_ms)
    return _OTHERS[fault.kind](fault)


async def hang() -> None:
    """Wait for longer than anybody does, or until the server is closed."""
    await asyncio.sleep(_HANG_S)


async def _big(size: int) -> AsyncIterator[bytes]:
    yield b'{"pagination":{"after":null,"before":null},"threads":['
    item = b'{"id":"' + b"x" * 65_000 + b'"}'
    for _ in range(max(1, size // len(item))):
        yield item + b","
    yield item + b"]}"


_OTHERS: dict[str, Callable[[Fault], Answer]] = {
    "301": lambda fault: Response(301, headers=(("Location", "/elsewhere"),)),
    "502": lambda fault: Response(502, _HTML, "text/html"),
    "timeout": lambda fault: Raw(b""),
    "refuse": lambda fault: Raw(b""),
    "gzip": lambda fault: Response(body=b"\x1f\x8b\x08junk" * 9, headers=(("Content-Encoding", "gzip"),)),
    "html": lambda fault: Response(200, _HTML, "text/html; charset=utf-8"),
    "big": lambda fault: Stream(_big(_BIG_BYTES if fault.value is None else fault.value), "application/json"),
    "refused-cursor": lambda fault: Response(400, dumps(error(400, "Invalid input data", "Invalid cursor")).encode()),
}

# Spoilt bodies


def cuts(fault: Fault) -> bool:
    """Whether the fault cuts a good answer short."""
    return fault.kind in ("truncated", "reset")


def cut_short(fault: Fault, good: Response) -> Raw:
    """The first half of an answer whose head promises all of it."""
    head = f"HTTP/1.1 {good.status} OK\r\nContent-Type: {good.content_type}\r\nContent-Length: {len(good.body)}\r\n\r\n"
    return Raw(head.encode() + good.body[: len(good.body) // 2], reset=fault.kind == "reset")


# Spoilt documents


def spoils(fault: Fault, document: Document) -> bool:
    """Whether the fault changes this document: pages by any of them, a single thread by those about items."""
    if fault.kind in _PAGES:
        return _listing(document) is not None
    about_credits = fault.kind in _CREDITS
    return (fault.kind in _ITEMS or about_credits) and any(
        not about_credits or "creditsUsed" in item for item in _items(document)
    )


def spoil(fault: Fault, document: Document, query: Mapping[str, str]) -> None:
    """Change a good document as the fault tells."""
    if fault.kind in _PAGES:
        _spoil_page(fault, document, query)
    elif fault.kind in _CREDITS:
        for item in _items(document)[::3]:
            item["creditsUsed"] = RawNumber(_CREDITS[fault.kind])
    else:
        for index, item in enumerate(_items(document)):
            _ITEMS[fault.kind](index, item)


def _spoil_page(fault: Fault, document: Document, query: Mapping[str, str]) -> None:
    listing = _listing(document)
    assert listing is not None
    if fault.kind == "empty-page":
        document[listing] = []
    if listing == "content":
        # Messages are read towards the older ones.
        document["pagination"] = {"before": query.get("before") or cursor(MESSAGES, 0), "after": query.get("after")}
        return
    again = query.get("after") or cursor("users" if listing == "values" else listing, 0)
    document["pagination"] = {"before": None, "after": again}


def _null_fields(index: int, item: Document) -> None:
    if index % 3 == 0:
        item.update({name: None for name in item if name not in ("id", "threadId")})


def _wrong_types(index: int, item: Document) -> None:
    name, wrong = _WRONG[index % len(_WRONG)]
    if name == "id":
        item.pop("id", None)
    elif name in item:
        item[name] = wrong


def _unknown(index: int, item: Document) -> None:
    for name, value in (("type", "HOLODECK"), ("source", "PIGEON"), ("role", "OVERLORD"), ("status", "PONDERING")):
        if name in item:
            item[name] = value
    item["mood"] = {"colour": "blue", "since": [1, 2]}


_WRONG: tuple[tuple[str, Json], ...] = (
    ("creditsUsed", "12.5"),
    ("id", None),
    ("createdAt", "the other day"),
    ("userId", 17),
    ("topics", "Churn"),
    ("text", 17),
    ("email", ["a@acme.test"]),
    ("creditsUsed", {"value": 1}),
)
_PAGES = ("empty-page", "cursor-loop")
_CREDITS = {"nan": "NaN", "negative": "-3.5", "huge": "1e308"}
_ITEMS: dict[str, Callable[[int, Document], None]] = {
    "null-fields": _null_fields,
    "wrong-types": _wrong_types,
    "unknown": _unknown,
}


def _listing(document: Document) -> str | None:
    return next((name for name in ("threads", "values", "content", "runs") if name in document), None)


def _items(document: Document) -> list[Document]:
    listing = _listing(document)
    found = document[listing] if listing else [document] if "threadId" in document else []
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
