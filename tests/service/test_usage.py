"""Usage by any dimension over any span: the same ledger, so the same sum."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.service.documents.usagedocument import DIMENSIONS

from .bench import START_MS, TEAM, Bench, micro, small_world
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'


@pytest.fixture
def watching(make_bench: MakeBench) -> Bench:
    """A daemon that has seen backfill, prompts, shared ones, a follow-up, a fall, a restoration and a gap."""
    world = small_world()
    world.change_thread("ed-old", model="claude-opus-4-5", source="SLACK", type="NOTEBOOK")
    world.change_thread("nobodys", model=None)
    made = make_bench(world, "ada", EVERYONE)
    made.poll_until_read()
    world.add_thread("eve@acme.test", made.now_ms + MINUTE_MS, micro("1.5"), thread_id="new", title="A chart")
    made.later()
    for amount in ("2", "4.000001"):
        world.grow("new", micro(amount), made.now_ms)
    made.later()
    for total in ("8", "5", "9"):
        world.set_credits("new", micro(total), made.now_ms)
        made.later()
    made.clock.advance(3 * HOUR_MS)
    world.grow("ed-new", micro("0.25"), made.now_ms)
    made.poll()
    world.grow("ed-old", micro("3"), made.now_ms)
    made.later()
    made.assert_true()
    return made


def rows(watching: Bench, by: str, **query: str) -> list[dict[str, Any]]:
    status, document = watching.ask("GET", "/v1/usage", by=by, **query)
    assert status == 200, document
    found: list[dict[str, Any]] = document["rows"]
    return found


def total(found: list[dict[str, Any]]) -> int:
    return sum(round(row["credits"] * 1_000_000) for row in found)


def test_whatever_usage_is_summed_by_it_sums_to_the_truth(watching: Bench) -> None:
    month_ms = START_MS - 21 * DAY_MS - 12 * HOUR_MS
    truth = sum(watching.world.used_by_user(month_ms, watching.now_ms + 1).values())
    assert {by: total(rows(watching, by)) for by in DIMENSIONS} == dict.fromkeys(DIMENSIONS, truth)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start_m=st.integers(0, 60 * 24 * 60), length_m=st.integers(1, 60 * 24 * 60))
def test_over_any_span_all_dimensions_sum_to_the_same(watching: Bench, start_m: int, length_m: int) -> None:
    query = {"since": f"{min(start_m + length_m, 99_999)}m", "until": f"{start_m}m"}
    sums = {by: total(rows(watching, by, **query)) for by in DIMENSIONS}
    assert len(set(sums.values())) == 1, sums


@given(cut_m=st.integers(1, 60 * 24 * 50))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_spans_that_meet_sum_to_the_whole(watching: Bench, cut_m: int) -> None:
    for by in ("prompt", "model"):
        early = total(rows(watching, by, since="60d", until=f"{cut_m}m"))
        late = total(rows(watching, by, since=f"{cut_m}m", until="0m"))
        assert early + late == total(rows(watching, by, since="60d", until="0m"))


def test_prompts_are_listed_dearest_first_with_whose_they_were(watching: Bench) -> None:
    listed = rows(watching, "prompt", since="1d")
    assert [(row["credits"], row["prompts"], row["shared"], row["basis"]) for row in listed] == [
        (3.75, 1, True, "shared"),
        (3.75, 1, True, "shared"),
        (3.0, 1, False, "delta"),
        (1.5, 1, False, "messages"),
        (0.25, None, False, "delta"),
    ]
    first = next(row for row in listed if row["basis"] == "messages")
    assert {name: first[name] for name in ("thread", "title", "user", "after", "at", "model")} == {
        "thread": "new",
        "title": "A chart",
        "user": "eve@acme.test",
        "after": "2026-11-22T12:01:00Z",
        "at": "2026-11-22T12:05:00Z",
        "model": "claude-sonnet-4-5",
    }


def test_what_hex_does_not_say_is_unknown(watching: Bench) -> None:
    models = {row["model"]: row["credits"] for row in rows(watching, "model")}
    assert models["unknown"] == 2.5
    assert models["claude-opus-4-5"] == 11.5
    assert {row["source"] for row in rows(watching, "source")} == {"HEX", "SLACK"}
    assert {row["type"] for row in rows(watching, "type")} == {"THREADS", "NOTEBOOK"}


def test_what_prompts_cost_is_told_by_user_and_model_and_in_the_meter(watching: Bench) -> None:
    by_user = {row["user"]: row for row in rows(watching, "user")}
    eve = by_user["eve@acme.test"]
    assert (eve["prompts"], eve["per_prompt"], eve["median"]) == (3, 3.0, 3.75)
    assert eve["p90"] == 3.75
    burn = watching.meter("eve@acme.test")["burn"]
    assert {name: burn[name] for name in ("per_prompt", "prompts", "median", "p90")} == {
        name: eve[name] for name in ("per_prompt", "prompts", "median", "p90")
    }
    assert burn["recent"] == {"days": 30, **{name: eve[name] for name in ("per_prompt", "prompts", "median", "p90")}}
    # Backfill and the gap have no known prompts, so Ed has the one that was seen.
    assert (by_user["ed@acme.test"]["prompts"], by_user["ed@acme.test"]["per_prompt"]) == (1, 3.0)
    assert by_user["xi@acme.test"]["prompts"] is None
    slack = next(row for row in rows(watching, "source") if row["source"] == "SLACK")
    assert (slack["prompts"], slack["median"]) == (1, 3.0)


def test_prompts_of_an_earlier_period_are_recent_but_not_this_periods(watching: Bench) -> None:
    watching.clock.advance(10 * DAY_MS)
    watching.poll()
    burn = watching.meter("eve@acme.test")["burn"]
    assert (burn["prompts"], burn["recent"]["prompts"]) == (None, 3)
    watching.clock.advance(31 * DAY_MS)
    watching.poll()
    assert watching.meter("eve@acme.test")["burn"]["recent"] is None


@pytest.mark.parametrize(
    ("query", "named"),
    [
        pytest.param({"since": "yesterday"}, "yesterday", id="no time"),
        pytest.param({"until": ""}, "''", id="nothing"),
        pytest.param({"since": "1d", "until": "2d"}, "not before", id="backward"),
        pytest.param({"since": "2000-01-01", "by": "day"}, "so long", id="too many days"),
        pytest.param({"by": "weekday"}, "weekday", id="no dimension"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_is_allowed(
    watching: Bench, query: dict[str, str], named: str
) -> None:
    status, document = watching.ask("GET", "/v1/usage", **query)
    assert (status, document["error"]["exit_code"]) == (400, 2)
    assert named in document["error"]["message"]
    assert any(word in document["error"]["hint"] for word in ("7d", "prompt", "days"))


def bounds(watching: Bench, by: str, **query: str) -> dict[str, str]:
    return {str(row[by]): row["bound"] for row in rows(watching, by, **query)}


def test_a_row_says_how_sure_it_is(watching: Bench) -> None:
    # Everything before the first look is backfill; what grew while we watched is known to the minute.
    assert bounds(watching, "thread")["new"] == "exact"
    assert bounds(watching, "thread")["ed-old"] == "estimated"
    assert set(bounds(watching, "user").values()) == {"estimated"}
    since = {"since": "2026-11-22T12:01:00Z"}
    assert set(bounds(watching, "thread", **since).values()) == {"exact"}
    assert set(bounds(watching, "model", **since).values()) == {"exact"}
    assert {row["basis"] != "backfill" for row in rows(watching, "prompt") if row["bound"] == "exact"} == {True}
    assert watching.ask("GET", "/v1/usage", by="thread", **since)[1]["total"] == {"credits": 12.25, "bound": "exact"}


def test_a_day_of_before_the_first_look_is_estimated_and_one_after_it_is_exact(watching: Bench) -> None:
    watching.clock.advance(2 * DAY_MS)
    watching.world.grow("new", micro("1"), watching.now_ms)
    watching.later()
    found = bounds(watching, "day")
    assert (found["2026-11-02"], found["2026-11-22"], found["2026-11-23"]) == ("estimated",) * 3, "a row lies across"
    watching.clock.advance(2 * DAY_MS)
    watching.poll()
    assert bounds(watching, "day")["2026-11-26"] == "exact"


def test_what_a_manager_sees_of_others_is_at_least(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), "max", EVERYONE)
    made.poll_until_read()
    assert set(bounds(made, "model").values()) <= {"at_least"}
    assert made.ask("GET", "/v1/usage", by="day")[1]["total"]["bound"] == "at_least"
