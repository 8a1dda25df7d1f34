"""The configuration read anew while the daemon runs: by command and by signal, whole or not at all."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop_bus import wait_until
from running_daemon import Home, home

from .conftest import EVERYONE, Hex, plan
from .test_commands import assert_one_message


@pytest.fixture
def running(hex_: Hex, tmp_path: Path) -> Iterator[Home]:
    with home(tmp_path, hex_.base_url, "hxtp_sim_ada", plan() + EVERYONE) as made:
        made.start()
        assert made.ask("poll").code == 0
        yield made


def limit(home: Home) -> Any:
    return home.client.get("/v1/status")["meters"][0]["limit"]


def change(home: Home, old: str, new: str) -> None:
    text = home.config.read_text()
    assert old in text
    home.config.write_text(text.replace(old, new))


def test_a_changed_plan_counts_at_once_without_a_new_process(running: Home) -> None:
    assert limit(running) == 40
    change(running, 'tier = "team"', 'tier = "enterprise"')
    ran = running.ask("reload")
    assert (ran.code, ran.out, ran.err) == (0, "taken up: plan.tier\n", "")
    assert limit(running) == 60
    assert running.said().count("listening on") == 1
    assert running.ask("poll").code == 0


def test_a_file_with_faults_changes_nothing_and_says_so(running: Home) -> None:
    change(running, 'tier = "team"', 'tier = "gold"\nday = 1')
    ran = running.ask("reload")
    assert (ran.code, ran.out) == (2, "")
    assert 'plan.tier = "gold": must be one of' in ran.err
    assert "plan.day is not a known key" in ran.err
    assert "try: mend it; until then the daemon goes on with the old one" in ran.err
    assert limit(running) == 40


def test_what_is_held_open_says_that_it_needs_a_restart(running: Home) -> None:
    running.config.write_text(running.config.read_text() + "[storage]\npath = 'other.db'\nbackups = 5\n")
    told = running.ask("reload", "--json").json
    assert (told["changed"], told["needs_restart"]) == (["storage.path", "storage.backups"], ["storage.path"])
    assert told["sentence"] == "taken up: storage.backups; needs a restart: storage.path"
    assert running.ask("reload", "--json").json["needs_restart"] == ["storage.path"]
    assert not (running.config.parent / "other.db").exists()
    assert running.ask("poll").code == 0


def test_a_signal_does_the_same_and_the_log_says_it(running: Home) -> None:
    daemon = running._daemons[0]
    change(running, 'tier = "team"', 'tier = "gold"')
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "not reloaded, the old configuration stays in force" in running.said(), "it says why not")
    assert limit(running) == 40
    change(running, 'tier = "gold"', 'tier = "professional"')
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: limit(running) == 30, "the new plan counts")
    assert daemon.end() == 0


def test_listeners_are_let_go_so_that_they_come_back_to_the_new_daemon(running: Home) -> None:
    events = iter(running.client.events())
    assert next(events)[1]["meters"][0]["limit"] == 40
    change(running, 'tier = "team"', 'tier = "enterprise"')
    assert running.ask("reload").code == 0
    for _, _ in events:
        pass  # The stream ends.
    assert next(iter(running.client.events()))[1]["meters"][0]["limit"] == 60


def test_what_this_token_cannot_give_is_refused(hex_: Hex, tmp_path: Path) -> None:
    with home(tmp_path, hex_.base_url, "hxtw_sim_workspace", plan()) as made:
        made.start()
        assert made.ask("poll").code == 0
        made.config.write_text(made.config.read_text() + "[watch]\nusers = 'me'\n")
        ran = made.ask("reload")
        assert ran.code == 2
        assert_one_message(ran)
        assert made.ask("status").code == 0


def test_without_a_daemon_it_says_so(hex_: Hex, tmp_path: Path) -> None:
    with home(tmp_path, hex_.base_url, "hxtp_sim_ada", plan()) as made:
        assert made.ask("reload").code == 5
