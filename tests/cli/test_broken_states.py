"""What can be broken, as one table: the exit code and the one message of a command, and what the doctor says of it."""

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from hexmeter.hex.simulator.world import World
from running_daemon import Home, Ran, home

from .conftest import EVERYONE, Hex, now_ms, plan
from .test_full_disk import small_disk

DOCTOR = "doctor"
NOTHING = ("", "")


@dataclass
class Broken:
    """A home on a simulated Hex, to be broken; what is opened in `kept` is closed at the end."""

    home: Home
    hex_: Hex
    kept: ExitStack

    def write(self, toml: str) -> None:
        """Replace the configuration's plan and watch by `toml`; it still points at the simulated Hex."""
        self.home.config.write_text(f'[hex]\nbase_url = "{self.hex_.base_url}"\n{toml}')

    def base_url(self, url: str) -> None:
        self.home.config.write_text(f'[hex]\nbase_url = "{url}"\n{plan()}')

    def once(self) -> None:
        """Have a database: one good run."""
        ran = self.home.ask("daemon", "--once")
        assert ran.code == 0, ran.err

    @property
    def world(self) -> World:
        return self.hex_.running.world

    def database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.home.database, isolation_level=None)


def no_token(broken: Broken) -> None:
    broken.home.token = None


def open_token_file(broken: Broken) -> None:
    no_token(broken)
    file = broken.home.folder / "token"
    file.write_text("hxtp_sim_ada")
    file.chmod(0o644)
    broken.write(f'token_file = "{file}"\n' + plan())


def no_token_file(broken: Broken) -> None:
    no_token(broken)
    broken.write('token_file = "/nowhere/token"\n' + plan())


def failing_command(broken: Broken) -> None:
    no_token(broken)
    broken.home.config.chmod(0o600)
    broken.write("token_command = \"sh -c 'echo locked >&2; exit 7'\"\n" + plan())


def shared_command(broken: Broken) -> None:
    no_token(broken)
    broken.write('token_command = "cat /nowhere"\n' + plan())
    broken.home.config.chmod(0o666)


def no_keyring(broken: Broken) -> None:
    no_token(broken)
    broken.home.environ["PYTHONPATH"] = str(broken.home.folder / "modules")
    (broken.home.folder / "modules").mkdir()
    (broken.home.folder / "modules" / "keyring.py").write_text("raise ImportError")
    broken.write("keyring = true\n" + plan())


def editor(broken: Broken) -> None:
    broken.home.token = "hxtp_sim_ed"


def me_is_nobody(broken: Broken) -> None:
    broken.home.token = "hxtw_sim_workspace"
    broken.write(plan() + '[watch]\nusers = "me"\n')


def other_org(broken: Broken) -> None:
    broken.once()
    broken.world.org_id = "org-other"


def config_is_a_folder(broken: Broken) -> None:
    broken.home.config.unlink()
    broken.home.config.mkdir()


def no_text(broken: Broken) -> None:
    broken.home.config.write_bytes(b"\xff\xfe")


def corrupt(broken: Broken) -> None:
    broken.write(plan() + "[storage]\nbackups = 0\n")
    broken.home.database.parent.mkdir(parents=True)
    broken.home.database.write_bytes(b"no database at all, but a text that is long enough" * 100)


def newer(broken: Broken) -> None:
    broken.once()
    with closing(broken.database()) as database:
        database.execute("PRAGMA user_version = 9999")


def older(broken: Broken) -> None:
    broken.once()
    with closing(broken.database()) as database:
        database.execute("PRAGMA user_version = 1")


def locked(broken: Broken) -> None:
    broken.once()
    holder = broken.kept.enter_context(closing(broken.database()))
    holder.execute("BEGIN IMMEDIATE")


def full_disk(broken: Broken) -> None:
    disk = broken.kept.enter_context(small_disk(broken.home.folder / "disk", 160))
    broken.write(plan() + f'[storage]\npath = "{disk}/hexmeter.db"\n')


def expired(broken: Broken) -> None:
    broken.world.expire("hxtp_sim_ada", now_ms() - 60_000)


def somebody_elses(broken: Broken) -> None:
    """Somebody's socket is where ours would be, and root's right to open any file, where the test has it, is away."""
    broken.home.socket.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(broken.home.socket))
    broken.home.socket.chmod(0)
    if os.geteuid() == 0:
        broken.home.prefix = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


def in_the_way(broken: Broken) -> None:
    broken.home.socket.parent.mkdir(mode=0o700)
    broken.home.socket.write_text("mine")


