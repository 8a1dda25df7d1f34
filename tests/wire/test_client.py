"""The client of the local API: documents, and errors that say what to try."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hexmeter.wire import shapes
from hexmeter.wire.client import ApiError, Client, ClientError, DaemonAbsent, DaemonSlow
from hexmeter.wire.httpd import Answer, Request, Response
from serving import serving


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "api.sock"


@contextmanager
def raw(path: Path, answer: bytes | None) -> Iterator[Client]:
    """Somebody on the socket who reads a request, writes these bytes (None: nothing, ever) and hangs up."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()
    over = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            if answer is None:
                over.wait(10)
            else:
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Client(str(path), timeout_s=0.2)
    finally:
        over.set()
        thread.join(10)
        listener.close()


def test_a_request_arrives_as_it_was_meant(path: Path) -> None:
    seen: list[Request] = []

    async def handler(request: Request) -> Answer:
        seen.append(request)
        return Response(body=shapes.dump({"ok": True}))

    with serving(handler, path=path):
        client = Client(str(path))
        assert client.get("/v1/usage", by="day & night", since=None, ü="ä/?#+ %") == {"schema": 1, "ok": True}
        assert client.post("/v1/poll", {"whole": True, "who": "é"}) == {"schema": 1, "ok": True}
        client.post("/v1/pause")
    assert [(one.method, one.path, dict(one.query), one.body) for one in seen] == [
        ("GET", "/v1/usage", {"by": "day & night", "ü": "ä/?#+ %"}, b""),
        ("POST", "/v1/poll", {}, b'{"whole": true, "who": "\\u00e9"}'),
        ("POST", "/v1/pause", {}, b"{}"),
    ]
    assert seen[1].headers["content-type"] == "application/json"


def absent(path: Path) -> str:
    return f"the daemon is not running (nobody answers on {path})"


@pytest.mark.parametrize("kind", ["no socket", "left behind", "a file", "no folder"])
def test_without_a_daemon_the_command_to_start_it_is_told(path: Path, kind: str) -> None:
    if kind == "left behind":
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as old:
            old.bind(str(path))
    elif kind == "a file":
        path.touch()
    elif kind == "no folder":
        path = path / "deeper" / "api.sock"
    for call in (lambda: Client(str(path)).get("/v1/status"), lambda: Client(str(path)).events()):
        with pytest.raises(DaemonAbsent) as error:
            call()
        assert (error.value.message, error.value.hint, error.value.exit_code) == (
            absent(path),
            "start it with: hexmeter daemon",
            5,
        )


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1", id="half a status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", id="half a body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: soon\r\n\r\n{}", id="a length that is none"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}", id="a negative length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n{}", id="an endless length"),
        pytest.param(b"SSH-2.0-OpenSSH ready\r\n", id="somebody else"),
        pytest.param(b"HTTP/1.1 " + b"2" * 5_000 + b"\r\n\r\n", id="an endless status"),
    ],
)
def test_an_answer_cut_off_is_a_daemon_gone(path: Path, answer: bytes) -> None:
    with raw(path, answer) as client, pytest.raises(DaemonAbsent) as error:
        client.get("/v1/status")
    assert error.value.message == absent(path)


def test_a_daemon_that_does_not_answer_in_time_is_said(path: Path) -> None:
    with raw(path, None) as client, pytest.raises(ClientError) as error:
        client.get("/v1/status")
    assert (type(error.value), error.value.message, error.value.exit_code) == (
        DaemonSlow,
        f"the daemon at {path} did not answer in time",
        1,
    )


def test_a_daemon_too_busy_to_take_a_request_is_not_said_to_be_gone(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        with pytest.raises(DaemonSlow):
            Client(str(path), timeout_s=0.2).post("/v1/import", {"rows": "x" * 4_000_000})


def test_a_daemon_with_no_room_for_a_caller_is_not_said_to_be_gone(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, ExitStack() as waiting:
        listener.bind(str(path))
        listener.listen(0)
        waiting.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)).connect(str(path))
        with pytest.raises(DaemonSlow):
            Client(str(path), timeout_s=0.2).get("/v1/status")


