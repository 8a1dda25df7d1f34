"""The schema, as numbered migrations: append-only, each applied once, together with the record of it."""

from typing import Any

from sqlite_utils import Migrations

from hexmeter.store.views import FIRST_VIEWS

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


_ROLL_UPS = """
ALTER TABLE usage RENAME TO old_usage;
ALTER TABLE threads RENAME TO old_threads;

CREATE TABLE threads (
    key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, user_id TEXT, created_ms INTEGER NOT NULL,
    credits_micro INTEGER, high_micro INTEGER NOT NULL, figure_ms INTEGER, look INTEGER NOT NULL,
    model TEXT, type TEXT, source TEXT, title TEXT, sensitive INTEGER NOT NULL, url TEXT
) STRICT;
INSERT INTO threads SELECT rowid, * FROM old_threads;

CREATE TABLE ledger (
    id INTEGER PRIMARY KEY, thread_key INTEGER NOT NULL REFERENCES threads (key),
    after_ms INTEGER NOT NULL, at_ms INTEGER NOT NULL, credits_micro INTEGER NOT NULL,
    prompts INTEGER, basis TEXT NOT NULL, seen_ms INTEGER NOT NULL, CHECK (after_ms <= at_ms)
) STRICT;
INSERT INTO ledger SELECT u.id, t.key, u.after_ms, u.at_ms, u.credits_micro, u.prompts, u.basis, u.seen_ms
    FROM old_usage u JOIN threads t ON t.id = u.thread_id ORDER BY u.id;
DROP TABLE old_usage;
DROP TABLE old_threads;

CREATE INDEX ledger_by_time ON ledger (at_ms, after_ms);
CREATE INDEX ledger_by_thread ON ledger (thread_key);
CREATE INDEX ledger_backfilled ON ledger (at_ms, seen_ms) WHERE basis = 'backfill';
CREATE INDEX ledger_backfill_seen ON ledger (seen_ms, at_ms) WHERE basis = 'backfill';
CREATE INDEX ledger_over_hours ON ledger (at_ms, after_ms) WHERE at_ms - after_ms > 3600000;
CREATE INDEX ledger_over_days ON ledger (at_ms, after_ms) WHERE at_ms - after_ms > 86400000;

-- The ledger with the ids of its threads, for reading.
CREATE VIEW usage AS SELECT l.id, t.id AS thread_id, l.after_ms, l.at_ms, l.credits_micro, l.prompts, l.basis, l.seen_ms
    FROM ledger l JOIN threads t ON t.key = l.thread_key;

-- What each user's rows that end in an hour or a day (UTC) come to; user '': unattributed.
CREATE TABLE sums (
    width_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL, user_id TEXT NOT NULL,
    rows INTEGER NOT NULL, credits_micro INTEGER NOT NULL, prompts INTEGER NOT NULL, prompted_micro INTEGER NOT NULL,
    backfilled INTEGER NOT NULL, PRIMARY KEY (width_ms, start_ms, user_id)
) STRICT, WITHOUT ROWID;

-- How many of each user's backfilled rows lie in a day (UTC) and were first seen in an hour.
CREATE TABLE backfills (
    hour_ms INTEGER NOT NULL, day_ms INTEGER NOT NULL, user_id TEXT NOT NULL, rows INTEGER NOT NULL,
    PRIMARY KEY (hour_ms, day_ms, user_id)
) STRICT, WITHOUT ROWID;

INSERT OR REPLACE INTO meta VALUES ('sums', 'stale');
"""


