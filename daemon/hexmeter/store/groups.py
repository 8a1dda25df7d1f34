"""The groups that allocations name by id: their members as Hex listed them last, and when that changed."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from hexmeter.store.database import Database


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """What is known of a group. `changed_ms`: when its members were first seen to be others than before.
    `problem`: why Hex did not list them when last asked; the members are then those of before."""

    members: tuple[str, ...]
    read_ms: int
    changed_ms: int | None = None
    problem: str | None = None


class Groups:
    """Groups of the workspace, by Hex's id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, group_id: str) -> KnownGroup | None:
        """What is known of the group; None when Hex was never asked, or never answered."""
        row = self._database.connection.execute("SELECT * FROM groups WHERE id = ?", (group_id,)).fetchone()
        if row is None:
            return None
        return KnownGroup(tuple(json.loads(row["members"])), row["read_ms"], row["changed_ms"], row["problem"])

    def save(self, group_id: str, user_ids: Iterable[str], at_ms: int) -> None:
        """Store the members that Hex listed at `at_ms`."""
        before, members = self.get(group_id), tuple(sorted(set(user_ids)))
        changed_ms = before.changed_ms if before else None
        if before is not None and before.problem is None and before.members != members:
            changed_ms = at_ms
        self._write(group_id, KnownGroup(members, at_ms, changed_ms))

    def refuse(self, group_id: str, problem: str, at_ms: int) -> None:
        """Store why Hex does not list the members."""
        before = self.get(group_id)
        members, changed_ms = (before.members, before.changed_ms) if before else ((), None)
        self._write(group_id, KnownGroup(members, at_ms, changed_ms, problem))

    def _write(self, group_id: str, group: KnownGroup) -> None:
        self._database.connection.execute(
            "INSERT OR REPLACE INTO groups (id, members, read_ms, changed_ms, problem) VALUES (?, ?, ?, ?, ?)",
            (group_id, json.dumps(group.members), group.read_ms, group.changed_ms, group.problem),
        )