def test_a_daemon_that_takes_no_more_of_a_request_is_heard_all_the_same(path: Path) -> None:
    """As one with too many clients: it answers at once, and closes on what it did not read."""
    body = shapes.dump(shapes.error(shapes.Failure("busy", "too many clients", "try again")))
    with raw(path, b"HTTP/1.1 503 Busy\r\n\r\n" + body) as client, pytest.raises(ApiError) as error:
        client.post("/v1/import", {"rows": "x" * 4_000_000}, timeout_s=10)
    assert (error.value.code, error.value.message, error.value.hint) == ("busy", "too many clients", "try again")


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b'{"a":'])
def test_an_answer_that_is_not_json_is_said(path: Path, body: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with raw(path, head + body) as client, pytest.raises(ClientError) as error:
        client.get("/v1/status")
    assert (error.value.message, error.value.hint) == (
        "the daemon's answer is not JSON",
        "are hexmeter and its daemon of one version?",
    )


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(
            shapes.dump(shapes.error(shapes.Failure("not_found", "no such alert", "see: hexmeter alerts", 2))),
            ("not_found", "no such alert", "see: hexmeter alerts", 2),
            id="an error of ours",
        ),
        pytest.param(
            *(b'{"error": {"code": "x", "message": "y"}}', ("x", "y", "", 1)), id="without a hint and an exit code"
        ),
        *[
            pytest.param(body, ("unreadable", "the daemon answered with status 500", "see its log", 1), id=f"{body!r}")
            for body in (b"", b"oops", b"[]", b'{"error": "x"}', b'{"error": {"code": "x"}}', b"null")
        ],
    ],
)
def test_an_error_of_the_daemons_is_raised_as_it_says(path: Path, body: bytes, error: tuple[object, ...]) -> None:
    head = f"HTTP/1.1 500 Oops\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with raw(path, head + body) as client, pytest.raises(ApiError) as raised:
        client.get("/v1/status")
    assert (raised.value.code, raised.value.message, raised.value.hint, raised.value.exit_code) == error


STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def test_events_come_as_they_are_sent_until_the_daemon_goes(path: Path) -> None:
    sent = STREAM + b': hello\n\nevent: status\ndata: {"a": 1}\n\ndata: {"b":\ndata: 2}\n\nevent: cut\ndata: {'
    with raw(path, sent) as client:
        assert list(client.events()) == [("status", {"a": 1}), ("message", {"b": 2})]


def test_a_stream_that_is_refused_raises_the_daemons_error(path: Path) -> None:
    body = shapes.dump(shapes.error(shapes.Failure("busy", "too many clients")))
    with raw(path, b"HTTP/1.1 503 Busy\r\n\r\n" + body) as client, pytest.raises(ApiError, match=r"^too many clients$"):
        list(client.events())


@pytest.mark.parametrize(
    "data",
    [b"{", b"7", b"[]", b"null", b'"\xff"', b"[" * 100_000],
    ids=["cut", "number", "list", "null", "bytes", "deep"],
)
def test_a_stream_that_cannot_be_read_is_an_error(path: Path, data: bytes) -> None:
    with raw(path, STREAM + b'data: {"a": 1}\n\ndata: ' + data + b"\n\n") as client:
        events = iter(client.events())
        assert next(events) == ("message", {"a": 1})
        with pytest.raises(ClientError, match=r"^the daemon's events cannot be read$"):
            next(events)


def test_a_stream_that_never_begins_is_not_waited_for_without_end(path: Path) -> None:
    with raw(path, None) as client:
        client.timeout_s = 0.2
        with pytest.raises(DaemonSlow, match="did not answer in time"):
            list(client.events())


def test_a_stream_can_be_closed_from_another_thread(path: Path) -> None:
    with raw(path, None) as client:
        stream = client.events()
        ended = threading.Thread(target=lambda: list(stream), daemon=True)
        ended.start()
        stream.close()
        ended.join(5)
        assert not ended.is_alive()
        stream.close()
