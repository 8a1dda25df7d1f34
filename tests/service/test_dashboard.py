"""The document of the dashboard is true to the simulated Hex."""

from typing import Any

from hexmeter.core.instants import DAY_MS, parse_iso
from hexmeter.service.dashboardfacts import DashboardFacts

from .bench import START_MS, TEAM, Bench, small_world
from .conftest import MakeBench

EVERYBODY = TEAM + '[watch]\nusers = "everyone"\n'
MONTH_MS = 1_793_491_200_000
"""1 November 2026 in UTC."""


def dashboard(made: Bench) -> dict[str, Any]:
    """The document of the dashboard."""
    daemon = made.daemon
    return DashboardFacts(daemon.config, daemon.store, daemon.figures, daemon.documents).document(made.now_ms)


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
