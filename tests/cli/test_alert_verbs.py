"""`hexmeter alerts VERB`, `pause` and `resume` against a running daemon: their words, their JSON, their exit codes."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from running_daemon import Home, home

from .conftest import EVERYONE, Hex, plan


@pytest.fixture
def told(admins: Home, hex_: Hex) -> Home:
    """A daemon that told of ed's grant: alert 1."""
    admins.start()
    hex_.change("grow", thread_id="main", credits="12")
    admins.ask("poll")
    assert "#1 " in admins.ask("alerts").out
    return admins


def test_an_alert_is_acknowledged_snoozed_and_taken_back(told: Home) -> None:
    for words, answer in {
        ("ack", "1"): ": acknowledged\n",
        ("ack", "#1"): ": already acknowledged\n",
        ("unack", "1"): ": standing, as before\n",
        ("snooze", "1", "until", "tomorrow"): ": snoozed until ",
        ("unsnooze", "1"): ": standing, as before\n",
        ("mute", "burn"): "burn: muted\n",
        ("unmute", "burn"): "burn: unmuted\n",
        ("snooze", "grant:ed@acme.test", "1h"): "grant:ed@acme.test: snoozed until ",
    }.items():
        ran = told.ask("alerts", *words)
        assert (ran.code, ran.err) == (0, "")
        assert answer in ran.out
    assert "Snoozed until" in told.ask("alerts").out
    assert told.ask("alerts", "--json").json["silences"][0]["what"] == "grant:ed@acme.test"
    assert told.ask("alerts", "ack", "1", "--json").json["alert"]["state"] == "acknowledged"


def test_an_alert_is_explained_and_the_rules_are_replayed(told: Home) -> None:
    why = told.ask("alerts", "why", "1")
    assert (why.code, why.err) == (0, "")
    assert " was told, for a higher rung was reached." in why.out
    replay = told.ask("alerts", "replay", "--since", "1d", "--set", "used=[10]", "--set", "exhausted=false")
    assert (replay.code, replay.err) == (0, "")
    assert "used 10 % is told" in replay.out
    assert told.ask("alerts", "replay", "--json").json["schema"] == 1


def test_polls_are_paused_shown_and_resumed(told: Home) -> None:
    assert told.ask("pause", "2h").out.startswith("polls are paused until ")
    assert told.ask("status", "--json").json["paused_until"] is not None
    assert "Polls are paused until " in told.ask("status").out
    assert told.ask("poll").code == 0
    assert told.ask("resume").out == "polling again\n"
    assert told.ask("resume", "--json").json["result"] == "already_resumed"
    assert told.ask("status", "--json").json["paused_until"] is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("alerts", "ack", "99"), "there is no alert 99"),
        (("alerts", "ack", "grant"), "alert is not a number"),
        (("alerts", "snooze", "1", "soon"), "'soon' is no time to come"),
        (("alerts", "snooze", "1", "2020-01-01"), "'2020-01-01' is over already"),
        (("alerts", "mute", "grants"), "there is no meter 'grants' and no such kind"),
        (("alerts", "why", "99"), "there is no alert 99"),
        (("alerts", "replay", "--set", "used=[101]"), "alerts.used = [101]: must be a list of per cents"),
        (("alerts", "replay", "--since", "soon"), "replay: 'soon' is no time"),
        (("pause", "soon"), "'soon' is no time to come"),
    ],
)
def test_what_cannot_be_is_exit_2_with_what_to_try(told: Home, words: tuple[str, ...], message: str) -> None:
    ran = told.ask(*words)
    first, second = ran.err.splitlines()
    assert (ran.code, ran.out) == (2, "")
    assert first.startswith(f"hexmeter: {message}")
    assert second.startswith("  try: ")


@pytest.mark.parametrize("verb", ["ack", "unack", "snooze", "unsnooze", "mute", "unmute", "why", "replay"])
def test_each_verb_has_help_with_an_example(admins: Home, verb: str) -> None:
    ran = admins.ask("alerts", verb, "--help")
    assert (ran.code, "hexmeter alerts " in ran.out.partition("\nexample")[2]) == (0, True)


def test_every_time_is_told_in_the_zone_of_the_plan_and_not_the_machines(hex_: Hex, tmp_path: Path) -> None:
    there = ZoneInfo("Asia/Kathmandu")
    with home(tmp_path, hex_.base_url, "hxtp_sim_ada", plan().replace("UTC", there.key) + EVERYONE) as admin:
        admin.environ["TZ"] = "UTC"
        admin.start()
        hex_.change("grow", thread_id="main", credits="12")
        admin.ask("poll")
        snoozed = admin.ask("alerts", "snooze", "1", "1h").out
        told, paused = admin.ask("alerts"), admin.ask("pause", "1h")
        alerts, status = admin.ask("alerts", "--json").json, admin.ask("status", "--json").json
        alert = alerts["alerts"][-1]
        since, shown = "2026-01-02T03:04:00Z", admin.ask("status").out
        replayed = admin.ask("alerts", "replay", "--since", since)
    for out, at in (
        (snoozed, alert["snoozed_until"]),
        (told.out, alert["snoozed_until"]),
        (told.out, alert["fired_at"]),
        (paused.out, status["paused_until"]),
        (shown, status["paused_until"]),
        (shown.splitlines()[0], status["as_of"]),
        (replayed.out.splitlines()[-1], since),
    ):
        assert f" {datetime.fromisoformat(at).astimezone(there):%H:%M}" in out
