"""The views for other programs: named as documented, read with sqlite-utils, and true."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlite_utils

from .bench import TEAM, Bench, add, micro, small_world
from .conftest import MakeBench
from .test_runs import add_project, sweep_to_the_end

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "data.md").read_text(encoding="utf-8")


@pytest.fixture
def watching(make_bench: MakeBench) -> Bench:
    world = small_world()
    add(world, "eve", 2, "38.000001", title="Churn", topics=("Churn",))
    add_project(world, "busy", runs=3)
    made = make_bench(world, "workspace", TEAM)
    made.poll_until_read()
    world.grow("ed-new", micro("1.5"), made.now_ms)
    made.later()
    sweep_to_the_end(made)
    return made


def test_the_page_names_every_view_and_its_columns(watching: Bench) -> None:
    database = sqlite_utils.Database(watching.daemon.config.database)
    views = {name for name in database.view_names() if name.startswith("data_")}
    documented = {
        name: re.findall(r"`(\w+)`", columns)
        for name, columns in re.findall(r"^\| `(data_\w+)` \| (`.*) \|$", PAGE, re.MULTILINE)
    }
    assert set(documented) == views == set(re.findall(r"^\| `(data_\w+)` \| [^`]", PAGE, re.MULTILINE))
    for name in views:
        assert documented[name] == [column.name for column in database[name].columns]
    database.close()


def test_what_they_hold_is_the_truth(watching: Bench) -> None:
    database = sqlite_utils.Database(watching.daemon.config.database)
    truth = watching.world.used_by_user(0, watching.now_ms + 1)
    for sql in (
        "SELECT user_id, sum(credits) AS credits FROM data_usage GROUP BY user_id",
        "SELECT user_id, sum(credits) AS credits FROM data_threads GROUP BY user_id",
        "SELECT user_id, sum(credits) AS credits FROM data_days GROUP BY user_id",
    ):
        assert {row["user_id"]: round(row["credits"] * 1_000_000) for row in database.query(sql)} == truth
    (run, *others) = list(database.query("SELECT * FROM data_runs ORDER BY started DESC"))
    assert (run["title"], run["status"], run["minutes"], len(others)) == ("busy", "COMPLETED", 30.5 / 60, 2)
    (project,) = database.query("SELECT * FROM data_projects")
    assert (project["owner"], project["created"]) == ("ed@acme.test", "2026-08-24T12:00:00Z")
    (thread,) = database.query("SELECT * FROM data_threads WHERE title = 'Churn'")
    assert (thread["user"], thread["topics"]) == ("eve@acme.test", '["Churn"]')
    assert {row["here"] for row in database.query("SELECT here FROM data_people")} == {1}
    (alert,) = database.query("SELECT kind, meter, fired FROM data_alerts")
    assert alert["meter"] == "grant:eve@acme.test"
    newest = "SELECT used, max(at) FROM data_meters WHERE meter = 'grant:ed@acme.test'"
    assert [row["used"] for row in database.query(newest)] == [watching.used("ed@acme.test")]
    database.close()


def test_the_example_of_the_page_works(watching: Bench) -> None:
    query = re.search(r'"(select user.*?)"', PAGE, re.DOTALL)
    assert query is not None
    command = [sys.executable, "-m", "sqlite_utils", "query", str(watching.daemon.config.database), query[1], "--csv"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[:2] == ["user,credits", "eve@acme.test,39.0"]
