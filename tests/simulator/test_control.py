"""The control endpoints under /_sim/: the truth, the log, and changes."""

from typing import Any

import httpx
import pytest

from hexmeter.hex.simulator.jsontext import CREDIT

from .conftest import DAY_MS, NOW_MS, Hex


def read(hex_: Hex, name: str, **query: int) -> dict[str, Any]:
    answer = hex_.client(None).get(f"{hex_.sim.url}/_sim/{name}", params=query)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def change(hex_: Hex, name: str, **body: Any) -> dict[str, Any]:
    answer = hex_.client(None).post(f"{hex_.sim.url}/_sim/{name}", json=body)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_the_truth_tells_people_threads_and_prompts(hex_: Hex) -> None:
    editor = hex_.sim.world.person("editor@acme.test")
    hex_.sim.world.add_thread(None, NOW_MS, CREDIT, thread_id="t-nobody")
    truth = read(hex_, "truth")
    assert (truth["now_ms"], truth["org_id"], truth["writes_seen"]) == (NOW_MS, "org-acme", 0)
    assert (truth["total_micro"], truth["unattributed_micro"]) == (4_270_000, 1_000_000)
    assert {person["email"]: person["credits_micro"] for person in truth["people"]} == {
        "admin@acme.test": 0,
        "manager@acme.test": 0,
        "editor@acme.test": 3_270_000,
        "explorer@acme.test": 0,
    }
    assert truth["threads"][0] == {
        "id": "t-ed",
        "user_id": editor.id,
        "created_ms": NOW_MS - DAY_MS,
        "reported_micro": 3_270_000,
        "deleted": False,
        "credits_micro": 3_270_000,
    }
    assert truth["prompts"][0] == {
        "thread_id": "t-ed",
        "user_id": editor.id,
        "at_ms": NOW_MS - DAY_MS,
        "credits_micro": 3_270_000,
        "correction": False,
    }


def test_the_truth_is_bounded_by_since_and_until(hex_: Hex) -> None:
    hex_.sim.world.grow("t-ed", CREDIT, NOW_MS)
    assert read(hex_, "truth", since_ms=NOW_MS - 1)["total_micro"] == 1_000_000
    assert read(hex_, "truth", until_ms=NOW_MS)["total_micro"] == 3_270_000
    assert read(hex_, "truth", since_ms=NOW_MS + 1)["prompts"] == []


def test_growth_of_a_thread_or_a_person_is_seen_through_the_api(hex_: Hex) -> None:
    change(hex_, "grow", thread_id="t-ed", credits="1.5")
    change(hex_, "grow", email="editor@acme.test", credits="0.01")
    editor = hex_.by("editor@acme.test")
    assert editor.get("/threads/t-ed").json()["creditsUsed"] == 4.78
    new = change(hex_, "grow", email="explorer@acme.test", credits="2")["thread"]
    assert hex_.by("explorer@acme.test").get(f"/threads/{new['id']}").json()["creditsUsed"] == 2


def test_a_thread_can_be_made_changed_and_deleted(hex_: Hex, admin: httpx.Client) -> None:
    made = change(hex_, "thread", email="editor@acme.test", credits=None, created_ms=NOW_MS - 5, source="SLACK")[
        "thread"
    ]
    assert admin.get("/threads?source=SLACK").json()["threads"][0]["creditsUsed"] is None
    change(hex_, "credits", thread_id=made["id"], credits="7")
    change(hex_, "credits", thread_id=made["id"], credits="6.5")
    assert admin.get(f"/threads/{made['id']}").json()["creditsUsed"] == 6.5
    assert change(hex_, "delete", thread_id=made["id"])["thread"]["deleted"] is True
    assert admin.get(f"/threads/{made['id']}").status_code == 404
    assert read(hex_, "truth")["total_micro"] == 9_770_000


def test_tokens_are_told_made_and_revoked(hex_: Hex) -> None:
    token = change(hex_, "token", email="explorer@acme.test")["token"]
    assert hex_.client(token).get("/users/me").json()["role"] == "EXPLORER"
    [told] = read(hex_, "tokens")["tokens"]
    assert (told["text"], told["email"], told["revoked"]) == (token, "explorer@acme.test", False)
    change(hex_, "revoke", token=token)
    assert hex_.client(token).get("/users/me").status_code == 401


def test_faults_are_armed_told_and_cleared(hex_: Hex, admin: httpx.Client) -> None:
    armed = change(hex_, "fault", spec="500@/threads")["faults"]
    assert armed == [{"kind": "500", "path": "/threads", "times": None, "probability": 1.0, "value": None}]
    assert read(hex_, "faults")["faults"] == armed
    assert admin.get("/threads").status_code == 500
    assert change(hex_, "fault/clear")["faults"] == []
    assert admin.get("/threads").status_code == 200


def test_the_log_tells_each_request_to_hex_and_none_to_the_controls(hex_: Hex, admin: httpx.Client) -> None:
    admin.get("/threads?limit=5")
    admin.delete("/threads/t-ed")
    read(hex_, "truth")
    log = {"at_ms": NOW_MS, "fault": None}
    assert read(hex_, "requests")["requests"] == [
        log | {"method": "GET", "path": "/api/v1/threads", "query": {"limit": "5"}, "status": 200},
        log | {"method": "DELETE", "path": "/api/v1/threads/t-ed", "query": {}, "status": 405},
    ]
    assert read(hex_, "truth")["writes_seen"] == 1


@pytest.mark.parametrize(
    ("name", "body", "status", "says"),
    [
        pytest.param("grow", {"email": "x@acme.test", "credits": "1"}, 404, "x@acme.test", id="unknown person"),
        pytest.param("grow", {"thread_id": "t-ed"}, 404, "credits", id="credits missing"),
        pytest.param("grow", {"thread_id": "t-ed", "credits": "lots"}, 400, "lots", id="no amount"),
        pytest.param("fault", {"spec": "teapot"}, 400, "429-seconds", id="unknown fault"),
        pytest.param("dance", {}, 404, "/_sim/dance", id="unknown control"),
    ],
)
def test_a_wrong_control_says_what_is_wrong(hex_: Hex, name: str, body: dict[str, str], status: int, says: str) -> None:
    answer = hex_.client(None).post(f"{hex_.sim.url}/_sim/{name}", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, set(error)) == (status, {"code", "message", "hint"})
    assert says in error["message"]


def test_a_body_that_is_no_object_is_a_400(hex_: Hex) -> None:
    for content in (b"[1]", b"{", b"\xff"):
        assert hex_.client(None).post(f"{hex_.sim.url}/_sim/grow", content=content).status_code == 400
