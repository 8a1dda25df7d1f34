"""What was told of something that nothing watches any more is over, and told anew once it is watched again."""

import json
from dataclasses import replace

import pytest

from hexmeter.core.instants import DAY_MS

from .bench import START_MS, Bench, add, micro
from .conftest import MakeBench
from .test_settle import ED, EVERYONE, fail, notices, one_thread, spent

CAP = '[allocations]\n"ed@acme.test" = 10\n'


def standing(watching: Bench) -> list[str]:
    return [kind for kind, _, _, state in watching.alerts() if state != "resolved"]


def test_blindness_that_nobody_wants_to_hear_of_ends_without_a_good_poll(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("24"), "ada", ED)
    watching.poll_until_read()
    fail(watching, "503", 4)
    assert standing(watching) == ["blind"]
    watching.restart(ED + "[alerts]\nblind = false\n")
    watching.daemon.check_blind()
    assert (standing(watching), notices(watching)) == ([], [])
    watching.restart(ED)
    fail(watching, "503", 4)
    assert notices(watching) == ["Hexmeter cannot read Hex"]


@pytest.mark.parametrize(
    ("on", "off", "kind"),
    [
        ("unused = 40", "unused = false", "unused"),
        ("reset = true", "reset = false", "reset"),
        ("burn = true", "burn = false", "burn"),
        ("prompt_cost = 5", "", "prompt"),
        ("token = true", "token = false", "token"),
    ],
)
def test_a_kind_that_is_switched_off_leaves_nothing_standing(
    make_bench: MakeBench, on: str, off: str, kind: str
) -> None:
    world = one_thread("0.1")
    for day in range(2, 20):
        add(world, "ed", day, "0.5")
    rest = "\nforecast = false\n"
    watching = make_bench(world, "ada", f"{ED}[alerts]\n{on}{rest}")
    watching.poll_until_read()
    watching.later(9 * DAY_MS if kind == "reset" else 6 * DAY_MS)
    watching.world.grow("main", micro("6"), watching.now_ms)
    if kind == "token":
        expire(watching, watching.now_ms + DAY_MS)
    for _ in range(3):
        watching.later()
    assert standing(watching) == [kind]
    watching.restart(f"{ED}[alerts]\n{off}{rest}")
    watching.later()
    assert standing(watching) == []
    [newest, *_] = watching.daemon.documents.alerts(watching.now_ms)["alerts"]
    why = watching.ask("GET", "/v1/alerts/why", id=str(newest["id"]))[1]["history"][-1]
    assert (why["outcome"], why["reason"]) == ("resolved", "not_watched")


def expire(watching: Bench, expires_ms: int | None) -> None:
    identity = watching.store.progress.identity()
    assert identity is not None
    watching.store.progress.save_identity(replace(identity, token_expires_ms=expires_ms))


def test_a_token_that_never_expires_ends_what_was_told_of_the_one_before(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("1"), "ada", ED)
    watching.poll_until_read()
    expire(watching, START_MS + 3 * DAY_MS)
    watching.later()
    assert standing(watching) == ["token"]
    expire(watching, None)
    watching.later()
    assert standing(watching) == []


def test_a_limit_that_is_taken_out_of_the_configuration_ends_what_was_told_of_it(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("24"), "ada", EVERYONE + CAP + "[alerts]\nforecast = false\n")
    watching.poll_until_read()
    spent(watching, "51")
    watching.restart(EVERYONE + "[alerts]\nforecast = false\n")
    watching.later()
    assert [alert[2:] for alert in watching.alerts()] == [
        ("grant:ed@acme.test", "firing"),
        ("allocation:ed@acme.test", "resolved"),
    ]
    assert notices(watching) == ["ed@acme.test: the grant is used up"]


def test_a_person_whom_nobody_watches_any_more_is_warned_of_until_the_period_ends(make_bench: MakeBench) -> None:
    watching = make_bench(one_thread("41"), "ada", ED)
    watching.poll_until_read()
    watching.restart(ED.replace("ed@", "ada@"))
    watching.later()
    assert standing(watching) == ["exhausted"], "the grant is used up until the reset, whoever looks"
    watching.later(9 * DAY_MS)
    assert standing(watching) == []
    assert json.dumps(watching.status()["meters"]).count('"grant:') == 1
