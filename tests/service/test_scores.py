"""How forecasts did: scored a day after each period's end, told beside the forecast once three are over."""

from typing import Any

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.core.outlook import Forecast, Warned
from hexmeter.core.periods import Period
from hexmeter.core.scoring import Score
from hexmeter.hex.simulator.world import World
from hexmeter.service.meters import forecasts
from hexmeter.store.forecasts import Stood

from .bench import TEAM, Bench, add, micro
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'
POOL = EVERYONE + "[pool]\nbalance = 100\nas_of = 2026-11-01\n"
NOVEMBER = Period(1_793_491_200_000, 1_796_083_200_000)


@pytest.fixture
def certain(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The answer to every forecast, to be changed."""
    answer: dict[str, Any] = {
        "expected_total": 30.0, "low": 20.0, "high": 50.0, "probability": 0.2, "exhaust_at": None, "alert": False,
        "unknown": None,
    }  # fmt: skip
    monkeypatch.setattr(forecasts, "forecast", lambda request: dict(answer))
    return answer


def office(make_bench: MakeBench, toml: str = EVERYONE) -> Bench:
    """Ed, who has used 25 of 40 by the 22nd of November."""
    world = World.empty()
    for name, role in {"ada": "ADMIN", "ed": "EDITOR"}.items():
        world.add_person(f"{name}@acme.test", role)
    add(world, "ed", 12, "25", thread_id="main")
    made = make_bench(world, "ada", toml)
    made.clock.allowed_ms = 400 * DAY_MS
    made.poll_until_read()
    return made


def scores(watching: Bench, meter: str = "grant:ed@acme.test") -> list[dict[str, Any]]:
    """The scores of a meter, as told."""
    return [score for score in document(watching)["scores"] if score["meter"] == meter]


def document(watching: Bench) -> dict[str, Any]:
    return watching.ask("GET", "/v1/forecast/score")[1]


def test_a_period_is_scored_a_day_after_its_end(make_bench: MakeBench, certain: dict[str, Any]) -> None:
    watching = office(make_bench)
    for total in ("32", "33"):
        watching.world.set_credits("main", micro(total), watching.now_ms)
        watching.later(DAY_MS)
    watching.clock.at_ms = NOVEMBER.end_ms + HOUR_MS
    watching.poll()
    assert scores(watching) == []
    watching.later(DAY_MS)
    (score,) = scores(watching)
    # It began to be watched after three quarters less an hour or so: only the last check had a forecast.
    assert (score["total"], score["of"], score["held"], score["error"]) == (33.0, 1, 1, 3.0)
    assert (score["call"], score["exhausted"], score["lead_days"]) == ("lasted", False, None)
    assert score["period"] == {"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"}
    watching.restart()
    watching.later(DAY_MS)
    assert len(scores(watching)) == 1


def test_a_warning_is_scored_by_how_early_it_came(make_bench: MakeBench, certain: dict[str, Any]) -> None:
    watching = office(make_bench)
    certain.update(probability=0.9, exhaust_at=NOVEMBER.end_ms / 1000 - 86_400, alert=True)
    watching.later(HOUR_MS)
    watching.world.set_credits("main", micro("41"), watching.now_ms + 4 * DAY_MS)
    watching.later(4 * DAY_MS)
    watching.clock.at_ms = NOVEMBER.end_ms + 2 * DAY_MS
    watching.poll()
    (score,) = scores(watching)
    assert (score["call"], score["exhausted"]) == ("warned", True)
    assert score["lead_days"] == pytest.approx(4)
    calls = document(watching)["summary"]["calls"]
    assert calls == {"warned": 1, "missed": 0, "false_alarm": 1, "lasted": 0}, "ada was warned for nothing"


def test_the_pool_is_scored_by_what_the_period_drew(make_bench: MakeBench, certain: dict[str, Any]) -> None:
    watching = office(make_bench, POOL)
    certain.update(expected_total=12.0, low=5.0, high=20.0)
    for total in ("45", "50"):
        watching.world.set_credits("main", micro(total), watching.now_ms)
        watching.later(DAY_MS)
    watching.clock.at_ms = NOVEMBER.end_ms + 2 * DAY_MS
    watching.poll()
    (score,) = scores(watching, "pool")
    assert (score["total"], score["limit"], score["held"]) == (10.0, 100.0, 1)


def test_a_range_is_not_held_against_a_period_in_which_nothing_more_was_used(
    make_bench: MakeBench, certain: dict[str, Any]
) -> None:
    watching = office(make_bench)
    watching.later(DAY_MS)
    watching.clock.at_ms = NOVEMBER.end_ms + 2 * DAY_MS
    watching.poll()
    (score,) = scores(watching)
    assert (score["of"], score["held"], score["error"], score["call"]) == (0, 0, 5.0, "lasted")


def test_three_scored_periods_are_told_beside_the_forecast(make_bench: MakeBench, certain: dict[str, Any]) -> None:
    watching = office(make_bench)
    user_id = watching.query("SELECT id FROM people WHERE email = 'ed@acme.test'")[0][0]

    def scored(number: int) -> Score:
        period = Period(NOVEMBER.start_ms - number * 30 * DAY_MS, NOVEMBER.start_ms - (number - 1) * 30 * DAY_MS)
        return Score(f"grant:user:{user_id}", period, 40, 30, 3, 3 - (number == 2), 1, False, None, None)

    watching.store.forecasts.save_scores([scored(1), scored(2)])
    assert watching.meter("ed@acme.test")["record"] is None
    watching.store.forecasts.save_scores([scored(3)])
    assert watching.meter("ed@acme.test")["record"] == {"held": 8, "of": 9, "periods": 3}


def test_forecasts_of_long_ago_are_forgotten_and_their_scores_stay(
    make_bench: MakeBench, certain: dict[str, Any]
) -> None:
    watching = office(make_bench)
    watching.clock.at_ms = NOVEMBER.end_ms + 2 * DAY_MS
    watching.poll()
    kept = "SELECT count(*) FROM forecasts WHERE end_ms <= ?"
    assert watching.query(kept, NOVEMBER.end_ms) != [(0,)]
    watching.later(120 * DAY_MS)
    assert watching.query(kept, NOVEMBER.end_ms) == [(0,)]
    assert "2026-11-01T00:00:00Z" in {score["period"]["start"] for score in scores(watching)}


def test_a_warning_and_its_end_are_kept_however_soon_they_come(make_bench: MakeBench) -> None:
    store = office(make_bench).store

    def stood(minute: int, *, used: int, alert: bool) -> Stood:
        outlook = Forecast(30, 20, 50, 0.5, None, alert)
        return Stood("spend", NOVEMBER.start_ms + minute * 60_000, NOVEMBER, 40, used, 0, outlook, Warned())

    for minute, (used, alert) in enumerate([(1, False), (2, False), (3, True), (4, True), (40, True), (41, True)]):
        store.forecasts.save([stood(minute, used=used, alert=alert)])
    assert [(one.used_micro, one.alert) for one in store.forecasts.shown("spend", NOVEMBER)] == [
        (1, False), (3, True), (40, True),
    ]  # fmt: skip
    assert store.forecasts.standing()["spend"].used_micro == 41