def open_folder(broken: Broken) -> None:
    broken.home.socket.parent.mkdir()
    broken.home.socket.parent.chmod(0o755)


def others_socket(broken: Broken) -> None:
    """Somebody answers on the socket who is no daemon, and says nothing that can be understood."""
    broken.home.socket.parent.mkdir(mode=0o700)
    program = (
        "import socket, sys\ns = socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen()\nprint(flush=True)\n"
        "while True:\n c, _ = s.accept()\n c.sendall(b'220 mail ready\\r\\n')\n c.close()"
    )
    command = [sys.executable, "-c", program, str(broken.home.socket)]
    process = broken.kept.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
    broken.kept.callback(process.kill)
    assert process.stdout is not None
    process.stdout.readline()


def no_home(broken: Broken) -> None:
    broken.write(plan() + "[storage]\npath = '/proc/hexmeter/hexmeter.db'\n")


def two_daemons(broken: Broken) -> None:
    broken.home.start()


def long_socket(broken: Broken) -> None:
    broken.write(plan() + f"[api]\nsocket = '/tmp/{'x' * 120}'\n")


def fault(spec: str) -> Callable[[Broken], None]:
    return lambda broken: broken.hex_.change("fault", spec=spec)


def toml(text: str) -> Callable[[Broken], None]:
    return lambda broken: broken.write(plan() + text)


def token(text: str) -> Callable[[Broken], None]:
    def change(broken: Broken) -> None:
        broken.home.token = text

    return change


def base_url(url: str) -> Callable[[Broken], None]:
    return lambda broken: broken.base_url(url)


def group(broken: Broken) -> None:
    broken.write(plan() + f"[api]\nsocket = '{broken.home.folder}/api.sock'\ngroup = 'no-such-group'\n")


ONCE, DAEMON, STATUS = ["daemon", "--once"], ["daemon"], ["status"]
OFFLINE = ["status", "--offline"]

