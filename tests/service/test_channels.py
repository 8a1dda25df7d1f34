"""Warnings on the daemon's own channels: sent, signed, tried again, given up, addressed, and no secret told."""

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hexmeter.core.retries import FIRST_MS
from hexmeter.hex.simulator.world import World
from hexmeter.service.channels import webhook
from receiver import HANG, Receiver, is_signed, receiver

from .bench import INTERVAL_MS, TEAM, Bench, add, micro
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'
KEY = b"a key of our own"


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def second() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def world() -> World:
    made = World.empty()
    for name, role in {"ada": "ADMIN", "ed": "EDITOR", "eve": "EDITOR"}.items():
        made.add_person(f"{name}@acme.test", role)
    add(made, "ed", 1, "24", thread_id="eds")
    add(made, "eve", 1, "10", thread_id="eves")
    return made


@pytest.fixture
def acme(make_bench: MakeBench, hook: Receiver) -> Bench:
    """Everybody watched, nobody near a limit, and a webhook."""
    watching = make_bench(world(), "ada", f'{EVERYONE}[notify]\nurls = ["{hook.url}"]\n')
    watching.poll_until_read()
    watching.later()
    return watching


def hasten(watching: Bench) -> None:
    """Wait for no webhook that hangs."""
    watching.daemon.sender._limits = webhook.Limits(connect_s=1.0, whole_s=0.3)


def send(watching: Bench) -> None:
    """One round of the sender."""
    hasten(watching)
    watching.run(watching.daemon.sender.send_due())


def spent(watching: Bench, thread: str, credits: str) -> None:
    watching.world.set_credits(thread, micro(credits), watching.now_ms)
    assert watching.later().failure is None
    send(watching)


def deliveries(watching: Bench) -> list[tuple[str, str | None]]:
    """State and problem of the newest alert's deliveries on the daemon's own channels."""
    newest = watching.daemon.documents.alerts(watching.now_ms)["alerts"][0]
    return [(one["state"], one["problem"]) for one in newest["deliveries"] if one["channel"] != "desktop"]


def channel(watching: Bench) -> dict[str, Any]:
    return next(one for one in watching.daemon.documents.channels()["channels"] if one["channel"] != "desktop")


def test_a_webhook_is_told_what_the_desktop_is_told(acme: Bench, hook: Receiver) -> None:
    spent(acme, "eds", "32.4")
    send(acme)
    assert deliveries(acme) == [("handed_over", None)]
    alert = acme.daemon.documents.alerts(acme.now_ms)["alerts"][0]
    assert hook.told == [
        {
            "schema": 1,
            "id": str(hook.told[0]["id"]),
            "sent_at": "2026-11-22T12:10:00Z",
            "title": "ed@acme.test: about 81 % used",
            "body": alert["body"],
            "severity": "warning",
            "link": None,
            "alerts": [
                {
                    name: alert[name]
                    for name in ("id", "kind", "meter", "level", "severity", "fired_at", "title", "body")
                }
            ],
        }
    ]
    (request,) = hook.requests
    assert (request.method, request.headers["content-type"]) == ("POST", "application/json")
    assert request.headers["hexmeter-delivery"] == hook.told[0]["id"]
    assert "hexmeter-signature" not in request.headers


