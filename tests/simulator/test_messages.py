"""GET /threads/{id}/messages over real HTTP: who may read, pages in both directions, and what blocks look like."""

from typing import Any

import httpx
import pytest

from hexmeter.hex.simulator.faults import parse_fault
from hexmeter.hex.simulator.jsontext import CREDIT

from .conftest import DAY_MS, NOW_MS, Hex


def long_thread(hex_: Hex, prompts: int = 30, **fields: Any) -> str:
    """A thread of the editor with so many prompts; its id."""
    world = hex_.sim.world
    thread = world.add_thread("editor@acme.test", NOW_MS - DAY_MS, **fields)
    for number in range(prompts):
        world.grow(thread.id, CREDIT, NOW_MS - DAY_MS + number)
    return thread.id


def texts(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    content = answer.json()["content"]
    assert all(set(block) == {"type", "text"} and block["type"] == "text" for block in content)
    return [block["text"] for block in content]


def walked(client: httpx.Client, thread_id: str, limit: int) -> list[str]:
    """All blocks, oldest first, read from the newest page back."""
    blocks: list[str] = []
    query = {"limit": str(limit)}
    while True:
        answer = client.get(f"/threads/{thread_id}/messages", params=query)
        blocks = texts(answer) + blocks
        before = answer.json()["pagination"]["before"]
        if before is None:
            return blocks
        query["before"] = before


def test_pages_lead_from_the_newest_back_to_the_first_whatever_their_size(hex_: Hex, admin: httpx.Client) -> None:
    thread_id = long_thread(hex_)
    whole = walked(admin, thread_id, 50)
    assert len(whole) > 60
    assert walked(admin, thread_id, 7) == whole
    assert texts(admin.get(f"/threads/{thread_id}/messages")) == whole[-25:]


def test_a_page_further_back_leads_forward_again_to_what_came_since(hex_: Hex, admin: httpx.Client) -> None:
    thread_id = long_thread(hex_)
    newest = admin.get(f"/threads/{thread_id}/messages?limit=50")
    assert newest.json()["pagination"]["after"] is None
    older = admin.get(f"/threads/{thread_id}/messages?limit=50&before={newest.json()['pagination']['before']}")
    forward = f"/threads/{thread_id}/messages?limit=50&after={older.json()['pagination']['after']}"
    assert texts(admin.get(forward)) == texts(newest)
    hex_.sim.world.grow(thread_id, CREDIT, NOW_MS)
    onward = admin.get(forward)
    rest = admin.get(f"/threads/{thread_id}/messages?limit=50&after={onward.json()['pagination']['after']}")
    assert [*texts(older), *texts(onward), *texts(rest)] == walked(admin, thread_id, 50)


def test_what_was_there_stays_as_it_was_when_more_is_said_and_a_correction_says_nothing(
    hex_: Hex, admin: httpx.Client
) -> None:
    thread_id = long_thread(hex_, 5)
    before = walked(admin, thread_id, 50)
    hex_.sim.world.set_credits(thread_id, CREDIT, NOW_MS)
    assert walked(admin, thread_id, 50) == before
    hex_.sim.world.grow(thread_id, CREDIT, NOW_MS)
    assert walked(admin, thread_id, 50)[: len(before)] == before
    assert len(walked(admin, thread_id, 50)) > len(before)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        pytest.param("editor", 200, id="its author"),
        pytest.param("admin", 200, id="an admin"),
        pytest.param("manager", 403, id="a manager"),
        pytest.param("explorer", 403, id="somebody else"),
    ],
)
def test_a_sensitive_thread_is_for_its_author_and_admins(hex_: Hex, who: str, status: int) -> None:
    thread_id = long_thread(hex_, 1, sensitive=True, thread_id="b")
    assert hex_.by(f"{who}@acme.test").get(f"/threads/{thread_id}/messages").status_code == status


def test_a_manager_reads_the_threads_they_see_and_no_others(hex_: Hex) -> None:
    manager = hex_.by("manager@acme.test")
    seen = long_thread(hex_, 1, thread_id="b")
    hidden = long_thread(hex_, 1, thread_id="a")
    answers = [manager.get(f"/threads/{thread_id}/messages").status_code for thread_id in (seen, hidden, "never-was")]
    assert answers == [200, 404, 404]


@pytest.mark.parametrize("query", ["limit=0", "limit=51", "limit=x", "before=junk", "after=junk", "before=a&after=b"])
def test_what_cannot_be_asked_is_refused(admin: httpx.Client, query: str) -> None:
    assert admin.get(f"/threads/t-ed/messages?{query}").status_code == 400


def test_faults_strike_messages_too(hex_: Hex, admin: httpx.Client) -> None:
    for spec, status in (("500", 500), ("429-seconds", 429), ("403", 403)):
        hex_.sim.faults.arm(parse_fault(f"{spec}@/threads/t-ed/messages:1"))
        assert admin.get("/threads/t-ed/messages").status_code == status
    hex_.sim.faults.arm(parse_fault("wrong-types@/threads/:1"))
    spoilt = admin.get(f"/threads/{long_thread(hex_)}/messages").json()["content"]
    assert any(not isinstance(block["text"], str) for block in spoilt)
    hex_.sim.faults.arm(parse_fault("cursor-loop@/threads/t-ed/messages:1"))
    assert admin.get("/threads/t-ed/messages").json()["pagination"]["before"] is not None
