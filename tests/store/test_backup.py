"""Backups: whole, private, few; what is damaged is set aside, with the newest good one in its place."""

import json
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from builders import NOW_MS, look, thread
from hexmeter.core.instants import DAY_MS
from hexmeter.store import backup
from hexmeter.store.database import SCHEMA_VERSION, StoreError
from hexmeter.store.store import Store

from .versions import make_first

STAMP = "20261122T120000Z"


def filled(path: Path, credits_micro: int = 5) -> None:
    store = Store.open(path)
    store.ledger.record([thread(credits_micro)], look(credits_micro), watched_since_ms=0, gap_ms=1)
    store.close()


def figure(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("SELECT credits_micro FROM threads").fetchone()[0])
    finally:
        connection.close()


def spoil(path: Path) -> bytes:
    """Overwrite the middle of the file, as a bad disk may; what it holds then."""
    content = bytearray(path.read_bytes())
    content[4096 : len(content) - 100] = b"\xa5" * (len(content) - 4196)
    path.write_bytes(content)
    path.with_name(path.name + "-wal").write_bytes(b"left by a killed daemon")
    return bytes(content)


def names(path: Path) -> list[str]:
    return sorted(file.name.removeprefix(path.name) for file in path.parent.iterdir())


def restored(store: Store) -> dict[str, object]:
    row = store.database.connection.execute("SELECT value FROM meta WHERE name = 'restored'").fetchone()
    facts: dict[str, object] = json.loads(row[0])
    return facts


def test_a_backup_is_whole_and_private(path: Path) -> None:
    store = Store.open(path)
    store.ledger.record([thread(5)], look(1), watched_since_ms=0, gap_ms=1)
    assert backup.back_up_now(path, 2, NOW_MS)
    (made,) = backup.backups_of(path)
    assert made.name == f"hexmeter.db.backup-{STAMP}"
    assert made.stat().st_mode & 0o777 == 0o600
    assert (figure(made), backup.damage(made, thorough=True), backup.made_ms(made)) == (5, None, NOW_MS)
    store.close()
    assert names(path) == ["", f".backup-{STAMP}"]


def test_only_the_newest_are_kept(path: Path) -> None:
    filled(path)
    path.with_name("hexmeter.db.backup-20200101T000000Z.part").touch()
    for day in range(4):
        assert backup.back_up_now(path, 2, NOW_MS + day * DAY_MS)
    assert names(path) == ["", ".backup-20261124T120000Z", ".backup-20261125T120000Z"]


def test_none_is_made_where_the_disk_is_nearly_full(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    filled(path)
    size = path.stat().st_size
    usage = shutil.disk_usage(path.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=3 * size - 1))
    assert not backup.back_up_now(path, 2, NOW_MS)
    assert [record.message.partition(":")[0] for record in caplog.records] == ["no backup was made"]
    assert names(path) == [""]


