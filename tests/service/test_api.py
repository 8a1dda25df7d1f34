"""The local API's answers: every route, one shape of errors, and nothing a client sends is a fault of ours."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from hexmeter.core.instants import MINUTE_MS
from hexmeter.service.api.api import ROUTES, Api
from hexmeter.service.daemon import Daemon
from hexmeter.wire.httpd import Request, Response, Stream

from .bench import TEAM, Bench, micro, small_world
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'
TALL = TEAM + '[watch]\nusers = "everyone"\n[alerts]\nused = [20]\n'


@pytest.fixture
def watching(make_bench: MakeBench) -> Bench:
    made = make_bench(small_world(), "ada", TALL)
    made.poll_until_read()
    return made


BODIES = {
    "/v1/track": {"threads": ["ed-new"]},
    "/v1/untrack": {"threads": ["ed-new"]},
    "/v1/calibrate": {"used": "1"},
    "/v1/import": {"rows": [["c" + "0" * 32, 1_795_348_800_000, "ed@acme.test", 1, "", "", "", ""]], "dry_run": True},
    "/v1/alerts/ack": {"alert": 1},
    "/v1/alerts/unack": {"alert": 1},
    "/v1/alerts/snooze": {"alert": 1, "until": "1h"},
    "/v1/alerts/unsnooze": {"meter": "grant:ed@acme.test"},
    "/v1/alerts/mute": {"what": "burn"},
    "/v1/alerts/unmute": {"what": "grant:ed@acme.test"},
    "/v1/pause": {"until": "17:30"},
    "/v1/deliveries/claim": {"channel": "desktop", "claimant": "a tray"},
    "/v1/deliveries/confirm": {"deliveries": [1], "state": "handed_over", "claimant": "a tray"},
}

DOCUMENTED = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
TESTED_ELSEWHERE = ("/v1/events", "/v1/export", "/v1/reload")
"""Streams, and what only a whole daemon can do."""


@pytest.mark.parametrize(
    ("method", "path"), [(route.method, route.path) for route in ROUTES if route.path not in TESTED_ELSEWHERE]
)
def test_every_route_answers_and_names_its_schema(watching: Bench, method: str, path: str) -> None:
    query = {"id": "1"} if path == "/v1/alerts/why" else {}
    status, document = watching.ask(method, path, json.dumps(BODIES.get(path, {})).encode(), **query)
    assert (status, document["schema"]) == (200, 1)
    assert "error" not in document or path == "/v1/poll"
    assert [name for name in names_in(document) if not re.search(rf"\b{name}\b", DOCUMENTED)] == []


def names_in(document: Any) -> set[str]:
    """The names of all fields, but of those that are somebody's words, or facts of one kind of alert or finding."""
    if isinstance(document, list):
        return {name for one in document for name in names_in(one)}
    if not isinstance(document, dict):
        return set()
    inner = (names_in(value) for name, value in document.items() if name not in ("facts", "figures", "kinds"))
    return set(document).union(*inner)


def errors_shape(document: dict[str, Any]) -> dict[str, type]:
    assert set(document) == {"schema", "error"}
    return {name: type(value) for name, value in document["error"].items()}


HOSTILE_BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "a text": b'"x"',
    "null": b"null",
    "no UTF-8": b"\xff\xfe{}",
    "endless nesting": b"[" * 200_000,
    "nested objects": b'{"threads":' * 30_000,
    "a number without end": b'{"used": ' + b"9" * 10_000 + b"}",
    "an exponent without end": b'{"used": 1e99999999999999999999}',
    "NaN": b'{"used": NaN, "threads": NaN, "deliveries": NaN}',
    "null fields": b'{"threads": null, "used": null, "meter": null, "channel": null, "deliveries": null}',
    "wrong types": b'{"threads": "x", "used": {}, "meter": [], "channel": {}, "claimant": 3, "deliveries": "1"}',
    "lists of wrong types": b'{"threads": [1, null], "used": [1], "deliveries": [true], "state": ["seen"]}',
    "lone surrogates": b'{"threads": ["\\ud800"], "used": "\\ud800", "channel": "desktop", "claimant": "\\ud800",'
    b' "deliveries": [1], "state": "seen"}',
    "numbers beyond the database": b'{"deliveries": [99999999999999999999], "state": "seen", "claimant": "x",'
    b' "channel": "?"}',
    "negative numbers": b'{"deliveries": [-1], "state": "seen", "claimant": "x"}',
    "empty lists": b'{"threads": [], "claimant": "", "channel": "desktop"}',
}