TABLE = [
    # What is broken; the command, its exit code and words of its message; the doctor's check and its state.
    ("no configuration at the place named", lambda b: b.home.config.unlink(), [*ONCE, "--config", "/nowhere.toml"], 2,
        "there is no such file", NOTHING),
    ("no configuration and no token", lambda b: (b.home.config.unlink(), no_token(b)), ONCE, 2, "there is no token",
        ("token", "failure")),
    ("bad TOML", toml("= 3\n"), ONCE, 2, "not valid TOML", ("config", "failure")),
    ("an unknown key", toml("[poll]\nevry = '5m'\n"), ONCE, 2, "did you mean every?", ("config", "failure")),
    ("an unknown table", toml("[alertz]\n"), ONCE, 2, "did you mean alerts?", ("config", "failure")),
    ("a wrong type", toml("[poll]\nevery = 5\n"), ONCE, 2, "poll.every = 5: must be a duration", ("config", "failure")),
    ("a value that is not allowed", toml("[storage]\nbackups = -1\n"), ONCE, 2, "storage.backups = -1",
        ("config", "failure")),
    ("a configuration with faults and no daemon", toml("[poll]\nevery = 5\n"), STATUS, 2, "poll.every",
        ("config", "failure")),
    ("a configuration that is a folder", config_is_a_folder, ONCE, 2, "Is a directory", ("config", "failure")),
    ("a configuration that is no text", no_text, ONCE, 2, "is not UTF-8 text", ("config", "failure")),
    ("plain http to another machine", base_url("http://hex.acme.test/api/v1"), ONCE, 2, "hex.base_url",
        ("config", "failure")),
    ("no token", no_token, ONCE, 2, "there is no token", ("token", "failure")),
    ("what is no token", token("two words"), ONCE, 2, "what HEX_TOKEN holds is not a token", ("token", "failure")),
    ("a token file that is missing", no_token_file, ONCE, 2, "cannot read the token file", ("token", "failure")),
    ("a token file that others may read", open_token_file, ONCE, 2, "others may read the token file",
        ("token", "failure")),
    ("a token command that fails", failing_command, ONCE, 2, "exit code 7: locked", ("token", "failure")),
    ("a token command that others may change", shared_command, ONCE, 2, "others may write to", ("token", "failure")),
    ("no keyring", no_keyring, ONCE, 2, "needs the keyring package", ("token", "failure")),
    ("an expired token", expired, ONCE, 3, "Token has expired", ("hex", "failure")),
    ("a refused token", token("hxtp_sim_nobody"), ONCE, 3, "with 401", ("hex", "failure")),
    ("a role that may not list threads", editor, ONCE, 0, "", ("role", "warning")),
    ("a workspace token that is to watch me", me_is_nobody, ONCE, 2, "a workspace token is nobody's own",
        ("role", "failure")),
    ("a token of another workspace", other_org, ONCE, 2, "belongs to the workspace org-other", ("database", "failure")),
    ("no network", base_url("http://127.0.0.1:9/api/v1"), ONCE, 1, "cannot reach Hex", ("hex", "failure")),
    ("a base URL that is not Hex's", lambda b: b.base_url(b.hex_.base_url + "/no"), ONCE, 1, "with 404",
        ("hex", "failure")),
    ("a page where Hex's API should be", fault("html"), ONCE, 1, "is not JSON", ("hex", "failure")),
    ("a redirect", fault("301"), ONCE, 1, "redirects are not followed", ("hex", "failure")),
    ("Hex's own fault", fault("500"), [*ONCE, "--max-seconds", "20"], 1, "with 500", ("hex", "failure")),
    ("no daemon", lambda b: None, STATUS, 5, "the daemon is not running", ("daemon", "warning")),
    ("two daemons", two_daemons, DAEMON, 4, "already runs on the database", ("daemon", "ok")),
    ("a socket of somebody who is no daemon", others_socket, STATUS, 5, "", ("daemon", "warning")),
    ("a socket of another user", somebody_elses, STATUS, 1, "belongs to another user", ("daemon", "failure")),
    ("a file where the socket goes", in_the_way, DAEMON, 1, "a file that is no socket is in the way", NOTHING),
    ("a folder of the socket that others can enter", open_folder, DAEMON, 1, "is not a private folder", NOTHING),
    ("a path too long for a socket", long_socket, DAEMON, 1, "longer than the 107 bytes", NOTHING),
    ("a group that does not exist", group, DAEMON, 1, "there is no group 'no-such-group'", NOTHING),
    ("no database yet", lambda b: None, OFFLINE, 1, "there is no database at", ("database", "warning")),
    ("a database that cannot be made", no_home, ONCE, 1, "cannot lock the database", ("database", "warning")),
    ("a database that is none", corrupt, ONCE, 1, "cannot use the database", ("database", "failure")),
    ("a disk that is full", full_disk, ONCE, 1, "disk is full", ("space", "failure")),
    ("a database that another program locks", locked, ONCE, 1, "database is locked", ("database", "failure")),
    ("a database of a newer version", newer, ONCE, 1, "was made by a newer version", ("database", "failure")),
    ("a database of an older version", older, OFFLINE, 1, "is of an older version", ("database", "warning")),
    ("no desktop session", lambda b: None, STATUS, 5, "the daemon is not running", ("notifications", "warning")),
    ("channels that lead nowhere", toml("[notify]\ndesktop = false\n"), ONCE, 0, "", ("channels", "warning")),
    ("a reset day that nobody chose", lambda b: b.write("[plan]\ntier = 'team'\n"), ONCE, 0, "",
        ("reset_day", "warning")),
]  # fmt: skip


@pytest.fixture
def broken(hex_: Hex, tmp_path: Path) -> Iterator[Broken]:
    with home(tmp_path, hex_.base_url, "hxtp_sim_ada", plan() + EVERYONE) as made, ExitStack() as kept:
        made.environ["PYTHONWARNINGS"] = "error::ResourceWarning"
        yield Broken(made, hex_, kept)


@pytest.mark.parametrize(
    ("breaks", "command", "code", "words", "check"),
    [pytest.param(*row[1:], id=row[0], marks=[pytest.mark.slow] if row[1] is locked else []) for row in TABLE],
)
def test_a_broken_state_is_one_message_with_its_mend_and_the_doctor_sees_it(
    broken: Broken,
    breaks: Callable[[Broken], object],
    command: list[str],
    code: int,
    words: str,
    check: tuple[str, str],
) -> None:
    breaks(broken)
    ran = broken.home.ask(*command)
    assert (ran.code, words in ran.err, "Traceback" in ran.err) == (code, True, False), ran.err
    told = [line for line in ran.err.splitlines() if line.startswith("hexmeter: ")]
    if code:
        assert len(told) == 1, ran.err
        # All faults of a configuration are told, each with what is allowed; anything else with what to try.
        assert "\n  try: " in ran.err or ".toml" in ran.err, ran.err
    doctor = broken.home.ask(DOCTOR, "--json")
    assert "Traceback" not in doctor.err
    found = [(one["name"], one["state"]) for one in doctor.json["checks"]]
    assert check == NOTHING or check in found, found
    assert doctor.code == (1 if any(state == "failure" for _, state in found) else 0)
    for one in doctor.json["checks"]:
        assert one["state"] == "ok" or one["mend"] or one["name"] in ("config", "note"), one
        assert "hxtp_" not in one["message"]


