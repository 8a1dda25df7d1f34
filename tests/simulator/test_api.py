"""The API over real HTTP: who may see what, the shapes, filters, pages and rate limits."""

import json
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexmeter.hex.simulator import api
from hexmeter.hex.simulator.jsontext import CREDIT, credits_number, micro_of
from hexmeter.hex.simulator.rates import Rates, RetryAfter
from hexmeter.hex.simulator.running import running_in_thread

from .conftest import DAY_MS, HOUR_MS, NOW_MS, Clock, Hex, small_world


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """The status and code of an error, whose shape is asserted."""
    document = answer.json()
    assert set(document) == {"message", "code", "issues"}
    assert all(set(issue) == {"message"} for issue in document["issues"])
    return answer.status_code, document["code"]


def exact(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text, parse_float=Decimal)


# Tokens


def test_a_personal_token_acts_as_its_user(hex_: Hex) -> None:
    person = hex_.sim.world.person("editor@acme.test")
    assert hex_.by("editor@acme.test").get("/users/me").json() == {
        "id": person.id,
        "name": "Editor",
        "email": "editor@acme.test",
        "role": "EDITOR",
        "lastLoginDate": None,
        "org": {"id": "org-acme"},
        "token": {"exp": 4_102_444_800},
    }


def test_a_workspace_token_tells_only_the_org_and_when_it_ends(hex_: Hex) -> None:
    client = hex_.client(hex_.sim.world.workspace_token())
    assert client.get("/users/me").json() == {"org": {"id": "org-acme"}, "token": {"exp": None}}


@pytest.mark.parametrize("token", [None, "hxtp_nobody"], ids=["none", "unknown"])
def test_without_a_good_token_nothing_is_told(hex_: Hex, token: str | None) -> None:
    for path in ("/users/me", "/users", "/threads", "/threads/t-ed"):
        assert error_of(hex_.client(token).get(path)) == (401, "UNAUTHORIZED")


