"""Whose credits are watched: each form of watch.users with each kind of token, and what is asked of Hex for it."""

import logging

import pytest

from hexmeter.core.instants import HOUR_MS
from hexmeter.hex.simulator.faults import parse_fault
from hexmeter.hex.simulator.world import World
from hexmeter.service.watch import WatchError

from .bench import INTERVAL_MS, TEAM, Bench, add, micro, small_world
from .conftest import MakeBench


def watch(users: str) -> str:
    return f"{TEAM}[watch]\nusers = {users}\n"


def meters(watching: Bench) -> dict[str, tuple[float | None, str]]:
    return {meter["label"]: (meter["used"], meter["bound"]) for meter in watching.status()["meters"]}


def asked_for(watching: Bench) -> set[str | None]:
    """The users whose threads were asked for by filter, by email; None: the unfiltered list."""
    threads = [seen for seen in watching.sim.requests if seen.path.endswith("/threads")]
    ids = {seen.query.get("userId") for seen in threads}
    return {None if user_id is None else watching.world.people[user_id].email for user_id in ids}


ALL = {
    "ed@acme.test": (11.77, "estimated"),
    "eve@acme.test": (1.000001, "estimated"),
    "xi@acme.test": (0.4, "estimated"),
    "ada@acme.test": (0.0, "estimated"),
    "max@acme.test": (0.0, "estimated"),
}


@pytest.mark.parametrize(
    ("who", "users", "filtered", "expected"),
    [
        pytest.param("ada", '"me"', {"ada@acme.test"}, {"ada@acme.test": (0.0, "estimated")}, id="an admin's own"),
        pytest.param("max", '"me"', {"max@acme.test"}, {"max@acme.test": (0.0, "estimated")}, id="a manager's own"),
        pytest.param("ada", '"everyone"', {None}, ALL, id="everyone with an admin's token"),
        pytest.param("workspace", '"everyone"', {None}, ALL, id="everyone with a workspace token"),
        pytest.param(
            "ada",
            '["Ed@acme.test", "xi@acme.test"]',
            {"ed@acme.test", "xi@acme.test"},
            {name: ALL[name] for name in ("ed@acme.test", "xi@acme.test")},
            id="a short list is filtered on the server",
        ),
    ],
)
def test_who_is_watched(
    make_bench: MakeBench,
    who: str,
    users: str,
    filtered: set[str | None],
    expected: dict[str, tuple[float | None, str]],
) -> None:
    watching = make_bench(small_world(), who, watch(users))
    watching.poll_until_read()
    assert (asked_for(watching), meters(watching)) == (filtered, expected)


def test_a_managers_view_of_others_is_at_least(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "max", watch('"everyone"'))
    watching.poll_until_read()
    bounds = {label: bound for label, (_, bound) in meters(watching).items()}
    assert bounds == {**dict.fromkeys(ALL, "at_least"), "max@acme.test": "estimated"}


def test_a_list_of_more_than_five_reads_the_unfiltered_listing(make_bench: MakeBench) -> None:
    world = small_world()
    emails = [f"p{number}@acme.test" for number in range(6)]
    for email in emails:
        world.add_person(email)
    add(world, "p3", 1, "7")
    watching = make_bench(world, "ada", watch(str(emails).replace("'", '"')))
    watching.poll_until_read()
    assert asked_for(watching) == {None}
    assert meters(watching) == {
        "p3@acme.test": (7.0, "estimated"),
        **{email: (0.0, "exact") for email in emails if email != "p3@acme.test"},
    }


@pytest.mark.parametrize(("who", "expected"), [("ada", {"ada@acme.test"}), ("workspace", set(ALL))])
def test_without_users_the_token_decides(make_bench: MakeBench, who: str, expected: set[str]) -> None:
    watching = make_bench(small_world(), who)
    watching.poll_until_read()
    assert set(meters(watching)) == expected


def test_me_with_a_workspace_token_is_refused_and_nothing_is_stored(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "workspace", watch('"me"'))
    with pytest.raises(WatchError, match='"me": a workspace token is nobody\'s own'):
        watching.poll()
    assert watching.query("SELECT * FROM meta") == watching.query("SELECT * FROM threads") == []
    status, answer = watching.ask("POST", "/v1/poll")
    assert (status, answer["error"]["code"], answer["error"]["exit_code"]) == (400, "configuration", 2)


def test_an_email_that_nobody_has_is_said_in_a_note_and_the_log(
    make_bench: MakeBench, caplog: pytest.LogCaptureFixture
) -> None:
    watching = make_bench(small_world(), "ada", watch('["ed@acme.test", "edd@acme.test"]'))
    with caplog.at_level(logging.WARNING):
        watching.poll_until_read()
    assert watching.status()["notes"] == ["Nobody that this token can see has the email edd@acme.test."]
    assert [record.message for record in caplog.records] == [
        "watch.users: nobody that the token can see has the email edd@acme.test"
    ]
    assert set(meters(watching)) == {"ed@acme.test"}


def test_a_roster_that_is_refused_leaves_ones_own_credits(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ada", watch('"everyone"'))
    refuse_the_roster(watching)
    watching.poll_until_read()
    assert set(meters(watching)) == {"ada@acme.test"}
    assert watching.status()["notes"] == [
        "Hex does not show this token who is in the workspace, so only its own credits have a meter."
    ]


def test_a_workspace_token_without_a_roster_still_reads_everybodys_threads(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "workspace")
    refuse_the_roster(watching)
    watching.poll_until_read()
    watching.assert_true()
    _, usage = watching.ask("GET", "/v1/usage")
    assert len(usage["rows"]) == 4


def refuse_the_roster(watching: Bench) -> None:
    """Let GET /users, and not GET /users/me, be refused from now on."""
    sim = watching.sim.simulator
    due = sim.faults.due
    fault = parse_fault("403")
    sim.faults.due = lambda path, fits: fault if path == "/users" and fits(fault) else due(path, fits)  # type: ignore[method-assign]


def crowd_of(world: World, names: list[str], each: int) -> None:
    for name in names:
        for number in range(each):
            add(world, name, number / 24 + 6, "0.01", thread_id=f"{name}-{number}")


def test_every_person_of_a_list_has_their_older_threads_looked_at_again(make_bench: MakeBench) -> None:
    world = small_world()
    crowd_of(world, ["ed", "eve", "xi"], 320)
    watching = make_bench(world, "ada", watch('["ed@acme.test", "eve@acme.test", "xi@acme.test"]'))
    watching.poll_until_read()
    for name in ("ed", "eve", "xi"):
        watching.world.grow(f"{name}-319", micro("1"), watching.now_ms)
    for _ in range(12):
        watching.later()
    grown = "SELECT id FROM threads WHERE credits_micro = 1010000 ORDER BY id"
    assert watching.query(grown) == [("ed-319",), ("eve-319",), ("xi-319",)]


def test_the_identity_is_asked_for_anew_each_hour_so_a_new_role_counts(make_bench: MakeBench) -> None:
    watching = make_bench(small_world(), "ed")
    watching.poll()
    assert not watching.store.progress.access().threads
    watching.world.set_role("ed@acme.test", "MANAGER")
    for _ in range(HOUR_MS // INTERVAL_MS + 1):
        watching.later()
    assert watching.store.progress.access().threads
    assert watching.requests().count("GET /users/me") == 2
    assert meters(watching) == {"ed@acme.test": (11.77, "estimated")}
