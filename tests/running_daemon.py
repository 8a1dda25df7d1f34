"""Starts `python -m hexmeter` as processes in a home of their own, for tests of the whole product."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desktop_bus import wait_until
from hexmeter.wire.client import Client

_ENDS_WITHIN_S = 15.0


@dataclass(frozen=True, slots=True)
class Ran:
    """What a finished command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Its output as a JSON object."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document


@dataclass
class DaemonProcess:
    """A running `hexmeter daemon`; all its daemons' stderr goes to one file."""

    home: "Home"
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """SIGKILL: as a crash, or the machine's end."""
        self.process.kill()
        self.process.wait()

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal, as a service manager does; the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(_ENDS_WITHIN_S)


@dataclass
class Home:
    """A user's home with a configuration: what every process of one test shares."""

    folder: Path
    config: Path
    token: str | None
    environ: dict[str, str] = field(default_factory=dict)
    prefix: list[str] = field(default_factory=list)
    """What commands are run by, such as `setpriv` with its options."""
    _daemons: list[DaemonProcess] = field(default_factory=list)

    @property
    def database(self) -> Path:
        """The daemon's database."""
        return self.folder / "data" / "hexmeter" / "hexmeter.db"

    @property
    def log(self) -> Path:
        """What all daemons said on stderr."""
        return self.folder / "daemon.log"

    @property
    def socket(self) -> Path:
        """The local API's socket."""
        return self.folder / "run" / "hexmeter" / "api.sock"

    @property
    def client(self) -> Client:
        """A client of the daemon's local API."""
        return Client(str(self.socket))

    def variables(self, **more: str) -> dict[str, str]:
        """The environment of every process."""
        given = {} if self.token is None else {"HEX_TOKEN": self.token}
        paths = {
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
        }
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return {**kept, **paths, **given, **self.environ, **more}

    def ask(self, *arguments: str, **variables: str) -> Ran:
        """Run `hexmeter` with these arguments to its end."""
        command = [*self.prefix, sys.executable, "-m", "hexmeter", *arguments]
        done = subprocess.run(
            command, env=self.variables(**variables), capture_output=True, text=True, timeout=60, cwd=self.folder
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def start(self, *options: str, ready: bool = True, **variables: str) -> DaemonProcess:
        """Start `hexmeter daemon`, and wait until it answers unless `ready` is False."""
        command = [sys.executable, "-m", "hexmeter", "daemon", *options]
        with self.log.open("ab") as log:
            process = subprocess.Popen(command, env=self.variables(**variables), stderr=log, cwd=self.folder)
        daemon = DaemonProcess(self, process)
        self._daemons.append(daemon)
        if ready:
            wait_until(lambda: process.poll() is not None or self.answers(), "the daemon answers", 30)
            assert process.poll() is None, self.said()
        return daemon

    def answers(self) -> bool:
        """Whether somebody listens on the socket."""
        with socket.socket(socket.AF_UNIX) as dialler:
            return dialler.connect_ex(str(self.socket)) == 0

    def said(self) -> str:
        """The daemons' stderr so far."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        with closing(sqlite3.connect(self.database, timeout=20)) as connection:
            return connection.execute(sql).fetchall()

    def assert_sums(self) -> None:
        """For every thread the sum of its usage is its last seen figure."""
        unequal = self.query(
            "SELECT t.id, t.credits_micro, sum(u.credits_micro) FROM threads t LEFT JOIN usage u"
            " ON u.thread_id = t.id GROUP BY t.id"
            " HAVING coalesce(sum(u.credits_micro), 0) != coalesce(t.credits_micro, 0)"
        )
        assert unequal == []

    def end_all(self) -> None:
        """Kill what still runs."""
        for daemon in self._daemons:
            if daemon.process.poll() is None:
                daemon.kill()


@contextmanager
def home(folder: Path, base_url: str, token: str | None, toml: str = "") -> Iterator[Home]:
    """A home whose default configuration points at the Hex at `base_url`; all daemons end with the block."""
    config = folder / "config" / "hexmeter" / "config.toml"
    config.parent.mkdir(parents=True)
    (folder / "run").mkdir(mode=0o700)
    config.write_text(f'[hex]\nbase_url = "{base_url}"\n{toml}', encoding="utf-8")
    made = Home(folder, config, token)
    try:
        yield made
    finally:
        made.end_all()
