"""What an imported log counts for: days of which the ledger knows nothing, and no credit twice."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hexmeter.core.instants import DAY_MS
from hexmeter.core.usagelog import understand
from hexmeter.hex.simulator.world import World
from hexmeter.service.documents.usagedocument import DIMENSIONS

from .bench import TEAM, Bench, add, micro
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'
POOL = EVERYONE + "[pool]\nbalance = 100\nas_of = 2026-11-01\nmonthly_spend_limit = 50\n"


def take(bench: Bench, *lines: str, dry_run: bool = False) -> dict[str, Any]:
    """Import lines `time,user,credits`; what the daemon says."""
    log = understand("time,user,credits\n" + "\n".join(lines), {}, ZoneInfo("UTC"))
    assert not log.bad
    status, answer = bench.ask("POST", "/v1/import", json.dumps({"rows": log.rows, "dry_run": dry_run}).encode())
    assert status == 200, answer
    return answer


def world() -> World:
    """An admin and two editors; ed's first thread is of 19 November, eve has none."""
    made = World.empty()
    for name, role in {"ada": "ADMIN", "ed": "EDITOR", "eve": "EDITOR"}.items():
        made.add_person(f"{name}@acme.test", role)
    add(made, "ed", 3, "5", thread_id="main")
    return made


@pytest.fixture
def acme(make_bench: MakeBench) -> Bench:
    watching = make_bench(world(), "ada", EVERYONE)
    watching.poll_until_read()
    return watching


def meter(bench: Bench, email: str) -> tuple[float | None, str]:
    found = bench.meter(email)
    return found["used"], found["bound"]


def test_days_before_all_that_the_ledger_knows_of_a_person_count(acme: Bench) -> None:
    told = take(acme, "2026-11-05T09:00Z,ed@acme.test,2", "2026-11-18,ed@acme.test,0.5", "2026-10-31,ed@acme.test,9")
    assert told["users"] == [{"user": "ed@acme.test", "rows": 3, "credits": 11.5, "counts": 11.5}]
    assert meter(acme, "ed@acme.test") == (7.5, "estimated")
    acme.assert_sums()


def test_from_the_first_day_of_the_ledger_on_a_log_is_for_comparison(acme: Bench) -> None:
    told = take(acme, "2026-11-19T00:00Z,ed@acme.test,2", "2026-11-21,ed@acme.test,3", "2026-11-23,ed@acme.test,1")
    assert [(row["credits"], row["counts"]) for row in told["users"]] == [(6.0, 0.0)]
    assert meter(acme, "ed@acme.test") == (5.0, "estimated")


def test_who_has_no_threads_is_watched_from_the_day_of_the_first_look_on(acme: Bench) -> None:
    take(acme, "2026-11-21T23:59Z,eve@acme.test,2", "2026-11-22T00:00Z,eve@acme.test,4")
    assert meter(acme, "eve@acme.test") == (2.0, "estimated")


def test_a_log_that_was_imported_before_the_first_poll_yields_to_it(make_bench: MakeBench) -> None:
    watching = make_bench(world(), "ada", EVERYONE)
    told = take(watching, "2026-11-05,ed@acme.test,2", "2026-11-20,ed@acme.test,4")
    assert told["users"][0]["counts"] == 6.0
    watching.poll_until_read()
    assert meter(watching, "ed@acme.test") == (7.0, "estimated")
    watching.clock.advance(DAY_MS)
    take(watching, "2026-11-23,ed@acme.test,8")
    assert watching.used("ed@acme.test") == 7.0


def test_the_same_log_again_counts_once(acme: Bench) -> None:
    lines = ["2026-11-05T09:00Z,ed@acme.test,2", "2026-11-05T09:00Z,ed@acme.test,2"]
    assert take(acme, *lines, dry_run=True)["new"] == 2
    assert acme.used("ed@acme.test") == 5.0
    assert take(acme, *lines)["new"] == 2
    assert (take(acme, *lines)["known"], acme.used("ed@acme.test")) == (2, 9.0)


def test_a_log_may_name_people_by_their_ids(acme: Bench) -> None:
    ((ed,),) = acme.query("SELECT id FROM people WHERE email = 'ed@acme.test'")
    take(acme, f"2026-11-05,{ed},2", f"2026-11-20,{ed},2")
    assert acme.used("ed@acme.test") == 7.0


def test_threads_of_who_has_left_are_not_counted_again_under_their_email(make_bench: MakeBench) -> None:
    made = world()
    add(made, None, 10, "6", thread_id="nobodys")
    watching = make_bench(made, "ada", EVERYONE)
    watching.poll_until_read()
    told = take(watching, "2026-11-11,gone@acme.test,2", "2026-11-12,gone@acme.test,6", "2026-11-12,,6")
    assert {row["user"]: row["counts"] for row in told["users"]} == {"gone@acme.test": 2.0, "unattributed": 0.0}


def test_a_calibration_holds_what_was_imported_later(make_bench: MakeBench) -> None:
    watching = make_bench(world(), "ed", TEAM)
    watching.poll()
    take(watching, "2026-11-03,ed@acme.test,1")
    assert watching.ask("POST", "/v1/calibrate", json.dumps({"used": "12"}).encode())[0] == 200
    watching.clock.advance(1)
    take(watching, "2026-11-04,ed@acme.test,3")
    assert watching.used("ed@acme.test") == 12.0


