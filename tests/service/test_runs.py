"""Project runs, against the simulator's truth: what the daily sweep reads, what it costs, and what it says."""

from collections import Counter
from typing import Any

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, to_iso
from hexmeter.hex.simulator.faults import parse_fault
from hexmeter.hex.simulator.history import generated
from hexmeter.hex.simulator.projects import Project, Run, Schedule
from hexmeter.hex.simulator.world import World
from hexmeter.service.polling.runsweep import RunSweep

from .bench import START_MS, TEAM, Bench, patience, small_world
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'


def sweeper(watching: Bench) -> RunSweep:
    return RunSweep(watching.daemon.config, watching.store, watching.clock, watching.hexapi, watching.daemon.figures)


def sweep_to_the_end(watching: Bench, sweep: RunSweep | None = None) -> int:
    """Let a sweep run as the daemon does; how many requests it sent."""
    sweep = sweep or sweeper(watching)
    sent, done_ms = watching.hexapi.sent, watching.store.runs.sweep().done_ms
    for _ in range(2_000):
        watching.clock.advance(sweep.pause_ms())
        watching.run(sweep.step())
        if watching.store.runs.sweep().done_ms != done_ms:
            return watching.hexapi.sent - sent
    raise AssertionError("the sweep never ends")


def runs(watching: Bench, **query: str) -> dict[str, Any]:
    status, document = watching.ask("GET", "/v1/runs", **query)
    assert status == 200, document
    return document


def meter(watching: Bench) -> dict[str, Any] | None:
    return next((meter for meter in watching.status()["meters"] if meter["kind"] == "runs"), None)


def add_project(world: World, name: str, *, runs: int = 0, every_ms: int = HOUR_MS, **fields: Any) -> str:
    """A project called `name` whose newest run began a minute before START_MS; its id."""
    project_id = f"00000000-0000-4000-8000-{name.encode().hex():0>12}"
    world.projects.add(Project(project_id, name, "ed@acme.test", START_MS - 90 * DAY_MS, **fields))
    for number in range(runs):
        start_ms = START_MS - MINUTE_MS - every_ms * number
        run_id = f"{name}-{number}"
        world.projects.add_run(Run(run_id, project_id, "COMPLETED", "API", start_ms, start_ms + 30_500, 30_500))
    return project_id


@pytest.mark.parametrize("days", [1, 7, 30])
def test_runs_minutes_and_failures_by_project_are_the_truth(make_bench: MakeBench, days: int) -> None:
    watching = make_bench(generated(4, START_MS, people=30), "workspace", EVERYONE)
    watching.poll_until_read()
    sweep_to_the_end(watching)
    # What ran during the sweep may have been seen or not.
    until_ms = START_MS
    document = runs(watching, since=to_iso(until_ms - days * DAY_MS), until=to_iso(until_ms))
    truth = [
        run
        for run in watching.world.projects.runs_between(until_ms - days * DAY_MS, until_ms)
        if watching.world.projects.by_id[run.project_id].archived_ms is None
    ]
    assert {row["project"]: row["runs"] for row in document["rows"]} == Counter(run.project_id for run in truth)
    assert document["total"]["runs"] == len(truth) > 0
    for row in document["rows"]:
        own = [run for run in truth if run.project_id == row["project"]]
        elapsed_ms = sum(run.elapsed_ms or 0 for run in own)
        assert (row["elapsed_ms"], row["minutes"]) == (elapsed_ms, round(elapsed_ms / 60_000, 2))
        assert row["failures"] == sum(run.status == "ERRORED" for run in own)
        assert {name: row[name] for name in ("api", "scheduled", "app_refresh")} == {
            name: sum(run.trigger == name.upper() for run in own) for name in ("api", "scheduled", "app_refresh")
        }


