"""Databases as older versions left them."""

import sqlite3
from pathlib import Path

import sqlite_utils

from hexmeter.store.migrations import migrations

FIRST_THREADS = [
    ("t-a", "u-1", 1_000, 30_000_000, 30_000_000, 9_000, 2, "m", "THREADS", "HEX", "Count", 0, "https://hex/t-a"),
    ("t-b", None, 2_000, 4_000_000, 5_000_000, 9_000, 2, None, None, None, None, 1, None),
    ("t-c", "u-2", 3_000, None, 0, None, 2, None, None, None, None, 0, None),
]
FIRST_USAGE = [
    ("t-b", 2_000, 2_000, 5_000_000, None, "backfill", 9_000),
    ("t-a", 1_000, 5_000, 10_000_000, 1, "delta", 5_000),
    ("t-a", 5_000, 90_000_000, 20_000_000, None, "delta", 90_000_000),
    ("t-b", 2_000, 2_000, -1_000_000, 0, "fall", 90_000_000),
]


def make_first(path: Path) -> None:
    """The database of the first version at `path`, with threads, their usage, a request and a ladder in it."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    migrations.apply(sqlite_utils.Database(connection), stop_before="m002_how_deep_a_ladder_fell")
    connection.execute("PRAGMA user_version = 1")
    connection.execute("INSERT INTO meta VALUES ('org_id', 'org-1')")
    connection.execute("INSERT INTO requests (sent_ms) VALUES (77)")
    connection.execute("INSERT INTO ladders VALUES ('blind', NULL, NULL, 'blind', NULL, 1)")
    connection.executemany(f"INSERT INTO threads VALUES ({', '.join('?' * 13)})", FIRST_THREADS)
    connection.executemany(
        "INSERT INTO usage (thread_id, after_ms, at_ms, credits_micro, prompts, basis, seen_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        FIRST_USAGE,
    )
    connection.close()
