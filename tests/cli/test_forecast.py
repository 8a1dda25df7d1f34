"""`hexmeter forecast` and `can-afford` against a running daemon: texts, JSON, pictures and exit codes."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hexmeter.hex.simulator.rates import UNLIMITED
from hexmeter.hex.simulator.running import running_in_thread
from hexmeter.hex.simulator.world import World
from running_daemon import Home, home

from .conftest import EVERYONE, QUICK, Hex, now_ms, plan

CREDIT, DAY_MS = 1_000_000, 86_400_000


@pytest.fixture
def office(tmp_path: Path) -> Iterator[tuple[Home, Hex]]:
    """An admin who watches everyone: ada has a thread every third day since half a year, eve none at all."""
    world = World.empty()
    for name, role in {"ada": "ADMIN", "eve": "EDITOR"}.items():
        world.add_person(f"{name}@acme.test", role)
        world.token_for(f"{name}@acme.test")
    for number in range(60):
        world.add_thread("ada@acme.test", now_ms() - (1 + 3 * number) * DAY_MS, 4 * CREDIT, thread_id=f"t{number}")
    with (
        running_in_thread(world, rates=UNLIMITED) as running,
        home(tmp_path, running.base_url, "hxtp_sim_ada", plan() + EVERYONE + QUICK) as made,
    ):
        made.start()
        assert made.ask("poll").code == 0
        yield made, Hex(running)


def test_status_says_whether_it_lasts(office: tuple[Home, Hex]) -> None:
    admin, _ = office
    shown = admin.ask("status").out
    assert "OUTLOOK" in shown
    assert "learning" in shown
    assert "ada@acme.test: " in shown
    assert " the reset" in shown.splitlines()[-1]
    tooltip = json.loads(admin.ask("status", "--format", "waybar").out)["tooltip"]
    assert "the reset" in tooltip.splitlines()[0]


def test_all_forecasts_are_a_table_and_one_is_a_picture(office: tuple[Home, Hex]) -> None:
    admin, _ = office
    table = admin.ask("forecast")
    assert (table.code, table.err) == (0, "")
    assert "learning: 0 of 3 days with use seen so far" in table.out
    assert re.search(r"^ada@acme.test +40 +about \d", table.out, re.MULTILINE)
    drawn = admin.ask("forecast", "grant", COLUMNS="60", PYTHONIOENCODING="utf-8")
    assert (drawn.code, drawn.err) == (0, "")
    assert max(map(len, drawn.out.splitlines())) <= 60
    assert "Credits a week, about\n" in drawn.out
    assert "in 8 of 10 such cases" in drawn.out
    assert drawn.out.splitlines()[0].startswith("ada@acme.test · about ")
    assert "█" in drawn.out
    assert "\x1b" not in drawn.out
    narrow = admin.ask("forecast", "grant", COLUMNS="33", PYTHONIOENCODING="ascii")
    assert narrow.out.isascii()
    assert max(map(len, narrow.out.splitlines())) <= 33
    assert "#" in narrow.out


def test_the_json_of_a_forecast_has_its_weeks(office: tuple[Home, Hex]) -> None:
    admin, _ = office
    document = admin.ask("forecast", "grant:ada@acme.test", "--json").json
    (meter,) = document["meters"]
    assert set(meter["forecast"]) == {"expected_total", "low", "high", "exhaust_at", "probability"}
    assert (document["schema"], document["stale"], meter["forecast_until"]) == (1, False, meter["period"]["end"])
    assert len(meter["weeks"]) == 9
    assert sum(week["credits"] for week in meter["weeks"]) == pytest.approx(80, abs=12)
    assert "weeks" not in admin.ask("forecast", "--json").json["meters"][0]


def test_a_meter_that_is_not_there_is_wrong_usage(office: tuple[Home, Hex]) -> None:
    admin, _ = office
    for arguments in (("forecast", "grant:nobody@acme.test"), ("can-afford", "2", "--meter", "pool")):
        ran = admin.ask(*arguments)
        assert (ran.code, ran.out, "there is no meter" in ran.err) == (2, "", True)
    assert "hexmeter calibrate pool 420" in ran.err, "how there is one"
    for number in ("0", "-1", "2.5", "many", "9999999"):
        assert admin.ask("can-afford", number).code == 2


def test_a_meter_is_named_by_the_email_that_status_prints(office: tuple[Home, Hex]) -> None:
    admin, _ = office
    for name in ("Ada@acme.test", "grant:ada@acme.test", "grant"):
        assert admin.ask("forecast", name, "--json").json["meters"][0]["id"] == "grant:ada@acme.test"
    afford = admin.ask("can-afford", "1", "--meter", "ada@acme.test", "--json").json
    assert afford["meter"]["id"] == "grant:ada@acme.test"
    assert admin.ask("calibrate", "eve@acme.test", "--used", "3", "--json").json["id"] == "grant:eve@acme.test"


def test_a_workspace_token_has_no_grant_of_its_own_and_the_hint_names_five(tmp_path: Path) -> None:
    world = World.empty()
    world.workspace_token()
    for number in range(7):
        world.add_person(f"p{number}@acme.test", "EDITOR")
    with (
        running_in_thread(world, rates=UNLIMITED) as running,
        home(tmp_path, running.base_url, "hxtw_sim_workspace", plan() + EVERYONE) as made,
    ):
        made.start()
        made.ask("poll")
        asked = made.ask("can-afford", "3")
        assert (asked.code, asked.out) == (2, "")
        assert "7 grants are watched" in asked.err
        assert "name one with --meter EMAIL" in asked.err
        unknown = made.ask("forecast", "nobody@acme.test")
        assert (unknown.code, unknown.err.count("@acme.test")) == (2, 6)
        assert "and 2 more: hexmeter status --json" in unknown.err


def test_before_a_period_is_over_there_is_no_score(office: tuple[Home, Hex]) -> None:
    admin, _ = office
    assert admin.ask("forecast", "--score").out.startswith("No period is over yet that was forecast")
    assert admin.ask("forecast", "--score", "--json").json["scores"] == []


def test_past_forecasts_are_told_with_what_came_of_them(office: tuple[Home, Hex]) -> None:
    admin, _ = office
    (user_id,) = admin.query("SELECT id FROM people WHERE email = 'ada@acme.test'")[0]
    key, start_ms = f"grant:user:{user_id}", now_ms() - 200 * DAY_MS
    rows = [
        (key, start_ms, start_ms + 30 * DAY_MS, 40 * CREDIT, 44 * CREDIT, 3, 2, 4 * CREDIT, 1, 0, DAY_MS),
        (key, start_ms - 30 * DAY_MS, start_ms, 40 * CREDIT, 20 * CREDIT, 3, 3, CREDIT, 0, None, None),
    ]  # fmt: skip
    with closing(sqlite3.connect(admin.database, timeout=20)) as connection, connection:
        connection.executemany(f"INSERT INTO scores VALUES ({', '.join('?' * 11)})", rows)
    told = admin.ask("forecast", "grant", "--score").out.splitlines()
    assert " ".join(told[1].split()).endswith(" 44 2 of 3 4 warned, and it ended, 1.0 days ahead")
    assert " ".join(told[2].split()).endswith(" 20 3 of 3 1 lasted, as said")
    assert told[-4:] == [
        "The range held 5 of 6 times; it is meant to hold 8 of 10.",
        "What was expected was 7 % off on average.",
        "Of 1 that ran out 1 were warned of, half of the times at least 1.0 days ahead.",
        "Of 1 that lasted 0 were warned of for nothing.",
    ]


def test_what_can_be_afforded_is_an_exit_code(office: tuple[Home, Hex]) -> None:
    admin, hex_ = office
    unknown = admin.ask("can-afford", "1")
    assert (unknown.code, unknown.out.startswith("Not known. What prompts cost is not known")) == (11, True)
    for credits in ("1.5", "2", "1.5"):
        hex_.change("grow", thread_id="t0", credits=credits)
        assert admin.ask("poll").code == 0
    left = admin.ask("status", "--json").json["meters"][0]["remaining"]
    typical = int(left // 1.5)
    yes, no = admin.ask("can-afford", "2"), admin.ask("can-afford", str(typical + 1))
    assert (yes.code, yes.out.startswith(f"Yes: about {typical} typical or {int(left // 2)} heavy prompts left.")) == (
        0, True,
    )  # fmt: skip
    assert (no.code, no.out.startswith("No: ")) == (10, True)
    document = admin.ask("can-afford", "2", "--json").json
    assert (document["answer"], document["prompts"], document["costs"]["median"]) == ("yes", 2, 1.5)
    assert document["prompts_left"] == {"typical": typical, "heavy": int(left // 2), "known": 3}
    assert admin.ask("status", "--json").json["meters"][0]["prompts_left"] == document["prompts_left"]
    assert f"about {typical} typical" in admin.ask("status").out
    model = hex_.running.world.threads["t0"].model
    assert admin.ask("can-afford", "2", "--model", str(model)).code == 0
    assert admin.ask("can-afford", "2", "--model", "abacus").code == 11
