"""What the audit finds, and what it leaves alone."""

from dataclasses import replace

import pytest

from builders import BERLIN, NOVEMBER, NOW_MS, credits
from hexmeter.core import audit
from hexmeter.core.audit import Activity, Kind, Saving, Seat, Use, View
from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.core.meters import Bound
from hexmeter.core.periods import Period
from hexmeter.core.runs import Project, Run, RunSums, Schedule, Views
from hexmeter.core.schedules import Crowd

VIEW = View(NOW_MS, BERLIN, 30, credits(28))
LAST = Period(NOVEMBER.start_ms - 31 * DAY_MS, NOVEMBER.start_ms)
SEAT = Seat("ed@acme.test", "EDITOR", NOW_MS - 40 * DAY_MS, None, 0)
DAILY = Schedule("DAILY", True, "UTC", 0, 6)
PROJECT = Project("p", "Churn", "ed@acme.test", NOW_MS - 90 * DAY_MS, NOW_MS - 45 * DAY_MS, Views(0, 0, 0, 9), (DAILY,))


def run(status: str, hours_ago: int, took_ms: int = 60_000) -> Run:
    start_ms = NOW_MS - hours_ago * HOUR_MS
    return Run(f"r{hours_ago}", status, "SCHEDULED", start_ms, start_ms + took_ms, took_ms)


def test_an_idle_seat_is_told_with_its_last_login_and_its_price() -> None:
    (finding,) = audit.idle_seats([SEAT], VIEW)
    assert finding.fact == "Editor seat: no credit used in 30 days, last login: Tue 13 Oct."
    assert (finding.kind, finding.saving) == (Kind.IDLE_SEAT, Saving(money_micro=credits(28)))
    (asleep,) = audit.idle_seats([replace(SEAT, last_login_ms=NOW_MS - 500 * DAY_MS)], VIEW)
    assert asleep.fact.endswith("last login: Thu 10 Jul 2025.")
    (never,) = audit.idle_seats([replace(SEAT, last_login_ms=None)], replace(VIEW, seat_price_micro=None))
    assert never.fact.endswith("last login: never.")
    assert never.saving == Saving()


@pytest.mark.parametrize(
    "seat",
    [
        pytest.param(replace(SEAT, used_micro=1), id="used a little"),
        pytest.param(replace(SEAT, used_micro=None), id="use not known"),
        pytest.param(replace(SEAT, last_login_ms=NOW_MS - 29 * DAY_MS), id="logged in"),
        pytest.param(replace(SEAT, first_seen_ms=NOW_MS - 10 * DAY_MS), id="new here"),
        pytest.param(replace(SEAT, role="MEMBER"), id="costs nothing"),
    ],
)
def test_a_seat_is_not_idle(seat: Seat) -> None:
    assert audit.idle_seats([seat], VIEW) == []


def test_half_a_grant_that_lapsed_is_told_the_largest_first() -> None:
    seats = [
        replace(SEAT, name=name, last=Use(credits(used), credits(40)))
        for name, used in (("little", 30), ("half", 20), ("most", 8.5), ("none", 0))
    ]
    found = audit.unused_grants([*seats, replace(SEAT, last=None), replace(SEAT, last=Use(0, 0))], LAST, VIEW)
    assert [finding.subject for finding in found] == ["none", "most", "half"]
    assert found[1].fact == "31.5 of 40 credits lapsed unused at the reset on Sun 1 Nov."
    assert found[1].figures == {"lapsed_micro": 31_500_000, "used_micro": 8_500_000, "grant_micro": 40_000_000}
    assert audit.unused_grants([replace(seats[3], first_seen_ms=LAST.start_ms + 1)], LAST, VIEW) == []


@pytest.mark.parametrize(
    ("role", "last", "current", "fact", "advice"),
    [
        pytest.param(
            *(
                "EDITOR",
                Use(credits(50), credits(40)),
                Use(credits(1), credits(40)),
                "50 of 40 credits used in the last period.",
            ),
            "allocation",
            id="an editor, last time",
        ),
        pytest.param(
            *("EXPLORER", None, Use(credits(12.5), credits(10)), "12.5 of 10 credits used so far in this period."),
            "Editor's seat",
            id="an explorer, now",
        ),
        pytest.param(
            *("MEMBER", Use(credits(3), 0), Use(credits(2), 0)),
            "2 credits used so far in this period, without a grant; 3 credits used in the last period, without a",
            "paid seat",
            id="a member, twice",
        ),
    ],
)
def test_who_needs_more_is_told_with_what_may_help(role: str, last: Use, current: Use, fact: str, advice: str) -> None:
    (finding,) = audit.more_needed([replace(SEAT, role=role, last=last, current=current)])
    assert finding.fact.startswith(fact)
    assert advice in finding.advice


