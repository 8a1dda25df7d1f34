"""The socket's place: what is dead is replaced, what lives is not."""

import asyncio
import socket
from pathlib import Path

import pytest

from hexmeter.service.listen import listening
from hexmeter.store.database import AlreadyRunning, StoreError
from hexmeter.wire.httpd import HttpServer, Request, Response


async def hello(request: Request) -> Response:
    return Response(200, b"{}")


async def serve_once(path: Path) -> bytes:
    async with listening(HttpServer(hello), path, own_folder=True):
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await reader.read(15)
        writer.close()
    return answer


def test_a_socket_is_made_served_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "made" / "api.sock"
    assert asyncio.run(serve_once(path)) == b"HTTP/1.1 200 \r\n"
    assert not path.exists()


def test_a_dead_socket_is_replaced(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    path = tmp_path / "api.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert asyncio.run(serve_once(path)) == b"HTTP/1.1 200 \r\n"


@pytest.mark.parametrize("waiting", [0, 1], ids=["free to answer", "too busy to answer"])
def test_a_live_socket_is_never_taken_away(tmp_path: Path, waiting: int) -> None:
    tmp_path.chmod(0o700)
    path = tmp_path / "api.sock"
    with socket.socket(socket.AF_UNIX) as live, socket.socket(socket.AF_UNIX) as other:
        live.bind(str(path))
        live.listen(0)
        if waiting:
            other.connect(str(path))
        with pytest.raises(AlreadyRunning, match="already answers on"):
            asyncio.run(serve_once(path))
        assert path.exists()


def test_a_socket_that_was_replaced_meanwhile_is_its_new_owners(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    path = tmp_path / "api.sock"

    async def replaced() -> None:
        async with listening(HttpServer(hello), path, own_folder=True):
            path.unlink()
            path.write_text("somebody else's")

    asyncio.run(replaced())
    assert path.read_text() == "somebody else's"


def test_a_path_too_long_for_a_socket_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="longer than the 107 bytes"):
        asyncio.run(serve_once(tmp_path / ("x" * 120)))
