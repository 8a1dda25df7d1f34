"""The local API's Unix socket: private, dialled before it is replaced, open to its owner alone."""

import asyncio
import contextlib
import grp
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

_BACKLOG = 256
_SO_PEERGROUPS, _MOST_GROUPS = 59, 256
"""Linux tells the groups of who is at the other end; Python has no name for that, and takes 1024 bytes at most."""


@contextlib.asynccontextmanager
async def listening(
    server: HttpServer, path: Path, *, own_folder: bool, group: str | None = None
) -> AsyncIterator[None]:
    """Serve `server` on a Unix socket at `path` inside the block, and remove the socket after it.

    It is this user's alone (mode 0600), or open to the members of `group` too (0660). `own_folder`: the folder is ours,
    so it is made, and must be private. Raises AlreadyRunning when somebody answers there, StoreError when the socket
    cannot be made.
    """
    try:
        group_id = None if group is None else grp.getgrnam(group).gr_gid
        bound = _bind(path, own_folder=own_folder)
        if group_id is not None:
            _share(path, group_id)
    except KeyError:
        raise StoreError(f"there is no group {group!r}", "make it, or check [api] group") from None
    except OSError as error:
        raise StoreError(f"cannot listen on {path}: {error.strerror or error}", "check [api] socket") from None
    except ClientError as error:
        raise StoreError(error.message, error.hint) from None

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if _may_ask(writer, group_id):
            await server.accept(reader, writer)
        else:
            writer.close()

    listener = await asyncio.start_unix_server(accept, sock=bound, backlog=_BACKLOG)
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
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
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


def _share(path: Path, group_id: int) -> None:
    if path.stat().st_gid != group_id:
        os.chown(path, -1, group_id)
    path.chmod(0o660)


def _may_ask(writer: asyncio.StreamWriter, group_id: int | None) -> bool:
    """Whether the client is this user, or root, or of the group: file modes alone do not hold on every file system."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    connection = writer.get_extra_info("socket")
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, primary = struct.unpack("3i", credentials)
    if uid in (os.getuid(), 0) or (group_id is not None and group_id in (primary, *_groups_of(connection))):
        return True
    log.warning("the user with id %d was turned away from the local API", uid)
    return False


def _groups_of(connection: socket.socket) -> tuple[int, ...]:
    try:
        groups = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _MOST_GROUPS * struct.calcsize("I"))
    except OSError:
        return ()
    return struct.unpack(f"{len(groups) // struct.calcsize('I')}I", groups)
