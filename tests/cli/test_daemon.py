"""The daemon as a process: how it starts, tells its service manager, holds its place, and ends."""

import os
import pty
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from desktop_bus import wait_until
from hexmeter.hex.simulator.world import World
from running_daemon import Home, home

from .conftest import CREDIT, EVERYONE, QUICK, Hex, now_ms, plan, read_terminal, small_world


def test_once_polls_and_ends(admins: Home, hex_: Hex) -> None:
    ran = admins.ask("daemon", "--once")
    assert (ran.code, ran.out) == (0, "")
    admins.assert_sums()
    assert admins.query("SELECT id, credits_micro FROM threads ORDER BY id") == [
        ("main", 24_000_000),
        ("other", 1_250_000),
    ]
    assert not admins.socket.exists()


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        pytest.param({"token": "hxtp_sim_nobody"}, 3, "with 401", id="a token that is refused"),
        pytest.param({"token": None}, 2, "hexmeter: there is no token", id="no token"),
        pytest.param({"token": "two words"}, 2, "hexmeter: what HEX_TOKEN holds is not a token", id="no token at all"),
        pytest.param({"toml": "[plan]\ntier = 'gold'\n[pol]\n"}, 2, "plan.tier", id="a configuration with errors"),
        pytest.param({"toml": "= 3"}, 2, "not valid TOML", id="no configuration"),
        pytest.param({"toml": "[watch]\nusers = 'me'\n", "token": "hxtw_sim_workspace"}, 2, '"me"', id="me is nobody"),
        pytest.param({"base_url": "http://127.0.0.1:9/api/v1"}, 1, "cannot reach Hex", id="nobody there"),
    ],
)
@pytest.mark.parametrize("forever", [False, True], ids=["once", "the running daemon"])
def test_what_ends_a_daemon(
    hex_: Hex, tmp_path: Path, change: dict[str, str | None], code: int, words: str, forever: bool
) -> None:
    token, toml = change.get("token", "hxtp_sim_ada"), change.get("toml") or plan()
    with home(tmp_path, change.get("base_url") or hex_.base_url, token, toml) as made:
        if forever and code in (1, 3):
            daemon = made.start()
            wait_until(lambda: words in made.said(), "it says so")
            wait_until(lambda: made.client.get("/v1/status")["last_poll"], "the poll is over")
            assert made.ask("status", "--json").json["last_poll"]["ok"] is False
            assert daemon.process.poll() is None, "it stays up: what is wrong may pass"
            assert code == 1 or made.ask("poll").code == code
            assert daemon.end() == 0
            return
        ran = made.ask("daemon", *([] if forever else ["--once"]))
        assert (ran.code, words in ran.err, "Traceback" in ran.err) == (code, True, False), ran.err
        assert not made.socket.exists()


def test_a_token_of_another_workspace_is_exit_2_and_changes_nothing(admins: Home, hex_: Hex) -> None:
    assert admins.ask("daemon", "--once").code == 0
    before = admins.query("SELECT * FROM threads"), admins.query("SELECT * FROM meta ORDER BY name")
    hex_.running.world.org_id = "org-other"
    for options in (["--once"], []):
        ran = admins.ask("daemon", *options)
        assert (ran.code, "hexmeter: the token belongs to the workspace org-other" in ran.err) == (2, True), ran.err
    assert (admins.query("SELECT * FROM threads"), admins.query("SELECT * FROM meta ORDER BY name")) == before