def test_an_editor_without_a_list_of_threads_has_the_logs_figures(make_bench: MakeBench) -> None:
    watching = make_bench(world(), "ed", TEAM)
    watching.poll()
    take(watching, "2026-11-05,ed@acme.test,2", "2026-11-20,ed@acme.test,4")
    assert meter(watching, "ed@acme.test") == (6.0, "at_least")


def test_a_log_draws_on_the_pool_where_it_counts(make_bench: MakeBench) -> None:
    watching = make_bench(world(), "ada", POOL)
    watching.poll_until_read()
    take(watching, "2026-11-05,ed@acme.test,45", "2026-11-21,ed@acme.test,30")
    drawn = {found["id"]: (found["used"], found["bound"]) for found in watching.status()["meters"]}
    assert (drawn["pool"], drawn["spend"]) == ((10.0, "estimated"), (10.0, "estimated"))
    watching.world.set_credits("main", micro("7"), watching.now_ms)
    watching.later()
    assert watching.status()["meters"][0]["used"] is not None
    assert {found["id"]: found["used"] for found in watching.status()["meters"]}["spend"] == 12.0


def test_usage_sums_to_the_same_by_whatever_it_is_summed(acme: Bench) -> None:
    take(acme, "2026-11-05T09:00Z,ed@acme.test,2", "2026-11-06,gone@acme.test,1.5", "2026-11-20,ed@acme.test,3")
    for by in DIMENSIONS:
        status, document = acme.ask("GET", "/v1/usage", by=by)
        assert (status, by, round(sum(row["credits"] for row in document["rows"]), 6)) == (200, by, 8.5)
        assert round(sum(row.get("imported", 0) for row in document["rows"]), 6) == 3.5
    _, users = acme.ask("GET", "/v1/usage", by="user")
    assert [(row["user"], row["credits"], row["estimated"]) for row in users["rows"]] == [
        ("ed@acme.test", 7.0, True),
        ("gone@acme.test", 1.5, True),
    ]
    _, days = acme.ask("GET", "/v1/usage", by="day")
    assert [row["credits"] for row in days["rows"][4:6]] == [2.0, 1.5]


def test_a_comparison_is_of_the_days_that_the_logs_span(acme: Bench) -> None:
    take(acme, "2026-11-05T09:00Z,ed@acme.test,2", "2026-11-19,ed@acme.test,4", "2026-11-19,eve@acme.test,1")
    _, document = acme.ask("GET", "/v1/compare")
    assert (document["since"], document["until"]) == ("2026-11-05T00:00:00Z", "2026-11-20T00:00:00Z")
    figures = ("user", "polled", "imported", "difference", "counts")
    assert [tuple(row[name] for name in figures) for row in document["rows"]] == [
        ("ed@acme.test", 5.0, 6.0, 1.0, 2.0),
        ("eve@acme.test", 0.0, 1.0, 1.0, 1.0),
    ]
    _, days = acme.ask("GET", "/v1/compare", by="day")
    assert [(row["day"], row["user"], row["difference"]) for row in days["rows"]] == [
        ("2026-11-05", "ed@acme.test", 2.0),
        ("2026-11-19", "ed@acme.test", -1.0),
        ("2026-11-19", "eve@acme.test", 1.0),
    ]
    assert acme.ask("GET", "/v1/compare", since="2026-01-01", until="2026-02-01")[1]["rows"] == []
    assert acme.ask("GET", "/v1/compare", by="model")[0] == 400


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(None, id="no rows"),
        pytest.param([], id="none"),
        pytest.param([["c" + "0" * 32, 1_795_348_800_000, "ed", 1, "", "", ""]], id="too short"),
        pytest.param([["x" + "0" * 32, 1_795_348_800_000, "ed", 1, "", "", "", ""]], id="no key"),
        pytest.param([["c" + "0" * 32, 1, "ed", 1, "", "", "", ""]], id="too early"),
        pytest.param([["c" + "0" * 32, 1_795_348_800_000, "ed", -1, "", "", "", ""]], id="negative"),
        pytest.param([["c" + "0" * 32, 1_795_348_800_000, "ed", True, "", "", "", ""]], id="no number"),
        pytest.param([["c" + "0" * 32, 1_795_348_800_000, "ed", 10**30, "", "", "", ""]], id="too much"),
        pytest.param([["c" + "0" * 32, 1_795_348_800_000, "e" * 999, 1, "", "", "", ""]], id="a user without end"),
        pytest.param([["c" + "0" * 32, 1_795_348_800_000, "ed", 1, None, "", "", ""]], id="no text"),
    ],
)
def test_rows_that_are_none_are_refused_and_none_of_them_stored(acme: Bench, rows: Any) -> None:
    good = ["c" + "1" * 32, 1_795_348_800_000, "ed", 1, "", "", "", ""]
    body = {"rows": rows if not rows else [good, *rows]}
    assert acme.ask("POST", "/v1/import", json.dumps(body).encode())[0] == 400
    assert acme.query("SELECT * FROM imports") == []
