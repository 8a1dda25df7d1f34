"""What the client asks of a healthy Hex, and what it makes of the answers."""

import pytest

from builders import NOW_MS
from hexmeter.core.instants import DAY_MS
from hexmeter.core.model import Identity, Look, Person, Thread
from hexmeter.hex.client import HexClient
from hexmeter.hex.errors import Forbidden, NotFound
from hexmeter.hex.parse import Page

from .conftest import Bench


def test_who_the_token_is(bench: Bench) -> None:
    answer = bench.asker.ask(lambda hexapi: hexapi.me())
    admin = bench.sim.world.person("admin@acme.test")
    assert answer.value == Identity(
        bench.sim.world.org_id,
        Person(admin.id, "admin@acme.test", admin.name, "ADMIN"),
        bench.sim.world.tokens[bench.asker.token].expires_ms,
    )
    assert answer.look == Look(1, NOW_MS, NOW_MS)


def test_a_workspace_token_is_nobody(bench: Bench) -> None:
    bench.asker.token = bench.sim.world.workspace_token()
    identity = bench.asker.ask(lambda hexapi: hexapi.me()).value
    assert identity == Identity(bench.sim.world.org_id, None, None)


def test_the_threads_newest_first(bench: Bench) -> None:
    page = bench.asker.ask(lambda hexapi: hexapi.threads(None)).value
    editor = bench.sim.world.person("editor@acme.test")
    oldest = page.items[-1]
    assert oldest == Thread(
        id="t0",
        user_id=editor.id,
        created_ms=NOW_MS - DAY_MS,
        credits_micro=1_000_000,
        model="claude-sonnet-4-5",
        type="THREADS",
        source="HEX",
        title=None,
        sensitive=False,
        url=f"https://app.hex.tech/{bench.sim.world.org_id}/thread/t0",
    )
    assert page == Page(page.items, (), None, 8, {})


def test_pages_are_asked_for_whole_and_by_cursor_and_user(bench: Bench) -> None:
    editor = bench.sim.world.person("editor@acme.test").id
    for number in range(150):
        bench.sim.world.add_thread("editor@acme.test", NOW_MS + number, thread_id=f"n{number}")

    async def both(hexapi: HexClient) -> tuple[int, int]:
        first = (await hexapi.threads(None, editor)).value
        second = (await hexapi.threads(first.next_cursor, editor)).value
        return first.size, second.size

    assert bench.asker.ask(both) == (100, 58)
    first, second = (seen.query for seen in bench.sim.requests)
    assert first == {"limit": "100", "userId": editor}
    assert second == {"limit": "100", "userId": editor, "after": second["after"]}


def test_the_people_by_five_hundred(bench: Bench) -> None:
    people = bench.asker.ask(lambda hexapi: hexapi.people(None)).value
    assert {person.email for person in people.items} == {"admin@acme.test", "editor@acme.test"}
    assert bench.sim.requests[0].query == {"limit": "500"}


@pytest.mark.parametrize("thread_id", ["a/b", "../users/me", "t0?x=1", "t0#x", "ü"])
def test_an_id_cannot_leave_its_place_in_the_path(bench: Bench, thread_id: str) -> None:
    with pytest.raises(NotFound):
        bench.asker.ask(lambda hexapi: hexapi.thread(thread_id))
    assert bench.paths == [f"/api/v1/threads/{thread_id}"]


def test_a_sensitive_thread_has_no_title_and_an_unknown_figure_is_none(bench: Bench) -> None:
    bench.sim.world.add_thread("admin@acme.test", NOW_MS, None, title="Salaries", sensitive=True, thread_id="s")
    thread = bench.asker.ask(lambda hexapi: hexapi.thread("s")).value
    assert (thread.title, thread.sensitive, thread.credits_micro) == (None, True, None)


def test_the_token_is_read_anew_for_each_question(bench: Bench) -> None:
    bench.asker.token = bench.sim.token_for("editor@acme.test")
    with pytest.raises(Forbidden, match="Requires the Manager role or higher"):
        bench.asker.ask(lambda hexapi: hexapi.threads(None))
    bench.asker.token = bench.sim.token_for("admin@acme.test")
    assert bench.asker.ask(lambda hexapi: hexapi.threads(None)).look.number == 2


def test_we_only_read(bench: Bench) -> None:
    async def everything(hexapi: HexClient) -> None:
        await hexapi.me()
        await hexapi.people(None)
        await hexapi.threads(None)
        await hexapi.thread("t0")
        assert hexapi.sent == 4

    bench.asker.ask(everything)
    assert bench.sim.simulator.writes_seen == 0
    assert {seen.method for seen in bench.sim.requests} == {"GET"}