def test_a_new_token_in_the_token_file_ends_the_blindness(hex_: Hex, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("hxtp_sim_old\n")
    file.chmod(0o600)
    toml = f'token_file = "{file}"\n{plan()}{EVERYONE}{QUICK}'
    with home(tmp_path, hex_.base_url, None, toml) as made:
        made.start()
        wait_until(lambda: "with 401" in made.said(), "the token is refused")
        alerts = wait_until(lambda: made.ask("alerts", "--json").json["alerts"], "blind is told")
        assert [(alert["kind"], alert["state"]) for alert in alerts] == [("blind", "firing")]
        asked = len(hex_.running.requests)
        assert made.ask("poll").code == 3
        assert len(hex_.running.requests) == asked
        file.write_text("hxtp_sim_ada\n")
        assert made.ask("poll").code == 0
        assert [alert["state"] for alert in made.ask("alerts", "--json").json["alerts"]] == ["resolved"]


def test_a_second_daemon_is_exit_4_and_names_the_first(admins: Home) -> None:
    first = admins.start()
    for options in (["--once"], []):
        ran = admins.ask("daemon", *options)
        assert ran.code == 4
        assert f"hexmeter: the daemon with process id {first.process.pid} already runs on the database" in ran.err
        assert "  try: ask it with: hexmeter status; or stop it first" in ran.err
    assert admins.ask("status").code == 0


def test_another_daemon_on_the_same_socket_is_exit_4(admins: Home, hex_: Hex) -> None:
    admins.start()
    other = admins.folder / "other.toml"
    other.write_text(
        f'[hex]\nbase_url = "{hex_.base_url}"\n[storage]\npath = "other.db"\n[api]\nsocket = "{admins.socket}"\n'
    )
    ran = admins.ask("daemon", "--config", str(other))
    assert (ran.code, "already answers on" in ran.err) == (4, True), ran.err
    assert admins.ask("status").code == 0


def test_the_socket_and_the_files_are_the_users_alone(admins: Home) -> None:
    admins.start()
    admins.ask("poll")
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (admins.socket, admins.socket.parent)}
    assert modes == {admins.socket: 0o600, admins.socket.parent: 0o700}
    for path in admins.database.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_socket_left_by_a_killed_daemon_is_replaced(admins: Home) -> None:
    admins.start().kill()
    assert admins.socket.exists()
    second = admins.start()
    assert admins.ask("status").code == 0
    assert second.end() == 0
    assert not admins.socket.exists()


@pytest.mark.parametrize("kind", ["a file", "a folder", "a dangling link"])
def test_what_is_no_socket_is_left_alone(admins: Home, kind: str) -> None:
    admins.socket.parent.mkdir(mode=0o700)
    if kind == "a file":
        admins.socket.write_text("mine")
    elif kind == "a folder":
        admins.socket.mkdir()
    else:
        admins.socket.symlink_to("nowhere")
    ran = admins.ask("daemon")
    assert (ran.code, "a file that is no socket is in the way" in ran.err) == (1, True), ran.err
    assert os.path.lexists(admins.socket)


def test_a_runtime_folder_that_others_may_enter_is_refused(admins: Home) -> None:
    admins.socket.parent.mkdir()
    admins.socket.parent.chmod(0o755)
    ran = admins.ask("daemon")
    assert (ran.code, "is not a private folder of yours" in ran.err) == (1, True)


