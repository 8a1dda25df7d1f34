"""Runs the simulated Hex inside this process: in the running event loop, or in a thread for synchronous callers."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from hexmeter.hex.simulator.faults import Fault, Faults
from hexmeter.hex.simulator.rates import Rates, RetryAfter
from hexmeter.hex.simulator.server import BASE_PATH, Seen, Simulator, system_ms
from hexmeter.hex.simulator.world import World
from hexmeter.wire.httpd import HttpServer

_MAX_CLIENTS = 256


@dataclass(frozen=True, slots=True)
class Running:
    """A simulated Hex that answers: `base_url` is Hex's, `url` the root (for /_sim/), `simulator` the thing itself."""

    url: str
    simulator: Simulator

    @property
    def base_url(self) -> str:
        """Where a client of Hex is pointed."""
        return self.url + BASE_PATH

    @property
    def world(self) -> World:
        """The world that is served; change it between requests."""
        return self.simulator.world

    @property
    def faults(self) -> Faults:
        """The faults that are armed."""
        return self.simulator.faults

    @property
    def requests(self) -> list[Seen]:
        """The requests to Hex so far, oldest first; those to /_sim/ are not among them."""
        return list(self.simulator.requests)

    def token_for(self, email: str) -> str:
        """A personal token of this person."""
        return self.world.token_for(email)


@asynccontextmanager
async def running(
    world: World,
    *,
    port: int = 0,
    rates: Rates | None = None,
    retry_after: RetryAfter = "seconds",
    faults: Iterable[Fault] = (),
    clock: Callable[[], int] = system_ms,
) -> AsyncIterator[Running]:
    """Serve `world` on loopback until the block ends; port 0 takes a free one. Raises OSError when it is taken.

    Without `rates` Hex's default limits hold; `clock` gives Unix milliseconds.
    """
    simulator = Simulator(world, rates=rates, retry_after=retry_after, faults=faults, clock=clock)
    http = HttpServer(simulator.handle, max_clients=_MAX_CLIENTS)
    server = await asyncio.start_server(http.accept, "127.0.0.1", port)
    try:
        yield Running(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", simulator)
    finally:
        server.close()
        await http.close()
        await server.wait_closed()


@contextmanager
def running_in_thread(
    world: World,
    *,
    port: int = 0,
    rates: Rates | None = None,
    retry_after: RetryAfter = "seconds",
    faults: Iterable[Fault] = (),
    clock: Callable[[], int] = system_ms,
) -> Iterator[Running]:
    """`running` for a synchronous caller; change the world only while no request is under way."""
    started: list[Running | OSError] = []
    ready, ended = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        try:
            options = running(world, port=port, rates=rates, retry_after=retry_after, faults=faults, clock=clock)
            async with options as sim:
                started.append(sim)
                ready.set()
                await ended.wait()
        except OSError as error:
            started.append(error)
            ready.set()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="simulated Hex", daemon=True)
    thread.start()
    ready.wait()
    try:
        if isinstance(started[0], OSError):
            raise started[0]
        yield started[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
