"""A browser for tests of the dashboard: it speaks over TCP, one step at a time, with the daemon of a bench."""

import asyncio
import contextlib
import json
from contextlib import ExitStack
from dataclasses import dataclass, field

from desktop_bus import wait_until

from .bench import TEAM, Bench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'
STRICT = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came over TCP; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass
class Browser:
    """Asks the dashboard over TCP as a browser would, with `cookie` once it has one."""

    bench: Bench
    port: int
    cookie: str = ""
    streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """One request; a header whose name has an underscore is sent with a hyphen."""
        return self.bench.run(self.send(self.head(path, method, **headers)))

    def raw(self, request: bytes) -> Answer:
        """The answer to these bytes."""
        return self.bench.run(self.send(request))

    def head(self, path: str, method: str = "GET", **headers: str) -> bytes:
        """A request's bytes."""
        lines = {"Host": f"127.0.0.1:{self.port}", "Connection": "close"}
        lines |= {"Cookie": self.cookie} if self.cookie else {}
        lines |= {name.replace("_", "-"): value for name, value in headers.items()}
        return "".join([f"{method} {path} HTTP/1.1\r\n", *(f"{n}: {v}\r\n" for n, v in lines.items()), "\r\n"]).encode()

    def enter(self) -> "Browser":
        """Open a new link, and keep its cookie."""
        answer = self.ask(link(self.bench))
        assert (answer.status, answer.headers["location"]) == (303, "/")
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return self

    def listen(self, query: str = "") -> Answer:
        """Begin a stream; its head. `heard` reads on."""

        async def begin() -> Answer:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(self.head(f"/events{query}"))
            answer = _answer(await reader.readuntil(b"\r\n\r\n"))
            self.streams.append((reader, writer))
            return answer

        return self.bench.run(begin())

    def heard(self, of: int = -1) -> list[dict[str, str]]:
        """The sections that come over a stream, by default the last one: at least one, until it is silent."""

        async def read() -> bytes:
            reader, read = self.streams[of][0], b""
            with contextlib.suppress(TimeoutError):
                while part := await asyncio.wait_for(reader.read(1_000_000), 0.3 if b"event" in read else 20):
                    read += part
            return read

        events = self.bench.run(read()).decode().removeprefix("retry: 1000\n\n").split("\n\n")
        assert all(not event or event.startswith("event: section\n") for event in events)
        return [json.loads(event.partition("data: ")[2]) for event in events if event]

    def leave(self) -> None:
        """Close all streams, and wait until the daemon has seen it."""

        async def turn() -> bool:
            return self.bench.dashboard._access.is_live

        for _, writer in self.streams:
            writer.close()
        wait_until(lambda: not self.bench.run(turn()), "the streams have ended")
        self.streams.clear()

    async def send(self, request: bytes) -> Answer:
        """The answer to these bytes, for who asks beside other things."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        read = b""
        with contextlib.suppress(ConnectionError):
            while part := await reader.read(65_536):
                read += part
        writer.close()
        return _answer(read)


def _answer(read: bytes) -> Answer:
    head, _, body = read.decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answer(int(first.split()[1]), headers, body)


def link(bench: Bench) -> str:
    """The path of a new link."""
    status, told = bench.ask("POST", "/v1/dashboard")
    assert status == 200
    return str(told["url"]).partition(f"127.0.0.1:{port_of(told['url'])}")[2]


def port_of(url: str) -> int:
    return int(url.split(":")[2].partition("/")[0])


def show(bench: Bench, stack: ExitStack) -> None:
    """Serve the bench's daemon until the test ends."""
    serving = bench.dashboard.serving(bench.daemon)
    bench.run(serving.__aenter__())
    stack.callback(lambda: bench.run(serving.__aexit__(None, None, None)))


def assert_refused(answer: Answer, status: int = 403) -> None:
    """Nothing is shown but how to get in; the strict headers hold here too."""
    assert answer.status == status
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "set-cookie" not in answer.headers
    assert status != 403 or "hexmeter dashboard" in answer.body
    assert "@" not in answer.body
    assert_strict(answer)


def assert_strict(answer: Answer) -> None:
    """It may load its own parts alone, is not framed, read by others, cached or taken for another type."""
    assert {name: answer.headers.get(name) for name in STRICT} == STRICT
