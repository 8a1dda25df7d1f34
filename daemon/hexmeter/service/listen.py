"""The local API's Unix socket: private, dialled before it is replaced, open to its owner alone."""

import asyncio
import contextlib
import logging
import os
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path

from hexmeter.store.database import AlreadyRunning, StoreError
from hexmeter.wire.address import check_folder
from hexmeter.wire.client import ClientError
from hexmeter.wire.httpd import HttpServer

log = logging.getLogger(__name__)

_LONGEST_PATH_BYTES = 107
"""What Linux takes as the path of a Unix socket."""


@contextlib.asynccontextmanager
async def listening(server: HttpServer, path: Path, *, own_folder: bool) -> AsyncIterator[None]:
    """Serve `server` on a Unix socket at `path` (mode 0600) inside the block, and remove the socket after it.

    `own_folder`: the folder is ours, so it is made, and must be private. Raises AlreadyRunning when somebody answers
    there, StoreError when the socket cannot be made.
    """
    try:
        bound = _bind(path, own_folder=own_folder)
    except OSError as error:
        raise StoreError(f"cannot listen on {path}: {error.strerror or error}", "check [api] socket") from None
    except ClientError as error:
        raise StoreError(error.message, error.hint) from None

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if _is_ours(writer):
            await server.accept(reader, writer)
        else:
            writer.close()

    listener = await asyncio.start_unix_server(accept, sock=bound)
    inode = _inode(path)
    try:
        yield
    finally:
        listener.close()
        await server.close()
        # Whoever replaced the file owns it now.
        if inode is not None and _inode(path) == inode:
            os.unlink(path)  # noqa: PTH108 (a quick call; the loop has nothing else to do)


def _bind(path: Path, *, own_folder: bool) -> socket.socket:
    if len(os.fsencode(path)) > _LONGEST_PATH_BYTES:
        raise OSError(0, f"the path is longer than the {_LONGEST_PATH_BYTES} bytes that a socket may have")
    if own_folder:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_folder(str(path.parent))
    if path.exists() or path.is_symlink():
        if not path.is_socket():
            raise OSError(0, "a file that is no socket is in the way")
        if _answers(path):
            raise AlreadyRunning(
                f"a daemon already answers on {path}", "ask it with: hexmeter status; or stop it first"
            )
        path.unlink()
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    before = os.umask(0o177)
    try:
        bound.bind(str(path))
    finally:
        os.umask(before)
    return bound


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dialler:
        dialler.settimeout(2)
        try:
            dialler.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True  # Somebody listens there who is too busy to answer.
        return True


def _is_ours(writer: asyncio.StreamWriter) -> bool:
    """Whether the client is this user, or root: file modes alone do not hold on every file system."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    connection = writer.get_extra_info("socket")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    if uid in (os.getuid(), 0):
        return True
    log.warning("the user with id %d was turned away from the local API", uid)
    return False
