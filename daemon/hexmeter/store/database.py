"""The database file: opened privately, migrated, locked by one daemon, bound to one workspace."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from hexmeter.core.strings import clean

SCHEMA_VERSION = 14
"""The number of migrations there are; a database that has had them all says so in its user_version."""

_PROBE_BYTES = 200_000
_LOCKED_S = 5.0
_APPLICATION_ID = 0x4845584D
"""HEXM: what SQLite keeps in a file's header for its owner. Files of before it was set have none."""

_OUR_TABLES = frozenset({"meta", "requests", "people", "threads", "listings"})


class StoreError(Exception):
    """The database cannot be used; the message says what and where, `hint` what to try, `exit_code` is the CLI's."""

    exit_code = 1

    def __init__(self, message: str, hint: str, *, mends_itself: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.mends_itself = mends_itself
        """Whether the next start of the daemon puts it right."""


class AlreadyRunning(StoreError):
    """Another daemon holds the database."""

    exit_code = 4


class NotOurs(StoreError):
    """The file is another program's."""

    exit_code = 2


class WrongOrg(StoreError):
    """The database belongs to another workspace."""

    exit_code = 2


class Database:
    """One connection, used from one thread. Foreign keys are enforced, the journal is a write-ahead log."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._rolled_back = 0

    @classmethod
    def open(cls, path: Path) -> "Database":
        """Open the file at `path`, create it (mode 0600) where missing, and bring its schema up to date.

        Raises StoreError when it is no database, cannot be written, or was made by a newer version, and NotOurs.
        """
        refuse_foreign(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # SQLite gives its -wal and -shm files the mode of the database itself.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            connection = sqlite3.connect(path, isolation_level=None, timeout=5.0)
            try:
                connection.row_factory = sqlite3.Row
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("PRAGMA foreign_keys = ON")
                # The journals of statements with triggers would otherwise be files, made anew for each.
                connection.execute("PRAGMA temp_store = MEMORY")
                # The pages of a long history change much of the same, which is then folded in once and not each time.
                connection.execute("PRAGMA wal_autocheckpoint = 4000")
                _migrate(connection, path)
            except BaseException:
                connection.close()
                raise
        except OSError as error:
            raise StoreError(f"cannot open the database {path}: {error.strerror}", "check [storage] path") from None
        except sqlite3.Error as error:
            raise StoreError(
                f"cannot use the database {path}: {error}", "move it away to start anew, or name another [storage] path"
            ) from None
        return cls(connection)

    @classmethod
    def open_to_read(cls, path: Path) -> "Database":
        """Open the file at `path` read-only, while a daemon may write to it. Raises StoreError."""
        if not path.exists():
            raise StoreError(f"there is no database at {path}", "run: hexmeter daemon --once")
        refuse_foreign(path)
        try:
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
            connection.row_factory = sqlite3.Row
            version = connection.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.Error as error:
            raise StoreError(f"cannot read the database {path}: {error}", "check [storage] path") from None
        if version != SCHEMA_VERSION:
            connection.close()
            raise _newer(path) if version > SCHEMA_VERSION else _older(path)
        return cls(connection)

    def close(self) -> None:
        """Close the file; the write-ahead log is folded into it."""
        self.connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing: commits at the end, rolls back when the block raises. Inside another one it joins that."""
        if self.connection.in_transaction:
            yield self.connection
            return
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:
            self._rolled_back += 1
            _roll_back(self.connection)
            raise

    def revision(self) -> int:
        """A number that is another one as soon as something was stored, or taken back."""
        return self.connection.total_changes + self._rolled_back

    def probe(self) -> None:
        """Write about as much as a poll does, and remove it again. Raises sqlite3.Error while that cannot be done."""
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('probe', ?)", ("0" * _PROBE_BYTES,))
        self.connection.execute("DELETE FROM meta WHERE name = 'probe'")

    def org_id(self) -> str | None:
        """The workspace this database belongs to; None for a new one."""
        row = self.connection.execute("SELECT value FROM meta WHERE name = 'org_id'").fetchone()
        return None if row is None else str(row["value"])

    def bind(self, org_id: str) -> None:
        """Make this the database of the workspace `org_id`, or raise WrongOrg when it is another's."""
        bound = self.org_id()
        if bound is None:
            self.connection.execute("INSERT INTO meta VALUES ('org_id', ?)", (org_id,))
        elif bound != org_id:
            raise WrongOrg(
                f"the token belongs to the workspace {org_id}, the database to {bound}: nothing was read or stored",
                "use that workspace's token, or a configuration of its own with another [storage] path",
            )


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raise StoreError for what SQLite says inside the block of the database at `path`, such as that it is damaged."""
    try:
        yield
    except sqlite3.Error as error:
        hint = "check its disk and its permissions"
        raise StoreError(f"cannot read the database {path}: {error}", hint) from None


def is_locked(path: Path) -> bool:
    """Whether another program keeps us from writing for longer than any write of ours takes."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=_LOCKED_S)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY  # Whatever more there is to say of it.
    return False


def refuse_foreign(path: Path) -> None:
    """Raise NotOurs when the file at `path` is another program's database. It is only read."""
    try:
        if not path.stat().st_size:
            return
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            owner = connection.execute("PRAGMA application_id").fetchone()[0]
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except (OSError, sqlite3.Error):
        return  # What is not there, no database, or a damaged one, is told where it is opened.
    if owner != _APPLICATION_ID and (owner or (tables and not tables >= _OUR_TABLES)):
        raise NotOurs(
            f"{path} is the database of another program, so it was left as it is", "name another file in [storage] path"
        )


def is_older(path: Path) -> bool:
    """Whether the database at `path` has a schema that opening it will change."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    return bool(version < SCHEMA_VERSION and not empty)


def lock(path: Path) -> IO[str]:
    """Take the database at `path` for this process, until the file given back is closed or the process ends.

    The lock is the kernel's, so a killed daemon leaves none behind. Raises AlreadyRunning.
    """
    # By its real name: a link to the database is the same database.
    real = path.resolve()
    lock_path = real.with_name(real.name + ".lock")
    try:
        lock_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.fdopen(os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8", errors="replace")
    except OSError as error:
        raise StoreError(f"cannot lock the database: {lock_path}: {error.strerror}", "check [storage] path") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = clean(file.read(200).strip()) or "another process"
        file.close()
        raise AlreadyRunning(
            f"{holder} already runs on the database {path}",
            "ask it with: hexmeter status; or stop it first",
        ) from None
    # On a full disk the lock holds all the same, without a name in it.
    with contextlib.suppress(OSError):
        os.ftruncate(file.fileno(), 0)
        os.pwrite(file.fileno(), f"the daemon with process id {os.getpid()}".encode(), 0)
    return file


def _roll_back(connection: sqlite3.Connection) -> None:
    # A full disk may have rolled back already; a failed commit may have not, and the next transaction would join it.
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _newer(path: Path) -> StoreError:
    hint = "upgrade Hexmeter, or name another [storage] path"
    return StoreError(f"the database {path} was made by a newer version of Hexmeter", hint)


def _older(path: Path) -> StoreError:
    hint = "start hexmeter daemon, which brings it up to date"
    return StoreError(f"the database {path} is of an older version of Hexmeter", hint, mends_itself=True)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version <= SCHEMA_VERSION and not connection.execute("PRAGMA application_id").fetchone()[0]:
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    if version > SCHEMA_VERSION:
        raise _newer(path)
    if version == SCHEMA_VERSION:
        return
    # Imported only to migrate: it would cost the daemon more memory than all the rest of the store.
    from sqlite_utils import Database as Migrated

    from hexmeter.store.migrations import migrations

    migrations.apply(Migrated(connection))
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
