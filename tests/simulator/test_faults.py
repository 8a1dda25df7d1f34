"""Every kind of fault as a client meets it, how faults are written, and how long they last."""

import contextlib
import json
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from hexmeter.hex.simulator.faults import KINDS, BadFaultSpec, Fault, Faults, parse_fault
from hexmeter.hex.simulator.jsontext import CREDIT

from .conftest import NOW_MS, Hex


@pytest.fixture
def threads(hex_: Hex) -> list[str]:
    """Eight more threads; the ids of all nine, newest first."""
    for number in range(8):
        hex_.sim.world.add_thread("editor@acme.test", NOW_MS + number, CREDIT, thread_id=f"t{number}")
    return [f"t{number}" for number in reversed(range(8))] + ["t-ed"]


def struck(hex_: Hex, spec: str, path: str = "/threads") -> httpx.Response:
    hex_.sim.faults.arm(parse_fault(spec))
    return hex_.by("admin@acme.test").get(path)


def listed(answer: httpx.Response) -> list[dict[str, Any]]:
    """The threads of a good answer; NaN becomes the text."""
    assert answer.status_code == 200
    found: list[dict[str, Any]] = json.loads(answer.text, parse_float=Decimal, parse_constant=str)["threads"]
    return found


# Specs


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("500", Fault("500")),
        ("500:0.2", Fault("500", probability=0.2)),
        ("500:1.0", Fault("500", probability=1.0)),
        ("500:1", Fault("500", times=1)),
        ("429-seconds@/threads:3", Fault("429-seconds", "/threads", times=3)),
        ("429-date=90@/users/me", Fault("429-date", "/users/me", value=90)),
        (" big=1000:.5 ", Fault("big", value=1000, probability=0.5)),
    ],
)
def test_a_fault_is_written_in_one_word(spec: str, fault: Fault) -> None:
    assert parse_fault(spec) == fault


@pytest.mark.parametrize(
    "spec", ["", "teapot", "500:", "500:1.5", "500:-1", "500@threads", "500:0.2:3", "big=x", "500:0"]
)
def test_a_wrong_spec_names_all_kinds(spec: str) -> None:
    with pytest.raises(BadFaultSpec) as error:
        parse_fault(spec)
    assert all(kind in str(error.value) for kind in KINDS)


def test_a_fault_strikes_its_times_on_its_path_and_is_gone(hex_: Hex) -> None:
    hex_.sim.faults.arm(parse_fault("500@/threads:2"))
    admin = hex_.by("admin@acme.test")
    paths = ("/users/me", "/threads", "/threads/t-ed", "/threads")
    assert [admin.get(path).status_code for path in paths] == [200, 500, 500, 200]
    assert hex_.sim.faults.armed == ()


def test_chance_is_the_same_in_every_run() -> None:
    def struck_of(seed: int) -> list[bool]:
        faults = Faults([parse_fault("500:0.3")], seed)
        return [faults.due("/threads", lambda fault: True) is not None for _ in range(300)]

    assert struck_of(1) == struck_of(1) != struck_of(2)
    assert 60 < sum(struck_of(1)) < 120


def test_a_cleared_fault_strikes_no_more(hex_: Hex) -> None:
    hex_.sim.faults.arm(parse_fault("500"))
    hex_.sim.faults.clear()
    assert hex_.by("admin@acme.test").get("/threads").status_code == 200


# In place of the answer


@pytest.mark.parametrize("kind", ["400", "401", "403", "404", "500"])
def test_an_error_has_hexs_shape(hex_: Hex, kind: str) -> None:
    answer = struck(hex_, kind)
    assert answer.status_code == int(kind)
    assert set(answer.json()) == {"message", "code", "issues"}


@pytest.mark.parametrize("spec", ["503", "400=2", "401=2", "403=2", "404=2", "500=2"])
def test_an_error_may_have_a_reason_and_a_trace_id(hex_: Hex, spec: str) -> None:
    answer = struck(hex_, spec)
    assert (answer.status_code, set(answer.json())) == (int(spec[:3]), {"reason", "details", "traceId"})


def test_who_follows_the_redirect_is_seen(hex_: Hex) -> None:
    answer = struck(hex_, "301")
    assert (answer.status_code, answer.headers["location"]) == (301, "/elsewhere")
    hex_.client(None).get(hex_.sim.url + "/elsewhere")
    assert [seen.path for seen in hex_.sim.requests] == ["/api/v1/threads", "/elsewhere"]


def test_429_comes_with_seconds_a_date_or_nothing(hex_: Hex) -> None:
    for _ in range(2):
        assert struck(hex_, "429-seconds=12:1").headers["retry-after"] == "12"
    told = struck(hex_, "429-date=12:1").headers["retry-after"]
    assert parsedate_to_datetime(told).timestamp() * 1000 == NOW_MS + 12_000
    silent = struck(hex_, "429-none:1")
    assert (silent.status_code, silent.headers.get("retry-after")) == (429, None)


@pytest.mark.parametrize(("kind", "status"), [("502", 502), ("html", 200)])
def test_a_page_comes_for_json(hex_: Hex, kind: str, status: int) -> None:
    answer = struck(hex_, kind)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (status, "text/html")
    assert answer.text.startswith("<!doctype html>")


