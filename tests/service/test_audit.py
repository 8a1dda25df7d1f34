"""The audit of a simulated workspace, against its truth."""

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.core.periods import Period, period_at
from hexmeter.hex.simulator.history import generated
from hexmeter.hex.simulator.projects import Run, Schedule
from hexmeter.hex.simulator.world import World

from .bench import START_MS, TEAM, Bench, add, small_world
from .conftest import MakeBench
from .test_runs import add_project, sweep_to_the_end

UTC = ZoneInfo("UTC")
GRANTS = {"ADMIN": 40_000_000, "MANAGER": 40_000_000, "EDITOR": 40_000_000, "EXPLORER": 10_000_000}
EVERYONE = TEAM + '[watch]\nusers = "everyone"\n[prices]\nseat = 28\n'


def wasteful_world() -> World:
    """Ed is beyond his grant in October, an explorer in November; two sit idle; projects run for nobody."""
    world = small_world()
    world.add_person("idle@acme.test", "EDITOR", last_login_ms=START_MS - 70 * DAY_MS)
    world.add_person("new@acme.test", "EDITOR", last_login_ms=START_MS - DAY_MS)
    world.add_person("guest@acme.test", "GUEST")
    add(world, "ed", 30, "45.5")
    add(world, "xi", 3, "12.25")
    at_six = (Schedule("DAILY", hour=6, zone="UTC"),)
    add_project(world, "forgotten", schedules=at_six, last_viewed_ms=START_MS - 50 * DAY_MS)
    busy = add_project(
        world, "busy", schedules=(Schedule("HOURLY", zone="UTC"),), views=(1, 1, 2, 9), last_viewed_ms=START_MS - DAY_MS
    )
    broken = add_project(world, "broken")
    for number in range(40 * 24):
        start_ms = START_MS - number * HOUR_MS - 1
        world.projects.add_run(Run(f"b{number}", busy, "COMPLETED", "SCHEDULED", start_ms, start_ms + 20_000, 20_000))
    for number in range(5):
        start_ms = START_MS - number * DAY_MS - 1
        status = "ERRORED" if number < 4 else "COMPLETED"
        world.projects.add_run(Run(f"x{number}", broken, status, "API", start_ms, start_ms + 90_000, 90_000))
    for name in "abcd":
        add_project(world, name, schedules=at_six, views=(1, 1, 1, 1))
    return world


@pytest.fixture
def watching(make_bench: MakeBench) -> Bench:
    made = make_bench(wasteful_world(), "workspace", EVERYONE)
    made.poll_until_read()
    sweep_to_the_end(made)
    return made


def audited(watching: Bench, **query: str) -> dict[str, Any]:
    status, document = watching.ask("GET", "/v1/audit", **query)
    assert status == 200, document
    return document