def _counting(sign: str, user: str, rows: str) -> str:
    """Statements of a trigger that count `rows` (the FROM clause of some ledger rows, called l) for `user`."""
    last_ms = "(l.at_ms - (l.after_ms < l.at_ms))"
    statements = []
    for width_ms in (3_600_000, 86_400_000):
        start_ms = f"{last_ms} - (({last_ms} % {width_ms}) + {width_ms}) % {width_ms}"
        statements.append(
            f"INSERT INTO sums SELECT {width_ms}, {start_ms}, coalesce({user}, ''), {sign}1, {sign}l.credits_micro,"
            f" {sign}coalesce(l.prompts, 0), {sign}CASE WHEN l.prompts > 0 THEN l.credits_micro ELSE 0 END,"
            f" {sign}(l.basis = 'backfill') FROM {rows} WHERE true"
            " ON CONFLICT (width_ms, start_ms, user_id) DO UPDATE SET rows = rows + excluded.rows,"
            " credits_micro = credits_micro + excluded.credits_micro, prompts = prompts + excluded.prompts,"
            " prompted_micro = prompted_micro + excluded.prompted_micro, backfilled = backfilled + excluded.backfilled;"
        )
        if sign == "-":
            statements.append(
                f"DELETE FROM sums WHERE width_ms = {width_ms} AND user_id = coalesce({user}, '') AND rows = 0"
                f" AND start_ms IN (SELECT {start_ms} FROM {rows});"
            )
    day_ms = "l.at_ms - ((l.at_ms % 86400000) + 86400000) % 86400000"
    hour_ms = "l.seen_ms - ((l.seen_ms % 3600000) + 3600000) % 3600000"
    statements.append(
        f"INSERT INTO backfills SELECT {hour_ms}, {day_ms}, coalesce({user}, ''), {sign}1 FROM {rows}"
        " WHERE l.basis = 'backfill' ON CONFLICT (hour_ms, day_ms, user_id) DO UPDATE SET rows = rows + excluded.rows;"
    )
    if sign == "-":
        statements.append(
            f"DELETE FROM backfills WHERE user_id = coalesce({user}, '') AND rows = 0"
            f" AND (day_ms, hour_ms) IN (SELECT {day_ms}, {hour_ms} FROM {rows});"
        )
    return " ".join(statements)


def _columns_of(row: str) -> str:
    """The one row of a trigger on the ledger, as a table called l."""
    names = ("after_ms", "at_ms", "credits_micro", "prompts", "basis", "seen_ms")
    return f"(SELECT {', '.join(f'{row}.{name} AS {name}' for name in names)}) l"


def _user_of(row: str) -> str:
    return f"(SELECT user_id FROM threads WHERE key = {row}.thread_key)"


@migrations()
def m003_roll_ups(db: Any) -> None:
    """Threads have short keys, which the ledger names, and roll-ups follow every change of either table."""
    for statement in _ROLL_UPS.split(";\n"):
        if statement.strip():
            db.conn.execute(statement)
    given, taken = (_counting(sign, _user_of(row), _columns_of(row)) for sign, row in (("", "NEW"), ("-", "OLD")))
    db.conn.execute(f"CREATE TRIGGER ledger_insert AFTER INSERT ON ledger BEGIN {given} END")
    db.conn.execute(f"CREATE TRIGGER ledger_delete AFTER DELETE ON ledger BEGIN {taken} END")
    db.conn.execute(f"CREATE TRIGGER ledger_update AFTER UPDATE ON ledger BEGIN {taken} {given} END")
    of_thread = "(SELECT * FROM ledger WHERE thread_key = NEW.key) l"
    moved = _counting("-", "OLD.user_id", of_thread) + " " + _counting("", "NEW.user_id", of_thread)
    db.conn.execute(
        "CREATE TRIGGER threads_user AFTER UPDATE OF user_id ON threads"
        f" WHEN NEW.user_id IS NOT OLD.user_id BEGIN {moved} END"
    )


@migrations()
def m004_messages_accounted_for(db: Any) -> None:
    """The messages of a thread are counted from where the last count ended, and not asked for again where refused."""
    db.conn.execute(
        "CREATE TABLE messages (thread_id TEXT PRIMARY KEY, messages INTEGER, anchor TEXT, anchor_messages INTEGER,"
        " refused_ms INTEGER) STRICT, WITHOUT ROWID"
    )


