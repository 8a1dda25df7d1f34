"""Each command against a running daemon, and without one: its exit code, its one message, and its JSON."""

import os
import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest

from hexmeter.cli.main import COMMANDS, module_of
from running_daemon import Home, Ran, home

from .conftest import EVERYONE, Hex, plan

ASKING = [
    pytest.param(["status"], id="status"),
    pytest.param(["status", "--json"], id="status as JSON"),
    pytest.param(["usage"], id="usage"),
    pytest.param(["alerts"], id="alerts"),
    pytest.param(["dashboard"], id="dashboard"),
    pytest.param(["dashboard", "--close"], id="close the dashboard"),
    pytest.param(["audit"], id="audit"),
    pytest.param(["report"], id="report"),
    pytest.param(["export"], id="export"),
    pytest.param(["poll"], id="poll"),
    pytest.param(["track"], id="track"),
    pytest.param(["track", "app.hex.tech/acme/thread/main"], id="track a thread"),
    pytest.param(["calibrate", "27.5"], id="calibrate"),
]


def assert_one_message(ran: Ran) -> None:
    """What happened and where, then what to try; nothing else."""
    lines = ran.err.splitlines()
    assert lines[0].startswith("hexmeter: ")
    assert [line.startswith("  try: ") for line in lines[1:]] == [True] * len(lines[1:])
    assert len(lines) <= 2
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("arguments", ASKING)
def test_without_a_daemon_each_command_says_how_to_start_it(admins: Home, arguments: list[str]) -> None:
    ran = admins.ask(*arguments)
    assert_one_message(ran)
    assert (ran.code, ran.out) == (5, "")
    assert ran.err == (
        f"hexmeter: the daemon is not running (nobody answers on {admins.socket})\n"
        "  try: start it with: hexmeter daemon\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="nothing"),
        pytest.param(["stats"], id="no such command"),
        pytest.param(["status", "--jsn"], id="no such option"),
        pytest.param(["usage", "--by", "week"], id="usage by what is not"),
        pytest.param(["calibrate"], id="calibrate without a figure"),
        pytest.param(["calibrate", "grant", "1", "--used", "2"], id="calibrate with two figures"),
        pytest.param(["calibrate", "pool", "1", "--user", "ed@acme.test"], id="somebody's pool"),
        pytest.param(["track", "--remove"], id="remove nothing"),
        pytest.param(["daemon", "--max-seconds", "5"], id="max-seconds without once"),
        pytest.param(["daemon", "--once", "--max-seconds", "nan"], id="max-seconds that are none"),
        pytest.param(["daemon", "--once", "--max-seconds", "soon"], id="max-seconds in words"),
    ],
)
def test_wrong_usage_is_exit_2_and_explained(admins: Home, arguments: list[str]) -> None:
    ran = admins.ask(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err
    assert "_seconds value" not in ran.err
    assert ran.err


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_the_modules_first_line(name: str) -> None:
    document = import_module(module_of(name)).__doc__ or ""
    assert COMMANDS[name] == document.splitlines()[0]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)])
def test_every_command_has_help(admins: Home, arguments: list[str]) -> None:
    ran = admins.ask(*arguments)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(("usage: hexmeter", "hexmeter "))


def test_status_is_the_documented_document_field_by_field(admins: Home) -> None:
    admins.start()
    assert admins.ask("poll").code == 0
    document = admins.ask("status", "--json").json
    number, text = (int, float), str
    expected: dict[str, Any] = {
        "schema": int, "as_of": text, "stale": bool, "progress": type(None),
        "last_poll": {"at": text, "ok": bool, "error": type(None), "requests": int},
        "identity": {"email": text, "role": text, "org": text},
        "notes": list, "links": {"hex": type(None)}, "timezone": text, "interval_s": number,
        "paused_until": type(None), "version": text, "meters": list,
    }  # fmt: skip
    assert_shape({name: value for name, value in document.items() if name in expected}, expected)
    assert {"schema", "as_of", "stale", "progress", "last_poll", "identity", "meters"} <= set(document)
    assert (document["schema"], document["stale"], document["last_poll"]["ok"]) == (1, False, True)
    assert document["as_of"].endswith("Z")
    assert document["as_of"] == document["last_poll"]["at"]
    meter = document["meters"][0]
    maybe = (type(None), *number)
    shape: dict[str, Any] = {
        "id": text, "kind": text, "label": text, "limit": number, "used": number, "remaining": number, "state": text,
        "bound": text, "adjustment": number, "period": {"start": text, "end": text},
        "burn": {"per_prompt": maybe, "prompts": (type(None), int), "median": maybe, "p90": maybe, "per_day": number,
            "pace": number, "recent": (type(None), dict)},
    }  # fmt: skip
    assert_shape({name: meter[name] for name in shape}, shape)
    assert set(meter["forecast"]) in ({"unknown"}, {"expected_total", "low", "high", "exhaust_at", "probability"})
    assert (meter["id"], meter["kind"], meter["label"], meter["limit"], meter["used"], meter["remaining"]) == (
        "grant:ed@acme.test", "grant", "ed@acme.test", 40.0, 24.0, 16.0,
    )  # fmt: skip
    assert (meter["state"], meter["bound"], meter["adjustment"]) == ("ok", "estimated", 0.0)


