"""Allocations of a watched workspace: people's, listed groups' and Hex's own groups."""

import json

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.hex.simulator.faults import parse_fault
from hexmeter.hex.simulator.world import World

from .bench import TEAM, Bench, add, micro
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'
CAPS = """[allocations]
"Ed@acme.test" = 25
"group:Analysts" = { limit = 50, members = ["ed@acme.test", "Eve@acme.test"] }
"group:Finance" = { limit = 20, id = "g-1" }
"""


def world() -> World:
    """An admin, a manager, two editors; ed is 10 and eve 5 beyond the grant of 40; Finance is eve."""
    made = World.empty()
    for name, role in {"ada": "ADMIN", "max": "MANAGER", "ed": "EDITOR", "eve": "EDITOR"}.items():
        made.add_person(f"{name}@acme.test", role)
    add(made, "ed", 3, "50", thread_id="eds")
    add(made, "eve", 3, "45", thread_id="eves")
    made.set_group("Finance", ["eve@acme.test"], group_id="g-1")
    return made


def figures(watching: Bench) -> dict[str, tuple[float | None, float | None, str]]:
    """Limit, use and bound of the allocations, by the name of each."""
    found = [meter for meter in watching.status()["meters"] if meter["kind"] == "allocation"]
    return {meter["id"].removeprefix("allocation:"): (meter["limit"], meter["used"], meter["bound"]) for meter in found}


def notes(watching: Bench) -> set[str]:
    return {meter["note"] for meter in watching.status()["meters"] if meter["kind"] == "allocation"}


@pytest.fixture
def acme(make_bench: MakeBench) -> Bench:
    """Everybody of the world above, watched by an admin."""
    watching = make_bench(world(), "ada", EVERYONE + CAPS)
    watching.poll_until_read()
    return watching


def test_each_allocation_counts_what_its_members_drew_in_the_period(acme: Bench) -> None:
    assert figures(acme) == {
        "ed@acme.test": (25.0, 10.0, "estimated"),
        "group:Analysts": (50.0, 15.0, "estimated"),
        "group:Finance": (20.0, 5.0, "estimated"),
    }
    acme.world.set_credits("eds", micro("62.5"), acme.now_ms)
    acme.later()
    assert [figures(acme)[name][1] for name in ("ed@acme.test", "group:Analysts", "group:Finance")] == [22.5, 27.5, 5]


def test_a_new_month_begins_at_nothing(acme: Bench) -> None:
    acme.later(20 * DAY_MS)
    assert {figure for _, figure, _ in figures(acme).values()} == {0.0}


def test_they_warn_as_meters_do(acme: Bench) -> None:
    acme.later()
    told = len(acme.alerts())
    for figure in ("60", "62", "65.5"):
        acme.world.set_credits("eds", micro(figure), acme.now_ms)
        acme.later()
    assert [alert[:3] for alert in acme.alerts()[told:]] == [
        ("used", 80, "allocation:ed@acme.test"),
        ("exhausted", None, "allocation:ed@acme.test"),
    ]
    body = acme.daemon.documents.alerts(acme.now_ms)["alerts"][0]["body"]
    assert body.startswith("About 25.5 of 25 used")
    assert "an Admin can raise the allocation" in body


@pytest.mark.parametrize(
    ("who", "toml"),
    [
        pytest.param("max", EVERYONE, id="a Manager sees a part"),
        pytest.param("ada", TEAM, id="an Admin who watches their own credits"),
        pytest.param("ed", TEAM, id="an Editor"),
    ],
)
def test_without_everybodys_threads_they_are_unknown(make_bench: MakeBench, who: str, toml: str) -> None:
    watching = make_bench(world(), who, toml + CAPS)
    watching.poll_until_read()
    assert {used for _, used, _ in figures(watching).values()} == {None}
    assert all(
        note.startswith(("it needs everybody's threads", "the members of the group")) for note in notes(watching)
    )


def test_groups_are_asked_for_once_a_day_over_restarts(acme: Bench) -> None:
    asked = [seen for seen in acme.sim.requests if seen.query.get("groupId")]
    assert len(asked) == 1
    acme.restart()
    for _ in range(5):
        acme.later(HOUR_MS + 1)
    acme.world.set_group("Finance", ["ed@acme.test", "eve@acme.test"], group_id="g-1")
    assert len([seen for seen in acme.sim.requests if seen.query.get("groupId")]) == 1
    assert figures(acme)["group:Finance"][1] == 5.0
    acme.later(DAY_MS)
    assert len([seen for seen in acme.sim.requests if seen.query.get("groupId")]) == 2
    assert figures(acme)["group:Finance"] == (20.0, 15.0, "estimated")


def test_a_group_that_hex_does_not_know_is_unknown_until_it_does(make_bench: MakeBench) -> None:
    made = world()
    del made.groups["g-1"]
    watching = make_bench(made, "ada", EVERYONE + CAPS)
    watching.poll_until_read()
    assert figures(watching)["group:Finance"][1] is None
    assert any("Hex does not list the members of the group g-1" in note for note in notes(watching) if note)
    made.set_group("Finance", ["eve@acme.test"], group_id="g-1")
    watching.later(HOUR_MS + 1)
    assert figures(watching)["group:Finance"][1] == 5.0


def test_a_fault_while_a_group_is_read_fails_no_poll_and_forgets_no_member(acme: Bench) -> None:
    acme.sim.faults.arm(parse_fault("html@/users"))
    acme.later(DAY_MS)
    acme.sim.faults.clear()
    assert acme.later().failure is None
    assert figures(acme)["group:Finance"][1] == 5.0


def test_a_typed_email_that_nobody_has_is_said(make_bench: MakeBench) -> None:
    caps = (
        '[allocations]\n"edd@acme.test" = 5\n"group:A" = { limit = 50, members = ["ed@acme.test", "evi@acme.test"] }\n'
    )
    watching = make_bench(world(), "ada", EVERYONE + caps)
    watching.poll_until_read()
    assert figures(watching)["edd@acme.test"][:2] == (5.0, None)
    assert figures(watching)["group:A"] == (50.0, 10.0, "at_least")
    assert notes(watching) == {f"nobody in the workspace has the email {who}@acme.test" for who in ("edd", "evi")}


def test_an_allocation_takes_a_figure_that_was_read_in_hex(acme: Bench) -> None:
    body = json.dumps({"meter": "allocation:ed@acme.test", "used": "12"}).encode()
    assert acme.ask("POST", "/v1/calibrate", body)[1]["meter"]["adjustment"] == 2.0
    assert figures(acme)["ed@acme.test"][1] == 12.0
    acme.later(20 * DAY_MS)
    assert figures(acme)["ed@acme.test"][1] == 0.0