def test_with_a_key_it_is_signed_with_the_time(make_bench: MakeBench, hook: Receiver, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(KEY + b"\n")
    (tmp_path / "key").chmod(0o600)
    toml = f'{EVERYONE}[notify]\nurls = ["{hook.url}"]\nwebhook_secret_file = "key"\n'
    watching = make_bench(world(), "ada", toml)
    watching.poll_until_read()
    spent(watching, "eds", "33")
    (request,) = hook.requests
    assert is_signed(request, KEY)
    assert not is_signed(request, b"another key")
    assert request.headers["hexmeter-timestamp"] == str(watching.now_ms // 1000)


def test_a_key_that_others_may_read_signs_nothing(make_bench: MakeBench, hook: Receiver, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(KEY)
    (tmp_path / "key").chmod(0o644)
    toml = f'{EVERYONE}[notify]\nurls = ["{hook.url}"]\nwebhook_secret_file = "key"\n'
    watching = make_bench(world(), "ada", toml)
    watching.poll_until_read()
    spent(watching, "eds", "33")
    assert hook.requests == []
    ((state, problem),) = deliveries(watching)
    assert state == "pending"
    assert problem is not None
    assert problem.startswith("it cannot be signed: others may read the webhook secret file")


def test_what_passes_is_tried_again_later_each_time_over_restarts(acme: Bench, hook: Receiver) -> None:
    hook.answers.extend([503, 503])
    spent(acme, "eds", "33")
    assert deliveries(acme) == [("pending", "the webhook answered 503")]
    assert channel(acme)["state"] == "retrying"
    send(acme)
    assert len(hook.requests) == 1
    acme.restart()
    acme.clock.advance(FIRST_MS)
    send(acme)
    acme.clock.advance(FIRST_MS // 2)
    send(acme)
    assert len(hook.requests) == 2
    acme.clock.advance(FIRST_MS * 3 // 2)
    send(acme)
    assert len(hook.requests) == 3
    assert len({told["id"] for told in hook.told}) == 1
    assert deliveries(acme) == [("handed_over", None)]
    assert (channel(acme)["state"], channel(acme)["problem"], channel(acme)["waiting"]) == ("ok", None, 0)


def test_a_channel_that_hangs_does_not_hold_up_another(make_bench: MakeBench, hook: Receiver, second: Receiver) -> None:
    watching = make_bench(world(), "ada", f'{EVERYONE}[notify]\nurls = ["{hook.url}", "{second.url}"]\n')
    watching.poll_until_read()
    watching.later()
    hook.answers.append(HANG)

    async def arrives(count: int) -> None:
        async with asyncio.timeout(10):
            async for _ in watching.daemon.changes():
                if len(second.requests) == count:
                    return

    async def story() -> None:
        sending = asyncio.create_task(watching.daemon.sender.run())
        for count, thread in enumerate(("eds", "eves"), start=1):
            watching.world.set_credits(thread, micro("33"), watching.now_ms)
            watching.clock.advance(INTERVAL_MS)
            assert (await watching.daemon.poll()).failure is None
            await arrives(count)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    watching.run(story())
    assert second.titles == ["ed@acme.test: about 82 % used", "eve@acme.test: about 82 % used"]
    assert len(hook.requests) == 1, "it hangs still"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("asked", ["600", "Sun, 22 Nov 2026 12:20:00 GMT"], ids=["seconds", "a date"])
def test_it_is_tried_again_no_sooner_than_the_other_end_asks(
    acme: Bench, hook: Receiver, status: int, asked: str
) -> None:
    hook.answers.append(status)
    hook.retry_after = asked
    spent(acme, "eds", "33")
    acme.clock.advance(9 * MINUTE_MS)
    send(acme)
    assert len(hook.requests) == 1
    acme.clock.advance(MINUTE_MS)
    send(acme)
    assert (len(hook.requests), deliveries(acme)) == (2, [("handed_over", None)])


@pytest.mark.parametrize(
    ("status", "state", "problem"),
    [
        pytest.param(410, "failed", "the webhook answered 410", id="gone"),
        pytest.param(401, "failed", "the webhook answered 401", id="refused"),
        pytest.param(302, "failed", "the webhook answered 302: redirects are not followed", id="redirected"),
        pytest.param(429, "pending", "the webhook answered 429", id="too many"),
        pytest.param(408, "pending", "the webhook answered 408", id="too slow"),
        pytest.param(500, "pending", "the webhook answered 500", id="its own fault"),
        pytest.param(HANG, "pending", "the webhook did not answer in time", id="hung"),
    ],
)
def test_what_helps_nothing_is_given_up_and_the_rest_tried_again(
    acme: Bench, hook: Receiver, status: int, state: str, problem: str
) -> None:
    hook.answers.append(status)
    spent(acme, "eds", "33")
    assert deliveries(acme) == [(state, problem)]
    acme.clock.advance(HOUR_MS)
    send(acme)
    assert len(hook.requests) == (1 if state == "failed" else 2)
    assert channel(acme)["state"] == ("failed" if state == "failed" else "ok")
    notes = acme.status()["notes"]
    assert any("Nothing arrives at webhook:127.0.0.1:" in note for note in notes) == (state == "failed")


def test_a_channel_that_gave_up_gets_the_next_warning_and_is_well_again(acme: Bench, hook: Receiver) -> None:
    hook.answers.append(410)
    spent(acme, "eds", "33")
    spent(acme, "eds", "41")
    assert hook.titles == ["ed@acme.test: about 82 % used", "ed@acme.test: the grant is used up"]
    assert channel(acme)["state"] == "ok"


def test_nobody_there_is_tried_for_a_day(make_bench: MakeBench) -> None:
    watching = make_bench(world(), "ada", f'{EVERYONE}[notify]\nurls = ["http://127.0.0.1:9/hook"]\n')
    watching.poll_until_read()
    spent(watching, "eds", "33")
    for _ in range(23):
        assert deliveries(watching)[0][0] == "pending"
        watching.clock.advance(HOUR_MS)
        send(watching)
    watching.clock.advance(2 * HOUR_MS)
    send(watching)
    ((state, problem),) = deliveries(watching)
    assert state == "failed"
    assert problem is not None
    assert problem.startswith("the webhook cannot be reached")


def test_a_warning_whose_cause_is_gone_is_not_sent_late(acme: Bench, hook: Receiver) -> None:
    hook.answers.append(503)
    spent(acme, "eds", "33")
    acme.later(9 * DAY_MS)
    send(acme)
    assert len(hook.requests) == 1
    assert deliveries(acme) == [("superseded", "the webhook answered 503")]


def test_what_stood_at_the_first_start_is_one_message(make_bench: MakeBench, hook: Receiver) -> None:
    made = world()
    add(made, "ed", 1, "9")
    add(made, "eve", 1, "33")
    watching = make_bench(made, "ada", f'{EVERYONE}[notify]\nurls = ["{hook.url}"]\n')
    watching.poll_until_read()
    send(watching)
    (told,) = hook.told
    assert told["title"] == "Hex credits: 2 warnings"
    assert sorted(alert["meter"] for alert in told["alerts"]) == ["grant:ed@acme.test", "grant:eve@acme.test"]


def test_people_are_told_of_their_own_meters_and_of_nothing_else(
    make_bench: MakeBench, hook: Receiver, second: Receiver
) -> None:
    toml = (
        f'{EVERYONE}[notify]\nurls = ["{hook.url}"]\n[notify.users]\n"Ed@acme.test" = ["{second.url}"]\n'
        '[allocations]\n"ed@acme.test" = 5\n"eve@acme.test" = 5\n'
    )
    watching = make_bench(world(), "ada", toml)
    watching.poll_until_read()
    spent(watching, "eds", "33")
    spent(watching, "eves", "47")
    spent(watching, "eds", "44.5")
    assert sorted(second.titles) == [
        "Your Hex allocation: about 90 % used",
        "Your Hex credits: about 82 % used",
        "Your Hex credits: the grant is used up",
    ]
    told = [title.partition(":")[0] for title in hook.titles]
    assert told[0] == "ed@acme.test"
    assert sorted(told[1:3]) == ["Allocation eve@acme.test", "eve@acme.test"]
    assert sorted(told[3:]) == ["Allocation ed@acme.test", "ed@acme.test"]


def test_a_person_who_is_not_watched_is_named(make_bench: MakeBench, hook: Receiver) -> None:
    people = "".join(f'"{name}@acme.test" = ["{hook.url}"]\n' for name in ("ed", "edd"))
    watching = make_bench(world(), "ada", f"{EVERYONE}[notify.users]\n{people}")
    assert watching.status()["notes"] == []
    watching.poll_until_read()
    told = "[notify.users] edd@acme.test: nobody watched has this email, so nothing is sent."
    assert watching.status()["notes"] == [told]


def test_a_channel_that_is_gone_from_the_configuration_is_owed_nothing(acme: Bench, hook: Receiver) -> None:
    hook.answers.append(503)
    spent(acme, "eds", "33")
    acme.restart(EVERYONE)
    acme.daemon.sender.begin()
    assert deliveries(acme) == [("superseded", "the webhook answered 503")]


def ask(watching: Bench, name: str | None) -> tuple[int, dict[str, Any]]:
    return watching.ask("POST", "/v1/alerts/test", json.dumps({"channel": name}).encode())


def test_a_test_says_whether_it_arrived_and_leaves_nothing_behind(acme: Bench, hook: Receiver) -> None:
    hook.answers.append(503)
    for ok, detail in ((False, "the webhook answered 503"), (True, "it arrived")):
        status, told = ask(acme, "webhook")
        assert (status, told["ok"]) == (200, ok)
        assert [(one["ok"], one["detail"]) for one in told["results"]] == [(ok, detail)]
    assert hook.titles == ["Hexmeter test", "Hexmeter test"]
    acme.clock.advance(DAY_MS)
    send(acme)
    assert len(hook.requests) == 2
    assert acme.daemon.documents.standing(acme.now_ms)["active"] == []


def test_without_a_tray_a_test_says_so_and_does_not_pop_up_later(acme: Bench) -> None:
    status, told = ask(acme, "desktop")
    (one,) = told["results"]
    assert (status, told["ok"], one["result"]) == (200, False, "no_tray")
    assert one["hint"] == "start it with: hexmeter-tray"
    assert acme.daemon.claim("desktop", "a tray") == []


def test_a_test_of_a_channel_that_is_not_there_names_those_that_are(acme: Bench) -> None:
    status, told = ask(acme, "slack")
    assert (status, told["error"]["code"], told["error"]["exit_code"]) == (400, "no_such_channel", 2)
    assert "there are: desktop, webhook:127.0.0.1:" in told["error"]["message"]


def test_no_secret_is_logged_stored_or_answered(acme: Bench, hook: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="hexmeter")
    hasten(acme)
    for status in (503, 410, 302, HANG, 200):
        hook.answers.append(status)
        ask(acme, "webhook")
    spent(acme, "eds", "33")
    acme.store.database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    files = b"".join(path.read_bytes() for path in acme.folder.glob("hexmeter.db*"))
    answers = json.dumps([acme.ask("GET", path)[1] for path in ("/v1/alerts", "/v1/channels", "/v1/status")])
    assert b"webhook:127.0.0.1:" in files
    for place in (files.decode("latin-1"), answers, caplog.text, repr(acme.daemon.config)):
        assert "T0PSECRET" not in place


@pytest.mark.parametrize("minutes", [1, 30])
def test_a_clock_set_back_holds_no_delivery_up(acme: Bench, hook: Receiver, minutes: int) -> None:
    hook.answers.extend([503] * 12)
    spent(acme, "eds", "33")
    for _ in range(11):
        acme.clock.advance(HOUR_MS)
        send(acme)
    acme.clock.at_ms -= 2 * DAY_MS + minutes * MINUTE_MS
    send(acme)
    assert len(hook.requests) == 13
