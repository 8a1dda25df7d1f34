"""Whose token it is, and what happens when Hex does not take it."""

import asyncio
from typing import Any

import pytest

from hexmeter.hex.simulator.faults import parse_fault
from hexmeter.hex.simulator.world import World
from hexmeter.service.app import Fatal, PollLoop
from hexmeter.service.servicemanager import ServiceManager
from hexmeter.store.database import WrongOrg

from .bench import TEAM, Bench, micro, small_world
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'
TABLES = ("threads", "usage", "people", "listings", "alerts", "calibrations")


def rows(watching: Bench) -> dict[str, list[tuple[Any, ...]]]:
    return {table: watching.query(f"SELECT * FROM {table}") for table in (*TABLES, "meta")}


def other_org() -> World:
    world = World.empty("org-other")
    world.add_person("ada@acme.test", "ADMIN")
    world.add_thread("ada@acme.test", 1_795_000_000_000, 5_000_000)
    return world


def test_another_workspaces_token_reads_and_stores_nothing(make_bench: MakeBench) -> None:
    first = make_bench(small_world(), "ada", EVERYONE)
    first.poll_until_read()
    before = rows(first)
    first.close()
    second = make_bench(other_org(), "ada", EVERYONE)
    with pytest.raises(WrongOrg, match="the token belongs to the workspace org-other, the database to org-acme"):
        second.poll()
    assert second.requests() == ["GET /users/me"]
    assert rows(second) == before
    status, answer = second.ask("POST", "/v1/poll")
    assert (status, answer["error"]["exit_code"]) == (400, 2)
    first._open()


def test_a_running_daemon_whose_token_becomes_another_workspaces_ends(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.poll_until_read()
    watching.sim.world.org_id = "org-other"
    watching.token = watching.world.workspace_token()
    before = rows(watching)

    async def until_it_ends() -> PollLoop:
        stop = asyncio.Event()
        loop = PollLoop(watching.daemon, ServiceManager({}), stop)
        loop.start()
        await asyncio.wait_for(stop.wait(), 10)
        await loop.stop()
        return loop

    fatal = watching.run(until_it_ends()).fatal
    assert isinstance(fatal, Fatal)
    assert (fatal.exit_code, fatal.hint[:30]) == (2, "use that workspace's token, or")
    assert rows(watching) == before


def test_a_refused_token_is_told_once_and_hex_is_asked_no_more_until_it_changes(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.poll_until_read()
    watching.world.revoke(watching.token)
    outcome = watching.later()
    assert outcome.failure is not None
    assert outcome.failure.token_refused
    asked = len(watching.requests())
    for _ in range(4):
        outcome = watching.later()
        watching.daemon.check_blind()
        assert outcome.failure is not None
        assert (outcome.failure.token_refused, outcome.requests) == (True, 0)
    assert len(watching.requests()) == asked
    assert watching.alerts() == [("blind", None, None, "firing")]
    assert watching.status()["last_poll"]["error"] == "Hex refused the token, and it has not changed since"

    watching.token = watching.world.workspace_token()
    watching.world.grow("ed-new", micro("1"), watching.now_ms)
    assert watching.later().failure is None
    assert watching.alerts() == [("blind", None, None, "resolved")]
    assert watching.used("ed@acme.test") == 12.77
    assert watching.status()["identity"] == {"email": None, "role": None, "org": "org-acme"}


def test_a_token_refused_in_the_middle_of_a_poll_loses_nothing(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    watching.sim.faults.arm(parse_fault("401@/threads:1"))
    assert watching.poll().failure is not None
    watching.token = watching.world.token_for("ada@acme.test", text="hxtp_sim_again")
    watching.poll_until_read()
    watching.assert_true()


def test_neither_status_nor_database_nor_log_holds_the_token(
    make_bench: MakeBench, caplog: pytest.LogCaptureFixture
) -> None:
    watching = make_bench(small_world(), "ada", EVERYONE)
    caplog.set_level(0)
    watching.poll_until_read()
    for fault in ("401", "500", "301", "html", "wrong-types", "refuse"):
        watching.sim.faults.arm(parse_fault(f"{fault}:1"))
        watching.later()
        watching.restart()
    assert watching.token not in caplog.text
    assert watching.token not in str(watching.status())
    assert watching.token not in str(rows(watching))
    assert not [path for path in watching.folder.iterdir() if watching.token.encode() in path.read_bytes()]
