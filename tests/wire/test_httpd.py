"""The server: its limits of size, time and clients, and streams that end with their client."""

import asyncio
import contextlib
import json
import select
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import pytest

from hexmeter.wire.httpd import MAX_BODY_BYTES, Answer, HttpServer, Request, Response, Stream
from serving import serving

WAIT_S = 10.0


async def echo(request: Request) -> Answer:
    if request.path == "/fails":
        raise KeyError("oops")
    return Response(body=f"{request.method} {request.path} {len(request.body)}".encode())


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=WAIT_S)


def read_all(connection: socket.socket) -> bytes:
    """Everything until the server closes; it may do so with a reset."""
    read = b""
    try:
        while part := connection.recv(65_536):
            read += part
    except ConnectionError:
        pass
    return read


def told(url: str, request: bytes) -> tuple[int, bytes]:
    """The status and body of the one answer, after which the server closes."""
    with connect(url) as connection:
        connection.sendall(request)
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
    return (int(head.split()[1]) if head else 0), body


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether it comes true before the deadline."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.005)
    return True


CLOSE = b"Host: x\r\nConnection: close\r\n"


def test_a_request_is_answered_with_its_length() -> None:
    with serving(echo) as url, connect(url) as connection:
        connection.sendall(b"POST /a%20b?x=1 HTTP/1.1\r\nContent-Length: 3\r\n" + CLOSE + b"\r\nabc")
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.lower().count(b"content-length: 11\r\n") == 1
    assert answer.endswith(b"\r\n\r\nPOST /a b 3")


def test_one_connection_serves_many_requests_even_sent_at_once() -> None:
    with serving(echo) as url, connect(url) as connection:
        connection.sendall(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" * 3 + b"GET /2 HTTP/1.1\r\n" + CLOSE + b"\r\n")
        answer = read_all(connection)
    assert (answer.count(b"GET /1 0"), answer.count(b"GET /2 0")) == (3, 1)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(b"GET / HTTP/1.1\r\n" + CLOSE + b"\r\n", 200, id="a good one"),
        pytest.param(b"hello?\r\n\r\n", 400, id="no HTTP"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", 400, id="no host"),
        pytest.param(b"GET //[ HTTP/1.1\r\n" + CLOSE + b"\r\n", 400, id="a target that is no URL"),
        pytest.param(b"GET / HTTP/1.1\r\nContent-Length: -1\r\n" + CLOSE + b"\r\n", 400, id="a negative length"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000, 431, id="an endless header"),
        pytest.param(
            *(b"POST / HTTP/1.1\r\nContent-Length: 1048576\r\n" + CLOSE + b"\r\n" + b"x" * MAX_BODY_BYTES, 200),
            id="as large as may be",
        ),
        pytest.param(
            *(b"POST / HTTP/1.1\r\nContent-Length: 1048577\r\n" + CLOSE + b"\r\n" + b"x" * (MAX_BODY_BYTES + 1), 413),
            id="one byte too many",
        ),
        pytest.param(b"GET /fails HTTP/1.1\r\n" + CLOSE + b"\r\n", 500, id="a handler that fails"),
        pytest.param(b"HEAD / HTTP/1.1\r\n" + CLOSE + b"\r\n", 200, id="only the head"),
    ],
)
def test_every_request_gets_a_status(request_: bytes, status: int) -> None:
    with serving(echo) as url:
        assert told(url, request_)[0] == status
        assert told(url, b"GET / HTTP/1.1\r\n" + CLOSE + b"\r\n") == (200, b"GET / 0"), "the server lives on"


def test_a_failing_handler_tells_nothing_of_its_insides() -> None:
    with serving(echo) as url:
        _, body = told(url, b"GET /fails HTTP/1.1\r\n" + CLOSE + b"\r\n")
    error = {"code": "internal", "message": "a fault of Hexmeter's own", "exit_code": 1}
    assert json.loads(body) == {"schema": 1, "error": {**error, "hint": "see the daemon's log, and try again"}}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", "this is no request: Missing mandatory Host: header", id="no host"),
        pytest.param(b"hi\x07\r\n\r\n", "this is no request: illegal request line: bytearray(b'hi\\x07')", id="noise"),
        pytest.param(
            b"POST / HTTP/1.1\r\nContent-Length: 1048577\r\n" + CLOSE + b"\r\n" + b"x" * (MAX_BODY_BYTES + 1),
            "this is no request: the body is too large",
            id="too much",
        ),
    ],
)
def test_what_is_no_request_is_told_why_and_what_would_be_one(request_: bytes, message: str) -> None:
    with serving(echo) as url:
        _, body = told(url, request_)
    hint = "send HTTP/1.1, a head below 64 KiB and a body up to 1024 KiB"
    assert json.loads(body)["error"] == {"code": "bad_request", "message": message, "hint": hint, "exit_code": 1}


