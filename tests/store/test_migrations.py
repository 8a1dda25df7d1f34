"""An older database, brought up to date: the same schema as a new one, and nothing of what it held is lost."""

import sqlite3
from pathlib import Path

import pytest
import sqlite_utils

from builders import NOVEMBER, NOW_MS, usage
from hexmeter.core.alerts import AlertState, Kind, Rung
from hexmeter.core.ledger import Basis
from hexmeter.core.meters import Use
from hexmeter.core.periods import Period
from hexmeter.store.database import SCHEMA_VERSION, Database
from hexmeter.store.migrations import migrations
from hexmeter.store.store import Store

NAMES = [migration.name for migration in migrations._migrations]

FIRST_ROWS = f"""
INSERT INTO meta VALUES ('org_id', 'org-1');
INSERT INTO requests VALUES (41, {NOW_MS});
INSERT INTO people VALUES ('u-ed', 'ed@acme.test', 'Ed', 'EDITOR', 1, {NOW_MS});
INSERT INTO roles VALUES ('u-ed', {NOW_MS}, 'EDITOR');
INSERT INTO threads VALUES ('t1', 'u-ed', 0, 7, 9, {NOW_MS}, 41, NULL, NULL, NULL, 'Sign-ups', 0, NULL);
INSERT INTO threads VALUES ('t2', NULL, 0, NULL, 0, NULL, 40, NULL, NULL, NULL, NULL, 1, NULL);
INSERT INTO usage VALUES (1, 't1', {NOVEMBER.start_ms - 5}, {NOVEMBER.start_ms - 5}, 6, NULL, 'backfill', {NOW_MS});
INSERT INTO usage VALUES (2, 't1', {NOW_MS - 9}, {NOW_MS}, 3, 1, 'delta', {NOW_MS});
INSERT INTO usage VALUES (3, 't1', {NOW_MS - 9}, {NOW_MS}, -2, 0, 'fall', {NOW_MS + 1});
INSERT INTO listings VALUES ('', 1, 2, NULL, 3, 1, 2, NULL);
INSERT INTO ladders VALUES ('grant:user:u-ed', {NOVEMBER.start_ms}, {NOVEMBER.end_ms}, 'used', '80', 1)
"""


def schema(path: Path) -> list[tuple[str, ...]]:
    """Everything in the database, told in a way that does not depend on how it came to be."""
    connection = sqlite3.connect(path)
    try:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        columns = [
            (name, *map(str, row)) for (name,) in tables for row in connection.execute(f"PRAGMA table_info({name})")
        ]
        others = connection.execute(
            "SELECT type, name, tbl_name FROM sqlite_master WHERE type != 'table' ORDER BY name"
        )
        return columns + [tuple(row) for row in others]
    finally:
        connection.close()


def first_version(path: Path) -> None:
    """A database as the first version left it."""
    old = sqlite_utils.Database(path)
    migrations.apply(old, stop_before=NAMES[1])
    for statement in FIRST_ROWS.split(";\n"):
        old.conn.execute(statement)
    old.conn.execute("PRAGMA user_version = 1")
    old.conn.commit()
    old.close()


def test_an_old_database_gets_the_schema_of_a_new_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    first_version(old)
    for path in (old, new):
        Database.open(path).close()
    assert schema(old) == schema(new)


def test_what_an_old_database_held_is_still_there(path: Path) -> None:
    first_version(path)
    store = Store.open(path)
    before = NOVEMBER.start_ms - 5
    assert store.ledger.rows_of("t1") == [
        usage(6, before, before, Basis.BACKFILL, seen_ms=NOW_MS),
        usage(3, NOW_MS - 9, NOW_MS, prompts=1),
        usage(-2, NOW_MS - 9, NOW_MS, Basis.FALL, prompts=0, seen_ms=NOW_MS + 1),
    ]
    assert store.ledger.use_by_user(NOVEMBER) == {"u-ed": Use(1, True, 3, 1)}
    assert store.ledger.use_by_user(Period(0, NOVEMBER.start_ms)) == {"u-ed": Use(6, True, 0, 0)}
    assert store.ladders.state("grant:user:u-ed") == AlertState(NOVEMBER, Rung(Kind.USED, 80), 1)  # type: ignore[arg-type]
    assert store.ledger.count_unknown(["t1", "t2", "t3"]) == 1
    assert store.progress.write_request(NOW_MS) == 42
    assert store.database.org_id() == "org-1"
    assert not store.database.connection.execute("PRAGMA foreign_key_check").fetchall()
    store.close()


@pytest.mark.parametrize("applied", range(1, SCHEMA_VERSION))
def test_an_upgrade_that_was_broken_off_goes_on(path: Path, applied: int) -> None:
    first_version(path)
    half = sqlite_utils.Database(path)
    migrations.apply(half, stop_before=NAMES[applied])
    half.close()
    store = Store.open(path)
    assert [row.credits_micro for row in store.ledger.rows_of("t1")] == [6, 3, -2]
    store.close()
