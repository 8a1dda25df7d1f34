"""The document of the dashboard is true to the simulated Hex."""

import json
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from typing import Any

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, parse_iso
from hexmeter.page.page import page
from hexmeter.page.view import View
from hexmeter.service.dashboard.facts import DashboardFacts
from hexmeter.service.documents.documents import Documents
from hexmeter.service.meters.figures import Figures
from hexmeter.store.store import Store

from .bench import START_MS, TEAM, Bench, add, small_world
from .conftest import MakeBench
from .test_imports import take
from .test_imports import world as world_of_logs

EVERYBODY = TEAM + '[watch]\nusers = "everyone"\n'
MONTH_MS = 1_793_491_200_000
"""1 November 2026 in UTC."""


def facts_of(made: Bench) -> DashboardFacts:
    """What a daemon's dashboard collects."""
    daemon = made.daemon
    return DashboardFacts(daemon.config, daemon.store, daemon.figures, daemon.documents)


def dashboard(made: Bench) -> dict[str, Any]:
    """The document of the dashboard."""
    return facts_of(made).document(made.now_ms)


def grow_for_days(made: Bench, looked: Callable[[], object] = lambda: None) -> None:
    """Let threads grow over some days and their midnights, polling now and then."""
    for step in range(1, 9):
        made.world.grow("ed-new", 300_000 + step, made.now_ms)
        made.world.grow("eve-new", 1_000_000, made.now_ms)
        made.clock.advance(7 * HOUR_MS)
        for _ in range(3):
            made.world.grow("xi-new", 250_000, made.now_ms)
            made.later()
        looked()


def course(made: Bench, meter_id: str) -> list[tuple[int, float]]:
    """The points of a meter's line: Unix milliseconds and credits used."""
    found = next(meter for meter in dashboard(made)["meters"] if meter["id"] == meter_id)
    return [(parse_iso(at), used) for at, used in found["course"]["points"]]


def test_a_line_holds_what_was_used_by_the_end_of_each_day(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY)
    made.poll_until_read()
    points = course(made, "grant:ed@acme.test")
    assert [at_ms for at_ms, _ in points] == [MONTH_MS + day * DAY_MS for day in range(22)] + [START_MS]
    # 8.5 on the 17th at noon, 3.27 on the 20th.
    assert [used for _, used in points] == [0.0] * 17 + [8.5] * 3 + [11.77] * 3


def test_a_line_leads_to_what_the_meter_shows(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY)
    made.poll_until_read()
    made.world.grow("ed-new", 2_000_000, made.now_ms)
    made.later()
    made.later(2 * DAY_MS)
    for meter in dashboard(made)["meters"]:
        points = meter["course"]["points"]
        assert points[-1][1] == meter["used"]
        assert [used for _, used in points] == sorted(used for _, used in points)


def test_a_calibration_lifts_the_line_from_its_time_on(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY)
    made.poll_until_read()
    assert made.ask("POST", "/v1/calibrate", b'{"meter": "grant:ed@acme.test", "used": "20"}')[0] == 200
    points = course(made, "grant:ed@acme.test")
    assert points[-2:] == [(MONTH_MS + 21 * DAY_MS, 11.77), (START_MS, 20.0)]


def test_stale_figures_end_where_they_were_read(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY)
    made.poll_until_read()
    made.clock.advance(3 * DAY_MS)
    document = dashboard(made)
    assert document["stale"]
    assert course(made, "grant:ed@acme.test")[-1] == (START_MS, 11.77)


def test_figures_from_before_the_reset_draw_no_line_after_it(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY)
    made.poll_until_read()
    made.clock.advance(12 * DAY_MS)
    assert course(made, "grant:ed@acme.test") == []


def test_before_anything_was_read_there_are_no_meters(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY)
    document = dashboard(made)
    assert document["meters"] == []
    assert document["stale"]


def test_a_line_needs_no_limit(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml='[plan]\ntimezone = "UTC"\n[watch]\nusers = "everyone"\n')
    made.poll_until_read()
    assert made.meter("ed@acme.test")["limit"] is None
    assert course(made, "grant:ed@acme.test")[-1] == (START_MS, 11.77)


def test_the_days_are_those_of_usage(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY)
    made.poll_until_read()
    grow_for_days(made)
    document = dashboard(made)["days"]
    usage = made.ask("GET", "/v1/usage", by="day", since=document["rows"][0]["day"])[1]
    assert document["rows"] == usage["rows"]
    assert len(document["rows"]) == 30


