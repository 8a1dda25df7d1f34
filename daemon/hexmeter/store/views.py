"""The views that other programs read: stable names, credits as numbers, times as ISO 8601. As of their migration.

Another version of a view is another constant and a migration that drops this one first; so does one that renames or
removes what a view reads.
"""


def _iso(column: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%SZ', {column} / 1000.0, 'unixepoch')"


def _credits(column: str) -> str:
    return f"{column} / 1000000.0"


_WHO = "coalesce(p.email, t.user_id)"

FIRST_VIEWS = (
    f"""CREATE VIEW data_usage AS
    SELECT l.id AS row, t.id AS thread, {_WHO} AS user, t.user_id, {_iso("l.after_ms")} AS after,
        {_iso("l.at_ms")} AS at, {_credits("l.credits_micro")} AS credits, l.prompts, l.basis,
        {_iso("l.seen_ms")} AS seen
    FROM ledger l JOIN threads t ON t.key = l.thread_key LEFT JOIN people p ON p.id = t.user_id""",
    f"""CREATE VIEW data_threads AS
    SELECT t.id AS thread, {_WHO} AS user, t.user_id, {_iso("t.created_ms")} AS created,
        {_credits("t.credits_micro")} AS credits, t.model, t.source, t.type, t.title, t.topics, t.sensitive, t.url
    FROM threads t LEFT JOIN people p ON p.id = t.user_id""",
    f"""CREATE VIEW data_days AS
    SELECT date(s.start_ms / 1000, 'unixepoch') AS day, coalesce(p.email, nullif(s.user_id, '')) AS user,
        nullif(s.user_id, '') AS user_id, {_credits("s.credits_micro")} AS credits, s.prompts
    FROM sums s LEFT JOIN people p ON p.id = s.user_id WHERE s.width_ms = 86400000""",
    f"""CREATE VIEW data_people AS
    SELECT id AS user_id, email, name, role, {_iso("last_login_ms")} AS last_login, listed AS here,
        {_iso("seen_ms")} AS seen
    FROM people""",
    f"""CREATE VIEW data_meters AS
    SELECT meter, {_iso("at_ms")} AS at, {_credits("used_micro")} AS used, {_credits("limit_micro")} AS "limit",
        {_iso("start_ms")} AS period_start, {_iso("end_ms")} AS period_end, complete
    FROM readings""",
    f"""CREATE VIEW data_alerts AS
    SELECT id, kind, meter, level, severity, state, {_iso("fired_ms")} AS fired, {_iso("resolved_ms")} AS resolved,
        title, body
    FROM alerts""",
    f"""CREATE VIEW data_projects AS
    SELECT id AS project, title, owner_email AS owner, {_iso("created_ms")} AS created,
        {_iso("last_viewed_ms")} AS last_viewed, views_seven_days AS views_7_days, views_fourteen_days AS views_14_days,
        views_thirty_days AS views_30_days, views_all_time AS views, scheduled, schedules
    FROM projects""",
    f"""CREATE VIEW data_runs AS
    SELECT r.id AS run, r.project_id AS project, p.title, r.status, r.trigger, {_iso("r.start_ms")} AS started,
        {_iso("r.end_ms")} AS ended, r.elapsed_ms / 60000.0 AS minutes
    FROM runs r LEFT JOIN projects p ON p.id = r.project_id""",
)