@migrations()
def m005_imported_logs(db: Any) -> None:
    """Rows of downloaded usage logs, apart from the ledger. `user` is as the log names them: an email, an id, or ''."""
    db.conn.execute(
        "CREATE TABLE imports (key TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, user TEXT NOT NULL,"
        " credits_micro INTEGER NOT NULL, thread TEXT NOT NULL, model TEXT NOT NULL, source TEXT NOT NULL,"
        " type TEXT NOT NULL, imported_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID"
    )
    db.conn.execute("CREATE INDEX imports_by_user ON imports (user, at_ms, credits_micro)")


@migrations()
def m006_groups(db: Any) -> None:
    """The members of groups that allocations name by id, as a JSON list of user ids."""
    db.conn.execute(
        "CREATE TABLE groups (id TEXT PRIMARY KEY, members TEXT NOT NULL, read_ms INTEGER NOT NULL,"
        " changed_ms INTEGER, problem TEXT) STRICT, WITHOUT ROWID"
    )


_PROJECTS = """
ALTER TABLE people ADD COLUMN last_login_ms INTEGER;
-- The names of a thread's topics, as a JSON list.
ALTER TABLE threads ADD COLUMN topics TEXT;

-- listed_ms, done_ms, read_ms: when the sweep began that last saw it listed, dealt with it, and read its runs.
CREATE TABLE projects (
    id TEXT PRIMARY KEY, title TEXT, owner_email TEXT, created_ms INTEGER, last_viewed_ms INTEGER,
    views_seven_days INTEGER, views_fourteen_days INTEGER, views_thirty_days INTEGER, views_all_time INTEGER,
    schedules TEXT NOT NULL, scheduled INTEGER NOT NULL, listed_ms INTEGER NOT NULL, done_ms INTEGER, read_ms INTEGER,
    next_offset INTEGER NOT NULL, problem TEXT
) STRICT;

-- at_ms: when it began; for one that has not, when it was first seen.
CREATE TABLE runs (
    id TEXT PRIMARY KEY, project_id TEXT NOT NULL, status TEXT NOT NULL, trigger TEXT NOT NULL,
    start_ms INTEGER, end_ms INTEGER, elapsed_ms INTEGER, at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX runs_by_time ON runs (at_ms);
CREATE INDEX runs_by_project ON runs (project_id, at_ms)
"""


@migrations()
def m007_projects_and_runs(db: Any) -> None:
    """Projects, their schedules and their runs; when people last logged in, and what threads are about."""
    for statement in _PROJECTS.split(";\n"):
        db.conn.execute(statement)


@migrations()
def m008_attention(db: Any) -> None:
    """Alerts that a person snoozed, and the kinds and meters that are snoozed (until a time) or muted (NULL)."""
    db.conn.execute("ALTER TABLE alerts ADD COLUMN meter_key TEXT")
    db.conn.execute("ALTER TABLE alerts ADD COLUMN snoozed_until_ms INTEGER")
    db.conn.execute("UPDATE alerts SET meter_key = ladder WHERE meter IS NOT NULL")
    db.conn.execute(
        "CREATE TABLE silences (scope TEXT NOT NULL, what TEXT NOT NULL, name TEXT NOT NULL, since_ms INTEGER NOT NULL,"
        " until_ms INTEGER, PRIMARY KEY (scope, what)) STRICT, WITHOUT ROWID"
    )


