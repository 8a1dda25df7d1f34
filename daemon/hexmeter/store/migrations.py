"""The schema, as numbered migrations: append-only, each applied once, together with the record of it."""

from typing import Any

from sqlite_utils import Migrations

migrations = Migrations("hexmeter")

_FIRST_LIGHT = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE requests (number INTEGER PRIMARY KEY AUTOINCREMENT, sent_ms INTEGER NOT NULL) STRICT;

CREATE TABLE people (
    id TEXT PRIMARY KEY, email TEXT, name TEXT, role TEXT, listed INTEGER NOT NULL, seen_ms INTEGER NOT NULL
) STRICT;

-- One row per change of a person's role, so that a period can ask for all it saw. NULL: left the workspace.
CREATE TABLE roles (
    user_id TEXT NOT NULL, since_ms INTEGER NOT NULL, role TEXT, PRIMARY KEY (user_id, since_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE threads (
    id TEXT PRIMARY KEY, user_id TEXT, created_ms INTEGER NOT NULL,
    credits_micro INTEGER, high_micro INTEGER NOT NULL, figure_ms INTEGER, look INTEGER NOT NULL,
    model TEXT, type TEXT, source TEXT, title TEXT, sensitive INTEGER NOT NULL, url TEXT
) STRICT;

CREATE TABLE usage (
    id INTEGER PRIMARY KEY, thread_id TEXT NOT NULL REFERENCES threads (id),
    after_ms INTEGER NOT NULL, at_ms INTEGER NOT NULL, credits_micro INTEGER NOT NULL,
    prompts INTEGER, basis TEXT NOT NULL, seen_ms INTEGER NOT NULL, CHECK (after_ms <= at_ms)
) STRICT;
CREATE INDEX usage_by_time ON usage (at_ms, after_ms);
CREATE INDEX usage_by_thread ON usage (thread_id);
CREATE INDEX usage_backfilled ON usage (seen_ms) WHERE basis = 'backfill';

-- How far each listing was read; scope: '' for everybody's threads, else a user's id.
CREATE TABLE listings (
    scope TEXT PRIMARY KEY, watched_since_ms INTEGER, frontier_ms INTEGER,
    history_cursor TEXT, history_to_ms INTEGER, history_done INTEGER NOT NULL, threads INTEGER NOT NULL,
    sweep_cursor TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE tracked (thread_id TEXT PRIMARY KEY, since_ms INTEGER NOT NULL, problem TEXT) STRICT, WITHOUT ROWID;

CREATE TABLE calibrations (
    id INTEGER PRIMARY KEY, meter_key TEXT NOT NULL, at_ms INTEGER NOT NULL,
    used_micro INTEGER NOT NULL, offset_micro INTEGER NOT NULL
) STRICT;
CREATE INDEX calibrations_by_meter ON calibrations (meter_key, at_ms);

CREATE TABLE ladders (
    key TEXT PRIMARY KEY, start_ms INTEGER, end_ms INTEGER, kind TEXT, level TEXT, falls INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, ladder TEXT NOT NULL, kind TEXT NOT NULL, meter TEXT, level TEXT,
    severity TEXT NOT NULL, state TEXT NOT NULL, fired_ms INTEGER NOT NULL, resolved_ms INTEGER,
    title TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX alerts_standing ON alerts (ladder) WHERE state != 'resolved';

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, alert_id INTEGER NOT NULL REFERENCES alerts (id), channel TEXT NOT NULL,
    state TEXT NOT NULL, at_ms INTEGER NOT NULL, digest TEXT, claimant TEXT, lease_until_ms INTEGER
) STRICT;
CREATE INDEX deliveries_open ON deliveries (channel) WHERE state IN ('pending', 'claimed');
CREATE INDEX deliveries_by_alert ON deliveries (alert_id);
"""


@migrations()
def m001_first_light(db: Any) -> None:
    """Everything the first version stores. Amounts are micro-credits, instants Unix milliseconds."""
    # Statement by statement: executescript would commit the migration's own transaction.
    for statement in _FIRST_LIGHT.split(";\n"):
        if statement.strip():
            db.conn.execute(statement)


@migrations()
def m002_how_deep_a_ladder_fell(db: Any) -> None:
    """A fall that re-arms is confirmed only as deep as all its readings agree, so the first one's depth is kept."""
    db.conn.execute("ALTER TABLE ladders ADD COLUMN fallen_kind TEXT")
    db.conn.execute("ALTER TABLE ladders ADD COLUMN fallen_level TEXT")
