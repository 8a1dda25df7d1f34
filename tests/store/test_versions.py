"""A database of an older version is brought up to date with all that is in it."""

from pathlib import Path

from hexmeter.core.meters import Use
from hexmeter.core.periods import Period
from hexmeter.store.database import Database
from hexmeter.store.store import Store

from .versions import FIRST_THREADS, FIRST_USAGE, make_first


def schema(database: Database) -> list[tuple[str, ...]]:
    found = database.connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")
    return [tuple(row) for row in found]


def test_a_database_of_the_first_version_becomes_like_a_new_one(tmp_path: Path) -> None:
    make_first(tmp_path / "old.db")
    old, new = Store.open(tmp_path / "old.db"), Store.open(tmp_path / "new.db")
    assert schema(old.database) == schema(new.database)
    assert not old.database.connection.execute("PRAGMA foreign_key_check").fetchall()
    assert old.ladders.state("blind").falls == 1
    assert (old.database.org_id(), old.progress.write_request(78)) == ("org-1", 2)
    old.close()
    new.close()


def test_its_ledger_is_kept_and_summed(tmp_path: Path) -> None:
    make_first(tmp_path / "old.db")
    store = Store.open(tmp_path / "old.db")
    connection = store.database.connection
    usage = connection.execute(
        "SELECT thread_id, after_ms, at_ms, credits_micro, prompts, basis, seen_ms FROM usage ORDER BY id"
    )
    assert [tuple(row) for row in usage] == FIRST_USAGE
    names = "id, user_id, created_ms, credits_micro, high_micro, figure_ms, look, model, type, source, title"
    threads = connection.execute(f"SELECT {names}, sensitive, url FROM threads ORDER BY key")
    assert [tuple(row) for row in threads] == FIRST_THREADS
    assert store.ledger.use_by_user(Period(0, 200_000_000)) == {
        "u-1": Use(30_000_000, False, 10_000_000, 1),
        None: Use(4_000_000, True),
    }
    store.close()


def test_roll_ups_that_a_crash_left_to_be_made_are_made_at_the_next_start(tmp_path: Path) -> None:
    make_first(tmp_path / "old.db")
    Database.open(tmp_path / "old.db").close()
    store = Store.open(tmp_path / "old.db")
    assert store.ledger.use_by_user(Period(0, 10_000))["u-1"].prompts == 1
    store.close()