@migrations()
def m009_forecasts(db: Any) -> None:
    """The outlook that stands of each meter, forecasts as they were shown, and how those of ended periods did.

    Forecasts read one person's hours, which an index finds among everybody's.
    """
    db.conn.execute(
        "CREATE TABLE outlooks (meter_key TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, start_ms INTEGER NOT NULL,"
        " end_ms INTEGER NOT NULL, limit_micro INTEGER NOT NULL, used_micro INTEGER NOT NULL, past INTEGER NOT NULL,"
        " expected_micro INTEGER, low_micro INTEGER, high_micro INTEGER, probability REAL, exhaust_ms INTEGER,"
        " alert INTEGER NOT NULL, unknown TEXT, warned_now INTEGER NOT NULL, warned_ever INTEGER NOT NULL"
        ") STRICT, WITHOUT ROWID"
    )
    db.conn.execute(
        "CREATE TABLE forecasts (meter_key TEXT NOT NULL, start_ms INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
        " end_ms INTEGER NOT NULL, limit_micro INTEGER NOT NULL, used_micro INTEGER NOT NULL,"
        " expected_micro INTEGER NOT NULL, low_micro INTEGER NOT NULL, high_micro INTEGER NOT NULL,"
        " probability REAL NOT NULL, exhaust_ms INTEGER, alert INTEGER NOT NULL,"
        " PRIMARY KEY (meter_key, start_ms, at_ms)) STRICT, WITHOUT ROWID"
    )
    db.conn.execute(
        "CREATE TABLE scores (meter_key TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,"
        " limit_micro INTEGER NOT NULL, total_micro INTEGER NOT NULL, checks INTEGER NOT NULL, held INTEGER NOT NULL,"
        " error_micro INTEGER, exhausted INTEGER NOT NULL, warned_ms INTEGER, exhausted_ms INTEGER,"
        " PRIMARY KEY (meter_key, start_ms)) STRICT, WITHOUT ROWID"
    )
    db.conn.execute("CREATE INDEX sums_by_user ON sums (user_id, start_ms) WHERE width_ms = 3600000")


@migrations()
def m010_channels(db: Any) -> None:
    """Deliveries that the daemon sends on itself are tried again; each channel remembers how its last one went.

    `since_ms` is when a delivery first failed, `next_ms` when it is tried again.
    """
    for column in ("tries INTEGER NOT NULL DEFAULT 0", "since_ms INTEGER", "next_ms INTEGER", "problem TEXT"):
        db.conn.execute(f"ALTER TABLE deliveries ADD COLUMN {column}")
    db.conn.execute(
        "CREATE TABLE channels (name TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, problem TEXT, hint TEXT,"
        " permanent INTEGER NOT NULL) STRICT, WITHOUT ROWID"
    )


_ALERT_FACTS = """
ALTER TABLE ladders ADD COLUMN over INTEGER NOT NULL DEFAULT 0;

-- Every change of a ladder, with why and the facts (JSON) it was decided on. outcome: fired, resolved, or NULL.
CREATE TABLE transitions (
    id INTEGER PRIMARY KEY, ladder TEXT NOT NULL, at_ms INTEGER NOT NULL, outcome TEXT, kind TEXT, level TEXT,
    reason TEXT NOT NULL, facts TEXT NOT NULL, alert_id INTEGER
) STRICT;
CREATE INDEX transitions_by_ladder ON transitions (ladder, id);

-- What alerts are decided on, a row on change: again_ms is the next complete poll that read the same. alerts: whether
-- the forecast warned, NULL: none was known.
CREATE TABLE readings (
    id INTEGER PRIMARY KEY, meter_key TEXT NOT NULL, meter TEXT NOT NULL, at_ms INTEGER NOT NULL, again_ms INTEGER,
    limit_micro INTEGER, used_micro INTEGER, start_ms INTEGER, end_ms INTEGER, complete INTEGER NOT NULL,
    alerts INTEGER
) STRICT;
CREATE INDEX readings_by_meter ON readings (meter_key, id);
CREATE INDEX readings_by_time ON readings (at_ms);

-- Up to when each person's prompts were judged.
CREATE TABLE judged (meter_key TEXT PRIMARY KEY, spent_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID
"""


@migrations()
def m011_alert_facts(db: Any) -> None:
    """What alerts were decided on, so that each can be explained and other rules tried."""
    for statement in _ALERT_FACTS.split(";\n"):
        db.conn.execute(statement)


@migrations()
def m012_views(db: Any) -> None:
    """Views for other programs, see docs/data.md."""
    for statement in FIRST_VIEWS:
        db.conn.execute(statement)


@migrations()
def m013_references(db: Any) -> None:
    """A delivery remembers how whoever shows it finds it again, after a restart too."""
    db.conn.execute("ALTER TABLE deliveries ADD COLUMN reference TEXT")


@migrations()
def m014_readings_bounds(db: Any) -> None:
    """How sure a reading was; NULL: nobody noted it."""
    db.conn.execute("ALTER TABLE readings ADD COLUMN bound TEXT")