def test_the_table_is_long_enough() -> None:
    assert len(TABLE) >= 30


def test_the_doctor_needs_nothing_at_all(tmp_path: Path) -> None:
    """No configuration, token, network, daemon, display or home of its own."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "hexmeter", DOCTOR]
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    assert "FAILURE token" in done.stdout
    assert "try: run hexmeter setup" in done.stdout


def test_the_doctor_gives_each_fault_of_the_configuration_a_line(broken: Broken) -> None:
    broken.write("[plan]\nreset_day = 40\n[poll]\nevry = '5m'\nrequests_per_hour = 0\n")
    found = [one for one in broken.home.ask(DOCTOR, "--json").json["checks"] if one["name"] == "config"]
    assert [one["message"].split(":")[1] for one in found] == ["4", "6", "7"]
    assert [one["mend"] for one in found] == [None, None, "mend the file: hexmeter config check"]


PORTS = "[metrics]\nlisten = '127.0.0.1:{metrics}'\n[dashboard]\nport = {dashboard}\nenabled = {enabled}\n"


@pytest.mark.parametrize("running", [False, True], ids=["no daemon", "a daemon"])
@pytest.mark.parametrize("enabled", ["true", "false"], ids=["kept open", "opened on request"])
def test_the_doctor_sees_ports_that_another_program_has(broken: Broken, running: bool, enabled: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        metrics, dashboard = one.getsockname()[1], other.getsockname()[1]
        broken.write(plan() + EVERYONE + PORTS.format(metrics=metrics, dashboard=dashboard, enabled=enabled))
        if running:
            broken.home.start()
        taken = ports_in(broken.home.ask(DOCTOR, "--json"))
        assert taken == {
            "metrics": ("warning", f"127.0.0.1:{metrics} cannot be used: Address already in use"),
            "dashboard": ("warning", f"127.0.0.1:{dashboard} cannot be used: Address already in use"),
        }
    free = {name: said for name, (_, said) in ports_in(broken.home.ask(DOCTOR, "--json")).items()}
    late = " now, and the daemon does not listen there" if running else ""
    assert free == {
        "metrics": f"127.0.0.1:{metrics} is free{late}",
        "dashboard": f"127.0.0.1:{dashboard} is free{late if enabled == 'true' else ''}",
    }
    if running:
        assert broken.home.ask("dashboard", "--print").code == 0
        assert ports_in(broken.home.ask(DOCTOR, "--json"))["dashboard"] == (
            "ok", f"the daemon listens on 127.0.0.1:{dashboard}",
        )  # fmt: skip
        assert broken.home.ask("dashboard", "--close").code == 0
        assert "dashboard" not in broken.home.client.get("/v1/status")["ports"]


def ports_in(doctor: Ran) -> dict[str, tuple[str, str]]:
    """The state and message of each port that it looked at."""
    found = {one["name"]: (one["state"], one["message"]) for one in doctor.json["checks"]}
    return {name: found[name] for name in ("metrics", "dashboard")}


def test_all_is_well_with_a_daemon(broken: Broken) -> None:
    broken.home.start()
    assert broken.home.ask("poll").code == 0
    ran = broken.home.ask(DOCTOR, "--json")
    checks = {one["name"]: one for one in ran.json["checks"]}
    states = {name: one["state"] for name, one in checks.items()}
    shown = broken.home.ask("status").out.splitlines()[0]
    assert shown.endswith(f" · as of {checks['polling']['message'].removeprefix('the last poll was good, ')}")
    assert (ran.code, {name for name, state in states.items() if state != "ok"}) == (0, {"tray", "notifications"})
    assert {"config", "token", "hex", "role", "expiry", "database", "space", "rate", "daemon", "polling"} <= set(states)


def test_the_doctor_suggests_the_reset_day_that_fits_what_hex_showed(broken: Broken) -> None:
    """24 credits of an hour ago are not in a period that the user's own page says is empty so far."""
    broken.write("[plan]\ntier = 'team'\ntimezone = 'UTC'\nreset_day = 1\n" + EVERYONE)
    broken.home.start()
    assert broken.home.ask("calibrate", "grant:ed@acme.test", "--used", "24").code == 0
    assert "would" not in broken.home.ask(DOCTOR).out
