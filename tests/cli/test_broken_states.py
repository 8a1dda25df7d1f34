"""What can be broken, as one table: the exit code and the one message of a command, and what the doctor says of it."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing

import pytest

from .conftest import DOCTOR, Broken, now_ms, plan
from .test_full_disk import small_disk

NOTHING = ("", "")


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


def damaged(broken: Broken) -> None:
    """Every page but the first, as by a dying disk after a clean stop."""
    broken.once()
    with broken.home.database.open("r+b") as file:
        for page in range(1, broken.home.database.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xde\xad" * 100)


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
    ("a configuration that is a folder, and no daemon", config_is_a_folder, STATUS, 2, "Is a directory",
        ("config", "failure")),
    ("a configuration that is a folder, for setup", config_is_a_folder, ["setup", "--yes"], 2, "Is a directory",
        ("config", "failure")),
    ("a configuration that is no text, for setup", no_text, ["setup", "--yes"], 2, "is not UTF-8 text",
        ("config", "failure")),
    ("bad TOML where the socket is named", toml("[api]\nsocket = \n"), STATUS, 2, "not valid TOML",
        ("config", "failure")),
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
    ("a damaged database", damaged, OFFLINE, 1, "cannot read the database", ("database", "failure")),
    ("a disk that is full", full_disk, ONCE, 1, "disk is full", ("space", "failure")),
    ("a database that another program locks", locked, ONCE, 1, "database is locked", ("database", "failure")),
    ("a database of a newer version", newer, ONCE, 1, "was made by a newer version", ("database", "failure")),
    ("a database of an older version", older, OFFLINE, 1, "is of an older version", ("database", "warning")),
    ("no desktop session", lambda b: None, STATUS, 5, "the daemon is not running", ("notifications", "warning")),
    ("channels that lead nowhere", toml("[notify]\ndesktop = false\n"), ONCE, 0, "", ("channels", "warning")),
    ("a reset day that nobody chose", lambda b: b.write("[plan]\ntier = 'team'\n"), ONCE, 0, "",
        ("reset_day", "warning")),
]  # fmt: skip


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
