"""The report of a simulated workspace, against its truth: to the micro-credit, the run and the minute."""

from collections import Counter
from typing import Any

import pytest

from hexmeter.core.instants import DAY_MS, MINUTE_MS, parse_iso
from hexmeter.core.reportpage import lead
from hexmeter.hex.simulator.history import generated
from hexmeter.hex.simulator.world import World

from .bench import START_MS, TEAM, Bench, add, micro, small_world
from .conftest import MakeBench
from .test_runs import add_project, sweep_to_the_end

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'


def reported(watching: Bench, **query: str) -> dict[str, Any]:
    status, document = watching.ask("GET", "/v1/report", **query)
    assert status == 200, document
    return document


def spent(world: World, since: str, until: str) -> Counter[str | None]:
    """The truth by user id. What was spent before the first look counts when its thread was made."""
    span = range(parse_iso(since), parse_iso(until))
    found: Counter[str | None] = Counter()
    for thread in world.threads.values():
        if thread.created_ms in span:
            found[thread.user_id] += thread.credits_micro
    return found


def by_user(rows: list[dict[str, Any]], name: str) -> dict[str | None, int]:
    return {row["user_id"]: round(row[name] * 1_000_000) for row in rows if row[name]}


@pytest.mark.parametrize(
    "query",
    [
        pytest.param({}, id="week"),
        pytest.param({"last": "true"}, id="last whole week"),
        pytest.param({"span": "month"}, id="month"),
        pytest.param({"span": "month", "last": "true"}, id="last whole month"),
    ],
)
def test_who_used_how_much_now_and_before_is_the_truth(make_bench: MakeBench, query: dict[str, str]) -> None:
    world = generated(4, START_MS, people=25)
    for thread in world.threads.values():
        world.change_thread(thread.id, known_from_ms=0)
    watching = make_bench(world, "workspace", EVERYONE)
    watching.poll_until_read()
    document = reported(watching, **query)
    truth = spent(world, document["since"], document["until"])
    before = spent(world, document["before"]["since"], document["before"]["until"])
    assert by_user(document["users"], "credits") == {user: amount for user, amount in truth.items() if amount}
    assert by_user(document["users"], "before") == {user: amount for user, amount in before.items() if amount}
    total = document["total"]
    assert round(total["credits"] * 1_000_000) == sum(truth.values()) > 0
    assert round(total["before"] * 1_000_000) == sum(before.values())
    assert (total["bound"], total["before_bound"]) == ("estimated", "estimated")
    for name in ("models", "sources", "days"):
        assert sum(round(row["credits"] * 1_000_000) for row in document[name]) == sum(truth.values())


def test_its_runs_and_minutes_are_the_truth_now_and_before(make_bench: MakeBench) -> None:
    watching = make_bench(generated(4, START_MS, people=30), "workspace", EVERYONE)
    watching.poll_until_read()
    sweep_to_the_end(watching)
    document = reported(watching, last="true")
    projects = watching.world.projects
    for name, window in (("total", document), ("before", document["before"])):
        truth = [
            run
            for run in projects.runs_between(parse_iso(window["since"]), parse_iso(window["until"]))
            if projects.by_id[run.project_id].archived_ms is None
        ]
        elapsed_ms, told = sum(run.elapsed_ms or 0 for run in truth), document["runs"][name]
        assert (told["runs"], told["elapsed_ms"]) == (len(truth), elapsed_ms)
        assert told["minutes"] == round(elapsed_ms / MINUTE_MS, 2) > 0
        assert told["failures"] == sum(run.status == "ERRORED" for run in truth)


@pytest.mark.parametrize(
    ("query", "since", "until", "before"),
    [
        pytest.param({}, "11-15T12", "11-22T12", "11-08T12", id="seven days"),
        pytest.param({"last": "true"}, "11-09T00", "11-16T00", "11-02T00", id="Monday to Sunday"),
        pytest.param({"span": "month"}, "11-01T00", "11-22T12", "10-01T00", id="so far"),
        pytest.param({"span": "month", "last": "true"}, "10-01T00", "11-01T00", "09-01T00", id="from reset to reset"),
    ],
)
def test_what_is_compared_with_what(
    make_bench: MakeBench, query: dict[str, str], since: str, until: str, before: str
) -> None:
    watching = make_bench(small_world(), "workspace", EVERYONE)
    document = reported(watching, **query)
    told = (document["since"], document["until"], document["before"]["since"])
    assert told == tuple(f"2026-{hour}:00:00Z" for hour in (since, until, before))
    assert document["total"]["bound"] == "at_least", "nothing was read yet"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        pytest.param({"span": "week"}, "in the week before", id="seven days, and the seven before"),
        pytest.param({"span": "month"}, "in as much of the month before", id="a month that goes on"),
        pytest.param({"span": "month", "last": "true"}, "in the month before", id="whole months"),
    ],
)
def test_a_sentence_says_what_is_compared_with_what(make_bench: MakeBench, query: dict[str, str], words: str) -> None:
    (first,) = lead(reported(make_bench(small_world(), "workspace", EVERYONE), **query))
    assert f" {words} (" in first


@pytest.mark.parametrize(("who", "bound"), [("workspace", "exact"), ("max", "at_least")])
def test_nothing_before_is_none_only_for_who_sees_everybody(make_bench: MakeBench, who: str, bound: str) -> None:
    watching = make_bench(small_world(), who, EVERYONE)
    watching.poll_until_read()
    for rows in (reported(watching)["users"], reported(watching)["topics"]):
        assert {row["before_bound"] for row in rows if row["before"] == 0} == {bound}


def test_topics_prompts_alerts_and_runs_are_told(make_bench: MakeBench) -> None:
    world = small_world()
    add(world, "eve", 2, "4", topics=("Churn", "Revenue"))
    add(world, "eve", 3, "2", topics=("Churn",))
    add(world, "eve", 3, "50", topics=("Secret",), sensitive=True)
    add_project(world, "busy", runs=30)
    watching = make_bench(world, "workspace", EVERYONE)
    watching.poll_until_read()
    world.grow("ed-new", micro("6.5"), watching.now_ms)
    watching.later()
    sweep_to_the_end(watching)
    document = reported(watching)
    topics = {row["topic"]: (row["credits"], row["threads"]) for row in document["topics"]}
    assert {"Churn": (6.0, 2), "Revenue": (4.0, 1)}.items() <= topics.items()
    assert "Secret" not in topics
    assert [(row["credits"], row["user"]) for row in document["prompts"]] == [(6.5, "ed@acme.test")]
    assert document["threads"][0]["credits"] == 50.0
    assert document["threads"][0]["title"] is None
    assert [alert["meter"] for alert in document["alerts"]] == ["grant:eve@acme.test"]
    truth = world.projects.runs_between(watching.now_ms + 1 - 7 * DAY_MS, watching.now_ms + 1)
    assert document["runs"]["total"]["runs"] == len(truth) == 30
    assert document["runs"]["total"]["minutes"] == 15.25
    assert {meter["kind"] for meter in document["meters"]} == {"grant", "runs"}


def test_what_cannot_be_asked_is_refused(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", TEAM)
    assert watching.ask("GET", "/v1/report", span="year")[0] == 400