@pytest.fixture
def notify(tmp_path: Path) -> Iterator[socket.socket]:
    """What a service manager hears."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(20)
        yield heard


def test_a_service_manager_is_told_ready_alive_and_stopping(admins: Home, notify: socket.socket) -> None:
    daemon = admins.start(NOTIFY_SOCKET=notify.getsockname(), WATCHDOG_USEC="400000")
    heard: list[str] = []
    while heard.count("WATCHDOG=1") < 2 or not any(
        word.startswith("STATUS=watching; last good poll at ") for word in heard
    ):
        heard += notify.recv(1000).decode().splitlines()
    assert heard[0] == "READY=1"
    assert daemon.end() == 0
    while heard[-1] != "STOPPING=1":
        heard += notify.recv(1000).decode().splitlines()
    assert {word.partition("=")[0] for word in heard} == {"READY", "STATUS", "WATCHDOG", "STOPPING"}


HASTY = "import hexmeter.service.app as app, hexmeter.cli.main as cli; app._HUNG_MS = 500; cli.main(['daemon'])"
"""A daemon that takes a poll for hung after half a second, in place of five minutes."""


def falls_silent(notify: socket.socket) -> bool:
    """Whether a daemon that feeds its watchdog twenty times a second stops doing so, within twenty seconds."""
    notify.settimeout(2)
    try:
        for _ in range(400):
            notify.recv(1000)
    except TimeoutError:
        return True
    return False


def test_the_watchdog_hears_no_more_of_a_daemon_whose_poll_hangs_though_it_answers(
    admins: Home, hex_: Hex, notify: socket.socket
) -> None:
    hex_.change("fault", spec="timeout")
    manager = {"NOTIFY_SOCKET": notify.getsockname(), "WATCHDOG_USEC": "100000"}
    daemon = subprocess.Popen([sys.executable, "-c", HASTY], env=admins.variables(**manager), stderr=subprocess.PIPE)
    try:
        while notify.recv(1000) != b"WATCHDOG=1":
            assert daemon.poll() is None
        assert falls_silent(notify)
        assert admins.ask("status").code == 0
    finally:
        daemon.terminate()
        daemon.communicate(timeout=20)


def assert_ended_cleanly(made: Home) -> None:
    assert not made.socket.exists()
    assert "Traceback" not in made.said()
    assert "never retrieved" not in made.said()
    assert "was destroyed" not in made.said()
    with closing(sqlite3.connect(made.database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert made.ask("daemon", "--once", "--max-seconds", "0.5").code in (0, 1), "the lock is free again"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(admins: Home, number: int) -> None:
    daemon = admins.start()
    admins.ask("poll")
    assert daemon.end(number) == 0
    assert_ended_cleanly(admins)


@pytest.mark.parametrize("fault", ["timeout", "timeout@/threads", "429-seconds=80"])
def test_a_signal_ends_it_while_hex_does_not_answer(admins: Home, hex_: Hex, fault: str) -> None:
    hex_.change("fault", spec=fault)
    daemon = admins.start()
    asked = "/threads" if "threads" in fault else "/users/me"
    wait_until(lambda: any(seen.path.endswith(asked) for seen in hex_.running.requests), "the poll hangs")
    began = time.monotonic()
    assert daemon.end() == 0
    assert time.monotonic() - began < 5
    assert_ended_cleanly(admins)


def test_a_signal_ends_it_while_a_client_waits_for_a_poll_and_others_listen(admins: Home, hex_: Hex) -> None:
    hex_.change("fault", spec="timeout")
    daemon = admins.start()
    waiting = [socket.socket(socket.AF_UNIX) for _ in range(3)]
    for connection, request in zip(waiting, ("POST /v1/poll", "GET /v1/events", "GET /v1/st"), strict=True):
        connection.connect(str(admins.socket))
        end = "" if request.endswith("/st") else " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
        connection.sendall((request + end).encode())
    assert waiting[1].recv(100).startswith(b"HTTP/1.1 200")
    assert daemon.end() == 0
    for connection in waiting:
        connection.close()
    assert_ended_cleanly(admins)


def test_events_come_over_the_socket_as_things_happen_and_end_with_the_daemon(admins: Home, hex_: Hex) -> None:
    daemon = admins.start()
    admins.ask("poll")
    events = admins.client.events()
    stream = iter(events)
    first = [next(stream), next(stream)]
    assert [name for name, _ in first] == ["status", "alerts"]
    assert (first[0][1]["meters"][0]["used"], first[1][1]["pending"]) == (24.0, 0)
    hex_.change("grow", thread_id="main", credits="9")
    admins.ask("poll")
    told = next(document for name, document in stream if name == "alerts")
    assert [(told["pending"], alert["title"]) for alert in told["active"]] == [(1, "ed@acme.test: about 82 % used")]
    assert daemon.end() == 0
    assert {name for name, _ in stream} <= {"status", "alerts"}
    events.close()


def test_silent_clients_do_not_keep_others_from_an_answer(admins: Home) -> None:
    admins.start()
    silent = [socket.socket(socket.AF_UNIX) for _ in range(30)]
    for connection in silent:
        connection.connect(str(admins.socket))
    began = time.monotonic()
    assert admins.ask("status").code == 0
    assert time.monotonic() - began < 5
    for connection in silent:
        connection.close()


def test_garbage_on_the_socket_is_refused_and_the_daemon_lives(admins: Home) -> None:
    admins.start()
    garbage = [
        b"\x00" * 10,
        b"GET\r\n\r\n",
        b"GET //[ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /%00%1b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 1_500_000,
        b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ]
    for data in garbage:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(str(admins.socket))
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                status = connection.recv(12)[9:10]
            except (ConnectionError, BrokenPipeError):
                status = b""
            assert status in (b"4", b""), data[:40]
    assert admins.ask("status").code == 0
    assert "Traceback" not in admins.said()


def long_past() -> World:
    world = small_world()
    for number in range(1200):
        world.add_thread("eve@acme.test", now_ms() - 7_200_000 - number * 3_600_000, CREDIT // 100)
    return world


def test_max_seconds_stops_the_first_run_and_the_next_goes_on(hex_: Hex, tmp_path: Path) -> None:
    world = hex_.running.world
    for thread in long_past().threads.values():
        if thread.id not in world.threads:
            world.add_thread("eve@acme.test", thread.created_ms, thread.credits_micro, thread_id=thread.id)
    slow = "[poll]\nrequests_per_minute = 8\n"
    with home(tmp_path, hex_.base_url, "hxtp_sim_ada", plan() + EVERYONE + slow) as made:
        ran = made.ask("daemon", "--once", "--max-seconds", "2")
        assert (ran.code, "stopped; the next run goes on from here" in ran.err) == (0, True), ran.err
        first = made.query("SELECT count(*) FROM threads")[0][0]
        assert 100 <= first < 1200
        made.config.write_text(made.config.read_text().replace("= 8", "= 1000"))
        assert made.ask("daemon", "--once").code == 0
        made.assert_sums()
        assert made.query("SELECT count(*) FROM threads") == [(1202,)]
        assert "Traceback" not in ran.err


@pytest.mark.slow
def test_a_database_that_somebody_else_holds_is_said_without_a_traceback(admins: Home) -> None:
    assert admins.ask("daemon", "--once").code == 0
    with closing(sqlite3.connect(admins.database, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        ran = admins.ask("daemon", "--once")
    assert (ran.code, "Traceback" in ran.err, "database is locked" in ran.err) == (1, False, True), ran.err


def test_the_token_is_in_no_file_and_no_output(admins: Home, hex_: Hex) -> None:
    daemon = admins.start("--verbose")
    for fault in ("500:1", "401:1", "html:1", "301:1", "reset:1"):
        hex_.change("fault", spec=fault)
        admins.ask("poll")
    outputs = [admins.ask(*words).out for words in (["status", "--json"], ["alerts", "--json"], ["usage", "--json"])]
    assert daemon.end() == 0
    token = "hxtp_sim_ada"
    assert token not in "".join(outputs)
    holders = [path for path in admins.folder.rglob("*") if path.is_file() and token.encode() in path.read_bytes()]
    assert holders == []


def test_a_run_that_was_stopped_before_hex_answered_has_failed(admins: Home, hex_: Hex) -> None:
    hex_.change("fault", spec="timeout")
    ran = admins.ask("daemon", "--once", "--max-seconds", "1")
    assert ran.code == 1
    assert "stopped before Hex had answered" in ran.err


def test_sigterm_ends_a_single_run_cleanly(admins: Home, hex_: Hex) -> None:
    hex_.change("fault", spec="timeout@/threads")
    once = admins.start("--once", ready=False)
    wait_until(lambda: any(seen.path.endswith("/threads") for seen in hex_.running.requests), "the list is asked for")
    once.process.terminate()
    assert once.wait() in (0, 1)
    assert "Traceback" not in admins.said()


def test_on_a_terminal_the_first_run_is_a_bar(hex_: Hex, tmp_path: Path) -> None:
    world = hex_.running.world
    for thread in long_past().threads.values():
        if thread.id not in world.threads:
            world.add_thread("eve@acme.test", thread.created_ms, thread.credits_micro, thread_id=thread.id)
    quick = "[poll]\nrequests_per_minute = 1000\n"
    with home(tmp_path, hex_.base_url, "hxtp_sim_ada", plan() + EVERYONE + quick) as made:
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "hexmeter", "daemon", "--once"]
        once = subprocess.Popen(command, env=made.variables(), stderr=theirs)
        os.close(theirs)
        drawn = b""
        while chunk := read_terminal(ours):
            drawn += chunk
        os.close(ours)
        assert once.wait(timeout=30) == 0
        assert b"Reading the history " in drawn
        assert b"threads, back to " in drawn
        assert b"INFO" not in drawn
