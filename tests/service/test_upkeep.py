"""The store's upkeep while the daemon runs: daily backups, and what is told after one was restored."""

import logging
import shutil
import sqlite3

import pytest

from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.service.alerts.notices import Notice
from hexmeter.store import backup

from .bench import TEAM, Bench, add, small_world
from .conftest import MakeBench

EVERYONE = TEAM + '[watch]\nusers = "everyone"\n'


def upkeep(made: Bench) -> None:
    made.run(made.daemon.upkeep.run())


def backups(made: Bench) -> int:
    return len(backup.backups_of(made.folder / "hexmeter.db"))


def told(made: Bench) -> list[Notice]:
    """What a tray gets to show now, and shows."""

    async def claim() -> list[Notice]:
        notices = made.daemon.claim("desktop", "a tray")
        for notice in notices:
            made.daemon.confirm(list(notice.deliveries), "handed_over", "a tray")
        return notices

    return made.run(claim())


def full(made: Bench) -> None:
    """Let the file grow no more."""
    pages = made.query("PRAGMA page_count")[0][0]
    made.query(f"PRAGMA max_page_count = {pages}")


def test_a_backup_is_made_once_a_day(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYONE + "[storage]\nbackups = 3\n")
    made.poll_until_read()
    counts = []
    for _ in range(9):
        upkeep(made)
        counts.append(backups(made))
        made.clock.advance(12 * HOUR_MS)
    assert counts == [1, 1, 2, 2, 3, 3, 3, 3, 3]


def test_none_is_made_where_none_is_wanted(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYONE + "[storage]\nbackups = 0\n")
    made.poll_until_read()
    upkeep(made)
    assert backups(made) == 0


def test_a_disk_that_is_nearly_full_is_said_once(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = make_bench(small_world(), toml=EVERYONE)
    made.poll_until_read()
    nearly_full = shutil.disk_usage(made.folder)._replace(free=1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: nearly_full)
    upkeep(made)
    upkeep(made)
    assert (backups(made), caplog.text.count("no backup was made")) == (0, 1)


def test_the_journal_of_requests_is_pruned(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYONE)
    made.poll_until_read()
    made.clock.advance(3 * HOUR_MS)
    made.poll()
    upkeep(made)
    times = [row[0] for row in made.query("SELECT sent_ms FROM requests")]
    assert times
    assert min(times) >= made.now_ms - 2 * HOUR_MS


def test_after_a_restoration_one_alert_is_told_and_nothing_anew(make_bench: MakeBench) -> None:
    world = small_world()
    made = make_bench(world, toml=EVERYONE)
    made.poll_until_read()
    upkeep(made)
    # Told after the backup was made, so that the backup does not know of it.
    world.grow("ed-new", 30_000_000, made.now_ms)
    made.later()
    assert [alert[0] for alert in made.alerts()] == ["exhausted"]
    assert len(told(made)) == 1
    made.close()
    path = made.folder / "hexmeter.db"
    path.write_bytes(b"no database at all, " * 900)
    backup.mend(path, made.now_ms)
    made._open()
    made.daemon.upkeep.begin()
    assert made.later().failure is None
    (notice,) = told(made)
    assert notice.text.title == "Hexmeter restored its database"
    assert "hexmeter.db.damaged-20261122T" in notice.text.body
    assert ("exhausted", None, "grant:ed@acme.test", "firing") in made.alerts()
    # From then on it is as ever.
    world.grow("eve-new", 60_000_000, made.now_ms)
    made.later()
    assert [notice.text.title for notice in told(made)] == ["eve@acme.test: the grant is used up"]
    made.assert_true()


def test_the_alert_of_a_restoration_stands_for_a_day(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYONE)
    made.poll_until_read()
    upkeep(made)
    made.close()
    path = made.folder / "hexmeter.db"
    path.write_bytes(b"")
    backup.mend(path, made.now_ms)
    made._open()
    made.daemon.upkeep.begin()
    made.daemon.upkeep.begin()
    states = []
    for _ in range(3):
        upkeep(made)
        states.append([alert[3] for alert in made.alerts() if alert[0] == "restored"])
        made.clock.advance(DAY_MS // 2)
    assert states == [["firing"], ["firing"], ["resolved"]]


def test_a_full_disk_is_noted_and_asks_hex_nothing_until_there_is_space(
    make_bench: MakeBench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world = small_world()
    made = make_bench(world, toml=EVERYONE)
    made.poll_until_read()
    for number in range(300):
        add(world, "ed", 0.001, "0.01", thread_id=f"more-{number}")
    full(made)
    made.clock.advance(1)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        made.poll()
    asked = len(made.sim.requests)
    for _ in range(3):
        with pytest.raises(sqlite3.OperationalError, match="full"):
            made.later()
    assert len(made.sim.requests) == asked
    notes = [note for note in made.status()["notes"] if note.startswith("Nothing can be stored")]
    assert len(notes) == 1
    assert made.used("ed@acme.test") == 11.77
    made.query("PRAGMA max_page_count = 1000000")
    assert made.later().failure is None
    assert not any(note.startswith("Nothing can be stored") for note in made.status()["notes"])
    assert caplog.text.count("can be written to again") == 1
    made.assert_true()


def test_the_api_explains_what_cannot_be_stored(make_bench: MakeBench) -> None:
    made = make_bench(small_world(), toml=EVERYONE)
    made.poll_until_read()
    made.query("PRAGMA query_only = ON")
    status, document = made.ask("POST", "/v1/poll")
    assert (status, document["error"]["code"]) == (500, "database")
    assert made.ask("GET", "/v1/status")[0] == 200
    made.query("PRAGMA query_only = OFF")
    assert made.ask("POST", "/v1/poll")[0] == 200


def test_what_is_old_is_compacted_once_a_day(make_bench: MakeBench) -> None:
    world = small_world()
    made = make_bench(world, toml=EVERYONE + "[storage]\nbackups = 0\nkeep_days = 62\n")
    made.poll_until_read()
    for _ in range(5):
        world.grow("ed-new", 100_000, made.now_ms)
        made.later()
    rows = "SELECT count(*), sum(credits_micro) FROM usage WHERE thread_id = 'ed-new' AND basis != 'backfill'"
    ((before, credits_micro),) = made.query(rows)
    upkeep(made)
    assert (before, made.query(rows)) == (5, [(5, credits_micro)])
    made.clock.advance(64 * DAY_MS)
    upkeep(made)
    assert made.query(rows) == [(1, credits_micro)]
    made.assert_sums()