def test_a_token_is_refused_once_it_has_expired_is_revoked_or_its_person_left(hex_: Hex) -> None:
    admin, editor, explorer = (hex_.by(f"{who}@acme.test") for who in ("admin", "editor", "explorer"))
    hex_.sim.world.expire("hxtp_sim_admin", NOW_MS + 1)
    assert admin.get("/users/me").json()["token"] == {"exp": (NOW_MS + 1) // 1000}
    hex_.clock.now_ms += 1
    hex_.sim.world.revoke("hxtp_sim_editor")
    hex_.sim.world.remove_person("explorer@acme.test")
    for client in (admin, editor, explorer):
        assert error_of(client.get("/users/me")) == (401, "UNAUTHORIZED")


# Roles


@pytest.mark.parametrize(
    ("role", "listing", "own", "others"),
    [
        pytest.param("ADMIN", 200, 200, 200, id="admin"),
        pytest.param("MANAGER", 200, 200, 403, id="manager"),
        pytest.param("EDITOR", 403, 200, 403, id="editor"),
        pytest.param("EXPLORER", 403, 200, 403, id="explorer"),
        pytest.param("MEMBER", 403, 200, 403, id="member"),
    ],
)
def test_what_a_role_may_read(hex_: Hex, role: str, listing: int, own: int, others: int) -> None:
    world = hex_.sim.world
    world.add_person("someone@acme.test", role)
    mine = world.add_thread("someone@acme.test", NOW_MS, CREDIT)
    theirs = world.add_thread("editor@acme.test", NOW_MS, CREDIT, type="NOTEBOOK")
    client = hex_.by("someone@acme.test")
    paths = ("/threads", f"/threads/{mine.id}", f"/threads/{theirs.id}")
    assert [client.get(path).status_code for path in paths] == [listing, own, others]


def test_a_manager_sees_their_own_and_a_stable_part_of_the_others_threads(hex_: Hex, admin: httpx.Client) -> None:
    world = hex_.sim.world
    own = {world.add_thread("manager@acme.test", NOW_MS, CREDIT, type="NOTEBOOK").id for _ in range(5)}
    others = {world.add_thread("editor@acme.test", NOW_MS, CREDIT).id for _ in range(60)}
    manager = hex_.by("manager@acme.test")
    seen = [{thread["id"] for thread in manager.get("/threads?limit=100").json()["threads"]} for _ in range(2)]
    assert seen[0] == seen[1]
    assert own < seen[0]
    assert 10 < len(seen[0] & others) < 50
    everything = {thread["id"] for thread in admin.get("/threads?limit=100").json()["threads"]}
    assert everything == own | others | {"t-ed"}
    readable = {thread_id for thread_id in others if manager.get(f"/threads/{thread_id}").status_code == 200}
    assert readable == seen[0] & others


def test_the_title_of_a_private_thread_is_only_for_its_author(hex_: Hex, admin: httpx.Client) -> None:
    thread = hex_.sim.world.add_thread("editor@acme.test", NOW_MS, CREDIT, title="Salaries", sensitive=True)
    assert admin.get("/threads").json()["threads"][0]["title"] is None
    assert admin.get(f"/threads/{thread.id}").json()["title"] is None
    assert hex_.by("editor@acme.test").get(f"/threads/{thread.id}").json()["title"] == "Salaries"


# Shapes


def test_a_listed_thread_has_every_field_and_its_exact_credits(hex_: Hex, admin: httpx.Client) -> None:
    hex_.sim.world.change_thread("t-ed", topics=("Churn",), warnings=(("OTHER", "Redrawn."),))
    document = exact(admin.get("/threads"))
    assert document["pagination"] == {"before": None, "after": None}
    [thread] = document["threads"]
    assert [topic["name"] for topic in thread.pop("topics")] == ["Churn"]
    assert [(warning["type"], warning["summary"]) for warning in thread.pop("warnings")] == [("OTHER", "Redrawn.")]
    assert thread == {
        "title": "Count sign-ups",
        "creditsUsed": Decimal("3.27"),
        "feedback": [],
        "warningsGeneratedAt": "2026-11-21T14:46:54.000Z",
        "threadSummary": None,
        "threadIntent": None,
        "model": "claude-sonnet-4-5",
        "userId": hex_.sim.world.person("editor@acme.test").id,
        "type": "THREADS",
        "source": "HEX",
        "createdAt": "2026-11-21T14:46:54.000Z",
        "sensitive": False,
        "id": "t-ed",
        "orgId": "org-acme",
        "url": "https://app.hex.tech/org-acme/thread/t-ed",
    }


def test_a_single_thread_has_a_thread_id_a_status_and_a_response(hex_: Hex) -> None:
    editor = hex_.by("editor@acme.test")
    document = editor.get("/threads/t-ed").json()
    assert (document["threadId"], document["status"], document["creditsUsed"]) == ("t-ed", "IDLE", 3.27)
    assert not {"id", "orgId", "error"} & set(document)
    assert document["response"][0]["type"] == "text"
    hex_.sim.world.change_thread("t-ed", status="RUNNING")
    assert editor.get("/threads/t-ed").json()["response"] is None
    hex_.sim.world.change_thread("t-ed", status="ERROR")
    assert editor.get("/threads/t-ed").json()["error"]["type"] == "OVER_LIMIT"


def test_credits_that_are_not_yet_known_are_null(hex_: Hex, admin: httpx.Client) -> None:
    hex_.sim.world.set_credits("t-ed", None, NOW_MS)
    assert admin.get("/threads").json()["threads"][0]["creditsUsed"] is None
    hex_.sim.world.set_credits("t-ed", 4 * CREDIT, NOW_MS)
    assert '"creditsUsed":4,' in admin.get("/threads").text


def test_a_deleted_or_unknown_thread_is_not_found(hex_: Hex, admin: httpx.Client) -> None:
    hex_.sim.world.delete_thread("t-ed", NOW_MS)
    assert error_of(admin.get("/threads/t-ed")) == (404, "NOT_FOUND")
    assert error_of(admin.get("/threads/t-other")) == (404, "NOT_FOUND")
    assert admin.get("/threads").json()["threads"] == []


@given(st.integers(-(10**15), 10**15))
def test_credits_are_written_exactly_and_read_back_the_same(credits_micro: int) -> None:
    text = credits_number(credits_micro).text
    assert micro_of(text) == credits_micro
    assert json.loads(text, parse_float=Decimal) * CREDIT == credits_micro


@pytest.mark.parametrize(
    ("micro", "text"), [(12_500_000, "12.5"), (3_270_000, "3.27"), (4_000_000, "4"), (0, "0"), (1, "0.000001")]
)
def test_credits_are_written_without_trailing_zeros(micro: int, text: str) -> None:
    assert credits_number(micro).text == text


# Filters and wrong parameters


def test_threads_are_newest_first_and_filtered_on_the_server(hex_: Hex, admin: httpx.Client) -> None:
    world = hex_.sim.world
    person = world.person("explorer@acme.test")
    world.add_thread(person.email, NOW_MS - 9 * DAY_MS, CREDIT, source="SLACK", type="NOTEBOOK", thread_id="old")
    world.add_thread(None, NOW_MS - HOUR_MS, CREDIT, thread_id="nobody")

    def ids(query: str) -> list[str]:
        return [thread["id"] for thread in admin.get("/threads" + query).json()["threads"]]

    assert ids("") == ["nobody", "t-ed", "old"]
    assert ids(f"?userId={person.id}") == ids("?source=SLACK") == ids("?type=NOTEBOOK") == ["old"]
    assert ids("?numDays=1") == ["nobody", "t-ed"]
    assert ids("?source=SLACK&type=THREADS") == []


@pytest.mark.parametrize(
    "query",
    [
        "/threads?limit=0",
        "/threads?limit=101",
        "/threads?limit=ten",
        "/threads?limit=2.5",
        "/threads?limit=",
        "/threads?numDays=0",
        "/threads?numDays=1.5",
        "/threads?source=PIGEON",
        "/threads?type=HOLODECK",
        "/threads?after=garbage",
        "/threads?after=%F0%9F%92%A9",
        "/threads?before=",
        "/threads?after=dGhyZWFkczoz&before=dGhyZWFkczoz",
        "/users?after=dGhyZWFkczoz",
        "/users?limit=501",
        "/users?sortBy=AGE",
    ],
)
def test_a_wrong_parameter_is_a_400(admin: httpx.Client, query: str) -> None:
    assert error_of(admin.get(query)) == (400, "BAD_REQUEST")


def test_users_are_listed_by_name_in_pages_and_by_id(hex_: Hex, admin: httpx.Client) -> None:
    first = admin.get("/users?limit=3").json()
    assert [person["name"] for person in first["values"]] == ["Admin", "Editor", "Explorer"]
    assert set(first["values"][0]) == {"id", "name", "email", "role", "lastLoginDate"}
    second = admin.get("/users", params={"limit": 3, "after": first["pagination"]["after"]}).json()
    assert [person["role"] for person in second["values"]] == ["MANAGER"]
    assert second["pagination"]["after"] is None
    back = admin.get("/users", params={"limit": 3, "before": second["pagination"]["before"]}).json()
    assert back["values"] == first["values"]
    backwards = admin.get("/users?sortBy=EMAIL&sortDirection=DESC").json()["values"]
    assert [person["name"] for person in backwards] == ["Manager", "Explorer", "Editor", "Admin"]
    wanted = hex_.sim.world.person("editor@acme.test").id
    assert [person["id"] for person in admin.get(f"/users?userIds={wanted}").json()["values"]] == [wanted]


def test_groups_are_listed_by_name_and_name_their_members(hex_: Hex, admin: httpx.Client) -> None:
    world = hex_.sim.world
    world.set_group("Analysts", ["editor@acme.test", "explorer@acme.test"], group_id="g-2", created_ms=NOW_MS)
    world.set_group("Advisors", [], group_id="g-1", created_ms=NOW_MS)
    listed = admin.get("/groups").json()
    assert [group["name"] for group in listed["values"]] == ["Advisors", "Analysts"]
    assert listed["values"][1] == {"id": "g-2", "name": "Analysts", "createdAt": "2026-11-22T14:46:54.000Z"}
    first = admin.get("/groups?limit=1").json()
    second = admin.get("/groups", params={"limit": 1, "after": first["pagination"]["after"]}).json()
    assert [group["id"] for group in first["values"] + second["values"]] == ["g-1", "g-2"]
    members = admin.get("/users?groupId=g-2").json()["values"]
    assert [person["email"] for person in members] == ["editor@acme.test", "explorer@acme.test"]
    assert admin.get("/users?groupId=g-1").json()["values"] == []
    assert error_of(admin.get("/users?groupId=g-3")) == (404, "NOT_FOUND")


# Only reading


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_anything_but_get_is_refused_and_counted(hex_: Hex, admin: httpx.Client, method: str) -> None:
    answer = admin.request(method, "/threads")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert hex_.sim.simulator.writes_seen == 1


def test_outside_its_api_hex_tells_errors_in_its_other_shape(hex_: Hex) -> None:
    answer = hex_.client(None).get(hex_.sim.url + "/nope")
    assert (answer.status_code, set(answer.json())) == (404, {"reason", "details", "traceId"})


@pytest.mark.parametrize("path", ["/nope", "/threads/t-ed/nope", "/"])
def test_an_unknown_path_is_not_found(admin: httpx.Client, path: str) -> None:
    assert error_of(admin.get(path)) == (404, "NOT_FOUND")


# Rate limits


def test_thirty_requests_a_minute_are_allowed_per_token_as_a_sliding_window(clock: Clock) -> None:
    with (
        running_in_thread(small_world(), clock=clock) as sim,
        httpx.Client(verify=False, base_url=sim.base_url) as client,
    ):

        def ask(email: str = "admin@acme.test") -> httpx.Response:
            return client.get("/users/me", headers={"Authorization": "Bearer " + sim.token_for(email)})

        statuses = []
        for _ in range(30):
            statuses.append(ask().status_code)
            clock.now_ms += 1_000
        assert statuses == [200] * 30
        refused = ask()
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
        assert ask("editor@acme.test").status_code == 200
        clock.now_ms += 29_999
        assert ask().status_code == 429
        clock.now_ms += 1
        assert [ask().status_code, ask().status_code] == [200, 429]


def test_the_hour_has_its_own_limit(clock: Clock) -> None:
    with (
        running_in_thread(small_world(), rates=Rates(None, 3), clock=clock) as sim,
        httpx.Client(
            base_url=sim.base_url, headers={"Authorization": "Bearer " + sim.token_for("admin@acme.test")}
        ) as client,
    ):
        assert [client.get("/users/me").status_code for _ in range(4)] == [200, 200, 200, 429]
        clock.now_ms += HOUR_MS
        assert client.get("/users/me").status_code == 200


@pytest.mark.parametrize("form", ["seconds", "date", "none"])
def test_the_form_of_retry_after_can_be_chosen(clock: Clock, form: RetryAfter) -> None:
    clock.now_ms += 400
    with (
        running_in_thread(small_world(), rates=Rates(0, None), retry_after=form, clock=clock) as sim,
        httpx.Client(
            base_url=sim.base_url, headers={"Authorization": "Bearer " + sim.token_for("admin@acme.test")}
        ) as client,
    ):
        answer = client.get("/threads")
    assert error_of(answer) == (429, "TOO_MANY_REQUESTS")
    told = answer.headers.get("retry-after")
    if form == "seconds":
        assert told == "60"
    elif form == "date":
        # A date has no fractions: it is rounded up, never too early.
        assert parsedate_to_datetime(told).timestamp() * 1000 == NOW_MS + 61_000
    else:
        assert told is None


def test_the_simulator_stands_on_nothing_but_itself_and_the_http_server() -> None:
    folder = Path(api.__file__).parent
    for module in folder.glob("*.py"):
        text = module.read_text(encoding="utf-8")
        for forbidden in ("httpx", "hexmeter.store", "hexmeter.service", "hexmeter.config"):
            assert f"import {forbidden}" not in text
            assert f"from {forbidden}" not in text