def test_a_client_too_many_is_told_and_the_others_are_served() -> None:
    with serving(echo, max_clients=2) as url:
        first, second = connect(url), connect(url)
        for connection in (first, second):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
        status, body = told(url, b"GET / HTTP/1.1\r\n" + CLOSE + b"\r\n")
        assert (status, json.loads(body)["error"]["code"]) == (503, "busy")
        first.close()
        assert eventually(lambda: told(url, b"GET / HTTP/1.1\r\n" + CLOSE + b"\r\n")[0] == 200)
        second.close()


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"])
def test_a_silent_client_is_closed(sent: bytes) -> None:
    with serving(echo, idle_s=0.05) as url, connect(url) as connection:
        connection.sendall(sent)
        assert read_all(connection) == b""


class Ticker:
    """A stream that ticks when told, and knows when it was ended."""

    def __init__(self, chunk: bytes = b"tick\n") -> None:
        self.chunk = chunk
        self.ended = threading.Event()
        self.sent = 0

    async def handler(self, request: Request) -> Answer:
        return Stream(self._chunks())

    async def _chunks(self) -> AsyncIterator[bytes]:
        try:
            while True:
                yield self.chunk
                self.sent += 1
                await asyncio.sleep(0 if len(self.chunk) > 10 else 60)
        finally:
            self.ended.set()


STREAM = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def test_a_silent_stream_ends_with_its_client() -> None:
    ticker = Ticker()
    with serving(ticker.handler, idle_s=0.05) as url:
        with connect(url) as connection:
            connection.sendall(STREAM)
            read = b""
            while not read.endswith(b"tick\n"):
                read += connection.recv(65_536)
            assert not ticker.ended.is_set()
        assert ticker.ended.wait(WAIT_S)
    head = read.partition(b"\r\n\r\n")[0]
    assert head.split(b"\r\n")[0] == b"HTTP/1.1 200 OK"
    assert b"Cache-Control: no-store" in head


def test_a_stream_has_the_headers_that_it_is_given() -> None:
    async def handler(request: Request) -> Answer:
        return Stream(Ticker()._chunks(), "text/plain", (("X-Own", "1"), ("Cache-Control", "private")))

    with serving(handler) as url, connect(url) as connection:
        connection.sendall(STREAM)
        head = connection.recv(65_536).partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert sorted(head[1:]) == [
        b"Cache-Control: private",
        b"Connection: close",
        b"Content-Type: text/plain",
        b"X-Own: 1",
    ]


def test_of_a_stream_only_the_head_is_sent_to_who_asks_for_that() -> None:
    ticker = Ticker()
    with serving(ticker.handler) as url, connect(url) as connection:
        connection.sendall(STREAM.replace(b"GET", b"HEAD"))
        head, _, rest = read_all(connection).partition(b"\r\n\r\n")
    assert (head.split(b"\r\n")[0], rest, ticker.sent) == (b"HTTP/1.1 200 OK", b"", 0)


def test_a_stream_whose_client_does_not_read_ends_with_it_too() -> None:
    ticker = Ticker(b"x" * 100_000)
    with serving(ticker.handler) as url:
        with connect(url) as connection:
            connection.sendall(STREAM)
            assert eventually(lambda: ticker.sent > 3)
            sent = -1
            while sent != ticker.sent:  # Until it is stuck for want of a reader.
                sent = ticker.sent
                threading.Event().wait(0.05)
        assert ticker.ended.wait(WAIT_S)


def test_a_stream_ends_with_its_server() -> None:
    ticker = Ticker()
    with serving(ticker.handler) as url, connect(url) as connection:
        connection.sendall(STREAM)
        assert connection.recv(65_536)
    assert ticker.ended.is_set()


def test_who_was_waiting_when_the_server_ended_is_closed_and_not_served() -> None:
    async def read_after_the_end() -> bytes:
        server = HttpServer(echo)
        ours, theirs = socket.socketpair()
        await server.close()
        reader, writer = await asyncio.open_connection(sock=ours)
        await server.accept(*await asyncio.open_connection(sock=theirs))
        read = await asyncio.wait_for(reader.read(), WAIT_S)
        writer.close()
        return read

    assert asyncio.run(read_after_the_end()) == b""


def test_a_stream_is_a_client_only_while_it_lasts() -> None:
    with serving(Ticker().handler, max_clients=1) as url:
        with connect(url) as connection:
            connection.sendall(STREAM)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
            assert told(url, STREAM)[0] == 503

        def served() -> bool:
            with connect(url) as another:
                another.sendall(STREAM)
                return another.recv(65_536).startswith(b"HTTP/1.1 200 ")

        assert eventually(served)


def test_a_request_that_comes_byte_by_byte_does_not_hold_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(echo, idle_s=0.4) as url, connect(url) as slow:
        slow.settimeout(10)
        began_s = time.monotonic()
        with contextlib.suppress(ConnectionError):
            for byte in b"GET / HTTP/1.1\r\nHost: " + b"x" * 1000:
                slow.sendall(bytes([byte]))
                if select.select([slow], [], [], 0.05)[0]:
                    break
        assert slow.recv(1) == b""
        assert time.monotonic() - began_s < 10
