"""A server on a port of this machine's own, for it alone."""

import asyncio
from typing import Self

from hexmeter.wire.httpd import Handler, HttpServer


class LoopbackServer:
    """Serves until `close`; `port` is the one it has."""

    def __init__(self, server: asyncio.Server, http: HttpServer) -> None:
        self._server = server
        self._http = http
        self.port: int = server.sockets[0].getsockname()[1]

    @classmethod
    async def open(cls, handler: Handler, host: str, port: int, *, max_clients: int) -> Self:
        """Listen on `host`, a loopback address, and `port` (0: any that is free). Raises OSError."""
        http = HttpServer(handler, max_clients=max_clients)
        return cls(await asyncio.start_server(http.accept, host, port), http)

    async def close(self) -> None:
        """Listen no more, and end all connections."""
        self._server.close()
        await self._http.close()
        await self._server.wait_closed()
