"""A small explicit world behind HTTP, and a clock the test holds."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from hexmeter.hex.simulator.jsontext import CREDIT
from hexmeter.hex.simulator.rates import UNLIMITED
from hexmeter.hex.simulator.running import Running, running_in_thread
from hexmeter.hex.simulator.world import World

NOW_MS = 1_795_358_814_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@dataclass
class Clock:
    """A clock that stands until the test moves it."""

    now_ms: int = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@dataclass
class Hex:
    """The running simulator, its clock, and clients by token."""

    sim: Running
    clock: Clock
    _clients: list[httpx.Client] = field(default_factory=list)

    def client(self, token: str | None) -> httpx.Client:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        # Loading certificates, which plain http never asks for, would take longer than the test.
        client = httpx.Client(base_url=self.sim.base_url, headers=headers, timeout=5, verify=False)
        self._clients.append(client)
        return client

    def by(self, email: str) -> httpx.Client:
        return self.client(self.sim.token_for(email))

    def close(self) -> None:
        for client in self._clients:
            client.close()


def small_world() -> World:
    """An admin, a manager, an editor and an explorer; the editor has a thread of 3.27 credits, a day old."""
    world = World.empty()
    for role in ("ADMIN", "MANAGER", "EDITOR", "EXPLORER"):
        world.add_person(f"{role.lower()}@acme.test", role)
    world.add_thread("editor@acme.test", NOW_MS - DAY_MS, 327 * CREDIT // 100, title="Count sign-ups", thread_id="t-ed")
    return world


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hex_(clock: Clock) -> Iterator[Hex]:
    with running_in_thread(small_world(), rates=UNLIMITED, clock=clock) as sim:
        served = Hex(sim, clock)
        yield served
        served.close()


@pytest.fixture
def admin(hex_: Hex) -> httpx.Client:
    return hex_.by("admin@acme.test")