@pytest.mark.parametrize("path", sorted(BODIES))
@pytest.mark.parametrize("body", HOSTILE_BODIES.values(), ids=HOSTILE_BODIES)
def test_a_bad_body_is_refused_in_the_one_shape_of_errors(watching: Bench, path: str, body: bytes) -> None:
    status, document = watching.ask("POST", path, body)
    assert status == 400
    assert errors_shape(document) == {"code": str, "message": str, "hint": str, "exit_code": int}
    assert document["error"]["exit_code"] == 2
    assert len(document["error"]["message"]) < 300


@pytest.mark.parametrize(
    ("method", "path", "query", "status"),
    [
        pytest.param("GET", "/", {}, 404, id="the root"),
        pytest.param("GET", "/v1/statuses", {}, 404, id="no such path"),
        pytest.param("DELETE", "/v1/status", {}, 405, id="no such method"),
        pytest.param("GET", "/v1/poll", {}, 405, id="a verb that is only asked for"),
        pytest.param("HEAD", "/v1/poll", {}, 405, id="the head of a verb"),
        pytest.param("POST" * 2000, "/v1/status", {}, 405, id="an endless method"),
        pytest.param("GET", "/v1/status/", {}, 404, id="a slash too many"),
        pytest.param("GET", "/\x1b]0;x\x07" + "y" * 5000, {}, 404, id="a path of escapes"),
        pytest.param("GET", "/v1/usage", {"by": "week"}, 400, id="usage by what is not"),
        pytest.param("GET", "/v1/usage", {"by": ""}, 400, id="usage by nothing"),
        pytest.param("GET", "/v1/increases", {"limit": "0"}, 400, id="limit 0"),
        pytest.param("GET", "/v1/increases", {"limit": "501"}, 400, id="limit too high"),
        pytest.param("GET", "/v1/increases", {"limit": "-1"}, 400, id="limit negative"),
        pytest.param("GET", "/v1/increases", {"limit": "9" * 5000}, 400, id="limit without end"),
        pytest.param("GET", "/v1/increases", {"limit": "²"}, 400, id="limit that only looks like a number"),
    ],
)
def test_a_bad_path_or_query_is_refused(
    watching: Bench, method: str, path: str, query: dict[str, str], status: int
) -> None:
    answered, document = watching.ask(method, path, b"", **query)
    assert answered == status
    assert errors_shape(document) == {"code": str, "message": str, "hint": str, "exit_code": int}
    assert len(document["error"]["message"]) < 300


@pytest.mark.parametrize(
    ("path", "allowed", "hint"),
    [("/v1/status", "GET, HEAD", "ask with GET"), ("/v1/dashboard", "GET, POST, HEAD", "ask with GET or POST")],
)
def test_a_path_that_has_other_methods_names_them(watching: Bench, path: str, allowed: str, hint: str) -> None:
    answer = watching.run(Api(watching.daemon).handle(Request("PUT", path)))
    assert isinstance(answer, Response)
    assert (answer.status, dict(answer.headers), json.loads(answer.body)["error"]) == (
        405,
        {"Allow": allowed},
        {"code": "method_not_allowed", "message": f"there is no PUT {path}", "hint": hint, "exit_code": 1},
    )


def test_the_head_of_what_can_be_read_is_answered_as_its_whole(watching: Bench) -> None:
    """Its length is the document's, which whoever serves the connection leaves out."""
    whole, head = (
        watching.run(Api(watching.daemon).handle(Request(method, "/v1/status"))) for method in ("GET", "HEAD")
    )
    assert whole == head


def test_usage_by_day_adds_up_to_the_periods_use_and_ends_today(watching: Bench) -> None:
    _, days = watching.ask("GET", "/v1/usage", by="day")
    _, users = watching.ask("GET", "/v1/usage", by="user")
    assert sum(row["credits"] for row in days["rows"]) == pytest.approx(sum(row["credits"] for row in users["rows"]))
    assert [days["rows"][0]["day"], days["rows"][-1]["day"]] == ["2026-11-01", "2026-11-22"]


def test_two_trays_never_get_the_same_notice(watching: Bench) -> None:
    first = claim(watching, "one")
    assert [notice["title"] for notice in first["notices"]] == ["ed@acme.test: about 29 % used"]
    assert claim(watching, "two") == {"schema": 1, "notices": []}
    watching.clock.advance(30_001)
    assert claim(watching, "two") == first


def test_a_notice_that_was_handed_over_is_not_given_out_again(watching: Bench) -> None:
    deliveries = claim(watching, "one")["notices"][0]["deliveries"]
    body = {"deliveries": deliveries, "state": "handed_over", "claimant": "one"}
    assert watching.ask("POST", "/v1/deliveries/confirm", json.dumps(body).encode())[1]["moved"] == 1
    assert watching.ask("POST", "/v1/deliveries/confirm", json.dumps(body).encode())[1]["moved"] == 0
    watching.clock.advance(60_000)
    assert claim(watching, "two")["notices"] == []


