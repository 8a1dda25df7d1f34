"""`hexmeter setup`: from nothing to the first status, by flags and by questions; run again it changes what is there."""

import os
import pty
import select
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from running_daemon import Home, Ran, home

from .conftest import Hex, plan
from .test_commands import assert_one_message


@pytest.fixture
def fresh(hex_: Hex, tmp_path: Path) -> Iterator[Home]:
    """A home with nothing in it."""
    with home(tmp_path, hex_.base_url, None) as made:
        made.config.unlink()
        made.config.parent.rmdir()
        yield made


def set_up(home: Home, hex_: Hex, *flags: str, **variables: str) -> Ran:
    return home.ask("setup", "--yes", "--base-url", hex_.base_url, *flags, **variables)


def test_from_nothing_to_the_first_status(fresh: Home, hex_: Hex) -> None:
    ran = set_up(fresh, hex_, "--tier", "team", "--reset-day", "15", "--timezone", "UTC", HEX_TOKEN="hxtp_sim_ada")
    assert (ran.code, ran.err) == (0, "")
    assert "Hex takes the token: ada@acme.test, admin, workspace org-acme; it expires on" in ran.out
    assert "Credits are taken to come back on day 15 of the month, midnight in UTC." in ran.out
    assert "Hex credits · ada@acme.test (admin)" in ran.out
    written = tomllib.loads(fresh.config.read_text())
    assert written == {
        "hex": {"base_url": hex_.base_url, "token_file": "token"},
        "plan": {"tier": "team", "reset_day": 15, "timezone": "UTC"},
    }
    assert "# the workspace's tier" in fresh.config.read_text()
    assert "hxtp_" not in fresh.config.read_text()
    token = fresh.config.with_name("token")
    assert (token.read_text(), stat.S_IMODE(token.stat().st_mode)) == ("hxtp_sim_ada\n", 0o600)
    # What it stored is enough for a daemon that has no HEX_TOKEN.
    assert fresh.ask("daemon", "--once").code == 0
    assert {seen.method for seen in hex_.running.requests} == {"GET"}


def test_run_again_it_changes_what_is_there_and_keeps_the_rest(fresh: Home, hex_: Hex) -> None:
    fresh.token = "hxtp_sim_ada"
    fresh.config.parent.mkdir()
    before = f"""\
# mine
[hex]
base_url = "{hex_.base_url}"  # the simulated one
[plan]
tier = "team"    # so far
timezone = "UTC"

[poll]
every = "10m"  # slowly
"""
    fresh.config.write_text(before)
    fresh.config.chmod(0o640)
    ran = fresh.ask("setup", "--yes", "--tier", "enterprise", "--reset-day", "3", "--token-file", str(token_in(fresh)))
    assert (ran.code, ran.err) == (0, "")
    after = fresh.config.read_text()
    for kept in ("# mine\n", "# the simulated one", 'tier = "enterprise"    # so far', 'every = "10m"  # slowly'):
        assert kept in after
    assert tomllib.loads(after)["plan"]["reset_day"] == 3
    assert stat.S_IMODE(fresh.config.stat().st_mode) == 0o640
    again = fresh.ask("setup", "--yes")
    assert (again.code, fresh.config.read_text()) == (0, after)
    assert "is up to date" in again.out


def token_in(home: Home) -> Path:
    path = home.folder / "my-token"
    path.write_text("hxtp_sim_ada\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("flags", "token", "code", "said"),
    [
        pytest.param([], None, 2, "there is no token", id="no token"),
        pytest.param([], "two words", 2, "what HEX_TOKEN holds is not a token", id="no token at all"),
        pytest.param([], "hxtp_sim_nobody", 3, "Hex answered GET /users/me with 401", id="a refused token"),
        pytest.param(["--base-url", "http://127.0.0.1:9"], "hxtp_sim_ada", 1, "cannot reach Hex", id="no network"),
        pytest.param(["--base-url", "http://hex.acme.test"], "hxtp_sim_ada", 2, "hex.base_url = ", id="no https"),
        pytest.param(["--reset-day", "32"], "hxtp_sim_ada", 2, "plan.reset_day = 32", id="no such day"),
        pytest.param(["--reset-day", "0"], "hxtp_sim_ada", 2, "plan.reset_day = 0", id="day 0"),
        pytest.param(["--timezone", "Berlin"], "hxtp_sim_ada", 2, 'plan.timezone = "Berlin"', id="no such zone"),
        pytest.param(["--watch", "me"], "hxtw_sim_workspace", 2, "watch.users", id="me is nobody"),
        pytest.param(["--token-command", "false"], None, 2, "token_command: it ended with exit code 1", id="command"),
        pytest.param(["--token-command", "cat 'x"], None, 2, 'hex.token_command = "cat \'x"', id="an open quote"),
        pytest.param(["--token-command", ""], "hxtp_sim_ada", 2, "hex.token_command = []", id="an empty command"),
        pytest.param(["--token-file", "/nowhere/token"], None, 2, "cannot read the token file", id="no such file"),
        pytest.param(["--used", "many"], "hxtp_sim_ed", 2, "'many' is not a number of credits", id="no figure"),
    ],
)
def test_what_cannot_be_set_up_is_one_message(
    fresh: Home, hex_: Hex, flags: list[str], token: str | None, code: int, said: str
) -> None:
    variables = {} if token is None else {"HEX_TOKEN": token}
    ran = set_up(fresh, hex_, "--tier", "team", *flags, **variables)
    assert (ran.code, said in ran.err, "Traceback" in ran.err) == (code, True, False), ran.err
    assert_one_message(ran)
    assert not fresh.config.exists(), "nothing is written before everything is known to be good"


