"""`hexmeter status` in its other forms: for bars, as it changes, and without a daemon."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import hexmeter
from desktop_bus import wait_until
from hexmeter.wire.httpd import Answer, Request, Response
from hexmeter.wire.shapes import Failure, dump, error
from running_daemon import Home
from serving import serving

from .conftest import Hex


def test_a_status_bar_gets_one_line(admins: Home) -> None:
    admins.start()
    assert admins.ask("poll").code == 0
    line = admins.ask("status", "--format", "oneline")
    assert (line.code, line.out, line.err) == (0, "ed ~16/40\n", "")
    assert json.loads(admins.ask("status", "--format", "waybar").out)["class"] == "ok"
    assert admins.client.text("/v1/status", format="oneline") == "ed ~16/40\n"


def test_a_form_that_does_not_exist_is_refused_with_those_that_do(admins: Home) -> None:
    admins.start()
    assert admins.ask("status", "--format", "polybar").code == 2
    curl = ["curl", "-s", "--unix-socket", str(admins.socket), "http://x/v1/status?format=polybar"]
    answer = json.loads(subprocess.run(curl, capture_output=True, check=True).stdout)
    assert answer["error"]["hint"] == "format: text, oneline, waybar"


def test_watching_shows_each_change_and_waits_for_a_daemon_that_comes_back(admins: Home, hex_: Hex) -> None:
    daemon = admins.start()
    assert admins.ask("poll").code == 0
    out, err = admins.folder / "watch.out", admins.folder / "watch.err"
    command = [sys.executable, "-m", "hexmeter", "status", "--watch", "--format", "oneline"]
    with out.open("wb") as stdout, err.open("wb") as stderr:
        watching = subprocess.Popen(command, env=admins.variables(), stdout=stdout, stderr=stderr)
    wait_until(lambda: "ed ~16/40\n" in out.read_text(), "the first line")
    hex_.change("grow", thread_id="main", credits="1.5")
    assert admins.ask("poll").code == 0
    wait_until(lambda: "ed ~14.5/40\n" in out.read_text(), "the line after a change")
    assert daemon.end() == 0
    wait_until(lambda: "the daemon is not running" in err.read_text(), "the daemon is gone")
    admins.start()
    hex_.change("grow", thread_id="main", credits="1")
    assert admins.ask("poll").code == 0
    wait_until(lambda: "ed ~13.5/40\n" in out.read_text(), "the daemon is back")
    watching.send_signal(signal.SIGINT)
    assert watching.wait(timeout=10) == 0
    assert "Traceback" not in err.read_text()


def test_watching_without_a_daemon_says_how_to_start_it(admins: Home) -> None:
    watched = admins.ask("status", "--watch")
    assert watched.code == 5
    assert "try: start it with: hexmeter daemon" in watched.err


@pytest.mark.parametrize("running", [True, False], ids=["beside a daemon", "without one"])
def test_offline_the_database_itself_is_read(admins: Home, running: bool) -> None:
    daemon = admins.start()
    assert admins.ask("poll").code == 0
    online = admins.ask("status", "--json").json
    if not running:
        assert daemon.end() == 0
    before = admins.query("SELECT * FROM usage ORDER BY id")
    offline = admins.ask("status", "--offline", "--json", HEX_TOKEN="")
    assert (offline.code, offline.err) == (0, "")
    assert [meter["used"] for meter in offline.json["meters"]] == [meter["used"] for meter in online["meters"]]
    assert offline.json.keys() == online.keys()
    assert "METER" in admins.ask("status", "--offline").out
    assert admins.query("SELECT * FROM usage ORDER BY id") == before


def test_offline_without_a_database_says_what_to_run(admins: Home) -> None:
    offline = admins.ask("status", "--offline")
    assert offline.code == 1
    assert f"there is no database at {admins.database}" in offline.err
    assert "try: run: hexmeter daemon --once" in offline.err
    assert not admins.database.exists()


def test_without_a_daemon_a_wrong_configuration_is_what_is_told(admins: Home) -> None:
    admins.config.write_text("[plan]\ntier = 'gold'\n[pol]\n")
    for command in (["status"], ["status", "--json"], ["poll"], ["usage"]):
        ran = admins.ask(*command)
        assert ran.code == 2, ran.err
        assert "plan.tier" in ran.err
        assert "[pol] is not a known table; did you mean pool?" in ran.err
        assert "Traceback" not in ran.err
    nowhere = admins.ask("--config", "/nonexistent/config.toml", "status")
    assert nowhere.code == 2
    assert "there is no such file" in nowhere.err


def test_a_calibrated_pool_says_what_is_left_and_not_until_a_reset_it_does_not_have(admins: Home) -> None:
    admins.start()
    said = admins.ask("calibrate", "pool", "420")
    assert (said.code, said.err) == (0, "")
    assert said.out == "pool: 420 left, counted down from now on, until the next calibration\n"


def test_a_status_bar_is_told_that_there_is_no_daemon(admins: Home) -> None:
    line = admins.ask("status", "--format", "oneline")
    assert (line.code, line.out) == (5, "hexmeter is off\n")
    assert "the daemon is not running" in line.err
    admins.config.write_text("[plan]\ntier = 'gold'\n")  # For which a bar, asking all the time, does not look.
    waybar = admins.ask("status", "--format", "waybar")
    assert (waybar.code, waybar.json["text"], waybar.json["class"]) == (5, "hexmeter is off", "absent")


def test_a_daemon_of_an_older_version_is_understood(admins: Home) -> None:
    """It renders no text, and names no time zone."""
    poll = {"at": "2026-11-22T12:00:00Z", "ok": True, "error": None, "requests": 1}
    old = {"as_of": poll["at"], "stale": False, "progress": None, "last_poll": poll, "identity": None, "meters": []}

    async def handler(request: Request) -> Answer:
        if request.query:
            return Response(400, dump(error(Failure("bad_request", "status in the format 'text'"))))
        return Response(body=dump({**old, "notes": ["an old one"]}))

    admins.socket.parent.mkdir(mode=0o700)
    with serving(handler, path=admins.socket):
        ran = admins.ask("status")
    assert (ran.code, ran.err) == (0, "")
    assert "Note: an old one" in ran.out


DEAR = {"json", "socket", "re", "tomllib", "argparse", "pathlib", "datetime", "zoneinfo", "hexmeter.wire.render"}


@pytest.mark.parametrize(
    ("form", "running", "imported"),
    [
        ([], True, set()),
        (["--format", "oneline"], True, set()),
        (["--format", "waybar"], True, set()),
        (["--json"], True, {"json", "re"}),
        (["--format", "oneline"], False, set()),
    ],
    ids=["for eyes", "oneline", "waybar", "JSON", "oneline without a daemon"],
)
def test_what_status_bars_run_all_the_time_imports_nothing_dear(
    admins: Home, form: list[str], running: bool, imported: set[str]
) -> None:
    if running:
        admins.start()
    # Without site packages, which in an editable install import much themselves.
    program = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from hexmeter.__main__ import run; run();"
        "print(*sys.modules, file=sys.stderr)"
    )
    source = Path(hexmeter.__file__).parent.parent
    command = [sys.executable, "-S", "-c", program, str(source), "status", *form]
    ran = subprocess.run(command, env=admins.variables(), capture_output=True, text=True)
    assert set(ran.stderr.split()) & DEAR == imported, ran.stderr
