"""People: the roster as Hex lists it, the roles each had and when, and their calibrations."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from hexmeter.core.model import Person
from hexmeter.core.periods import Period
from hexmeter.store.database import Database


@dataclass(frozen=True, slots=True)
class Calibration:
    """A figure a person read in Hex: at `at_ms` a meter's use was `used_micro`, `offset_micro` more than we knew of.

    The pool has no use of its own: for it `used_micro` is 0, and `offset_micro` the balance that was read.
    """

    at_ms: int
    used_micro: int
    offset_micro: int


class Roster:
    """The people of the workspace, by Hex's user id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, people: Iterable[Person], at_ms: int, *, whole: bool) -> None:
        """Store what Hex said of `people` at `at_ms`. `whole`: this is everybody, so whoever is missing has left."""
        with self._database.transaction() as connection:
            present = set()
            for person in people:
                present.add(person.id)
                self._save_one(connection, person, at_ms)
            if whole:
                connection.execute("INSERT OR IGNORE INTO meta VALUES ('roster_ms', ?)", (str(at_ms),))
                for row in connection.execute("SELECT id FROM people WHERE listed").fetchall():
                    if row["id"] not in present:
                        connection.execute("UPDATE people SET listed = 0 WHERE id = ?", (row["id"],))
                        self._note_role(connection, row["id"], None, at_ms)

    def everybody(self) -> list[Person]:
        """All people ever seen, those who left too, by email."""
        return [_person(row) for row in self._database.connection.execute("SELECT * FROM people ORDER BY email, id")]

    def listed(self) -> list[Person]:
        """The people Hex listed last time, by email."""
        found = self._database.connection.execute("SELECT * FROM people WHERE listed ORDER BY email, id")
        return [_person(row) for row in found]

    def by_id(self, user_id: str) -> Person | None:
        """The person with this id."""
        row = self._database.connection.execute("SELECT * FROM people WHERE id = ?", (user_id,)).fetchone()
        return None if row is None else _person(row)

    def by_email(self, email: str) -> Person | None:
        """The person with this email; one who is still there comes before one who left."""
        row = self._database.connection.execute(
            "SELECT * FROM people WHERE email = ? ORDER BY listed DESC, seen_ms DESC", (email.lower(),)
        ).fetchone()
        return None if row is None else _person(row)

    def roles_in(self, period: Period) -> dict[str, list[str]]:
        """For each person the roles held at some time of `period`; a role held from before the first look counts, and
        for whom nobody looked yet, the first that was seen."""
        roles: dict[str, list[str]] = defaultdict(list)
        before: dict[str, str | None] = {}
        after: dict[str, str | None] = {}
        for row in self._database.connection.execute("SELECT * FROM roles ORDER BY since_ms"):
            user_id, since_ms, role = row["user_id"], row["since_ms"], row["role"]
            if since_ms <= period.start_ms:
                before[user_id] = role
            elif since_ms >= period.end_ms:
                after.setdefault(user_id, role)
            elif role is not None:
                roles[user_id].append(role)
        unseen = {user_id: role for user_id, role in after.items() if user_id not in before and user_id not in roles}
        for user_id, role in (before | unseen).items():
            if role is not None:
                roles[user_id].append(role)
        return dict(roles)

    def joined_in(self, period: Period) -> set[str]:
        """Who was first listed during `period`, when others had been listed before."""
        found = self._database.connection.execute(
            "SELECT user_id FROM roles GROUP BY user_id HAVING min(since_ms) > ? AND min(since_ms) < ?"
            " AND min(since_ms) > (SELECT cast(value AS INTEGER) FROM meta WHERE name = 'roster_ms')",
            (period.start_ms, period.end_ms),
        )
        return {row["user_id"] for row in found}

    def left_before(self, period: Period) -> set[str]:
        """Who was gone when `period` began, and did not come back."""
        found = self._database.connection.execute(
            "SELECT user_id FROM roles JOIN people ON people.id = user_id WHERE NOT listed"
            " GROUP BY user_id HAVING max(since_ms) <= ?",
            (period.start_ms,),
        )
        return {row["user_id"] for row in found}

    def first_seen(self) -> dict[str, int]:
        """When each person was first seen with a role, by id."""
        found = self._database.connection.execute("SELECT user_id, min(since_ms) FROM roles GROUP BY user_id")
        return {row[0]: row[1] for row in found}

    def calibrate(self, meter_key: str, calibration: Calibration) -> None:
        """Store a calibration of a meter."""
        self._database.connection.execute(
            "INSERT INTO calibrations (meter_key, at_ms, used_micro, offset_micro) VALUES (?, ?, ?, ?)",
            (meter_key, calibration.at_ms, calibration.used_micro, calibration.offset_micro),
        )

    def calibrations_in(self, period: Period) -> dict[str, Calibration]:
        """The newest calibration of each meter within `period`, by meter key."""
        found = self._database.connection.execute(
            "SELECT * FROM calibrations WHERE at_ms >= ? AND at_ms < ? ORDER BY id", (period.start_ms, period.end_ms)
        )
        return {row["meter_key"]: Calibration(row["at_ms"], row["used_micro"], row["offset_micro"]) for row in found}

    def last_calibration(self, meter_key: str) -> Calibration | None:
        """The newest calibration of a meter, however old."""
        row = self._database.connection.execute(
            "SELECT * FROM calibrations WHERE meter_key = ? ORDER BY id DESC LIMIT 1", (meter_key,)
        ).fetchone()
        return None if row is None else Calibration(row["at_ms"], row["used_micro"], row["offset_micro"])

    def _save_one(self, connection: sqlite3.Connection, person: Person, at_ms: int) -> None:
        connection.execute(
            "INSERT INTO people (id, email, name, role, last_login_ms, listed, seen_ms) VALUES (?, ?, ?, ?, ?, 1, ?)"
            " ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, role = excluded.role,"
            " last_login_ms = excluded.last_login_ms, listed = 1, seen_ms = excluded.seen_ms",
            (person.id, person.email, person.name, person.role, person.last_login_ms, at_ms),
        )
        self._note_role(connection, person.id, person.role, at_ms)

    def _note_role(self, connection: sqlite3.Connection, user_id: str, role: str | None, at_ms: int) -> None:
        last = connection.execute(
            "SELECT role FROM roles WHERE user_id = ? ORDER BY since_ms DESC LIMIT 1", (user_id,)
        ).fetchone()
        if last is None or last["role"] != role:
            connection.execute("INSERT OR REPLACE INTO roles VALUES (?, ?, ?)", (user_id, at_ms, role))


def _person(row: sqlite3.Row) -> Person:
    return Person(row["id"], row["email"], row["name"], row["role"], row["last_login_ms"])
