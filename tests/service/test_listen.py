"""The socket's place: what is dead is replaced, what lives is not."""

import asyncio
import grp
import os
import socket
import stat
import sys
import tempfile
from asyncio.subprocess import PIPE
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


def test_what_only_linux_has_is_not_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SOCK_CLOEXEC", "SO_PEERCRED"):
        monkeypatch.delattr(socket, name)
    assert asyncio.run(serve_once(tmp_path / "made" / "api.sock")) == b"HTTP/1.1 200 \r\n"


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


def test_a_group_may_use_the_socket_too(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    name = grp.getgrgid(os.getgid()).gr_name

    async def modes() -> tuple[int, int]:
        async with listening(HttpServer(hello), path, own_folder=False, group=name):
            status = path.stat()
            return stat.S_IMODE(status.st_mode), status.st_gid

    assert asyncio.run(modes()) == (0o660, os.getgid())


def test_a_group_that_does_not_exist_is_explained(tmp_path: Path) -> None:
    async def listen() -> None:
        async with listening(HttpServer(hello), tmp_path / "api.sock", own_folder=False, group="no-such-group"):
            pass

    with pytest.raises(StoreError, match="there is no group 'no-such-group'"):
        asyncio.run(listen())


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize(
    ("groups", "group", "answered"),
    [
        pytest.param([], None, False, id="another user"),
        pytest.param([5], None, False, id="another user of a group that nobody named"),
        pytest.param([5], "tty", True, id="a member of the group"),
        pytest.param([], "tty", False, id="no member of the group"),
    ],
)
def test_the_peer_decides_whatever_the_files_mode(
    tmp_path: Path, groups: list[int], group: str | None, answered: bool
) -> None:
    """As root the modes of files stop nobody, so the mode is opened on purpose and only the peer's identity counts."""
    tmp_path.chmod(0o755)
    path = Path(tempfile.mkdtemp()) / "api.sock"
    path.parent.chmod(0o755)
    dial = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
        "s.sendall(b'GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n'); print(len(s.recv(100)))"
    )
    python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable

    async def ask() -> bytes:
        # The daemon's own user is somebody else than root here, or root would let itself in.
        async with listening(HttpServer(hello), path, own_folder=False, group=group):
            path.chmod(0o666)
            client = await asyncio.create_subprocess_exec(
                *(python, "-c", dial, str(path)), stdout=PIPE, stderr=PIPE, user=65534, group=65534, extra_groups=groups
            )
            out, _ = await asyncio.wait_for(client.communicate(), 20)
            return out.strip()

    said = asyncio.run(ask())
    assert (said not in (b"", b"0")) == answered