def test_a_timeout_accepts_and_never_answers(hex_: Hex) -> None:
    hex_.sim.faults.arm(parse_fault("timeout:1"))
    admin = hex_.by("admin@acme.test")
    with pytest.raises(httpx.ReadTimeout):
        admin.get("/threads", timeout=0.05)
    assert admin.get("/threads").status_code == 200
    assert [(seen.status, seen.fault) for seen in hex_.sim.requests] == [(None, "timeout"), (200, None)]


@pytest.mark.parametrize(
    ("kind", "raised", "says"),
    [
        pytest.param("refuse", httpx.RemoteProtocolError, "without sending a response", id="refuse"),
        pytest.param("reset", httpx.ReadError, "reset", id="reset"),
        pytest.param("truncated", httpx.RemoteProtocolError, "without sending complete", id="truncated"),
        pytest.param("gzip", httpx.DecodingError, "decompressing", id="gzip"),
    ],
)
def test_a_connection_breaks(hex_: Hex, kind: str, raised: type[Exception], says: str) -> None:
    with pytest.raises(raised, match=says):
        struck(hex_, kind)


def test_a_big_answer_is_as_big_as_told(hex_: Hex) -> None:
    assert 900_000 < len(struck(hex_, "big=1000000").content) < 1_200_000


# Spoilt pages


def test_only_a_request_with_a_cursor_is_refused(hex_: Hex, threads: list[str]) -> None:
    hex_.sim.faults.arm(parse_fault("refused-cursor:1"))
    admin = hex_.by("admin@acme.test")
    first = admin.get("/threads?limit=2").json()
    query = {"limit": 2, "after": first["pagination"]["after"]}
    assert [admin.get("/threads", params=query).status_code for _ in range(2)] == [400, 200]


def test_an_empty_page_leads_to_the_same_page_again(hex_: Hex, threads: list[str]) -> None:
    empty = struck(hex_, "empty-page:1", "/threads?limit=4").json()
    assert empty["threads"] == []
    again = hex_.by("admin@acme.test").get("/threads", params={"limit": 4, "after": empty["pagination"]["after"]})
    assert [thread["id"] for thread in again.json()["threads"]] == threads[:4]


def test_a_cursor_loop_never_gets_on(hex_: Hex, threads: list[str]) -> None:
    page = struck(hex_, "cursor-loop", "/threads?limit=4").json()
    for _ in range(3):
        after = page["pagination"]["after"]
        page = hex_.by("admin@acme.test").get("/threads", params={"limit": 4, "after": after}).json()
        assert ([thread["id"] for thread in page["threads"]], page["pagination"]["after"]) == (threads[:4], after)


@pytest.mark.parametrize(("kind", "told"), [("nan", "NaN"), ("negative", Decimal("-3.5")), ("huge", Decimal("1e308"))])
def test_some_credits_are_no_amounts(hex_: Hex, threads: list[str], kind: str, told: object) -> None:
    amounts = [thread["creditsUsed"] for thread in listed(struck(hex_, kind))]
    assert amounts == [told, 1, 1, told, 1, 1, told, 1, Decimal("3.27")]


def test_some_items_have_only_nulls(hex_: Hex, threads: list[str]) -> None:
    found = listed(struck(hex_, "null-fields"))
    assert [thread["id"] for thread in found] == threads
    only_nulls = [set(thread.values()) == {None, thread["id"]} if thread["type"] is None else False for thread in found]
    assert only_nulls == [True, False, False] * 3


def test_most_items_have_a_wrong_type_or_lack_their_id(hex_: Hex, threads: list[str]) -> None:
    found = listed(struck(hex_, "wrong-types"))
    assert found[0]["creditsUsed"] == "12.5"
    assert "id" not in found[1]
    assert found[2]["createdAt"] == "the other day"
    assert found[3]["userId"] == 17
    assert found[4]["topics"] == "Churn"
    assert (found[5]["id"], found[5]["creditsUsed"]) == ("t2", 1)


def test_unknown_values_and_fields_appear_everywhere(hex_: Hex, threads: list[str]) -> None:
    for thread in listed(struck(hex_, "unknown:1")):
        assert (thread["type"], thread["source"], thread["mood"]["colour"]) == ("HOLODECK", "PIGEON", "blue")
    single = struck(hex_, "unknown:1", "/threads/t-ed").json()
    assert (single["status"], single["threadId"]) == ("PONDERING", "t-ed")
    assert {person["role"] for person in struck(hex_, "unknown:1", "/users").json()["values"]} == {"OVERLORD"}


def test_a_fault_of_pages_waits_for_a_page(hex_: Hex) -> None:
    hex_.sim.faults.arm(parse_fault("empty-page:1"))
    hex_.sim.faults.arm(parse_fault("nan:1"))
    assert "mood" not in hex_.by("admin@acme.test").get("/users/me").json()
    assert [fault.kind for fault in hex_.sim.faults.armed] == ["empty-page", "nan"]


def test_every_kind_of_fault_can_strike_and_is_logged(hex_: Hex, threads: list[str]) -> None:
    for kind in KINDS:
        hex_.sim.faults.clear()
        hex_.sim.faults.arm(parse_fault(f"{kind}=100000:1"))
        page = "?limit=2&after=dGhyZWFkczoy"
        with contextlib.suppress(httpx.HTTPError):
            hex_.by("admin@acme.test").get("/threads" + page, timeout=0.05 if kind == "timeout" else 5)
        assert hex_.sim.requests[-1].fault == kind