def assert_shape(value: Any, shape: Any) -> None:
    if isinstance(shape, dict):
        assert set(value) == set(shape)
        for name, inner in shape.items():
            assert_shape(value[name], inner)
    else:
        assert isinstance(value, shape), f"{value!r} is no {shape}"


def test_a_day_with_an_admins_daemon(admins: Home, hex_: Hex) -> None:
    admins.start()
    assert admins.ask("poll").out.startswith("Looked at 2 threads with ")
    hex_.change("grow", thread_id="main", credits="9.5")
    poll = admins.ask("poll", "--json").json
    assert (poll["ok"], poll["increases"], poll["credits"], poll["token_refused"]) == (True, 1, 9.5, False)
    status = admins.ask("status").out
    assert "Hex credits · ada@acme.test (admin)" in status
    assert "about 6.5 of 40" in status
    assert [row["credits"] for row in admins.ask("usage", "--json").json["rows"]] == [33.5, 1.25]
    assert "Count sign-ups" in admins.ask("usage", "--by", "thread").out
    shown = admins.ask("usage").out
    assert [line.split() for line in shown.splitlines()[3:]] == [
        ["ed@acme.test", "about", "33.5", "1", "9.5", "9.5"],
        ["eve@acme.test", "about", "1.25", "-", "-", "-"],
        ["total", "about", "34.75", "1", "-", "-"],
    ]
    assert admins.ask("usage", "--by", "day", "--json").json["by"] == "day"
    alerts = admins.ask("alerts")
    assert (alerts.code, "ed@acme.test: about 83 % used" in alerts.out) == (0, True)
    assert [
        (alert["kind"], alert["level"], alert["state"]) for alert in admins.ask("alerts", "--json").json["alerts"]
    ] == [("used", 80, "firing")]
    calibrated = admins.ask("calibrate", "grant", "--user", "ed@acme.test", "--used", "34.123456")
    assert (calibrated.code, calibrated.out) == (
        0, "grant:ed@acme.test: about 34.12 of 40 used; 0.62 more than was seen, until the reset\n",
    )  # fmt: skip
    assert "Note: ed@acme.test is calibrated: 0.62 more than was seen.\n" in admins.ask("status").out
    low = admins.ask("calibrate", "grant", "--user", "ed@acme.test", "--used", "3")
    assert (low.code, low.out) == (2, "")
    assert "3 used is far below the 33.5 that Hex's threads show; nothing was changed" in low.err
    assert admins.ask("calibrate", "grant:ed@acme.test", "--used", "3", "--insist").code == 0
    assert admins.ask("calibrate", "grant:eve@acme.test", "38.75", "--json").json["remaining"] == 38.75


def test_an_editors_day(hex_: Hex, tmp_path: Any) -> None:
    with home(tmp_path, hex_.base_url, "hxtp_sim_ed", plan()) as editors:
        editors.start()
        assert editors.ask("poll").code == 0
        assert "Note: Hex lists threads only for Managers, Admins and workspace tokens" in editors.ask("status").out
        assert "unknown" in editors.ask("status").out
        assert editors.ask("usage").out.endswith(
            "at least 0: threads may be missing, as the notes of hexmeter status say\n"
        )
        assert editors.ask("track").out == "No threads are followed. Name one: hexmeter track URL\n"
        good = editors.ask("track", "https://app.hex.tech/acme/thread/main")
        assert (good.code, good.out) == (0, "THREAD  CREDITS  TITLE\nmain         24  Count sign-ups\n")
        missing = editors.ask("track", "no-such-thread")
        assert (missing.code, "with 404: Not found" in missing.out) == (1, True)
        garbage = editors.ask("track", "two words")
        assert_one_message(garbage)
        assert garbage.code == 2
        assert "at most 16 of 40" in editors.ask("status").out
        assert editors.ask("track", "--remove", "no-such-thread").code == 0
        assert (
            editors.ask("calibrate", "12").out
            == "grant:ed@acme.test: at least 28 of 40 used; 4 more than was seen, until the reset\n"
        )
        for refused in (("calibrate", "41"), ("calibrate", "pool", "5"), ("calibrate", "--used", "lots")):
            ran = editors.ask(*refused)
            assert_one_message(ran)
            assert ran.code == 2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        pytest.param(["calibrate", "grant", "--used", "lots"], "'lots' is not a number of credits", id="an amount"),
        pytest.param(["calibrate", "pool", "--", "-3"], "-3 is negative", id="an amount below nothing"),
        pytest.param(["usage", "--since", "yesterday"], "'yesterday' is no time", id="a time"),
        pytest.param(["usage", "--until", "2026-02-30"], "'2026-02-30' is no time", id="a day that is none"),
        pytest.param(["track", "hello"], "'hello' is not the link or id of a thread", id="a word"),
    ],
)
def test_what_is_written_wrongly_is_told_without_a_daemon(admins: Home, arguments: list[str], named: str) -> None:
    ran = admins.ask(*arguments)
    assert_one_message(ran)
    assert (ran.code, named in ran.err) == (2, True)


