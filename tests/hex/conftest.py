"""A client of Hex on the simulated one, with a clock that never makes anybody wait."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pytest

from builders import NOW_MS, FakeClock
from hexmeter.core.budget import Restraint, Window, windows
from hexmeter.core.instants import DAY_MS
from hexmeter.hex.client import HexClient, Limits
from hexmeter.hex.pacer import Pacer
from hexmeter.hex.simulator.faults import parse_fault
from hexmeter.hex.simulator.jsontext import CREDIT
from hexmeter.hex.simulator.rates import UNLIMITED
from hexmeter.hex.simulator.running import Running, running_in_thread
from hexmeter.hex.simulator.world import World

Value = TypeVar("Value")

PLENTY = windows(10_000, 100_000)
PATIENT = Limits(connect_s=10, read_s=10, whole_s=20, answer_bytes=2 * 1024 * 1024)
HASTY = replace(PATIENT, read_s=0.5)
"""Where an answer that never comes is waited for."""
SEED = 1


@dataclass
class Notebook:
    """A journal of requests in memory."""

    sent_ms: list[int] = field(default_factory=list)
    taught: Restraint = field(default_factory=Restraint)

    def requests_since(self, since_ms: int) -> Sequence[int]:
        return [at_ms for at_ms in self.sent_ms if at_ms >= since_ms]

    def write_request(self, sent_ms: int) -> int:
        self.sent_ms.append(sent_ms)
        return len(self.sent_ms)

    def restraint(self) -> Restraint:
        return self.taught

    def save_restraint(self, restraint: Restraint) -> None:
        self.taught = restraint


@dataclass
class Asker:
    """Asks one Hex; the pacer lives on from question to question."""

    base_url: str
    token: str
    clock: FakeClock = field(default_factory=FakeClock)
    journal: Notebook = field(default_factory=Notebook)
    limits: Limits = PATIENT
    budget: Sequence[Window] = PLENTY
    pacer: Pacer = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """What a new process would begin with."""
        self.pacer = Pacer(self.budget, self.clock, self.journal, seed=SEED)

    def ask(self, question: Callable[[HexClient], Awaitable[Value]]) -> Value:
        async def answered() -> Value:
            client = HexClient(self.base_url, lambda: self.token, self.pacer, self.clock, self.limits)
            try:
                return await question(client)
            finally:
                await client.close()

        return asyncio.run(answered())


@dataclass
class Bench:
    """The simulated Hex and an Admin who asks it."""

    sim: Running
    asker: Asker

    def arm(self, *specs: str) -> None:
        for spec in specs:
            if spec.startswith("timeout"):
                self.asker.limits = HASTY
            self.sim.faults.arm(parse_fault(spec))

    @property
    def paths(self) -> list[str]:
        return [seen.path for seen in self.sim.requests]


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Eight threads of an Editor, t7 the newest to t0, of one credit each."""
    world = World.empty()
    for role in ("ADMIN", "EDITOR"):
        world.add_person(f"{role.lower()}@acme.test", role)
    for number in range(8):
        world.add_thread("editor@acme.test", NOW_MS - DAY_MS + number, CREDIT, thread_id=f"t{number}")
    clock = FakeClock()
    with running_in_thread(world, rates=UNLIMITED, clock=clock.now_ms) as sim:
        yield Bench(sim, Asker(sim.base_url, sim.token_for("admin@acme.test"), clock))
