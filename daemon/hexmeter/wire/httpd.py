"""A small HTTP/1.1 server on asyncio streams and h11, for the local API and the simulated Hex.

h11 does the protocol. What is ours: limits of size, time and clients, one answer per request, and streams.
uvicorn was measured and not taken: it wakes ten times a second and opens its Unix socket to everybody.
"""

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

import h11

from hexmeter.core.strings import clean
from hexmeter.wire.shapes import Failure, dump, error

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 1024 * 1024
_MAX_HEAD_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024
_SHOWN_CHARACTERS = 120
_AGAIN = "see the daemon's log, and try again"
_ALLOWED = f"send HTTP/1.1, a head below {_MAX_HEAD_BYTES // 1024} KiB and a body up to {MAX_BODY_BYTES // 1024} KiB"


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `path` is decoded and without its query; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer; its length is added."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer sent piece by piece, as `chunks` yields; the connection closes at its end."""

    chunks: AsyncIterator[bytes]
    content_type: str = "text/event-stream"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes put on the wire as they are, then the connection is closed, or reset: how the simulator misbehaves."""

    data: bytes
    reset: bool = False


Answer = Response | Stream | Raw
Handler = Callable[[Request], Awaitable[Answer]]


class HttpServer:
    """Serves connections with one handler; give `accept` to asyncio.start_server or start_unix_server.

    A client beyond `max_clients` is answered 503 at once; one whose request is not whole within `idle_s`, or who takes
    nothing of an answer for so long, is closed.
    A handler that raises is answered 500 and logged: handlers turn what they expect into answers themselves.
    """

    def __init__(self, handler: Handler, *, max_clients: int = 64, idle_s: float = 30.0) -> None:
        self._handler = handler
        self._max_clients = max_clients
        self._idle_s = idle_s
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side closes it."""
        if self._closed:  # It was waiting to be accepted when the server ended.
            writer.close()
            return
        task = asyncio.current_task()
        assert task is not None
        crowded = len(self._tasks) >= self._max_clients
        self._tasks.add(task)
        connection = _Connection(reader, writer, self._idle_s)
        try:
            if crowded:
                await connection.send(Response(503, _error("busy", "the daemon has too many clients", _AGAIN)))
            else:
                await connection.serve(self._handler)
        except (OSError, TimeoutError, h11.RemoteProtocolError, h11.LocalProtocolError):
            log.debug("a client went away", exc_info=True)
        except asyncio.CancelledError:
            log.debug("closing a connection at the end")
        finally:
            self._tasks.discard(task)
            writer.close()

    async def close(self) -> None:
        """End all connections, streams too, and serve no more."""
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, idle_s: float) -> None:
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self._reader = reader
        self._writer = writer
        self._idle_s = idle_s
        self._head_only = False

    async def serve(self, handler: Handler) -> None:
        while True:
            try:
                # The whole request, or a byte now and then would hold its place for ever.
                async with asyncio.timeout(self._idle_s):
                    request = await self._next_request()
            except h11.RemoteProtocolError as refused:
                message = f"this is no request: {clean(str(refused), _SHOWN_CHARACTERS)}"
                await self.send(Response(refused.error_status_hint, _error("bad_request", message, _ALLOWED)))
                return
            if request is None:
                return
            try:
                answer = await handler(request)
            except Exception:
                log.exception("the handler of %s %s failed", request.method, request.path)
                answer = Response(500, _error("internal", "a fault of Hexmeter's own", _AGAIN))
            await self._answer(answer)
            if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                return
            self._http.start_next_cycle()

    async def _next_request(self) -> Request | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    await self._write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])))
                self._http.receive_data(await self._reader.read(_READ_BYTES))
            elif isinstance(event, h11.Request):
                head = event
                self._head_only = event.method == b"HEAD"
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > MAX_BODY_BYTES:
                    raise h11.RemoteProtocolError("the body is too large", error_status_hint=413)
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                try:
                    return _request(head, bytes(body))
                except ValueError:  # Such as http://[, which is no address.
                    raise h11.RemoteProtocolError("the target is no address") from None
            else:
                return None

    async def _answer(self, answer: Answer) -> None:
        if isinstance(answer, Response):
            await self.send(answer)
        elif isinstance(answer, Stream):
            await self._send_stream(answer)
        else:
            await self._send_raw(answer)

    async def send(self, answer: Response) -> None:
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            *answer.headers,
        ]
        head = self._http.send(h11.Response(status_code=answer.status, headers=headers))
        body = self._http.send(h11.Data(data=b"" if self._head_only else answer.body))
        await self._write((head or b"") + (body or b"") + (self._http.send(h11.EndOfMessage()) or b""))

    async def _send_stream(self, answer: Stream) -> None:
        # Not through h11: without a length it would announce chunks, and a stream is unframed up to the close.
        headers = dict((("Cache-Control", "no-store"), *answer.headers))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {answer.content_type}\r\n{lines}Connection: close\r\n\r\n"
        # Only the client can end a stream early, and only by closing: watch for that while the stream is silent.
        pump = asyncio.ensure_future(self._pump(head.encode("ascii"), answer.chunks))
        gone = asyncio.ensure_future(self._reader.read(1))
        try:
            await asyncio.wait({pump, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (pump, gone):
                task.cancel()
            await asyncio.gather(pump, gone, return_exceptions=True)

    async def _pump(self, head: bytes, chunks: AsyncIterator[bytes]) -> None:
        await self._write(head)
        if self._head_only:
            return
        try:
            async for chunk in chunks:
                # Unframed up to the close: both the raw-socket client and curl read it line by line.
                await self._write(chunk)
        finally:
            # At once, and not when the garbage is collected: whoever sends events counts its listeners.
            if isinstance(chunks, AsyncGenerator):
                await chunks.aclose()

    async def _send_raw(self, answer: Raw) -> None:
        await self._write(answer.data)
        if answer.reset:
            with contextlib.suppress(AttributeError, OSError):
                # Linger of 0 s makes the close a reset (RST) instead of an orderly end.
                linger = struct.pack("ii", 1, 0)
                self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._writer.transport.abort()
        self._http.send_failed()

    async def _write(self, data: bytes | None) -> None:
        self._writer.write(data or b"")
        async with asyncio.timeout(self._idle_s):
            await self._writer.drain()


def _error(code: str, message: str, hint: str) -> bytes:
    return dump(error(Failure(code, message, hint)))


def _request(head: h11.Request, body: bytes) -> Request:
    target = urlsplit(head.target.decode("latin-1"))
    return Request(
        method=head.method.decode("ascii"),
        path=unquote(target.path),
        query=dict(parse_qsl(target.query, keep_blank_values=True)),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers},
        body=body,
    )