def test_what_was_handed_over_with_a_reference_can_be_found_again(watching: Bench) -> None:
    (given,) = claim(watching, "one")["notices"]
    body = {"deliveries": given["deliveries"], "state": "handed_over", "claimant": "one", "reference": "bus :1.5 3"}
    assert watching.ask("POST", "/v1/deliveries/confirm", json.dumps(body).encode())[1]["moved"] == 1
    (shown,) = watching.daemon.documents.standing(watching.now_ms)["shown"]
    assert (shown["reference"], shown["deliveries"]) == ("bus :1.5 3", given["deliveries"])
    assert [alert["id"] for alert in shown["alerts"]] == given["alerts"]
    assert set(shown["alerts"][0]) == {"id", "kind", "meter"}
    watching.ask("POST", "/v1/deliveries/confirm", json.dumps({**body, "state": "closed"}).encode())
    assert watching.daemon.documents.standing(watching.now_ms)["shown"] == []
    for odd in (7, "x" * 201):
        assert watching.ask("POST", "/v1/deliveries/confirm", json.dumps({**body, "reference": odd}).encode())[0] == 400


def test_a_notice_given_back_is_given_out_again_at_once(watching: Bench) -> None:
    first = claim(watching, "one")
    body = {"deliveries": first["notices"][0]["deliveries"], "state": "pending", "claimant": "one"}
    stranger = {**body, "claimant": "two"}
    assert watching.ask("POST", "/v1/deliveries/confirm", json.dumps(stranger).encode())[1]["moved"] == 0
    assert watching.ask("POST", "/v1/deliveries/confirm", json.dumps(body).encode())[1]["moved"] == 1
    assert claim(watching, "two") == first


def claim(watching: Bench, claimant: str) -> dict[str, Any]:
    body = {"channel": "desktop", "claimant": claimant}
    status, document = watching.ask("POST", "/v1/deliveries/claim", json.dumps(body).encode())
    assert status == 200
    return document


async def events_of(daemon: Daemon) -> AsyncGenerator[tuple[str, dict[str, Any]], None]:
    answer = await Api(daemon).handle(Request("GET", "/v1/events"))
    assert isinstance(answer, Stream)
    async for chunk in answer.chunks:
        event, data = chunk.decode().strip().splitlines()
        yield event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_events_come_at_once_and_on_change_and_never_twice_the_same(watching: Bench) -> None:
    async def story() -> list[Any]:
        seen: list[Any] = []
        async with aclosing(events_of(watching.daemon)) as events:

            async def next_event() -> None:
                name, document = await asyncio.wait_for(anext(events), 5)
                seen.append((name, document["pending"] if name == "alerts" else document["as_of"]))

            async def nothing_comes() -> None:
                waiting = asyncio.ensure_future(anext(events))
                for _ in range(20):
                    await asyncio.sleep(0)
                assert not waiting.done()
                later.append(waiting)

            later: list[asyncio.Future[tuple[str, dict[str, Any]]]] = []
            await next_event()
            await next_event()
            watching.daemon.publish()
            await nothing_comes()
            watching.daemon.claim("desktop", "one")
            name, document = await asyncio.wait_for(later.pop(), 5)
            seen.append((name, document["pending"]))
            watching.clock.advance(MINUTE_MS)
            watching.daemon.publish()
            name, document = await asyncio.wait_for(anext(events), 5)
            seen.append((name, "burn moves by the minute"))
            await next_event()
        return seen

    assert watching.run(story()) == [
        ("status", "2026-11-22T12:00:00Z"),
        ("alerts", 1),
        ("alerts", 0),
        ("status", "burn moves by the minute"),
        ("alerts", 1),
    ]


def test_a_listener_that_goes_is_forgotten(watching: Bench) -> None:
    async def listen_and_go() -> int:
        changes = watching.daemon.changes()
        assert isinstance(changes, AsyncGenerator)
        async with aclosing(changes):
            await anext(changes)
            assert len(watching.daemon._listeners) == 1
        return len(watching.daemon._listeners)

    assert watching.run(listen_and_go()) == 0


def test_every_page_of_the_first_run_is_told_to_listeners(make_bench: MakeBench) -> None:
    world = small_world()
    for number in range(250):
        world.add_thread("eve@acme.test", 1_795_000_000_000 - number, micro("0.01"))
    watching = make_bench(world, "ada", EVERYONE)
    progress: list[Any] = []
    watching.on_page = lambda: progress.append(watching.status()["progress"])
    watching.poll_until_read()
    assert [read and (read["done"], read["share"]) for read in progress] == [(100, 0.021), (200, 0.021), None]
