"""Pages of threads and their cursors, while threads arrive and go between them."""

import json
from decimal import Decimal
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from hexmeter.hex.simulator import api
from hexmeter.hex.simulator.history import generated
from hexmeter.hex.simulator.jsontext import CREDIT
from hexmeter.hex.simulator.rates import UNLIMITED
from hexmeter.hex.simulator.running import running_in_thread
from hexmeter.hex.simulator.world import World

from .conftest import NOW_MS, Clock, Hex


def page(world: World, query: dict[str, str]) -> tuple[list[str], Any]:
    caller = api.caller_of(world, "Bearer " + world.workspace_token(), NOW_MS)
    document: Any = api.answer(world, caller, "/threads", query, NOW_MS)
    return [thread["id"] for thread in document["threads"]], document["pagination"]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 100),
    st.integers(0, 250),
    st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=40),
    st.sampled_from([None, "SLACK"]),
)
def test_paging_while_threads_arrive_and_go_misses_none_that_stays(
    limit: int, count: int, between: list[tuple[int, bool]], source: str | None
) -> None:
    world = World.empty()
    for number in range(count):
        world.add_thread(None, NOW_MS - number // 2, source="SLACK" if number % 3 else "HEX", thread_id=f"t{number}")
    wanted = [thread for thread in world.threads.values() if source in (None, thread.source)]
    staying = {thread.id for thread in wanted}
    seen: set[str] = set()
    query = {"limit": str(limit)} | ({"source": source} if source else {})
    for arriving, one_goes in [*between, *[(0, False)] * (count // limit + 90)]:
        ids, pagination = page(world, query)
        assert len(ids) <= limit
        seen |= set(ids)
        if pagination["after"] is None:
            break
        query["after"] = pagination["after"]
        for _ in range(arriving):
            world.add_thread(None, NOW_MS + len(world.threads), source="SLACK")
        if one_goes:
            gone = wanted[len(seen) % len(wanted)].id
            world.delete_thread(gone, NOW_MS)
            staying.discard(gone)
    else:
        raise AssertionError("the pages never end")
    assert staying <= seen


def test_a_new_thread_makes_the_last_one_of_a_page_appear_again(hex_: Hex, admin: httpx.Client) -> None:
    for number in range(6):
        hex_.sim.world.add_thread(None, NOW_MS + number, thread_id=f"t{number}")
    first = admin.get("/threads?limit=3").json()
    assert [thread["id"] for thread in first["threads"]] == ["t5", "t4", "t3"]
    hex_.sim.world.add_thread(None, NOW_MS + 9)
    second = admin.get("/threads", params={"limit": 3, "after": first["pagination"]["after"]}).json()
    assert [thread["id"] for thread in second["threads"]] == ["t3", "t2", "t1"]
    back = admin.get("/threads", params={"limit": 2, "before": second["pagination"]["before"]}).json()
    assert [thread["id"] for thread in back["threads"]] == ["t5", "t4"]


def test_the_whole_generated_world_is_listed_once_over_http_with_exact_credits(clock: Clock) -> None:
    world = generated(5, NOW_MS)
    listed: dict[str, Decimal | None] = {}
    with running_in_thread(world, rates=UNLIMITED, clock=clock) as sim:
        headers = {"Authorization": "Bearer hxtw_sim_workspace"}
        with httpx.Client(verify=False, base_url=sim.base_url, headers=headers) as client:
            query: dict[str, str] | None = {"limit": "100"}
            while query:
                document = json.loads(client.get("/threads", params=query).text, parse_float=Decimal)
                listed |= {thread["id"]: thread["creditsUsed"] for thread in document["threads"]}
                after = document["pagination"]["after"]
                query = {"limit": "100", "after": after} if after else None
    spent = world.used_by_thread(0, NOW_MS)
    told = {thread_id: used * CREDIT for thread_id, used in listed.items() if used is not None}
    assert len(listed) == len(world.threads)
    assert told == {thread_id: spent[thread_id] for thread_id in told}
    assert len(told) > 0.99 * len(listed)