def test_the_meter_counts_seven_rolling_days_and_is_a_least_figure(make_bench: MakeBench) -> None:
    world = small_world()
    add_project(world, "many", runs=300)
    watching = make_bench(world, "workspace", EVERYONE + "[budgets]\nruns_per_week = 200\n")
    watching.poll_until_read()
    assert meter(watching) is None
    sweep = sweeper(watching)
    watching.clock.advance(sweep.pause_ms())
    watching.run(sweep.step())
    assert (meter(watching) or {})["state"] == "unknown", "no zero before all was read"
    sweep_to_the_end(watching, sweep)
    shown = meter(watching)
    assert shown is not None
    truth = len(world.projects.runs_between(watching.now_ms + 1 - 7 * DAY_MS, watching.now_ms + 1))
    assert (shown["used"], shown["limit"], shown["bound"]) == (truth, 200, "at_least")
    assert (shown["state"], shown["period"], shown["id"]) == ("warning", None, "runs")
    assert shown["forecast"] == {"unknown": "runs are counted over seven rolling days, and not forecast"}
    assert "as seen by the API" in shown["note"]
    assert runs(watching)["week"] == {"runs": truth, "limit": 200}
    watching.clock.advance(8 * DAY_MS)
    assert (meter(watching) or {})["used"] == 0
    assert watching.alerts() == [], "its amounts are no credits"


def test_the_sweep_takes_no_more_than_a_tenth_of_the_budget_and_comes_daily(make_bench: MakeBench) -> None:
    world = small_world()
    for number in range(130):
        add_project(world, f"p{number}", runs=1)
    watching = make_bench(world, "workspace", EVERYONE)
    watching.poll_until_read()
    assert sweep_to_the_end(watching) == 2 + 130
    times = [seen.at_ms for seen in watching.sim.requests if seen.path.startswith("/api/v1/projects")]
    assert max(sum(start <= other < start + MINUTE_MS for other in times) for start in times) == 1
    assert max(sum(start <= other < start + HOUR_MS for other in times) for start in times) <= 90
    began_ms = watching.store.runs.sweep().began_ms
    assert began_ms is not None
    sweep = sweeper(watching)
    while not watching.run(sweep.step()):
        watching.clock.advance(sweep.pause_ms())
    assert 0 <= watching.now_ms - (began_ms + DAY_MS) <= MINUTE_MS


def test_polls_that_use_up_every_minute_do_not_starve_the_sweep(make_bench: MakeBench) -> None:
    world = small_world()
    add_project(world, "patient", runs=1)
    watching = make_bench(world, "workspace", EVERYONE)
    watching.poll_until_read()
    sweep = sweeper(watching)
    for _ in range(3):
        watching.clock.advance(sweep.pause_ms())
        while watching.hexapi.wait_ms() == 0:
            watching.poll()
        watching.run(sweep.step())
    assert watching.store.runs.sweep().done_ms is not None
    assert runs(watching)["total"]["runs"] == 1


def test_a_second_sweep_reads_only_what_can_be_new_and_what_had_not_ended(make_bench: MakeBench) -> None:
    world = small_world()
    project_id = add_project(world, "busy", runs=950)
    world.projects.change_run(project_id, "busy-1", status="RUNNING", end_ms=None, elapsed_ms=None)
    watching = make_bench(world, "workspace", EVERYONE)
    watching.poll_until_read()
    assert sweep_to_the_end(watching) == 1 + 10
    assert runs(watching)["total"]["unfinished"] == 1
    world.projects.change_run(project_id, "busy-1", status="ERRORED", elapsed_ms=7_000)
    watching.clock.advance(DAY_MS)
    assert sweep_to_the_end(watching) == 1 + 1
    total = runs(watching, since="3d")["total"]
    assert (total["unfinished"], total["failures"]) == (0, 1)


