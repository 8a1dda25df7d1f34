"""How far we are: requests sent, listings read, threads tracked, and how polling goes."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields

from hexmeter.core.budget import Restraint
from hexmeter.core.instants import DAY_MS, HOUR_MS
from hexmeter.core.model import Identity, Person
from hexmeter.core.periods import Period
from hexmeter.store.database import Database

EVERYBODY = ""
"""The scope of the unfiltered listing; any other scope is a user's id."""

_MOST_UNREAD = 1_000
_UNREAD_KEPT_MS = 62 * DAY_MS


@dataclass(frozen=True, slots=True)
class Listing:
    """How far the listing of one scope was read.

    `watched_since_ms`: when its first page was asked for; later threads cannot have escaped. `frontier_ms`: down to
    there the newest pass has nothing new to find. The history goes on at `history_cursor`, has come down to
    `history_to_ms`, and is `history_done` at its end. `threads`: how many it held. `sweep_cursor`: where the
    sweep for growth goes on; None: at the newest.
    """

    scope: str
    watched_since_ms: int | None = None
    frontier_ms: int | None = None
    history_cursor: str | None = None
    history_to_ms: int | None = None
    history_done: bool = False
    threads: int = 0
    sweep_cursor: str | None = None

    def covers(self, period: Period) -> bool:
        """Whether it was read back to the start of `period`."""
        return self.history_done or (self.history_to_ms is not None and self.history_to_ms <= period.start_ms)


@dataclass(frozen=True, slots=True)
class LastPoll:
    """How the last poll went. `requests` is how many it sent, `error` one sentence."""

    at_ms: int
    ok: bool
    error: str | None
    requests: int