@pytest.mark.parametrize(("fault", "code"), [("400", 1), ("401", 3)])
def test_a_poll_that_fails_says_why(admins: Home, hex_: Hex, fault: str, code: int) -> None:
    admins.start()
    assert admins.ask("poll").code == 0
    hex_.change("fault", spec=fault)
    for arguments in (["poll"], ["calibrate", "grant", "--used", "3"], ["track", "app.hex.tech/acme/thread/main"]):
        ran = admins.ask(*arguments)
        assert_one_message(ran)
        assert ran.code == code, arguments
    assert "STALE" not in admins.ask("status").out, "it is not old yet"
    assert admins.ask("poll", "--json").json["token_refused"] is (code == 3)


@pytest.mark.parametrize("arguments", [["status"], ["status", "--help"], ["usage", "--json"]])
def test_a_reader_that_goes_away_is_no_fault(admins: Home, arguments: list[str]) -> None:
    admins.start()
    command = [sys.executable, "-m", "hexmeter", *arguments]
    process = subprocess.Popen(command, env=admins.variables(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert (process.stderr.read(), process.wait(20)) == (b"", 0)
    process.stderr.close()


def test_a_full_disk_behind_the_output_is_said(admins: Home) -> None:
    admins.start()
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "hexmeter", "status"], env=admins.variables(), stdout=full, stderr=subprocess.PIPE
        )
    assert (done.returncode, done.stderr) == (
        1, b"hexmeter: the output cannot be written: No space left on device\n  try: make room where it goes\n",
    )  # fmt: skip


def test_a_reader_who_goes_changes_no_answer(admins: Home) -> None:
    """As in `hexmeter can-afford 3 | head -0`: what is piped away is still no yes. Nobody reads these pipes."""
    admins.start()
    assert admins.ask("poll").code == 0
    ended = {}
    for words in (("status",), ("can-afford", "3")):
        read, write = os.pipe()
        os.close(read)
        command = [sys.executable, "-m", "hexmeter", *words]
        with os.fdopen(write, "wb") as gone:
            done = subprocess.run(command, env=admins.variables(), stdout=gone, stderr=subprocess.PIPE)
        ended[words[0]] = (done.returncode, done.stderr)
    assert ended == {"status": (0, b""), "can-afford": (11, b"")}


def test_a_terminal_of_another_encoding_still_gets_the_status(admins: Home) -> None:
    admins.start()
    assert admins.ask("poll").code == 0
    ran = admins.ask("status", PYTHONIOENCODING="ascii")
    assert (ran.code, ran.err) == (0, "")
    ed = next(line for line in ran.out.splitlines() if line.startswith("ed@acme.test"))
    assert "  ####......  " in ed, "a gauge of question marks would be unknown"


def test_another_configuration_is_another_daemon(admins: Home, hex_: Hex) -> None:
    other = admins.folder / "other.toml"
    other.write_text(f'[hex]\nbase_url = "{hex_.base_url}"\n[storage]\npath = "other.db"\n{plan()}{EVERYONE}')
    absent = admins.ask("--config", str(other), "status")
    assert (absent.code, f"hexmeter --config {other} daemon" in absent.err) == (5, True)
    assert admins.ask("daemon", "--once", "--config", str(other)).code == 0
    assert (admins.folder / "other.db").exists()
    assert not admins.database.exists()
    assert admins.ask("daemon", "--once", HEXMETER_CONFIG=str(other)).code == 0
    missing = admins.ask("daemon", "--once", "--config", "missing.toml")
    assert_one_message(missing)
    assert (missing.code, "missing.toml" in missing.err) == (2, True)


STRANGE = "\x1b[31mred\x1b]0;owned\x07 \u202eevil\u202c\r\nsecond line\x9b2J\u2028third"


def test_strangers_strings_come_out_harmless(admins: Home, hex_: Hex) -> None:
    world = hex_.running.world
    world.add_thread("eve@acme.test", world.threads["main"].created_ms, 5_000_000, thread_id="strange", title=STRANGE)
    world.add_person("mal@acme.test", name=STRANGE)
    admins.start()
    assert admins.ask("poll").code == 0
    outputs = [admins.ask(*arguments) for arguments in (["status"], ["usage", "--by", "thread"], ["status", "--json"])]
    for ran in outputs:
        assert not set(ran.out) & set("\x1b\x07\r\x9b\u202e\u202c\u2028")
    assert "red" in outputs[1].out
    assert len([line for line in outputs[1].out.splitlines() if "second line" in line]) == 1
    assert not set(admins.said()) & set("\x1b\x07\r\x9b\u202e\u202c\u2028")