def test_who_stays_within_the_grant_needs_no_more() -> None:
    assert audit.more_needed([replace(SEAT, last=Use(credits(40), credits(40)), current=None)]) == []


def test_runs_that_failed_one_after_another_are_told_with_what_they_cost_a_week() -> None:
    newest = (run("RUNNING", 0), run("ERRORED", 5), run("UNABLE_TO_ALLOCATE_KERNEL", 29), run("ERRORED", 24 * 9))
    (finding,) = audit.failing_runs([Activity(PROJECT, newest=(*newest, run("COMPLETED", 24 * 10)))], VIEW)
    assert finding.fact == "The last 3 runs failed, since Fri 13 Nov 13:00."
    assert finding.saving == Saving(runs_a_week=2, elapsed_ms_a_week=120_000)


@pytest.mark.parametrize("status", ["COMPLETED", "KILLED"])
def test_a_run_that_did_not_fail_ends_the_row(status: str) -> None:
    newest = (run("ERRORED", 1), run("ERRORED", 2), run(status, 3), run("ERRORED", 4))
    assert audit.failing_runs([Activity(PROJECT, newest=newest)], VIEW) == []


def test_a_schedule_that_nobody_views_is_told_with_what_it_runs() -> None:
    week = RunSums(runs=7, elapsed_ms=630_000)
    (finding,) = audit.idle_schedules([Activity(PROJECT, week, RunSums(runs=30))], VIEW)
    assert finding.fact == (
        "It runs on a schedule (7 runs, 10.5 minutes in 7 days), and nobody since Thu 8 Oct viewed it."
    )
    assert finding.saving == Saving(runs_a_week=7, elapsed_ms_a_week=630_000)
    assert finding.figures["scheduled_runs_30_days"] == 30


@pytest.mark.parametrize(
    "project",
    [
        pytest.param(replace(PROJECT, schedules=(replace(DAILY, enabled=False),)), id="not on"),
        pytest.param(replace(PROJECT, last_viewed_ms=NOW_MS - 29 * DAY_MS), id="viewed"),
        pytest.param(replace(PROJECT, views=Views(thirty_days=1)), id="counted a view"),
        pytest.param(replace(PROJECT, created_ms=NOW_MS - DAY_MS), id="new"),
        pytest.param(replace(PROJECT, last_viewed_ms=None, views=Views()), id="views not known"),
    ],
)
def test_a_schedule_is_not_idle(project: Project) -> None:
    assert audit.idle_schedules([Activity(project)], VIEW) == []


@pytest.mark.parametrize(
    ("views", "runs", "found"),
    [
        pytest.param(3, 30, 1, id="ten runs a view"),
        pytest.param(4, 39, 0, id="fewer"),
        pytest.param(1, 29, 0, id="few runs"),
        pytest.param(0, 700, 0, id="no views, which is another finding"),
    ],
)
def test_a_schedule_far_busier_than_its_viewers_is_told(views: int, runs: int, found: int) -> None:
    project = replace(PROJECT, views=Views(thirty_days=views))
    assert len(audit.busy_schedules([Activity(project, scheduled_month=RunSums(runs=runs))])) == found


def test_what_happened_once_is_told_so() -> None:
    seen_once = Activity(replace(PROJECT, views=Views(thirty_days=1)), scheduled_month=RunSums(runs=40))
    (busy,) = audit.busy_schedules([seen_once])
    assert busy.fact == "It ran 40 times on its schedule in 30 days, and was viewed once."
    (crowded,) = audit.crowded_minutes([Crowd(("a", "b"), (NOW_MS,))], {"a": "A", "b": "B"}, VIEW)
    assert crowded.fact == "2 schedules start in the same minute, once in 7 days: A, B."


@pytest.mark.parametrize(
    ("bound", "lapsed", "used"),
    [
        (Bound.EXACT, "30 of 40 credits lapsed", "50 of 40 credits used in the last period."),
        (Bound.ESTIMATED, "About 30 of 40 credits lapsed", "About 50 of 40 credits used in the last period."),
        (Bound.AT_LEAST, "At most 30 of 40 credits lapsed", "At least 50 of 40 credits used in the last period."),
    ],
)
def test_a_fact_is_no_surer_than_its_figures(bound: Bound, lapsed: str, used: str) -> None:
    (unused,) = audit.unused_grants([replace(SEAT, last=Use(credits(10), credits(40), bound))], LAST, VIEW)
    (more,) = audit.more_needed([replace(SEAT, last=Use(credits(50), credits(40), bound))])
    assert (unused.fact.startswith(lapsed), more.fact, unused.bound, more.bound) == (True, used, bound, bound)