def test_a_command_is_named_and_its_token_stored_nowhere(fresh: Home, hex_: Hex) -> None:
    ran = set_up(fresh, hex_, "--tier", "team", "--token-command", f"cat '{token_in(fresh)}'")
    assert (ran.code, ran.err) == (0, "")
    assert tomllib.loads(fresh.config.read_text())["hex"]["token_command"] == ["cat", str(token_in(fresh))]
    assert not fresh.config.with_name("token").exists()


def test_a_token_comes_in_by_standard_input(fresh: Home, hex_: Hex) -> None:
    command = [sys.executable, "-m", "hexmeter", "setup", "--yes", "--base-url", hex_.base_url, "--token-stdin"]
    done = subprocess.run(command, env=fresh.variables(), input="hxtp_sim_ada\n", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "The tier is not known" in done.stdout
    assert fresh.config.with_name("token").read_text() == "hxtp_sim_ada\n"


def closed_stdin(home: Home, *words: str) -> Ran:
    """`hexmeter` with these words from a shell that says `<&-`."""
    command = ["sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-m", "hexmeter", *words]
    done = subprocess.run(command, env=home.variables(), capture_output=True, text=True)
    return Ran(done.returncode, done.stdout, done.stderr)


def test_without_any_standard_input_it_says_what_is_missing(fresh: Home, hex_: Hex) -> None:
    for words, said in {
        ("setup",): "setup asks questions, and this is no terminal",
        ("setup", "--yes", "--token-stdin", "--base-url", hex_.base_url): "what standard input holds is not a token",
    }.items():
        ran = closed_stdin(fresh, *words)
        assert_one_message(ran)
        assert (ran.code, said in ran.err) == (2, True), ran.err


@pytest.mark.parametrize(
    ("module", "code", "said"),
    [
        ("def set_password(service, entry, token):\n    print(service, entry, len(token))", 0, "hexmeter token 12\n"),
        ("raise ImportError", 2, "[hex] keyring needs the keyring package"),
        ("def set_password(*_):\n    raise PermissionError", 2, "the keyring cannot be used: PermissionError"),
    ],
    ids=["one that works", "none", "a locked one"],
)
def test_a_token_goes_to_the_keyring_or_it_is_said_why_not(
    fresh: Home, hex_: Hex, module: str, code: int, said: str
) -> None:
    modules = fresh.folder / "modules"
    modules.mkdir()
    read = "\ndef get_password(service, entry):\n    return 'hxtp_sim_ada'\n"
    (modules / "keyring.py").write_text(module + read)
    command = [sys.executable, "-m", "hexmeter", "setup", "--yes", "--base-url", hex_.base_url, "--token-stdin"]
    done = subprocess.run(
        [*command, "--keyring"], env=fresh.variables(PYTHONPATH=str(modules)),
        input="hxtp_sim_ada\n", capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, said in done.stdout + done.stderr, "Traceback" in done.stderr) == (code, True, False)
    if code:
        assert not fresh.config.exists(), "nothing is written before everything is known to be good"
    else:
        assert tomllib.loads(fresh.config.read_text())["hex"] == {"base_url": hex_.base_url, "keyring": True}


def test_the_token_of_the_environment_goes_to_the_file_that_is_named(fresh: Home, hex_: Hex) -> None:
    new = fresh.config.parent.with_name("elsewhere") / "hex-token"
    ran = set_up(fresh, hex_, "--tier", "team", "--token-file", str(new), HEX_TOKEN="hxtp_sim_ada")
    assert (ran.code, ran.err) == (0, "")
    assert (new.read_text(), stat.S_IMODE(new.stat().st_mode)) == ("hxtp_sim_ada\n", 0o600)
    assert tomllib.loads(fresh.config.read_text())["hex"]["token_file"] == str(new)
    assert fresh.ask("daemon", "--once").code == 0


def test_a_relative_file_for_the_token_is_one_of_this_folder(fresh: Home, hex_: Hex) -> None:
    command = [sys.executable, "-m", "hexmeter", "setup", "--yes", "--base-url", hex_.base_url]
    command += ["--token-stdin", "--token-file", "here/my-token"]
    done = subprocess.run(
        command, env=fresh.variables(), input="hxtp_sim_ada\n", capture_output=True, text=True, cwd=fresh.folder
    )
    assert done.returncode == 0, done.stderr
    assert (fresh.folder / "here" / "my-token").read_text() == "hxtp_sim_ada\n"
    assert tomllib.loads(fresh.config.read_text())["hex"]["token_file"] == str(fresh.folder / "here" / "my-token")


HASTY = (
    "import hexmeter.cli.setupend as end, hexmeter.cli.main as cli, sys; end._LOOKS_FOR_S = 0.5;"
    "sys.exit(cli.main(sys.argv[1:]))"
)


@pytest.mark.parametrize(
    ("running", "said"),
    [
        (False, "There was no time to take your figure, so later: hexmeter calibrate --used 30\n"),
        (True, "The daemon goes on reading, and then takes your figure: hexmeter status\n"),
    ],
    ids=["alone", "beside a daemon"],
)
def test_the_first_look_ends_in_time_also_with_a_figure_to_take(
    fresh: Home, hex_: Hex, running: bool, said: str
) -> None:
    """The look's quarter of a minute is half a second here, and Hex never lists threads."""
    fresh.token = "hxtp_sim_ada"
    assert set_up(fresh, hex_, "--tier", "team").code == 0
    hex_.change("fault", spec="timeout@/threads")
    if running:
        fresh.start()
    command = [sys.executable, "-c", HASTY, "setup", "--yes", "--used", "30"]
    done = subprocess.run(command, env=fresh.variables(), capture_output=True, text=True, timeout=25)
    assert (done.returncode, said in done.stdout) == (0, True), done.stdout + done.stderr


def test_the_figure_of_hexs_page_is_the_beginning(fresh: Home, hex_: Hex) -> None:
    ran = set_up(fresh, hex_, "--tier", "team", "--used", "30", HEX_TOKEN="hxtp_sim_ed")
    assert (ran.code, ran.err) == (0, "")
    assert "Hex does not list threads for this role" in ran.out
    assert "10 of 40" in ran.out


def test_a_running_daemon_takes_the_change_up(fresh: Home, hex_: Hex) -> None:
    assert set_up(fresh, hex_, "--tier", "team", "--watch", "everyone", HEX_TOKEN="hxtp_sim_ada").code == 0
    fresh.start()
    assert fresh.client.get("/v1/status")["meters"][0]["limit"] == 40
    assert fresh.ask("setup", "--yes", "--tier", "enterprise").code == 0
    assert fresh.client.get("/v1/status")["meters"][0]["limit"] == 60


def test_service_and_tray_are_installed_when_asked_for(fresh: Home, hex_: Hex) -> None:
    ran = set_up(fresh, hex_, "--tier", "team", "--service", "--tray", HEX_TOKEN="hxtp_sim_ada")
    assert (ran.code, ran.err) == (0, "")
    assert (fresh.folder / "config" / "systemd" / "user" / "hexmeter.service").exists()
    assert (fresh.folder / "config" / "autostart" / "hexmeter-tray.desktop").exists()


def test_without_a_terminal_it_asks_for_flags(fresh: Home) -> None:
    ran = fresh.ask("setup")
    assert_one_message(ran)
    assert (ran.code, "this is no terminal" in ran.err) == (2, True)


def test_a_person_answers_questions_and_nobody_sees_the_token(fresh: Home, hex_: Hex) -> None:
    answers = [
        ("be?", "\n"),  # where the token shall be: a file
        ("Token: ", "hxtp_sim_ada\n"),
        ("tier", "gold\n"),
        ("One of these words: professional, team, enterprise", "team\n"),
        ("Your own page", "40\n"),
        ("A whole number from 1 to 31", "9\n"),
        ("watched?", "everyone\n"),
        ("as used this month?", "plenty\n"),
        ("'plenty' is not a number of credits: give credits such as 27.5", "\n"),
    ]
    command = [sys.executable, "-m", "hexmeter", "setup", "--base-url", hex_.base_url]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, env=fresh.variables(), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(theirs), os.O_RDWR)),
    )  # fmt: skip
    os.close(theirs)
    shown = ""
    for wanted, answer in answers:
        mark = len(shown)
        while wanted not in shown[mark:]:
            shown += read_some(ours)
        os.write(ours, answer.encode())
        mark = len(shown)
    while (more := read_some(ours)) and process.poll() is None:
        shown += more
    assert process.wait(30) == 0, shown
    assert "hxtp_sim_ada" not in shown
    written = tomllib.loads(fresh.config.read_text())
    assert written["plan"] == {"tier": "team", "reset_day": 9}
    assert written["watch"] == {"users": "everyone"}


def read_some(file: int) -> str:
    """What the terminal shows next; nothing once the other side is closed."""
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s:
        if select.select([file], [], [], 1)[0]:
            try:
                return os.read(file, 65536).decode()
            except OSError:
                return ""
    raise AssertionError("the terminal shows nothing more")


def test_a_configuration_with_faults_is_not_touched(fresh: Home) -> None:
    fresh.config.parent.mkdir()
    fresh.config.write_text(plan() + "[plan]\n")
    ran = fresh.ask("setup", "--yes", HEX_TOKEN="hxtp_sim_ada")
    assert (ran.code, fresh.config.read_text()) == (2, plan() + "[plan]\n")
