"""Apprise's addresses, through a process of their own."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from desktop_bus import unavailable
from hexmeter.service.channels import viaapprise
from receiver import Receiver, receiver

from .bench import Bench
from .conftest import MakeBench
from .test_channels import EVERYONE, deliveries, send, spent, world

needs_apprise = pytest.mark.skipif(not viaapprise.is_installed(), reason="the extra [apprise] is not installed")


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def watching(make_bench: MakeBench, address: str) -> Bench:
    made = make_bench(world(), "ada", f'{EVERYONE}[notify]\nurls = ["{address}"]\n')
    made.poll_until_read()
    return made


def json_address(hook: Receiver) -> str:
    return hook.url.replace("http://", "json://").partition("?")[0]


def test_ci_has_the_extra() -> None:
    if not viaapprise.is_installed():
        unavailable("the extra [apprise] is not installed")


@needs_apprise
def test_a_warning_arrives_through_apprise(make_bench: MakeBench, hook: Receiver) -> None:
    acme = watching(make_bench, json_address(hook))
    spent(acme, "eds", "32.4")
    assert deliveries(acme) == [("handed_over", None)]
    (told,) = hook.told
    assert (told["title"], told["type"]) == ("ed@acme.test: about 81 % used", "warning")
    assert told["message"].startswith("About 7.6 of 40 left") or told["message"].startswith("7.6 of 40 left")


@needs_apprise
def test_a_report_arrives_through_apprise_line_by_line(make_bench: MakeBench, hook: Receiver) -> None:
    acme = watching(make_bench, json_address(hook))
    told = acme.run(acme.daemon.send_report("week", "json", last=False))
    assert told["ok"], told
    (message,) = hook.told
    assert (message["title"], message["type"]) == ("Hex credits, Sun 15 Nov 12:00 to Sun 22 Nov 12:00", "info")
    assert message["message"].split("\n")[-1] == "The whole: hexmeter report --week"


@needs_apprise
@pytest.mark.parametrize(
    ("status", "state"), [pytest.param(403, "failed", id="refused"), pytest.param(503, "pending", id="its own fault")]
)
def test_what_the_service_answered_decides(make_bench: MakeBench, hook: Receiver, status: int, state: str) -> None:
    hook.answers.append(status)
    acme = watching(make_bench, json_address(hook))
    spent(acme, "eds", "33")
    assert deliveries(acme) == [(state, f"the service answered {status}")]


@needs_apprise
def test_an_address_that_apprise_does_not_know_is_given_up(make_bench: MakeBench) -> None:
    acme = watching(make_bench, "pigeon://T0PSECRET")
    spent(acme, "eds", "33")
    assert deliveries(acme) == [("failed", "Apprise does not take this address")]


def test_without_the_extra_it_is_said_everywhere_and_sent_once_it_is_there(
    make_bench: MakeBench, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as missing:
        missing.setattr(viaapprise, "is_installed", lambda: False)
        acme = watching(make_bench, json_address(hook))
        spent(acme, "eds", "33")
        assert deliveries(acme) == [("pending", "Apprise, which it needs, is not installed")]
        (note,) = [note for note in acme.status()["notes"] if "Apprise" in note]
        assert "pip install 'hexmeter[apprise]'" in note
        (told,) = [one for one in acme.daemon.documents.channels()["channels"] if one["channel"] != "desktop"]
        assert (told["state"], told["hint"]) == ("failed", "pip install 'hexmeter[apprise]'")
    if viaapprise.is_installed():
        acme.clock.advance(60_000)
        send(acme)
        assert deliveries(acme) == [("handed_over", None)]


@needs_apprise
def test_the_address_is_no_argument_and_the_token_not_in_the_environment(
    make_bench: MakeBench, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    real = viaapprise.asyncio.create_subprocess_exec

    async def noted(*arguments: Any, **options: Any) -> Any:
        started.append((arguments, options))
        return await real(*arguments, **options)

    monkeypatch.setattr(viaapprise.asyncio, "create_subprocess_exec", noted)
    monkeypatch.setitem(os.environ, "HEX_TOKEN", "hxtp_secret")
    acme = watching(make_bench, json_address(hook))
    spent(acme, "eds", "33")
    ((arguments, options),) = started
    assert "T0PSECRET" not in json.dumps(arguments)
    assert "hxtp_secret" not in json.dumps(options["env"])
    assert deliveries(acme) == [("handed_over", None)]
