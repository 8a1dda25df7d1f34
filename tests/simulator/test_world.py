"""The generated world, what keeps arriving, and the sums that must hold."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexmeter.hex.simulator.arrivals import keep_arriving, keep_going, put_near_limit
from hexmeter.hex.simulator.history import TOKENS, generated
from hexmeter.hex.simulator.jsontext import CREDIT
from hexmeter.hex.simulator.world import World

from .conftest import DAY_MS, HOUR_MS, NOW_MS

GRANT_MICRO = 40 * CREDIT
seeds = st.integers(0, 10_000)
few = settings(max_examples=8, deadline=None)


def sums_hold(world: World) -> bool:
    spent = world.used_by_thread(0, 2**62)
    return all(thread.credits_micro == spent.get(thread.id, 0) for thread in world.threads.values())


def state(world: World) -> tuple[object, ...]:
    return world.people, world.threads, world.prompts, world.tokens


@few
@given(seeds)
def test_the_same_seed_and_time_give_the_same_world(seed: int) -> None:
    assert state(generated(seed, NOW_MS, people=12)) == state(generated(seed, NOW_MS, people=12))


@few
@given(seeds)
def test_every_thread_used_the_sum_of_its_prompts_and_every_total_adds_up(seed: int) -> None:
    world = generated(seed, NOW_MS, people=12)
    assert sums_hold(world)
    by_user, by_thread = world.used_by_user(0, NOW_MS), world.used_by_thread(0, NOW_MS)
    assert sum(by_user.values()) == sum(by_thread.values()) == sum(prompt.credits_micro for prompt in world.prompts)


@few
@given(seeds)
def test_no_prompt_lies_before_its_thread_or_after_now(seed: int) -> None:
    world = generated(seed, NOW_MS, people=12)
    assert all(world.threads[prompt.thread_id].created_ms <= prompt.at_ms < NOW_MS for prompt in world.prompts)


@few
@given(seeds, st.integers(0, 3 * HOUR_MS))
def test_a_world_made_later_the_same_day_is_the_earlier_one_and_what_followed(seed: int, later_ms: int) -> None:
    morning_ms = NOW_MS - 4 * HOUR_MS
    earlier = generated(seed, morning_ms, people=8)
    later = generated(seed, morning_ms + later_ms, people=8)
    assert Counter(earlier.prompts) == Counter(prompt for prompt in later.prompts if prompt.at_ms < morning_ms)


def test_another_seed_gives_another_world() -> None:
    assert generated(1, NOW_MS).used_by_user(0, NOW_MS) != generated(2, NOW_MS).used_by_user(0, NOW_MS)


def test_the_default_world_looks_like_a_workspace() -> None:
    world = generated(1, NOW_MS)
    roles = Counter(person.role for person in world.people.values())
    assert (len(world.people), roles["ADMIN"], roles["MANAGER"]) == (40, 2, 2)
    assert roles["EDITOR"] > 20
    assert {person.email == person.email.lower() for person in world.people.values()} == {True}
    threads = list(world.threads.values())
    assert 1_000 < len(threads) < 8_000
    assert min(prompt.at_ms for prompt in world.prompts) < NOW_MS - 85 * DAY_MS
    assert any(thread.user_id is None for thread in threads)
    assert any(thread.sensitive for thread in threads)
    assert {thread.source for thread in threads} == {"HEX", "SLACK", "MCP", "PUBLIC_API"}
    assert {thread.type for thread in threads} == {"THREADS", "NOTEBOOK", "MODELING"}
    assert any(thread.warnings for thread in threads)
    assert any(prompt.credits_micro % CREDIT for prompt in world.prompts)
    followed_ms = [prompt.at_ms - world.threads[prompt.thread_id].created_ms for prompt in world.prompts]
    assert max(followed_ms) > 14 * DAY_MS


def test_most_editors_stay_below_a_team_grant_in_a_month_and_some_do_not() -> None:
    world = generated(1, NOW_MS)
    used = world.used_by_user(NOW_MS - 30 * DAY_MS, NOW_MS)
    editors = [used.get(person.id, 0) for person in world.people.values() if person.role == "EDITOR"]
    above = sum(micro > GRANT_MICRO for micro in editors)
    assert 0 < above < len(editors) / 2


def test_the_readable_tokens_belong_to_their_roles() -> None:
    world = generated(1, NOW_MS)
    for text, role in TOKENS.items():
        assert world.people[world.tokens[text].user_id or ""].role == role
    assert world.tokens["hxtw_sim_workspace"].user_id is None


def test_some_threads_tell_their_credits_only_later() -> None:
    world = World.empty()
    world.add_person("ed@acme.test")
    thread = world.add_thread("ed@acme.test", NOW_MS, CREDIT, known_from_ms=NOW_MS + 5)
    assert [thread.reported_micro(NOW_MS + after_ms) for after_ms in (0, 4, 5)] == [None, None, CREDIT]


@few
@given(seeds, st.lists(st.integers(0, 90_000), max_size=8))
def test_how_often_one_looks_makes_no_difference_to_what_arrives(seed: int, looks_ms: list[int]) -> None:
    watched, unwatched = generated(seed, NOW_MS, people=9), generated(seed, NOW_MS, people=9)
    for world in (watched, unwatched):
        keep_arriving(world, seed, pace=20, start_ms=NOW_MS)
    for after_ms in [*sorted(looks_ms), 90_000]:
        watched.advance(NOW_MS + after_ms)
    assert unwatched.advance(NOW_MS + 90_000)
    assert state(watched) == state(unwatched)
    assert sums_hold(watched)


def test_prompts_arrive_at_about_the_pace_and_never_at_pace_zero() -> None:
    world = generated(3, NOW_MS, people=9)
    keep_arriving(world, 3, pace=0, start_ms=NOW_MS)
    assert world.advance(NOW_MS + HOUR_MS) == []
    keep_arriving(world, 3, pace=10, start_ms=NOW_MS)
    assert 500 < len(world.advance(NOW_MS + HOUR_MS)) < 700


@few
@given(seeds, st.integers(1, 31), st.sampled_from([10, 30, 40, 60]), st.booleans())
def test_somebody_is_put_at_77_per_cent_and_goes_on_to_the_end_within_a_minute(
    seed: int, days: int, grant: int, chosen: bool
) -> None:
    world = generated(seed, NOW_MS, people=12)
    email = next(person.email for person in world.people.values() if person.role == "EDITOR")
    since_ms, grant_micro = NOW_MS - days * DAY_MS, grant * CREDIT
    person = put_near_limit(world, email if chosen else None, since_ms=since_ms, now_ms=NOW_MS, grant_micro=grant_micro)
    assert sums_hold(world)
    assert world.used_by_user(since_ms, NOW_MS)[person.id] == grant_micro * 77 // 100

    keep_going(world, person, since_ms=since_ms, now_ms=NOW_MS, grant_micro=grant_micro)
    reached = []
    for after_s in (8, 60, 600):
        world.advance(NOW_MS + after_s * 1000)
        reached.append(world.used_by_user(since_ms, NOW_MS + HOUR_MS)[person.id] / grant_micro)
    assert 0.80 <= reached[0] < 0.9
    assert 1.0 <= reached[1] < 1.1
    assert reached[2] == reached[1]


def test_nobody_is_put_near_a_limit_of_a_period_that_has_not_begun() -> None:
    with pytest.raises(ValueError, match="begun"):
        put_near_limit(generated(1, NOW_MS, people=4), None, since_ms=NOW_MS, now_ms=NOW_MS, grant_micro=1)


def test_a_refund_a_deletion_and_a_departure_keep_the_truth_whole() -> None:
    world = World.empty()
    world.add_person("ed@acme.test")
    thread = world.add_thread("ed@acme.test", NOW_MS, 5 * CREDIT)
    world.set_credits(thread.id, 3 * CREDIT, NOW_MS + 1)
    world.grow(thread.id, CREDIT, NOW_MS + 2)
    world.delete_thread(thread.id, NOW_MS + 3)
    world.remove_person("ed@acme.test")
    assert world.used_by_user(0, NOW_MS + 9) == {thread.user_id: 4 * CREDIT}
    assert world.used_by_user(NOW_MS + 1, NOW_MS + 2) == {thread.user_id: -2 * CREDIT}
    assert [prompt.correction for prompt in world.prompts] == [False, True, False]
    assert sums_hold(world)


def test_addresses_are_lower_case_and_unique() -> None:
    world = World.empty()
    assert world.add_person("Ed@Acme.test").email == "ed@acme.test"
    with pytest.raises(ValueError, match="taken"):
        world.add_person("eD@acme.test")
