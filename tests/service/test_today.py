"""What today cost: as usage sums it, of those who are watched, and not known before today's first reading."""

from typing import Any

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS

from .bench import TEAM, Bench, micro, small_world
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'


def today(bench: Bench) -> dict[str, Any] | None:
    status, document = bench.ask("GET", "/v1/status")
    assert status == 200
    found: dict[str, Any] | None = document["today"]
    return found


def test_today_is_what_usage_says_since_midnight_and_names_the_dearest_prompt(make_bench: MakeBench) -> None:
    world = small_world()
    bench = make_bench(world, "ada", EVERYONE)
    bench.poll_until_read()
    world.add_thread("eve@acme.test", bench.now_ms + MINUTE_MS, micro("1.5"), thread_id="new", title="A chart")
    bench.later()
    world.grow("new", micro("4.25"), bench.now_ms)
    bench.later()
    world.grow("ed-new", micro("2"), bench.now_ms)
    bench.later()
    found = today(bench)
    assert found is not None
    _, usage = bench.ask("GET", "/v1/usage", by="user", since=found["since"])
    assert (found["used"], found["bound"]) == (usage["total"]["credits"], usage["total"]["bound"])
    assert found["dearest"] == {"credits": 4.25, "user": "eve@acme.test"}


def test_a_new_day_is_not_known_before_its_first_reading(make_bench: MakeBench) -> None:
    world = small_world()
    bench = make_bench(world, "ada", EVERYONE)
    assert today(bench) is None
    bench.poll_until_read()
    assert today(bench) is not None
    bench.clock.advance(DAY_MS)
    assert today(bench) is None
    bench.poll()
    bench.clock.advance(HOUR_MS)
    bench.poll()
    found = today(bench)
    assert found is not None
    assert (found["used"], found["dearest"]) == (0, None)


def test_today_is_of_those_who_are_watched(make_bench: MakeBench) -> None:
    world = small_world()
    bench = make_bench(world, "ada", TEAM + '[watch]\nusers = ["ed@acme.test"]\n')
    bench.poll_until_read()
    bench.later()
    before = today(bench)
    world.grow("ed-new", micro("2"), bench.now_ms)
    bench.later()
    after = today(bench)
    assert before is not None
    assert after is not None
    assert round(after["used"] - before["used"], 6) == 2
    assert after["dearest"]["user"] == "ed@acme.test"
