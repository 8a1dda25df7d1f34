"""Where requests come in while one daemon ends and the next one begins with another configuration: they wait."""

import asyncio
from typing import Protocol

from hexmeter.wire.httpd import Answer, Request


class Answering(Protocol):
    """Who answers requests for one daemon."""

    async def handle(self, request: Request) -> Answer:
        """The answer to one request."""
        ...


class Front:
    """Stands before one daemon after another; for HttpServer."""

    def __init__(self) -> None:
        self._answering: Answering | None = None
        self._open = asyncio.Event()

    def open(self, answering: Answering) -> None:
        """Answer with `answering` from now on."""
        self._answering = answering
        self._open.set()

    def close(self) -> None:
        """Let those who come wait."""
        self._open.clear()

    async def handle(self, request: Request) -> Answer:
        """The answer to one request."""
        await self._open.wait()
        assert self._answering is not None
        return await self._answering.handle(request)
