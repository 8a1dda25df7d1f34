"""The one client of the daemon's local API, for the command line and the tray.

It speaks HTTP/1.1 on a raw Unix socket and imports little, because `hexmeter status` is run by status bars
every few seconds: `http.client` alone would cost it more time than the answer takes, and so would `json` and
`socket` (with the enumerations it builds on `_socket`), which only some calls need.
"""

from __future__ import annotations

import _socket

TYPE_CHECKING = False  # typing's own costs a status bar its import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from socket import socket
    from typing import Any

_MAX_ANSWER_BYTES = 64 * 1024 * 1024
_PIECE_BYTES = 64 * 1024
_MOST_DIGITS = 12


class ClientError(Exception):
    """Something the user must hear: what happened, and what to try (`hint`); `exit_code` is the CLI's.

    ClientError
     ├── DaemonAbsent   nobody answers on the socket           exit 5
     ├── DaemonSlow     it did not answer in time              exit 1
     └── ApiError       the daemon answered with an error      exit as the daemon says, else 1
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class DaemonAbsent(ClientError):
    """Nobody answers on the socket: the daemon is not running, or just went away."""

    exit_code = 5


class DaemonSlow(ClientError):
    """The daemon did not answer in time; it may do what was asked all the same."""


class ApiError(ClientError):
    """The daemon's own error answer: `code` is its stable name, such as `not_found`."""

    def __init__(self, code: str, message: str, hint: str, exit_code: int) -> None:
        super().__init__(message, hint)
        self.code = code
        self.exit_code = exit_code


class Client:
    """Calls of the local API at one socket. Each call opens its own connection; it may be used from any thread."""

    def __init__(self, socket_path: str, timeout_s: float = 10.0) -> None:
        self.socket_path = socket_path
        self.timeout_s = timeout_s
        self.absent_hint = "start it with: hexmeter daemon"
        """What to try when nobody answers."""

    def get(self, path: str, **query: str | None) -> dict[str, Any]:
        """The JSON document at `path` (such as `/v1/status`), with the query parameters that are not None."""
        return _document(*self._call("GET", _with_query(path, query), None))

    def text(self, path: str, **query: str | None) -> str:
        """The plain text at `path`, such as a status line for a bar."""
        status, content = self._call("GET", _with_query(path, query), None)
        if status != 200:
            raise _document_error(status, content)
        return content.decode("utf-8")

    def post(self, path: str, body: dict[str, Any] | None = None, timeout_s: float | None = None) -> dict[str, Any]:
        """Send `body` as JSON; the JSON answer. `timeout_s` stretches the wait of this one call."""
        return _document(*self._call("POST", path, {} if body is None else body, timeout_s))

    def lines(self, path: str, **query: str | None) -> Iterator[dict[str, Any]]:
        """The documents at `path` that come one a line, as they come; the last may be missing if the daemon ends."""
        import json

        with self._open(_with_query(path, query)) as connection:
            try:
                with connection.makefile("rb") as answer:
                    status = _status_of(answer.readline())
                    while answer.readline().strip():
                        pass
                    if status != 200:
                        raise _document_error(status, answer.read(_MAX_ANSWER_BYTES))
                    for line in answer:
                        if line.endswith(b"\n"):
                            yield json.loads(line)
            except OSError as error:
                raise self.absent(error) from None

    def events(self) -> EventStream:
        """The daemon's server-sent events, from now on; raises DaemonAbsent when nobody answers."""
        return EventStream(self._open("/v1/events"), self._lost)

    def _call(
        self, method: str, path: str, body: dict[str, Any] | None, timeout_s: float | None = None
    ) -> tuple[int, bytes]:
        payload = b"" if body is None else _json_bytes(body)
        connection = self._send(_head(method, path, payload) + payload, timeout_s or self.timeout_s)
        try:
            return _read_answer(connection)
        except OSError as error:
            raise self._lost(error) from None
        finally:
            connection.close()

    def _open(self, path: str) -> socket:
        """A connection on which `path` was asked for, for an answer that comes piece by piece."""
        from socket import socket

        connection = socket(fileno=self._send(_head("GET", path, b""), self.timeout_s).detach())
        connection.settimeout(self.timeout_s)
        return connection

    def _send(self, request: bytes, timeout_s: float) -> _socket.socket:
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        connection.settimeout(timeout_s)
        try:
            connection.connect(self.socket_path)
            try:  # noqa: SIM105 (contextlib costs a status bar its import)
                connection.sendall(request)
            except BrokenPipeError:
                pass  # Who takes no more of a request, as a daemon with too many clients does, may have said why.
        except OSError as error:
            connection.close()
            raise self._lost(error) from None
        return connection

    def _lost(self, error: OSError) -> ClientError:
        # Without room for one more to wait, Linux refuses a caller who has a time-out at once.
        if isinstance(error, TimeoutError | BlockingIOError):
            message = f"the daemon at {self.socket_path} did not answer in time"
            return DaemonSlow(message, "it may be busy: try again, or see its log")
        return self.absent(error)

    def absent(self, error: OSError) -> ClientError:
        """What to tell of a daemon that cannot be reached."""
        if isinstance(error, PermissionError):
            return ClientError(
                f"the daemon's socket {self.socket_path} may not be opened: {error.strerror}",
                "it belongs to another user; run the command as that user",
            )
        return DaemonAbsent(f"the daemon is not running (nobody answers on {self.socket_path})", self.absent_hint)