@pytest.mark.parametrize("by", ["user", "model", "source"])
def test_the_days_of_each_sum_to_what_usage_by_them_says(make_bench: MakeBench, by: str) -> None:
    made = make_bench(small_world(), toml=EVERYBODY)
    made.poll_until_read()
    facts = facts_of(made)
    facts.document(made.now_ms)
    grow_for_days(made, lambda: facts.document(made.now_ms))
    document = facts.document(made.now_ms)["days"]
    since = document["rows"][0]["day"]
    usage = {row[by]: row["credits"] for row in made.ask("GET", "/v1/usage", by=by, since=since)[1]["rows"]}
    found = {one["name"]: pytest.approx(sum(one["credits"]), abs=1e-9) for one in document["by"][by]}
    assert usage == found
    for place, row in enumerate(document["rows"]):
        assert sum(one["credits"][place] for one in document["by"][by]) == pytest.approx(row["credits"], abs=1e-9)


def test_what_was_kept_is_what_would_be_read_anew(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY)
    made.poll_until_read()
    kept = facts_of(made)
    kept.document(made.now_ms)
    grow_for_days(made, lambda: kept.document(made.now_ms))
    # A thread of before is found late, and another one has another model by now.
    add(made.world, "eve", 6, "4.25", thread_id="late", model="gpt-5.2")
    made.later()
    assert kept.document(made.now_ms) == facts_of(made).document(made.now_ms)


def test_the_dearest_threads_and_prompts_are_those_of_usage(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY)
    made.poll_until_read()
    grow_for_days(made)
    document = dashboard(made)
    threads = made.ask("GET", "/v1/usage", by="thread", since=document["threads"]["since"])[1]["rows"]
    assert [(row["thread"], row["credits"], row["bound"]) for row in document["threads"]["rows"]] == [
        (row["thread"], row["credits"], row["bound"]) for row in threads
    ]
    prompts = made.ask("GET", "/v1/usage", by="prompt", since=document["prompts"]["since"])[1]["rows"]
    costs = [row["credits"] for row in prompts if row["prompts"] == 1]
    assert [row["credits"] for row in document["prompts"]["dearest"]] == costs[:20]
    edges = [0.0, *document["prompts"]["edges"], 1e9]
    assert document["prompts"]["counts"] == [sum(low <= cost < high for cost in costs) for low, high in pairwise(edges)]


def test_months_that_are_over_have_their_courses(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY)
    made.poll_until_read()
    ed = next(meter for meter in dashboard(made)["meters"] if meter["id"] == "grant:ed@acme.test")
    october = ed["course"]["past"][-1]
    assert (october["start"], october["end"]) == ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")
    # 11 on the 13th at noon.
    assert [used for _, used in october["points"]] == [0.0] * 13 + [11.0] * 19
    assert [past["points"][-1][1] for past in ed["course"]["past"][:-1]] == [0.0, 0.0]


def test_the_spend_limit_and_the_pool_show_what_was_drawn(make_bench: MakeBench) -> None:
    pool = '[pool]\nbalance = 100\nas_of = "2026-10-20"\nmonthly_spend_limit = 50\n'
    made = make_bench(small_world(), toml=EVERYBODY + '[plan.grants]\n"ed@acme.test" = 10\n' + pool)
    made.poll_until_read()
    # 8.5 on the 17th and 3.27 on the 20th are 1.77 beyond a grant of 10; in October it was 1, before the balance.
    assert course(made, "spend")[-4:] == [
        (MONTH_MS + 19 * DAY_MS, 0.0),
        (MONTH_MS + 20 * DAY_MS, 1.77),
        (MONTH_MS + 21 * DAY_MS, 1.77),
        (START_MS, 1.77),
    ]
    assert [used for _, used in course(made, "pool")[-4:]] == [0.0, 1.77, 1.77, 1.77]


def test_the_pool_is_drawn_from_when_its_balance_was_read(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY + '[pool]\nbalance = 100\nas_of = "2026-11-18"\n')
    made.poll_until_read()
    assert course(made, "pool")[:2] == [(MONTH_MS + 17 * DAY_MS, 0.0), (MONTH_MS + 18 * DAY_MS, 0.0)]


def test_the_gravest_of_the_alerts_that_nobody_answered_come_first(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY + '[plan.grants]\n"ed@acme.test" = 10\n[alerts]\nused = [2]\n')
    made.poll_until_read()
    newest = made.ask("GET", "/v1/alerts")[1]["alerts"]
    assert [alert["meter"][6:9] for alert in newest] == ["eve", "xi@", "ed@"]

    def shown() -> list[str]:
        return [f"{alert['severity']} of {alert['meter'][6:9]}" for alert in dashboard(made)["alerts"]]

    assert shown() == ["critical of ed@", "warning of eve", "warning of xi@"]
    made.ask("POST", "/v1/alerts/ack", json.dumps({"alert": newest[-1]["id"]}).encode())
    assert shown() == ["warning of eve", "warning of xi@", "critical of ed@"]


