"""Forecasts of a watched workspace: what they are made from, when they are made anew, and what a restart keeps."""

import json
import logging
from typing import Any

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from hexmeter.hex.simulator.world import World
from hexmeter.service.meters import forecasts

from .bench import INTERVAL_MS, START_MS, TEAM, Bench, add, micro
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'
POOL = EVERYONE + "[pool]\nbalance = 100\nas_of = 2026-11-01\nmonthly_spend_limit = 50\n"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the forecast was asked, as it is asked."""
    seen: list[dict[str, Any]] = []
    real = forecasts.forecast

    def recording(request: dict[str, Any]) -> dict[str, Any]:
        seen.append(request)
        return real(request)

    monkeypatch.setattr(forecasts, "forecast", recording)
    return seen


def world(per_week: str = "7") -> World:
    """An admin, and an editor with a thread on the Monday of each of the last 26 weeks, the last one six days old."""
    made = World.empty()
    for name, role in {"ada": "ADMIN", "ed": "EDITOR", "eve": "EDITOR"}.items():
        made.add_person(f"{name}@acme.test", role)
    for week in range(26):
        add(made, "ed", 6 + 7 * week, per_week, thread_id=f"ed-{week}")
    return made


def outlook(watching: Bench, meter_id: str = "grant:ed@acme.test") -> dict[str, Any]:
    """The forecast of a meter in the status."""
    found: dict[str, Any] = next(meter for meter in watching.status()["meters"] if meter["id"] == meter_id)["forecast"]
    return found


def at(days_ago: int) -> float:
    """The middle of the hour that long ago, in Unix seconds."""
    return (START_MS - days_ago * DAY_MS + HOUR_MS / 2) / SECOND_MS


def _limit(request: dict[str, Any]) -> float:
    limit: float = request["limit"]
    return limit


def request_of(asked: list[dict[str, Any]], used: float) -> dict[str, Any]:
    """The last request of a meter with this use."""
    return [request for request in asked if request["used"] == used][-1]


def test_a_meter_with_a_past_has_a_forecast(make_bench: MakeBench) -> None:
    watching = make_bench(world(), "ada", EVERYONE)
    watching.poll_until_read()
    found = outlook(watching)
    assert set(found) == {"expected_total", "low", "high", "exhaust_at", "probability"}
    assert 21 <= found["low"] < found["expected_total"] < found["high"]
    assert found["exhaust_at"] is None


def test_while_the_history_is_read_a_forecast_stands_for_its_hour_and_at_its_end_knows_all_of_it(
    make_bench: MakeBench, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = World.empty()
    made.add_person("ada@acme.test", "ADMIN")
    for number in range(190 * 4):
        add(made, "ada", number / 4, "0.05", thread_id=f"quarter-{number}")
    monkeypatch.setattr("hexmeter.service.polling.poll._HISTORY_PAGES", 1)
    watching = make_bench(made, "ada", EVERYONE)
    polls = 1
    while watching.later(MINUTE_MS if polls != 4 else HOUR_MS).more:
        polls += 1
    assert [len(request["past_periods"]) for request in asked] == [0, 3, 6]
    assert polls == 7


def test_who_has_not_begun_is_being_learnt(make_bench: MakeBench) -> None:
    watching = make_bench(world(), "ada", EVERYONE)
    watching.poll_until_read()
    assert outlook(watching, "grant:eve@acme.test") == {"unknown": "learning: 0 of 3 days with use seen so far"}


def test_what_is_asked_are_the_stored_facts(make_bench: MakeBench, asked: list[dict[str, Any]]) -> None:
    watching = make_bench(world(), "ada", EVERYONE)
    watching.poll_until_read()
    request = request_of(asked, 21.0)
    assert request["events"] == [(at(6 + 7 * week), 7.0) for week in reversed(range(26))]
    assert (len(request["past_periods"]), request["past_periods"][-1]) == (6, (1_790_812_800.0, 1_793_491_200.0))
    assert {name: request[name] for name in ("timezone", "period_start", "period_end", "now", "limit", "used")} == {
        "timezone": "UTC",
        "period_start": 1_793_491_200.0,
        "period_end": 1_796_083_200.0,
        "now": START_MS / SECOND_MS,
        "limit": 40.0,
        "used": 21.0,
    }
    assert (request["hard_stop"], request["alert_active"]) == (True, False)


@pytest.mark.parametrize(
    ("toml", "stops"),
    [
        pytest.param(EVERYONE, True, id="no pool is known"),
        pytest.param(POOL, False, id="the pool pays"),
        pytest.param(POOL.replace("balance = 100", "balance = 0.1"), False, id="the spend limit has something left"),
    ],
)
def test_hex_stops_at_a_grant_only_where_no_pool_pays(
    make_bench: MakeBench, asked: list[dict[str, Any]], toml: str, stops: bool
) -> None:
    watching = make_bench(world(), "ada", toml)
    watching.poll_until_read()
    assert request_of(asked, 21.0)["hard_stop"] is stops


def test_whoever_went_beyond_a_grant_shows_that_the_pool_pays(
    make_bench: MakeBench, asked: list[dict[str, Any]]
) -> None:
    made = world()
    add(made, "eve", 3, "45")
    watching = make_bench(made, "ada", EVERYONE)
    watching.poll_until_read()
    assert request_of(asked, 21.0)["hard_stop"] is False


def test_a_forecast_is_made_anew_where_a_meter_changed_or_hourly(
    make_bench: MakeBench, asked: list[dict[str, Any]]
) -> None:
    watching = make_bench(world(), "ada", EVERYONE)
    watching.poll_until_read()
    asked.clear()
    watching.later()
    assert asked == []
    watching.world.set_credits("ed-0", micro("8"), watching.now_ms)
    watching.later()
    assert [request["used"] for request in asked] == [22.0]
    watching.later(HOUR_MS)
    assert len(asked) == 4  # ada, ed, eve; and ed's anew


def test_a_restarted_daemon_knows_its_outlooks_before_it_polls(make_bench: MakeBench) -> None:
    watching = make_bench(world(), "ada", EVERYONE)
    watching.poll_until_read()
    before = outlook(watching)
    watching.restart()
    assert outlook(watching) == before


def test_a_warning_goes_on_over_a_restart_and_begins_only_once_a_period(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    probability = [0.7]
    active: list[bool] = []

    def decided(request: dict[str, Any]) -> dict[str, Any]:
        if request["used"] == 0:
            return {**answer, "probability": 0.1, "alert": False}
        active.append(request["alert_active"])
        alert = probability[0] >= (0.3 if request["alert_active"] else 0.6)
        return {**answer, "probability": probability[0], "alert": alert}

    answer = {"expected_total": 44.5, "low": 30, "high": 60.1, "exhaust_at": 1_796_000_000, "unknown": None}
    monkeypatch.setattr(forecasts, "forecast", decided)
    watching = make_bench(world(), "ada", EVERYONE)
    watching.poll_until_read()
    assert watching.meter("ed@acme.test")["state"] == "critical"
    watching.restart()
    states = []
    for probability[0] in (0.4, 0.2, 0.9):
        watching.later(HOUR_MS)
        states.append(watching.meter("ed@acme.test")["state"])
    assert states == ["critical", "ok", "ok"]
    assert active == [False, True, True, False]
    watching.later(20 * DAY_MS)
    watching.world.set_credits("ed-0", micro("9"), watching.now_ms)
    watching.later()
    assert watching.meter("ed@acme.test")["state"] == "critical", "a new period may warn again"


def test_a_new_period_forgets_the_old_ones_outlook(make_bench: MakeBench) -> None:
    watching = make_bench(world(), "ada", EVERYONE)
    watching.poll_until_read()
    watching.clock.advance(20 * DAY_MS)
    assert outlook(watching) == {"unknown": "nothing was forecast yet"}
    watching.poll()
    assert "expected_total" in outlook(watching)


def test_a_calibration_is_forecast_at_once(make_bench: MakeBench, asked: list[dict[str, Any]]) -> None:
    watching = make_bench(world(), "ada", EVERYONE)
    watching.poll_until_read()
    before = outlook(watching)["expected_total"]
    body = json.dumps({"meter": "grant:ed@acme.test", "used": "23"}).encode()
    status, document = watching.ask("POST", "/v1/calibrate", body)
    assert (status, asked[-1]["used"], asked[-1]["alert_active"]) == (200, 23.0, False)
    assert document["meter"]["forecast"]["expected_total"] == pytest.approx(before + 2, abs=0.5)


def test_a_forecast_that_fails_is_logged_once_and_breaks_no_poll(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(request: dict[str, Any]) -> dict[str, Any]:
        raise ValueError("events must be sorted by time")

    monkeypatch.setattr(forecasts, "forecast", broken)
    watching = make_bench(world(), "ada", POOL)
    with caplog.at_level(logging.ERROR):
        watching.poll_until_read()
        assert watching.later(2 * HOUR_MS).failure is None
    assert outlook(watching) == {"unknown": "the forecast failed; see the daemon's log"}
    told = [record.getMessage() for record in caplog.records if "forecast of" in record.getMessage()]
    assert len(told) == len(set(told)) == 5  # three people, the pool, the spend limit


def test_while_the_period_is_being_read_nothing_is_forecast(make_bench: MakeBench) -> None:
    made = world()
    for number in range(250):
        add(made, "ed", 5 + number / 100, "0.01")
    watching = make_bench(made, "ada", EVERYONE)
    unfinished = []
    watching.on_page = lambda: unfinished.append(outlook(watching))
    watching.poll_until_read()
    assert unfinished[0] == {"unknown": "the threads of this period are still being read"}
    assert "expected_total" in outlook(watching)


def test_who_lists_no_threads_is_forecast_from_what_is_followed(make_bench: MakeBench) -> None:
    watching = make_bench(world(), "ed", TEAM)
    watching.poll()
    for week in range(4):
        watching.daemon.track([f"ed-{week}"])
    watching.later()
    assert watching.meter("ed@acme.test")["bound"] == "at_least"
    assert "expected_total" in outlook(watching)


def test_offline_and_before_any_poll_there_is_none(make_bench: MakeBench) -> None:
    watching = make_bench(world(), "ada", EVERYONE)
    assert watching.status()["meters"] == []
    watching.poll()
    watching.store.database.connection.execute("DELETE FROM outlooks")
    assert outlook(watching) == {"unknown": "nothing was forecast yet"}


def test_the_pool_is_asked_with_its_seats(make_bench: MakeBench, asked: list[dict[str, Any]]) -> None:
    made = World.empty()
    for name, role in {"ada": "ADMIN", "ed": "EDITOR", "eve": "EDITOR", "gus": "GUEST", "lou": "EDITOR"}.items():
        made.add_person(f"{name}@acme.test", role)
    add(made, "ed", 35, "45")
    add(made, "ed", 5, "30")
    add(made, "ed", 3, "25")
    add(made, "eve", 3, "39")
    add(made, "gus", 2, "1.5")
    watching = make_bench(made, "ada", POOL)
    watching.poll_until_read()
    pool, spend = sorted((request for request in asked if "seats" in request), key=_limit, reverse=True)[:2]

    assert (pool["limit"], spend["limit"], spend["used"]) == (100.0, 50.0, 16.5)
    # In October 5 beyond the grant of 40; in November 15, all with the second thread; a guest has no grant.
    assert pool["events"] == spend["events"] == [(at(35), 5.0), (at(3), 15.0), (at(2), 1.5)]
    assert pool["seats"] == [
        {"grant": 40.0, "events": [(at(35), 45.0), (at(5), 30.0), (at(3), 25.0)], "used": 55.0},
        {"grant": 40.0, "events": [(at(3), 39.0)], "used": 39.0},
        {"grant": 0.0, "events": [(at(2), 1.5)], "used": 1.5},
    ]
    assert (pool["hard_stop"], pool["period_end"]) == (False, 1_796_083_200.0)


def test_a_pool_counts_what_it_drew_in_earlier_periods(make_bench: MakeBench, asked: list[dict[str, Any]]) -> None:
    made = world("12")
    watching = make_bench(made, "ada", POOL.replace("2026-11-01", "2026-09-01"))
    watching.poll_until_read()
    meter = next(meter for meter in watching.status()["meters"] if meter["id"] == "pool")
    # 48 of 40 in both months of four Mondays; this one has three so far.
    assert (meter["limit"], meter["used"]) == (100.0, 16.0)
    request = next(request for request in reversed(asked) if request["limit"] == 84.0)
    assert request["used"] == 0.0
    assert meter["forecast"]["expected_total"] >= 16.0


def test_top_ups_without_a_spend_limit_never_let_the_pool_end(make_bench: MakeBench) -> None:
    made = world("30")
    toml = EVERYONE + "[pool]\nbalance = 60\nas_of = 2026-11-01\ntop_up = {below = 10, amount = 50}\n"
    watching = make_bench(made, "ada", toml)
    watching.poll_until_read()
    found = outlook(watching, "pool")
    assert (found["probability"], found["exhaust_at"]) == (0.0, None)
    assert found["expected_total"] >= 50


def test_top_ups_go_on_up_to_the_spend_limit(make_bench: MakeBench, asked: list[dict[str, Any]]) -> None:
    made = world("30")
    toml = EVERYONE + "[pool]\nbalance = 60\nas_of = 2026-11-01\nmonthly_spend_limit = 120\n"
    watching = make_bench(made, "ada", toml + "[pool.top_up]\nbelow = 10\namount = 50\n")
    watching.poll_until_read()
    # 50 drawn of 60 leave just the 10; the 70 more up to the spend limit bring two top-ups.
    assert sorted(request["limit"] for request in asked if "seats" in request) == [120.0, 160.0]


def test_forecasts_are_kept_a_few_times_a_day(make_bench: MakeBench) -> None:
    watching = make_bench(world(), "ada", EVERYONE)
    watching.poll_until_read()
    for _ in range(24):
        watching.later(HOUR_MS + INTERVAL_MS)
    # Only ed's: of the others nothing is known yet.
    assert [kept for _, kept in watching.query("SELECT meter_key, count(*) FROM forecasts GROUP BY 1")] == [5]


def test_an_allocation_is_asked_with_its_members_alone(make_bench: MakeBench, asked: list[dict[str, Any]]) -> None:
    made = world("16")
    add(made, "eve", 3, "45")
    toml = EVERYONE + '[allocations]\n"eve@acme.test" = 20\n"group:Both" = {limit = 90, members = ["ed@acme.test",'
    watching = make_bench(made, "ada", toml + ' "eve@acme.test"]}\n')
    watching.poll_until_read()
    alone, both = sorted((request for request in asked if "seats" in request), key=_limit)
    assert (alone["limit"], alone["used"], len(alone["seats"]), alone["events"]) == (20.0, 5.0, 1, [(at(3), 5.0)])
    assert (both["limit"], both["used"], len(both["seats"])) == (90.0, 13.0, 2)
    assert "expected_total" in outlook(watching, "allocation:group:Both")