def found(document: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {finding["subject"]: finding for finding in document["findings"] if finding["kind"] == kind}


def test_every_finding_is_the_truth(watching: Bench) -> None:
    document = audited(watching)
    idle = found(document, "idle_seat")
    assert set(idle) == {"idle@acme.test", "ada@acme.test", "max@acme.test"}
    assert idle["idle@acme.test"]["saving"]["money_per_month"] == 28
    assert document["savings"]["money_per_month"] == 3 * 28
    lapsed = found(document, "unused_grant")
    assert lapsed["eve@acme.test"]["figures"] == {"lapsed": 40.0, "used": 0.0, "grant": 40.0}
    assert "ed@acme.test" not in lapsed
    more = found(document, "more_needed")
    assert {name: finding["figures"] for name, finding in more.items()} == {
        "ed@acme.test": {"last_beyond": 16.5, "current_beyond": 0.0},
        "xi@acme.test": {"last_beyond": 0.0, "current_beyond": 2.65},
    }
    assert found(document, "failing_runs")["broken"]["figures"]["failures"] == 4
    assert found(document, "failing_runs")["broken"]["saving"] == {
        "money_per_month": None,
        "runs_per_week": 4,
        "minutes_per_week": 6.0,
    }
    assert set(found(document, "idle_schedule")) == {"forgotten"}
    truth = watching.world.projects.runs_between(watching.now_ms + 1 - 30 * DAY_MS, watching.now_ms + 1)
    scheduled = sum(run.trigger == "SCHEDULED" for run in truth)
    assert found(document, "busy_schedule")["busy"]["figures"]["scheduled_runs_30_days"] == scheduled
    (crowd,) = found(document, "crowded_minute").values()
    assert crowd["figures"] == {"schedules": 6, "times_a_week": 7}
    assert "a, b, busy, c, d and 1 more" in crowd["fact"]
    assert document["unknown"] == []


def test_in_a_whole_workspace_credits_runs_and_minutes_are_the_truth(make_bench: MakeBench) -> None:
    world = generated(4, START_MS, people=40)
    for thread in world.threads.values():
        world.change_thread(thread.id, known_from_ms=0)
    watching = make_bench(world, "workspace", EVERYONE)
    watching.poll_until_read()
    sweep_to_the_end(watching)
    document = audited(watching)
    month, last = period_at(watching.now_ms, 1, UTC), period_at(period_at(watching.now_ms, 1, UTC).start_ms - 1, 1, UTC)
    used, used_last = (_used_when_made(world, period) for period in (month, last))
    lapsed = found(document, "unused_grant")
    assert {name: _micro(finding["figures"]["used"]) for name, finding in lapsed.items()} == {
        name: used_last[name] for name in lapsed
    }
    more = found(document, "more_needed")
    assert more
    for name, finding in more.items():
        grant = GRANTS.get(world.person(name).role, 0)
        told = {when: _micro(finding["figures"][f"{when}_beyond"]) for when in ("last", "current")}
        assert told == {"last": max(0, used_last[name] - grant), "current": max(0, used[name] - grant)}
    week = [
        run
        for run in world.projects.runs_between(watching.now_ms + 1 - 7 * DAY_MS, watching.now_ms + 1)
        if run.trigger == "SCHEDULED"
    ]
    idle = [finding for finding in document["findings"] if finding["kind"] == "idle_schedule"]
    assert idle
    for finding in idle:
        own = [run for run in week if run.project_id == finding["figures"]["project"]]
        saved = (finding["saving"]["runs_per_week"] or 0, finding["saving"]["minutes_per_week"] or 0)
        assert saved == (len(own), round(sum(run.elapsed_ms or 0 for run in own) / MINUTE_MS, 2))


def _used_when_made(world: World, period: Period) -> Counter[str]:
    """The truth by email: what was spent before the first look counts when its thread was made."""
    used: Counter[str] = Counter()
    for thread in world.threads.values():
        if thread.created_ms in period and thread.user_id is not None:
            used[world.people[thread.user_id].email] += thread.credits_micro
    return used


def _micro(credits: float) -> int:
    return round(credits * 1_000_000)


def test_what_is_not_known_is_said_and_not_guessed(make_bench: MakeBench) -> None:
    watching = make_bench(wasteful_world(), "max", TEAM + '[watch]\nusers = "everyone"\n')
    watching.poll_until_read()
    document = audited(watching)
    assert document["findings"] == []
    assert {unknown["kind"] for unknown in document["unknown"]} == {
        *("idle_seat", "unused_grant", "more_needed"),
        *("failing_runs", "idle_schedule", "busy_schedule", "crowded_minute"),
    }
    assert document["runs"] == {"week": None, "limit": 500, "bound": "at_least", "as_of": None, "problem": None}


def test_who_came_after_the_first_look_is_not_idle_at_once(watching: Bench) -> None:
    watching.world.add_person("late@acme.test", "EDITOR")
    watching.later(2 * HOUR_MS)
    assert "late@acme.test" not in found(audited(watching), "idle_seat")
    watching.clock.advance(32 * DAY_MS)
    watching.poll()
    assert "late@acme.test" in found(audited(watching), "idle_seat")


def test_more_days_find_fewer_idle_seats(watching: Bench) -> None:
    assert "idle@acme.test" not in found(audited(watching, days="80"), "idle_seat")
    status, document = watching.ask("GET", "/v1/audit", days="0")
    assert (status, document["error"]["exit_code"]) == (400, 2)
