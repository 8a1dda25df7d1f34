"""The add-on pool and the spend limit of a watched workspace, against what its people really used."""

import json

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.hex.simulator.world import World

from .bench import TEAM, Bench, add, micro
from .conftest import MakeBench

PLAN = TEAM + "[pool]\nbalance = 100\nas_of = 2026-11-01\nmonthly_spend_limit = 50\n"
EVERYONE = PLAN + '[watch]\nusers = "everyone"\n'


def world() -> World:
    """An admin, a manager, two editors; ed is 10 beyond the grant of 40 this month, and was 5 beyond it in October."""
    made = World.empty()
    for name, role in {"ada": "ADMIN", "max": "MANAGER", "ed": "EDITOR", "eve": "EDITOR"}.items():
        made.add_person(f"{name}@acme.test", role)
    add(made, "ed", 25, "45")
    add(made, "ed", 3, "50", thread_id="now")
    add(made, "eve", 3, "39")
    return made


def meters(watching: Bench) -> dict[str, tuple[float | None, float | None, str]]:
    """Limit, use and bound of the two meters."""
    found = {meter["id"]: meter for meter in watching.status()["meters"] if meter["kind"] in ("pool", "spend")}
    return {name: (meter["limit"], meter["used"], meter["bound"]) for name, meter in found.items()}


@pytest.fixture
def acme(make_bench: MakeBench) -> Bench:
    """Everybody of the world above, watched by an admin."""
    watching = make_bench(world(), "ada", EVERYONE)
    watching.poll_until_read()
    return watching


def test_the_pool_pays_what_people_use_beyond_their_grants(acme: Bench) -> None:
    assert meters(acme) == {"pool": (100.0, 10.0, "estimated"), "spend": (50.0, 10.0, "estimated")}
    acme.world.set_credits("now", micro("62.5"), acme.now_ms)
    acme.later()
    assert meters(acme) == {"pool": (100.0, 22.5, "estimated"), "spend": (50.0, 22.5, "estimated")}


def test_a_balance_of_last_month_counts_both_months_and_the_limit_only_this_one(make_bench: MakeBench) -> None:
    watching = make_bench(world(), "ada", EVERYONE.replace("2026-11-01", "2026-10-01"))
    watching.poll_until_read()
    assert meters(watching) == {"pool": (100.0, 15.0, "estimated"), "spend": (50.0, 10.0, "estimated")}


def test_a_new_month_begins_with_a_new_limit_and_the_same_pool(acme: Bench) -> None:
    acme.later(20 * DAY_MS)
    assert meters(acme) == {"pool": (100.0, 10.0, "estimated"), "spend": (50.0, 0.0, "exact")}


def test_a_role_that_changes_now_changes_nothing_of_the_months_before_the_first_look(make_bench: MakeBench) -> None:
    watching = make_bench(world(), "ada", EVERYONE.replace("2026-11-01", "2026-10-01"))
    watching.poll_until_read()
    watching.world.set_role("ed@acme.test", "EXPLORER")
    watching.later(HOUR_MS)
    assert meters(watching) == {"pool": (100.0, 15.0, "estimated"), "spend": (50.0, 10.0, "estimated")}


def test_who_joins_midway_has_the_whole_grant_as_estimated_and_who_leaves_a_meter_until_the_reset(acme: Bench) -> None:
    def grants() -> dict[str, tuple[float | None, str]]:
        shown = [meter for meter in acme.status()["meters"] if meter["kind"] == "grant"]
        return {meter["label"].partition("@")[0]: (meter["limit"], meter["bound"]) for meter in shown}

    acme.world.add_person("late@acme.test", "EDITOR")
    acme.world.remove_person("eve@acme.test")
    acme.later(HOUR_MS)
    always = {"ada": (40.0, "estimated"), "max": (40.0, "estimated")}
    assert grants() == {**always, "ed": (40.0, "estimated"), "eve": (40.0, "estimated"), "late": (40.0, "estimated")}
    acme.later(9 * DAY_MS)
    assert grants() == {**always, "ed": (40.0, "exact"), "late": (40.0, "exact")}


def test_threads_of_nobody_may_have_been_paid_by_the_pool(make_bench: MakeBench) -> None:
    made = world()
    add(made, None, 2, "3")
    watching = make_bench(made, "ada", EVERYONE)
    watching.poll_until_read()
    assert meters(watching) == {"pool": (100.0, 10.0, "at_least"), "spend": (50.0, 10.0, "at_least")}