@dataclass(frozen=True, slots=True)
class Access:
    """What Hex lets the token do: list threads, list people. Until it refused, it is taken to do both."""

    threads: bool = True
    people: bool = True


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup made at `backup_ms` took, at `at_ms`, the place of a database with a `problem`, now at `set_aside`."""

    set_aside: str
    problem: str
    backup_ms: int | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class Tracked:
    """A thread followed by its id; `problem` says why it could not be read last time."""

    thread_id: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class Unread:
    """A thread that Hex showed, last at `seen_ms`, in a form that could not be used; whose (None: not known)."""

    user_id: str | None
    seen_ms: int

    def may_count_in(self, period: Period) -> bool:
        """Whether what it used may belong to `period`: not once Hex no longer showed it when that began."""
        return self.seen_ms >= period.start_ms


class Progress:
    """What a restarted daemon needs to go on where it was."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def forget_requests(self, before_ms: int) -> None:
        """Forget the requests sent before then."""
        self._database.connection.execute("DELETE FROM requests WHERE sent_ms < ?", (before_ms,))

    def requests_since(self, since_ms: int) -> Sequence[int]:
        """When the requests since then were sent, in ascending order; older ones are forgotten."""
        connection = self._database.connection
        self.forget_requests(since_ms - HOUR_MS)
        found = connection.execute("SELECT sent_ms FROM requests WHERE sent_ms >= ? ORDER BY number", (since_ms,))
        return [row["sent_ms"] for row in found]

    def requests_ever(self) -> int:
        """How many requests were sent since the database was made."""
        row = self._database.connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'requests'").fetchone()
        return 0 if row is None else int(row["seq"])

    def count_requests(self, since_ms: int) -> int:
        """How many requests were sent since then."""
        found = self._database.connection.execute("SELECT count(*) FROM requests WHERE sent_ms >= ?", (since_ms,))
        return int(found.fetchone()[0])

    def write_request(self, sent_ms: int) -> int:
        """Write a request down as sent; its number."""
        cursor = self._database.connection.execute("INSERT INTO requests (sent_ms) VALUES (?)", (sent_ms,))
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def restraint(self) -> Restraint:
        """What 429s have taught."""
        text = self._meta("restraint")
        return Restraint() if text is None else Restraint(**json.loads(text))

    def save_restraint(self, restraint: Restraint) -> None:
        """Store what a 429 has taught."""
        self._set_meta("restraint", json.dumps(asdict(restraint)))

    def listing(self, scope: str) -> Listing:
        """How far the listing of `scope` was read."""
        row = self._database.connection.execute("SELECT * FROM listings WHERE scope = ?", (scope,)).fetchone()
        if row is None:
            return Listing(scope)
        return Listing(**{**dict(row), "history_done": bool(row["history_done"])})

    def save_listing(self, listing: Listing) -> None:
        """Store how far a listing was read."""
        names = [field.name for field in fields(Listing)]
        self._database.connection.execute(
            f"INSERT OR REPLACE INTO listings ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)})",
            asdict(listing),
        )

    def older_cursor(self, scope: str) -> str | None:
        """Where the look at the threads older than the window goes on; None: at the window's end."""
        return self._meta(f"older:{scope}") or None

    def save_older_cursor(self, scope: str, cursor: str | None) -> None:
        """Store where the look at the threads older than the window goes on."""
        self._set_meta(f"older:{scope}", cursor or "")

    def track(self, thread_id: str, since_ms: int) -> bool:
        """Follow a thread; False when it was followed already."""
        cursor = self._database.connection.execute(
            "INSERT OR IGNORE INTO tracked VALUES (?, ?, NULL)", (thread_id, since_ms)
        )
        return cursor.rowcount == 1

    def untrack(self, thread_id: str) -> bool:
        """Follow a thread no longer; False when it was not followed. What it used stays."""
        return self._database.connection.execute("DELETE FROM tracked WHERE thread_id = ?", (thread_id,)).rowcount == 1

    def tracked(self) -> list[Tracked]:
        """The threads followed by id, in the order they were named."""
        found = self._database.connection.execute("SELECT * FROM tracked ORDER BY since_ms, thread_id")
        return [Tracked(row["thread_id"], row["problem"]) for row in found]

    def note_problem(self, thread_id: str, problem: str | None) -> None:
        """Store why a followed thread could not be read, or that it could."""
        self._database.connection.execute(
            "UPDATE tracked SET problem = ? WHERE thread_id = ? AND problem IS NOT ?", (problem, thread_id, problem)
        )

    def unread(self) -> dict[str, Unread]:
        """The threads that could not be used when Hex last showed them, by id."""
        text = self._meta("unread")
        return {} if text is None else {key: Unread(*values) for key, values in json.loads(text).items()}

    def note_unread(self, left_out: Mapping[str, str | None], read: Collection[str], seen_ms: int) -> None:
        """Store that the threads `left_out` (their users, by id) could not be used, and that those in `read` could."""
        before = self.unread()
        after = {
            key: unread
            for key, unread in before.items()
            if key not in read and seen_ms - unread.seen_ms < _UNREAD_KEPT_MS
        }
        after |= {key: Unread(user_id, seen_ms) for key, user_id in left_out.items()}
        if after != before:
            newest = sorted(after.items(), key=lambda item: item[1].seen_ms)[-_MOST_UNREAD:]
            self._set_meta("unread", json.dumps({key: (unread.user_id, unread.seen_ms) for key, unread in newest}))

    def last_poll(self) -> LastPoll | None:
        """How the last poll went."""
        text = self._meta("last_poll")
        return None if text is None else LastPoll(**json.loads(text))

    def note_poll(self, poll: LastPoll) -> None:
        """Store how a poll went; a good one also as the last good one."""
        self._set_meta("last_poll", json.dumps(asdict(poll)))
        if poll.ok:
            self._set_meta("good_at_ms", str(poll.at_ms))

    def good_at_ms(self) -> int | None:
        """When the last complete good poll was."""
        text = self._meta("good_at_ms")
        return None if text is None else int(text)

    def identity(self) -> Identity | None:
        """Who the token was when Hex last said it."""
        text = self._meta("identity")
        if text is None:
            return None
        stored = json.loads(text)
        person = None if stored["person"] is None else Person(**stored["person"])
        return Identity(stored["org_id"], person, stored["token_expires_ms"])

    def save_identity(self, identity: Identity) -> None:
        """Store who the token is."""
        self._set_meta("identity", json.dumps(asdict(identity)))

    def access(self) -> Access:
        """What Hex last let the token do."""
        text = self._meta("access")
        return Access() if text is None else Access(**json.loads(text))

    def save_access(self, access: Access) -> None:
        """Store what Hex lets the token do."""
        self._set_meta("access", json.dumps(asdict(access)))

    def baseline_done(self) -> bool:
        """Whether what stood at the very first start was told already."""
        return self._meta("baseline") == "told"

    def baseline_is_quiet(self) -> bool:
        """Whether what stands now counts as told, because a restored backup does not know what was."""
        return self._meta("baseline") == "quiet"

    def begin_quiet_baseline(self) -> None:
        """What stands at the next good poll counts as told."""
        self._set_meta("baseline", "quiet")

    def take_restored(self) -> Restored | None:
        """What was restored, once: the next time it is None."""
        text = self._meta("restored")
        self._database.connection.execute("DELETE FROM meta WHERE name = 'restored'")
        return None if text is None else Restored(**json.loads(text))

    def end_baseline(self) -> None:
        """From now on alerts are told one by one."""
        self._set_meta("baseline", "told")

    def paused_until_ms(self) -> int | None:
        """Until when scheduled polls are paused; it may be over."""
        text = self._meta("paused_until_ms")
        return None if text is None else int(text)

    def pause(self, until_ms: int) -> None:
        """Pause scheduled polls."""
        self._set_meta("paused_until_ms", str(until_ms))

    def resume(self) -> None:
        """Pause scheduled polls no longer."""
        self._database.connection.execute("DELETE FROM meta WHERE name = 'paused_until_ms'")

    def _meta(self, name: str) -> str | None:
        row = self._database.connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row["value"])

    def _set_meta(self, name: str, value: str) -> None:
        self._database.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
