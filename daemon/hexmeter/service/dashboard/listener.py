"""The dashboard's listener: a page on loopback for who has a link, and for nobody else."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from hexmeter.config.model import DASHBOARD_HOST
from hexmeter.core.clock import Clock
from hexmeter.core.instants import MINUTE_MS
from hexmeter.service.daemon import Daemon
from hexmeter.service.dashboard.access import ENTRANCE, LINK_LIVES_MS, Access
from hexmeter.service.front import Front
from hexmeter.service.loopback import LoopbackServer
from hexmeter.service.refused import Refused
from hexmeter.wire.shapes import Failure

if TYPE_CHECKING:
    from hexmeter.service.dashboard.http import Showing

log = logging.getLogger(__name__)

UNUSED_MS = 30 * MINUTE_MS
"""After so long without a request or a live page the port closes, unless `[dashboard] enabled` keeps it open."""

_LOOK_EVERY_S = 60
_MOST_CLIENTS = 64


@dataclass(frozen=True, slots=True)
class Opened:
    """A link to the dashboard, and until when it works, by the wall clock."""

    url: str
    until_ms: int


class Dashboard:
    """One for the life of the process: its port, links and sessions outlive a reload of the configuration."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._front = Front()
        self._daemon: Daemon | None = None
        self._access = Access(clock)
        self._enabled, self._wanted_port = False, 0
        self._server: LoopbackServer | None = None
        self._showing: Showing | None = None
        self._opening = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @contextlib.asynccontextmanager
    async def serving(self, daemon: Daemon) -> AsyncIterator[None]:
        """Show `daemon` inside the block, from its start where its configuration says so."""
        before = self._wanted_port
        self._enabled, self._wanted_port = daemon.config.dashboard_enabled, daemon.config.dashboard_port or 0
        if self._wanted_port != before:
            await self.close()
        self._daemon = daemon
        daemon.documents.has_dashboard = True
        if self._enabled or self._server is not None:
            try:
                await self._listen()
            except OSError as error:
                failure = self._taken(error)
                log.error("no dashboard: %s; %s", failure.message, failure.hint)
        try:
            yield
        finally:
            self._front.close()
            self._daemon, self._showing = None, None

    async def open(self) -> Opened:
        """Listen, and give a new link. Raises Refused where the port cannot be had."""
        try:
            server = await self._listen()
        except OSError as error:
            raise Refused(self._taken(error)) from None
        if self._showing is not None:
            self._showing.prepare()
        until_ms = self._clock.now_ms() + LINK_LIVES_MS
        return Opened(f"http://{DASHBOARD_HOST}:{server.port}{ENTRANCE}?once={self._access.new_link()}", until_ms)

    async def close(self) -> bool:
        """End all sessions and links, and listen no more until asked again; whether it was open."""
        async with self._opening:
            self._access.end()
            server, self._server = self._server, None
            if server is None:
                return False
            if self._looking is not None and self._looking is not asyncio.current_task():
                self._looking.cancel()
            if self._daemon is not None:
                self._daemon.documents.ports.pop("dashboard", None)
            await server.close()
            log.info("the dashboard is closed")
            return True

    async def close_if_unused(self) -> None:
        """Close the port that nobody has used for UNUSED_MS, unless the configuration keeps it open."""
        unused_ms = self._clock.uptime_ms() - self._access.used_ms
        if not self._enabled and not self._access.is_live and unused_ms >= UNUSED_MS:
            await self.close()

    async def _listen(self) -> LoopbackServer:
        async with self._opening:
            if self._server is None:
                self._server = await LoopbackServer.open(
                    self._front.handle, DASHBOARD_HOST, self._wanted_port, max_clients=_MOST_CLIENTS
                )
                self._looking = asyncio.create_task(self._look())
                log.info(
                    "the dashboard is on http://%s:%d, for links of hexmeter dashboard",
                    DASHBOARD_HOST,
                    self._server.port,
                )
            if self._daemon is not None:
                self._daemon.documents.ports["dashboard"] = self._server.port
            if self._daemon is not None and self._showing is None:
                from hexmeter.service.dashboard.http import Showing  # The page is large; few daemons ever show it.

                self._showing = Showing(self._daemon, self._access, self._port)
                self._front.open(self._showing)
            return self._server

    async def _look(self) -> None:
        while self._server is not None:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self.close_if_unused()

    def _port(self) -> int | None:
        return self._server.port if self._server else None

    def _taken(self, error: OSError) -> Failure:
        message = f"{DASHBOARD_HOST}:{self._wanted_port} cannot be used: {error.strerror or error}"
        hint = "another program may have it: give [dashboard] port another one, or none, then: hexmeter reload"
        return Failure("port_taken", message, hint)
