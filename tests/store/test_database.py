"""The database file: opened once and again, privately, by us alone, or refused with the mend."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hexmeter.store.database import SCHEMA_VERSION, AlreadyRunning, Database, NotOurs, StoreError, WrongOrg, lock
from hexmeter.store.migrations import migrations
from hexmeter.store.store import Store

MOVE = "move it away to start anew, or name another [storage] path"


def schema(database: Database) -> list[tuple[str, ...]]:
    found = database.connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")
    return [tuple(row) for row in found]


def version(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def test_the_schema_version_is_the_number_of_migrations(path: Path) -> None:
    Database.open(path).close()
    names = [migration.name for migration in migrations._migrations]
    assert len(names) == SCHEMA_VERSION == version(path)
    assert [name.partition("_")[0] for name in names] == [f"m{number:03}" for number in range(1, SCHEMA_VERSION + 1)]


def test_opening_again_changes_nothing(path: Path) -> None:
    first = Database.open(path)
    first.bind("org-1")
    before = schema(first)
    first.close()
    second = Database.open(path)
    assert (schema(second), second.org_id()) == (before, "org-1")
    second.close()


def test_a_crash_between_the_migrations_and_their_count_is_made_good(path: Path) -> None:
    database = Database.open(path)
    before = schema(database)
    database.connection.execute("PRAGMA user_version = 0")
    database.close()
    again = Database.open(path)
    assert schema(again) == before
    again.close()
    assert version(path) == SCHEMA_VERSION


def test_a_newer_database_is_refused_and_left_alone(path: Path) -> None:
    database = Database.open(path)
    database.connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    database.close()
    with pytest.raises(StoreError) as error:
        Database.open(path)
    assert str(error.value) == f"the database {path} was made by a newer version of Hexmeter"
    assert error.value.hint == "upgrade Hexmeter, or name another [storage] path"
    assert version(path) == SCHEMA_VERSION + 1


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize("application_id", [0, 42])
def test_another_programs_database_is_refused_and_left_alone(path: Path, journal: str, application_id: int) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as foreign:
        foreign.execute(f"PRAGMA journal_mode = {journal}")
        foreign.execute(f"PRAGMA application_id = {application_id}")
        foreign.execute("CREATE TABLE meta (name TEXT)")
    before = path.read_bytes()
    for opened in (
        lambda: Store.open(path),
        lambda: Store.open_kept(path, 2, 0),
        lambda: Store.open_to_read(path),
    ):
        with pytest.raises(NotOurs) as refused:
            opened()
        assert str(refused.value) == f"{path} is the database of another program, so it was left as it is"
    assert path.read_bytes() == before
    assert [file for file in path.parent.iterdir() if ".backup" in file.name] == []


def test_a_database_of_before_files_were_marked_is_ours_and_is_marked(path: Path) -> None:
    Store.open(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as older:
        marked = older.execute("PRAGMA application_id").fetchone()
        older.execute("PRAGMA application_id = 0")
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as again:
        assert again.execute("PRAGMA application_id").fetchone() == marked == (int.from_bytes(b"HEXM"),)


def test_what_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_text("Dear diary, " * 100)
    with pytest.raises(StoreError) as error:
        Database.open(path)
    assert (str(error.value), error.value.hint) == (f"cannot use the database {path}: file is not a database", MOVE)
    assert path.read_text().startswith("Dear diary")


@pytest.mark.parametrize(
    ("place", "why"),
    [
        pytest.param("a folder", "Is a directory", id="a folder"),
        pytest.param("a file/hexmeter.db", "File exists", id="below a file"),
        pytest.param("x" * 300, "File name too long", id="a name too long"),
    ],
)
def test_a_place_that_cannot_be_opened_is_said(tmp_path: Path, place: str, why: str) -> None:
    (tmp_path / "a folder").mkdir()
    (tmp_path / "a file").touch()
    with pytest.raises(StoreError) as error:
        Database.open(tmp_path / place)
    assert str(error.value).startswith(f"cannot open the database {tmp_path / place}: ")
    assert str(error.value).endswith(why)
    assert error.value.hint == "check [storage] path"


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """Root may write anywhere, so for root somebody else tries; anybody else stays who they are."""
    user_id = os.geteuid()
    if user_id == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user_id)


def test_a_file_that_may_not_be_written_is_said() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "hexmeter.db")
        Database.open(path).close()
        Path(folder).chmod(0o755)
        path.chmod(0o400)
        with as_somebody_else(), pytest.raises(StoreError, match="Permission denied"):
            Database.open(path)


def test_a_refused_database_is_closed_again(path: Path) -> None:
    path.write_text("Dear diary, " * 100)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(StoreError) as error:
        Database.open(path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before, error.value


def test_all_its_files_are_private(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        path = tmp_path / "data" / "hexmeter.db"
        with lock(path):
            database = Database.open(path)
            database.bind("org-1")
            modes = {
                file.name.removeprefix("hexmeter.db"): file.stat().st_mode & 0o777 for file in path.parent.iterdir()
            }
            database.close()
    finally:
        os.umask(before)
    assert modes == {"": 0o600, "-wal": 0o600, "-shm": 0o600, ".lock": 0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700


# Transactions


def people(store: Store) -> int:
    return int(store.database.connection.execute("SELECT count(*) FROM people").fetchone()[0])


def add_person(store: Store, id: str) -> None:
    store.database.connection.execute("INSERT INTO people (id, listed, seen_ms) VALUES (?, 1, 0)", (id,))


def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    with store.transaction():
        add_person(store, "a")

    def interrupted() -> None:
        with store.transaction():
            add_person(store, "b")
            with store.transaction():
                add_person(store, "c")
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert people(store) == 1


def test_what_was_taken_back_is_another_revision_than_what_was_stored(store: Store) -> None:
    """What was read in between must not be remembered as what is stored."""
    seen = [store.revision()]
    with contextlib.suppress(ZeroDivisionError), store.transaction():
        store.progress.save_older_cursor("", "c2")
        seen.append(store.revision())
        raise ZeroDivisionError
    seen.append(store.revision())
    assert seen[0] < seen[1] < seen[2] == store.revision()


def test_a_transaction_within_another_ends_with_it(store: Store) -> None:
    with store.transaction(), store.transaction():
        add_person(store, "a")
    assert people(store) == 1
    assert not store.database.connection.in_transaction


def test_a_commit_that_fails_leaves_no_transaction_behind(store: Store) -> None:
    connection = store.database.connection

    def without_its_thread() -> None:
        with store.transaction():
            connection.execute("PRAGMA defer_foreign_keys = ON")
            add_person(store, "a")
            connection.execute("INSERT INTO ledger VALUES (1, 77, 0, 0, 1, NULL, 'delta', 0)")

    with pytest.raises(sqlite3.IntegrityError):
        without_its_thread()
    assert not connection.in_transaction
    with store.transaction():
        add_person(store, "b")
    assert people(store) == 1


def test_a_transaction_that_sqlite_ended_itself_raises_the_true_error(store: Store) -> None:
    store.database.connection.execute(
        "CREATE TRIGGER full BEFORE INSERT ON people BEGIN SELECT RAISE(ROLLBACK, 'full'); END"
    )
    with pytest.raises(sqlite3.IntegrityError, match=r"^full$"), store.transaction():
        add_person(store, "a")


# One workspace, one daemon


def test_a_database_belongs_to_one_workspace(path: Path) -> None:
    first = Database.open(path)
    assert first.org_id() is None
    first.bind("org-1")
    first.bind("org-1")
    first.close()
    again = Database.open(path)
    with pytest.raises(WrongOrg) as error:
        again.bind("org-2")
    assert str(error.value) == (
        "the token belongs to the workspace org-2, the database to org-1: nothing was read or stored"
    )
    assert again.org_id() == "org-1"
    again.close()


HOLD = """
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from hexmeter.store.database import lock
with lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_process_holds_the_lock_until_it_is_killed(path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        link = path.with_name("link.db")
        Database.open(path).close()
        link.symlink_to(path)
        for name in (path, link):
            with pytest.raises(AlreadyRunning) as error:
                lock(name)
            assert str(error.value) == f"the daemon with process id {holder.pid} already runs on the database {name}"
            assert error.value.hint == "ask it with: hexmeter status; or stop it first"
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    with lock(path):
        pass


def test_garbage_in_the_lock_file_is_no_obstacle(path: Path) -> None:
    path.with_name("hexmeter.db.lock").write_bytes(b"\xff\x1b[31m" * 99)
    with lock(path):
        assert path.with_name("hexmeter.db.lock").read_text() == f"the daemon with process id {os.getpid()}"
        path.with_name("hexmeter.db.lock").write_bytes(b"\xff\x1b[31mx")
        with pytest.raises(AlreadyRunning, match=r"^\ufffd\[31mx already runs on the database "):
            lock(path)


def test_a_lock_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"^cannot lock the database: .*/file/hexmeter\.db\.lock: File exists$"):
        lock(tmp_path / "file" / "hexmeter.db")