@pytest.mark.parametrize(
    ("who", "toml"),
    [
        pytest.param("max", EVERYONE, id="a Manager sees a part"),
        pytest.param("ada", PLAN, id="an Admin who watches their own credits"),
        pytest.param("ed", PLAN, id="an Editor"),
    ],
)
def test_without_everybodys_threads_both_are_unknown_and_never_zero(make_bench: MakeBench, who: str, toml: str) -> None:
    watching = make_bench(world(), who, toml)
    watching.poll_until_read()
    assert meters(watching) == {"pool": (100.0, None, "exact"), "spend": (50.0, None, "exact")}
    notes = {meter["note"] for meter in watching.status()["meters"] if meter["kind"] in ("pool", "spend")}
    assert all(note.startswith("it needs everybody's threads") for note in notes)


def test_both_warn_as_they_near_their_limit(acme: Bench) -> None:
    acme.restart(EVERYONE + "[alerts]\nforecast = false\n")
    acme.later()
    told = len(acme.alerts())
    for figure in ("81", "85", "90.5", "140"):
        acme.world.set_credits("now", micro(figure), acme.now_ms)
        acme.later()
    assert [alert[:3] for alert in acme.alerts()[told:]] == [
        ("used", 80, "spend"),
        ("exhausted", None, "spend"),
        ("exhausted", None, "pool"),
    ]
    bodies = {alert["meter"]: alert["body"] for alert in reversed(acme.daemon.documents.alerts(acme.now_ms)["alerts"])}
    assert "Whether Hex now stops prompts or only purchases" in bodies["spend"]
    assert "Until an Admin buys more in Hex" in bodies["pool"]


def test_a_calibrated_pool_begins_anew_from_what_hex_shows(acme: Bench) -> None:
    body = json.dumps({"meter": "pool", "remaining": "73.5"}).encode()
    status, answer = acme.ask("POST", "/v1/calibrate", body)
    assert (status, answer["meter"]["limit"], answer["meter"]["used"]) == (200, 73.5, 0.0)
    acme.world.set_credits("now", micro("52"), acme.now_ms)
    acme.later()
    assert meters(acme)["pool"][:2] == (73.5, 2.0)
    acme.restart()
    assert meters(acme)["pool"][:2] == (73.5, 2.0)


def test_a_pool_of_which_some_is_said_to_be_used_shows_it_as_used(acme: Bench) -> None:
    body = json.dumps({"meter": "pool", "used": "30"}).encode()
    meter = acme.ask("POST", "/v1/calibrate", body)[1]["meter"]
    assert (meter["limit"], meter["used"], meter["remaining"], meter["adjustment"]) == (100.0, 30.0, 70.0, 30.0)
    acme.world.set_credits("now", micro("52"), acme.now_ms)
    acme.later()
    assert meters(acme)["pool"][:2] == (100.0, 32.0)


def test_a_calibrated_spend_limit_carries_its_adjustment_to_the_reset(acme: Bench) -> None:
    body = json.dumps({"meter": "spend", "used": "12"}).encode()
    assert acme.ask("POST", "/v1/calibrate", body)[1]["meter"]["adjustment"] == 2.0
    assert meters(acme)["spend"][:2] == (50.0, 12.0)
    acme.later(20 * DAY_MS)
    assert meters(acme)["spend"][:2] == (50.0, 0.0)


def test_a_calibrated_grant_changes_what_the_pool_paid(acme: Bench) -> None:
    body = json.dumps({"meter": "grant:ed@acme.test", "used": "55"}).encode()
    assert acme.ask("POST", "/v1/calibrate", body)[0] == 200
    assert meters(acme)["spend"][1] == 15.0


def test_what_is_not_seen_cannot_be_calibrated(make_bench: MakeBench) -> None:
    watching = make_bench(world(), "max", EVERYONE)
    watching.poll_until_read()
    for meter in ("pool", "spend"):
        status, answer = watching.ask("POST", "/v1/calibrate", json.dumps({"meter": meter, "used": "5"}).encode())
        assert (status, answer["error"]["code"]) == (400, "no_figure")
    assert watching.query("SELECT * FROM calibrations") == []