def test_alerts_say_why(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY + "[alerts]\nused = [20]\n")
    made.poll_until_read()
    alert = next(alert for alert in dashboard(made)["alerts"] if alert["meter"] == "grant:ed@acme.test")
    assert alert["why"] == [
        change["line"] for change in made.ask("GET", "/v1/alerts/why", id=str(alert["id"]))[1]["history"]
    ]
    assert alert["why"]


def test_polling_counts_the_requests_against_the_budget(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY)
    made.poll_until_read()
    polling = dashboard(made)["polling"]
    assert polling["minute"] == {"sent": len(made.requests()), "most": 15, "configured": 15}
    assert polling["hour"] == {"sent": len(made.requests()), "most": 900}
    assert polling["held_until"] is None


def test_a_person_has_what_they_used_on_each_of_the_last_days(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY)
    made.poll_until_read()
    ed = next(meter for meter in dashboard(made)["meters"] if meter["id"] == "grant:ed@acme.test")
    assert ed["days"] == [0.0] * 24 + [8.5, 0.0, 0.0, 3.27, 0.0, 0.0]


def test_imported_credits_count_on_their_days(make_bench: MakeBench) -> None:
    made = make_bench(world_of_logs(), toml=EVERYBODY)
    made.poll_until_read()
    take(made, "2026-11-05T09:00Z,ed@acme.test,2", "2026-10-31,ed@acme.test,9", "2026-11-20,ed@acme.test,7")
    points = course(made, "grant:ed@acme.test")
    # The thread of the 19th is the ledger's, and from that day on so is everything.
    assert [used for _, used in points] == [0.0] * 5 + [2.0] * 14 + [7.0] * 4
    document = dashboard(made)
    usage = made.ask("GET", "/v1/usage", by="day", since=document["days"]["rows"][0]["day"])[1]
    assert document["days"]["rows"] == usage["rows"]
    ed = next(meter for meter in document["meters"] if meter["id"] == "grant:ed@acme.test")
    assert ed["days"] == [row["credits"] for row in usage["rows"]]
    assert ed["course"]["past"][-1]["points"][-1][1] == 9.0


def test_a_page_stays_as_it_is_while_nothing_is_read(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY)
    made.poll_until_read()
    before = page(dashboard(made), View(), live=True).sections
    made.clock.advance(4 * MINUTE_MS)
    after = page(dashboard(made), View(), live=True).sections
    # The requests of the last minute are others by now.
    assert [name for name in after if after[name] != before[name]] == ["polling"]


def test_what_is_over_is_read_once_until_something_is_stored(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYBODY)
    made.poll_until_read()
    kept = facts_of(made)
    kept.document(made.now_ms)
    ran: list[str] = []
    made.store.database.connection.set_trace_callback(ran.append)
    kept.document(made.now_ms + MINUTE_MS)
    again = [*ran]
    made.later()
    ran.clear()
    kept.document(made.now_ms)
    made.store.database.connection.set_trace_callback(None)
    by_days = [sum("FROM sums" in sql for sql in read) for read in (again, ran)]
    threads = [sum("GROUP BY thread_key" in sql for sql in read) for read in (again, ran)]
    # 30 days and three past months of them are over.
    assert by_days[0] < 10 < 120 < by_days[1]
    assert threads == [0, 1]


@pytest.mark.parametrize(
    "moved_ms",
    [MINUTE_MS, 12 * HOUR_MS, 9 * DAY_MS, -DAY_MS, 127 * DAY_MS],
    ids=["a minute", "over midnight", "over a reset", "a clock set back", "over the lost hour of March"],
)
def test_what_is_kept_is_what_would_be_read_at_any_time(make_bench: MakeBench, moved_ms: int) -> None:
    """Nothing is stored meanwhile, as while polls are paused: only the clock moves."""
    made = make_bench(
        small_world(),
        toml=EVERYBODY.replace('"UTC"', '"Europe/Berlin"') + "[pool]\nbalance = 100\nas_of = 2026-11-01\n",
    )
    made.poll_until_read()
    daemon, kept = made.daemon, facts_of(made)
    kept.document(made.now_ms)
    with closing(Store.open_to_read(daemon.config.database)) as store:
        figures = Figures(daemon.config, store)
        anew = DashboardFacts(daemon.config, store, figures, Documents(daemon.config, store, figures))
        made.clock.at_ms += moved_ms
        assert kept.document(made.now_ms) == anew.document(made.now_ms)