def test_runs_in_another_order_are_all_read(make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_world()
    project_id = add_project(world, "upside-down", runs=250, every_ms=DAY_MS)
    newest_first = world.projects.runs_of
    monkeypatch.setattr(world.projects, "runs_of", lambda project_id: newest_first(project_id)[::-1])
    watching = make_bench(world, "workspace", EVERYONE)
    watching.poll_until_read()
    assert sweep_to_the_end(watching) == 1 + 3
    assert runs(watching)["rows"][0]["project"] == project_id
    assert runs(watching)["total"]["runs"] == 7


def test_a_sweep_goes_on_where_a_restart_left_it(make_bench: MakeBench) -> None:
    world = small_world()
    for number in range(5):
        add_project(world, f"p{number}", runs=2)
    watching = make_bench(world, "workspace", EVERYONE)
    watching.poll_until_read()
    asked = 0
    while not asked or watching.store.runs.sweep().under_way:
        sweep = sweeper(watching)
        watching.clock.advance(sweep.pause_ms())
        asked += watching.run(sweep.step())
        watching.restart()
        watching.poll()
    assert asked == 6
    assert runs(watching)["total"]["runs"] == 10


def test_what_hex_refuses_is_told_and_tried_again_tomorrow(make_bench: MakeBench) -> None:
    world = small_world()
    add_project(world, "shown", runs=3)
    hidden = add_project(world, "hidden", runs=3)
    watching = make_bench(world, "workspace", EVERYONE)
    watching.poll_until_read()
    watching.sim.faults.arm(parse_fault("403@/projects:1"))
    assert sweep_to_the_end(watching) == 1
    assert meter(watching) is None
    (note,) = [note for note in watching.status()["notes"] if "projects" in note]
    assert "403" in note
    assert "403" in runs(watching)["problem"]
    watching.clock.advance(DAY_MS)
    watching.sim.faults.arm(parse_fault(f"404@/projects/{hidden}:1"))
    sweep_to_the_end(watching)
    assert runs(watching)["problem"] is None
    assert runs(watching)["total"]["runs"] == 3
    stored = {stored.project.title: stored.problem for stored in watching.store.runs.projects()}
    assert stored["shown"] is None
    assert "404" in (stored["hidden"] or "")
    watching.clock.advance(DAY_MS)
    sweep_to_the_end(watching)
    assert runs(watching, since="7d")["total"]["runs"] == 6


@pytest.mark.parametrize("fault", ["500@/projects:2", "timeout@/projects:1", "truncated@/projects:2", "wrong-types:1"])
def test_a_fault_costs_time_and_no_run(make_bench: MakeBench, fault: str) -> None:
    world = small_world()
    add_project(world, "steady", runs=120)
    watching = make_bench(world, "workspace", EVERYONE, limits=patience(fault))
    watching.poll_until_read()
    watching.sim.faults.arm(parse_fault(fault))
    sweep_to_the_end(watching)
    watching.clock.advance(DAY_MS)
    sweep_to_the_end(watching)
    assert runs(watching, since="30d")["total"]["runs"] == 120


def test_a_project_that_is_gone_keeps_its_runs_but_is_not_listed(make_bench: MakeBench) -> None:
    world = small_world()
    project_id = add_project(world, "old", runs=2, schedules=(Schedule("DAILY", hour=6),))
    watching = make_bench(world, "workspace", EVERYONE)
    watching.poll_until_read()
    sweep_to_the_end(watching)
    world.projects.change(project_id, archived_ms=watching.now_ms)
    watching.clock.advance(DAY_MS)
    sweep_to_the_end(watching)
    (row,) = runs(watching, since="7d")["rows"]
    assert (row["runs"], row["listed"], row["schedules"]) == (2, False, ["daily at 06:00 (Europe/Berlin)"])


def test_who_watches_only_their_own_credits_reads_no_projects_unless_a_budget_is_set(make_bench: MakeBench) -> None:
    world = small_world()
    add_project(world, "mine", runs=2)
    watching = make_bench(world, "ada", TEAM)
    watching.poll_until_read()
    assert not watching.run(sweeper(watching).step())
    watching.restart(TEAM + "[budgets]\nruns_per_week = 100\n")
    watching.poll()
    sweep_to_the_end(watching)
    assert (meter(watching) or {})["used"] == 2


def test_before_the_first_sweep_has_ended_the_meter_says_why_it_is_unknown(make_bench: MakeBench) -> None:
    world = small_world()
    add_project(world, "a", runs=2)
    watching = make_bench(world, "workspace", EVERYONE)
    watching.poll_until_read()
    sweep = sweeper(watching)
    for _ in range(10):
        if meter(watching) is not None:
            break
        watching.clock.advance(sweep.pause_ms())
        watching.run(sweep.step())
    found = meter(watching)
    assert found is not None
    assert (found["used"], found["bound"], found["note"]) == (None, "at_least", "the projects are not read yet")


def test_where_only_oneself_is_watched_projects_are_not_said_to_be_read_later(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", TEAM)
    watching.poll_until_read()
    _, audit = watching.ask("GET", "/v1/audit")
    _, report = watching.ask("GET", "/v1/report")
    why = "projects are read only where everybody is watched, or [budgets] runs_per_week is set"
    assert {row["why"] for row in audit["unknown"] if "schedule" in row["kind"] or "run" in row["kind"]} == {why}
    assert [runs(watching)["problem"], audit["runs"]["problem"], report["runs"]["problem"]] == [why, why, why]
    assert [note for note in watching.status()["notes"] if "projects" in note] == []
