"""A simulated Hex, and a home with a configuration that points at it."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hexmeter.hex.simulator.rates import UNLIMITED
from hexmeter.hex.simulator.running import Running, running_in_thread
from hexmeter.hex.simulator.world import World
from running_daemon import Home, home

CREDIT = 1_000_000


def plan() -> str:
    """A [plan] whose period began some days ago, whatever the date is."""
    began = datetime.now(UTC) - timedelta(days=10)
    return f'[plan]\ntier = "team"\ntimezone = "UTC"\nreset_day = {min(began.day, 28)}\n'


EVERYONE = '[watch]\nusers = "everyone"\n'
QUICK = "[poll]\nevery = '5s'\nrequests_per_minute = 100000\nrequests_per_hour = 10000000\n"


def now_ms() -> int:
    """The present in Unix milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Hex:
    """A simulated Hex in this process; `change` is safe while a daemon asks it."""

    running: Running

    @property
    def base_url(self) -> str:
        """Where a daemon is pointed."""
        return self.running.base_url

    def change(self, name: str, **body: Any) -> None:
        """POST /_sim/NAME, such as `change("grow", thread_id="main", credits="1.5")`."""
        answer = httpx.post(f"{self.running.url}/_sim/{name}", json=body, timeout=10, verify=False)
        assert answer.status_code == 200, answer.text


def small_world() -> World:
    """An admin, an editor at 60 % of 40 credits, and an editor with little."""
    world = World.empty()
    for name, role in {"ada": "ADMIN", "ed": "EDITOR", "eve": "EDITOR"}.items():
        world.add_person(f"{name}@acme.test", role)
        world.token_for(f"{name}@acme.test")
    world.workspace_token()
    hour_ms = 3_600_000
    world.add_thread("ed@acme.test", now_ms() - hour_ms, 24 * CREDIT, thread_id="main", title="Count sign-ups")
    world.add_thread("eve@acme.test", now_ms() - 2 * hour_ms, 1_250_000, thread_id="other", title="Plot churn")
    return world


def read_terminal(file: int) -> bytes:
    """What a pseudo-terminal shows next; nothing once its other side is closed, which Linux tells as an error."""
    try:
        return os.read(file, 65536)
    except OSError:
        return b""


@pytest.fixture
def hex_() -> Iterator[Hex]:
    with running_in_thread(small_world(), rates=UNLIMITED) as running:
        yield Hex(running)


@pytest.fixture
def admins(hex_: Hex, tmp_path: Path) -> Iterator[Home]:
    """An admin who watches everyone."""
    with home(tmp_path, hex_.base_url, "hxtp_sim_ada", plan() + EVERYONE) as made:
        yield made


DOCTOR = "doctor"


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


@pytest.fixture
def broken(hex_: Hex, tmp_path: Path) -> Iterator[Broken]:
    with home(tmp_path, hex_.base_url, "hxtp_sim_ada", plan() + EVERYONE) as made, ExitStack() as kept:
        made.environ["PYTHONWARNINGS"] = "error::ResourceWarning"
        yield Broken(made, hex_, kept)
