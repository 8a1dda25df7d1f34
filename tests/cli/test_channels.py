"""`hexmeter alerts test`, and secrets: real processes, a real receiver, and everything they leave behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from claiming import claiming_tray
from crashing import poll_well
from desktop_bus import wait_until
from receiver import Receiver, is_signed, receiver
from running_daemon import Home, home

from .conftest import EVERYONE, QUICK, Hex, plan

KEY = "a key T0PSECRET"


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def acme(hex_: Hex, hook: Receiver, tmp_path: Path) -> Iterator[Home]:
    """A running daemon with the desktop and a webhook that is signed."""
    toml = plan() + EVERYONE + QUICK + f'[notify]\nurls = ["{hook.url}"]\n'
    with home(tmp_path, hex_.base_url, "hxtp_sim_ada", toml) as made:
        made.environ["HEXMETER_WEBHOOK_SECRET"] = KEY
        made.start("--verbose")
        poll_well(made)
        yield made


def test_a_test_reaches_the_webhook_and_the_tray(acme: Home, hook: Receiver) -> None:
    with claiming_tray(lambda: acme.client) as tray:
        ran = acme.ask("alerts", "test")
    assert (ran.code, ran.err) == (0, "")
    desktop, webhook = ran.out.splitlines()
    assert desktop == "desktop: ok, the tray handed it to the desktop's notification service"
    assert webhook.startswith("webhook:127.0.0.1:")
    assert webhook.endswith(": ok, it arrived")
    assert hook.titles == ["Hexmeter test"] == [notice["title"] for notice in tray.shown]
    assert is_signed(hook.requests[0], KEY.encode())


def test_it_says_what_did_not_arrive_and_ends_with_1(acme: Home, hook: Receiver) -> None:
    hook.answers.append(410)
    ran = acme.ask("alerts", "test", "webhook", "--json")
    (one,) = ran.json["results"]
    assert (ran.code, ran.json["ok"], one["result"], one["detail"]) == (1, False, "failed", "the webhook answered 410")
    assert "webhook answered 410" in acme.ask("status").out
    assert "(the webhook answered 410)" in acme.ask("alerts").out


def test_a_report_can_be_tried_on_a_channel(acme: Home, hook: Receiver) -> None:
    ran = acme.ask("report", "--month", "--send", "webhook")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("webhook:127.0.0.1:")
    assert ran.out.endswith(": ok, it arrived\n")
    (told,) = hook.told
    assert told["title"].startswith("Hex credits, ")
    assert told["body"].endswith("The whole: hexmeter report --month")
    assert [alert["kind"] for alert in told["alerts"]] == ["report"]
    assert is_signed(hook.requests[0], KEY.encode())
    hook.answers.append(410)
    assert acme.ask("report", "--send").code == 1, "it goes where [report] says, which is here"
    nowhere = acme.ask("report", "--send", "slack")
    assert (nowhere.code, "there is no channel called 'slack'" in nowhere.err) == (2, True)


def test_the_doctor_tells_how_each_channel_does(acme: Home, hook: Receiver) -> None:
    hook.answers.append(410)
    assert acme.ask("alerts", "test", "webhook").code == 1
    ran = acme.ask("doctor", "--json")
    desktop, webhook = [one for one in ran.json["checks"] if one["name"] == "channel"]
    assert (ran.code, desktop["state"], webhook["state"]) == (1, "ok", "failure")
    assert desktop["message"] == "desktop: nothing was sent to it yet"
    assert webhook["message"].endswith(": the webhook answered 410")
    assert "note" not in [one["name"] for one in ran.json["checks"]]


def test_a_channel_that_is_not_there_ends_with_2(acme: Home) -> None:
    ran = acme.ask("alerts", "test", "slack")
    assert ran.code == 2
    assert "there is no channel called 'slack'; there are: desktop, webhook:127.0.0.1:" in ran.err


def test_no_secret_is_left_anywhere(acme: Home, hex_: Hex, hook: Receiver) -> None:
    hook.answers.extend([503, 410, 302])
    for _ in range(3):
        acme.ask("alerts", "test", "webhook")
    hex_.change("credits", thread_id="main", credits="33")
    poll_well(acme)
    wait_until(lambda: len(hook.requests) == 4, "the warning arrives")
    said = [acme.ask(*words.split()).out for words in ("alerts --json", "status --json", "config show")]
    places = {path.name: path.read_text("latin-1") for path in (*acme.database.parent.glob("*"), acme.log)}
    for place, text in {**places, **dict(enumerate(said))}.items():
        assert "T0PSECRET" not in text, place
    assert "webhook:127.0.0.1:" in places["daemon.log"]
    assert "webhook:127.0.0.1:" in places[acme.database.name] + places.get(acme.database.name + "-wal", "")


def test_once_tells_before_it_ends(hex_: Hex, hook: Receiver, tmp_path: Path) -> None:
    hex_.change("credits", thread_id="main", credits="33")
    with home(
        tmp_path, hex_.base_url, "hxtp_sim_ada", plan() + EVERYONE + f'[notify]\nurls = ["{hook.url}"]\n'
    ) as made:
        assert made.ask("daemon", "--once").code == 0
    assert [title.partition(":")[0] for title in hook.titles] == ["ed@acme.test"]
