"""What is asked of Hex: few requests in quiet times, never more than the budget, no sooner than Retry-After."""

from collections.abc import Sequence

import pytest

from hexmeter.core.instants import HOUR_MS, MINUTE_MS
from hexmeter.hex.simulator.faults import parse_fault
from hexmeter.hex.simulator.history import generated
from hexmeter.hex.simulator.rates import Rates

from .bench import START_MS, TEAM, micro, small_world
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'


@pytest.mark.parametrize("who", ["ada", "workspace"])
def test_a_quiet_poll_sends_at_most_three_requests(make_bench: MakeBench, who: str) -> None:
    world = generated(3, START_MS, people=25)
    world.add_person("ada@acme.test", "ADMIN")
    watching = make_bench(world, who, EVERYONE)
    watching.poll_until_read()
    sent = [watching.later().requests for _ in range(30)]
    assert max(sent) <= 3
    assert sum(seen.path.endswith("/users") for seen in watching.sim.requests) == 3, "the roster is asked for hourly"


def test_a_quiet_poll_of_ones_own_sends_one_request(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", TEAM)
    watching.poll_until_read()
    assert [watching.later().requests for _ in range(5)] == [1] * 5


def most_within(times: Sequence[int], span_ms: int) -> int:
    """The most requests in any window of `span_ms`."""
    return max(sum(start <= other < start + span_ms for other in times) for start in times)


@pytest.mark.parametrize(("per_minute", "per_hour"), [(15, 900), (4, 900), (100, 30)])
def test_no_window_ever_holds_more_than_the_budget(make_bench: MakeBench, per_minute: int, per_hour: int) -> None:
    budget = f"[poll]\nrequests_per_minute = {per_minute}\nrequests_per_hour = {per_hour}\n"
    watching = make_bench(
        generated(3, START_MS, people=25), "workspace", EVERYONE + budget, rates=Rates(per_minute, per_hour)
    )
    watching.poll_until_read()
    for number in range(6):
        watching.poll(whole=True)
        watching.later(7_000)
        if number % 2:
            watching.restart()
    times = [seen.at_ms for seen in watching.sim.requests]
    assert most_within(times, MINUTE_MS) <= per_minute
    assert most_within(times, HOUR_MS) <= per_hour
    assert {seen.status for seen in watching.sim.requests} == {200}


def test_a_poll_of_the_whole_window_counts_each_thread_once(make_bench: MakeBench) -> None:
    watching = make_bench(generated(3, START_MS, people=25), "workspace", EVERYONE)
    watching.poll_until_read()
    watching.clock.advance(HOUR_MS)
    code, told = watching.ask("POST", "/v1/poll")
    window = [
        1 for thread in watching.world.threads.values() if thread.created_ms > watching.now_ms - 62 * 24 * HOUR_MS
    ]
    assert (code, told["more"]) == (200, False)
    assert len(window) <= told["threads"] < len(window) + 100, "its last page reaches behind the window"


def test_a_poll_that_the_budget_cuts_short_says_that_there_is_more(make_bench: MakeBench) -> None:
    budget = "[poll]\nrequests_per_minute = 4\n"
    watching = make_bench(generated(3, START_MS, people=25), "workspace", EVERYONE + budget)
    watching.poll_until_read()
    told = [watching.ask("POST", "/v1/poll")[1] for _ in range(4)]
    assert told[0]["ok"]
    assert [poll["more"] for poll in told] == [True] * 4
    watching.clock.advance(HOUR_MS)
    assert not watching.poll().more, "the schedule goes on at its own pace"


@pytest.mark.parametrize("kind", ["429-seconds=40", "429-date=40"])
def test_retry_after_is_obeyed(make_bench: MakeBench, kind: str) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.poll_until_read()
    watching.sim.faults.arm(parse_fault(f"{kind}:1"))
    watching.world.grow("ed-new", micro("1"), watching.now_ms)
    before = len(watching.sim.requests)
    assert watching.later().failure is None
    refused, again = watching.sim.requests[before : before + 2]
    # A date has no part of a second.
    assert 39_000 <= again.at_ms - refused.at_ms <= 41_000
    watching.assert_true()


def test_a_long_retry_after_fails_the_poll_and_is_obeyed_by_the_next(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.poll_until_read()
    watching.sim.faults.arm(parse_fault("429-seconds=1800:1"))
    outcome = watching.later()
    assert outcome.failure is not None
    assert outcome.requests == 1
    for minutes_left in (25, 20, 15, 10, 5):
        outcome = watching.later()
        assert outcome.failure is not None
        assert outcome.failure.message == f"Hex asked for a pause, which lasts another {minutes_left} minutes"
        assert outcome.requests == 0
    assert watching.later().failure is None


def test_without_retry_after_it_backs_off_and_gives_up_after_three_tries(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.poll_until_read()
    watching.sim.faults.arm(parse_fault("429-none"))
    outcome = watching.later()
    assert (outcome.failure is not None, outcome.requests) == (True, 3)