class EventStream:
    """An iterator of `(event, data)` pairs; it ends when the daemon goes away or `close` is called.

    Raises DaemonSlow when it does not begin in the connection's time, and ClientError when it cannot be read.
    """

    def __init__(self, connection: socket, lost: Callable[[OSError], ClientError]) -> None:
        self._connection = connection
        self._lost = lost

    def __iter__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        try:
            with self._connection.makefile("rb") as lines:
                status = _status_of(lines.readline())
                while lines.readline().strip():
                    pass
                if status != 200:
                    raise _document_error(status, lines.read(_MAX_ANSWER_BYTES))
                # Between events the daemon may be silent for as long as nothing changes.
                self._connection.settimeout(None)
                yield from _events_in(line.decode("utf-8", "replace").rstrip("\r\n") for line in lines)
        except TimeoutError as error:
            raise self._lost(error) from None
        except OSError:
            return
        finally:
            self._connection.close()

    def close(self) -> None:
        """End the iteration, also from another thread."""
        try:
            self._connection.shutdown(_socket.SHUT_RDWR)
        except OSError:
            return  # The other side was faster.


def _events_in(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    event, data = "message", ""
    for line in lines:
        if line.startswith("event:"):
            event = line[len("event:") :].strip()
        elif line.startswith("data:"):
            data += line[len("data:") :].strip()
        elif not line and data:
            yield event, _event_document(data)
            event, data = "message", ""


def _event_document(data: str) -> dict[str, Any]:
    import json

    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ClientError("the daemon's events cannot be read", "are hexmeter and its daemon of one version?")
    return document


def _with_query(path: str, query: dict[str, str | None]) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    if not given:
        return path
    from urllib.parse import quote, urlencode

    return f"{path}?{urlencode(given, quote_via=quote)}"


def _json_bytes(body: dict[str, Any]) -> bytes:
    import json

    return json.dumps(body).encode("utf-8")


def _head(method: str, path: str, payload: bytes) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: hexmeter\r\nConnection: close\r\nAccept: application/json\r\n"
    if payload:
        head += f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n"
    return (head + "\r\n").encode("ascii")


def _read_answer(connection: _socket.socket) -> tuple[int, bytes]:
    """The status and the body of one answer, which ends with the connection."""
    received = bytearray()
    try:
        while len(received) < _MAX_ANSWER_BYTES and (piece := connection.recv(_PIECE_BYTES)):
            received += piece
    except ConnectionResetError:
        pass  # So closes who did not read all of the request; whether the answer is whole its length tells.
    head, _, content = bytes(received).partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    status = _status_of(first)
    for line in lines:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and len(content) < _whole(value.strip()):
            raise ConnectionResetError("the answer was cut short")
    return status, content


def _status_of(line: bytes) -> int:
    parts = line.split(b" ", 2)
    if len(parts) < 2:
        raise ConnectionResetError("the connection was closed before an answer")
    return _whole(parts[1])


def _whole(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > _MOST_DIGITS:
        raise ConnectionResetError("what answers is not Hexmeter")
    return int(digits)


def _document(status: int, content: bytes) -> dict[str, Any]:
    if status != 200:
        raise _document_error(status, content)
    import json

    try:
        document = json.loads(content)
    except ValueError:
        raise ClientError("the daemon's answer is not JSON", "are hexmeter and its daemon of one version?") from None
    return document if isinstance(document, dict) else {"value": document}


def _document_error(status: int, content: bytes) -> ClientError:
    import json

    try:
        error = json.loads(content)["error"]
        return ApiError(
            str(error["code"]), str(error["message"]), str(error.get("hint") or ""), int(error.get("exit_code", 1))
        )
    except (ValueError, KeyError, TypeError):
        return ApiError("unreadable", f"the daemon answered with status {status}", "see its log", 1)