def test_one_that_fails_leaves_nothing(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_text("Dear diary, " * 999)
    assert not backup.back_up_now(path, 2, NOW_MS)
    assert names(path) == [""]
    assert "file is not a database" in caplog.text


def test_a_copy_of_a_damaged_database_pushes_out_no_good_one(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    filled(path)
    assert backup.back_up_now(path, 2, NOW_MS)
    with path.open("r+b") as file:
        file.seek(4096 + 8)
        file.write(b"\xa5" * 2)  # Where the second page's first cell is: nothing that a mere copy looks at.
    assert [backup.back_up_now(path, 2, NOW_MS + days * DAY_MS) for days in (1, 2)] == [False, False]
    assert f"{path} is damaged: " in caplog.text
    assert names(path) == ["", f".backup-{STAMP}"]
    assert figure(backup.backups_of(path)[0]) == 5


def test_the_way_back_works_wherever_the_database_is_and_whatever_was_left_beside_it(tmp_path: Path) -> None:
    """As in ~/Library/Application Support, under a daemon that runs."""
    path = tmp_path / "Application Support" / "hexmeter.db"
    path.parent.mkdir()
    filled(path, 5)
    backup.back_up_now(path, 2, NOW_MS)
    spoil(path)
    said, way = backup.way_back(path).split(": ", 1)
    subprocess.run(["sh", "-c", way], check=True)
    assert (said, figure(path)) == ("stop the daemon, then", 5)
    assert names(path) == ["", f".backup-{STAMP}", ".damaged"]


def test_a_damaged_database_is_set_aside_and_the_newest_good_backup_restored(path: Path) -> None:
    filled(path, 5)
    backup.back_up_now(path, 9, NOW_MS - 3 * DAY_MS)
    filled(path, 6)
    backup.back_up_now(path, 9, NOW_MS - 2 * DAY_MS)
    backup.next_backup(path, NOW_MS - DAY_MS).write_bytes(b"no database at all, " * 300)
    spoilt = spoil(path)
    store = Store.open_kept(path, 2, NOW_MS)
    row = store.ledger.thread("t1")
    assert row is not None
    assert row["credits_micro"] == 6
    facts = restored(store)
    store.close()
    aside = path.with_name(f"hexmeter.db.damaged-{STAMP}")
    assert facts["set_aside"] == str(aside)
    assert facts["backup_ms"] == NOW_MS - 2 * DAY_MS
    assert aside.read_bytes() == spoilt
    assert path.with_name(f"{aside.name}-wal").exists()
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(backup.backups_of(path)) == 3


@pytest.mark.parametrize("content", [pytest.param(b"", id="empty"), pytest.param(b"Dear diary, " * 999, id="a diary")])
def test_what_is_no_database_gives_way_to_a_backup(path: Path, content: bytes) -> None:
    filled(path)
    backup.back_up_now(path, 2, NOW_MS)
    path.write_bytes(content)
    Store.open_kept(path, 2, NOW_MS).close()
    assert figure(path) == 5
    assert path.with_name(f"hexmeter.db.damaged-{STAMP}").read_bytes() == content


def test_without_a_good_backup_nothing_is_touched(path: Path) -> None:
    filled(path)
    backup.next_backup(path, NOW_MS).write_bytes(b"no database")
    path.write_text("Dear diary, " * 999)
    with pytest.raises(StoreError, match="file is not a database"):
        Store.open_kept(path, 2, NOW_MS)
    assert path.read_text().startswith("Dear diary")
    assert names(path) == ["", f".backup-{STAMP}"]


@pytest.mark.parametrize("moved", range(4), ids=lambda moved: f"{moved} files moved")
def test_a_restoration_that_was_cut_short_is_ended_at_the_next_start(path: Path, moved: int) -> None:
    filled(path)
    backup.back_up_now(path, 2, NOW_MS)
    spoil(path)
    path.with_name("hexmeter.db-shm").touch()
    (good,) = backup.backups_of(path)
    backup._prepare(good, path.with_name("hexmeter.db.restoring"), path, "spoilt", NOW_MS)
    aside = f"hexmeter.db.damaged-{STAMP}"
    for suffix in ("-wal", "-shm", "")[:moved]:
        path.with_name(f"hexmeter.db{suffix}").rename(path.with_name(aside + suffix))
    store = Store.open_kept(path, 2, NOW_MS + DAY_MS)
    assert restored(store)["problem"] == "spoilt"
    store.close()
    left = [f".backup-{STAMP}", f".damaged-{STAMP}", f".damaged-{STAMP}-shm", f".damaged-{STAMP}-wal"]
    assert names(path) == ["", *left]


def test_a_sound_database_is_not_read_through_after_a_clean_stop(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(path)
    asked: list[bool] = []
    true_damage = backup.damage

    def watched(path: Path, *, thorough: bool) -> str | None:
        asked.append(thorough)
        return true_damage(path, thorough=thorough)

    monkeypatch.setattr(backup, "damage", watched)
    Store.open_kept(path, 2, NOW_MS).close()
    path.with_name("hexmeter.db-wal").write_bytes(b"left by a killed daemon")
    Store.open_kept(path, 2, NOW_MS).close()
    assert asked == [False, True]
    assert figure(path) == 5


def test_before_the_schema_changes_a_backup_is_made(path: Path) -> None:
    make_first(path)
    Store.open_kept(path, 2, NOW_MS).close()
    (made,) = backup.backups_of(path)
    connection = sqlite3.connect(made)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
    connection.close()
    Store.open_kept(path, 2, NOW_MS + DAY_MS).close()
    assert backup.backups_of(path) == [made]
    assert SCHEMA_VERSION > 1


def test_no_backups_are_made_where_none_are_wanted(path: Path) -> None:
    make_first(path)
    Store.open_kept(path, 0, NOW_MS).close()
    assert backup.backups_of(path) == []
