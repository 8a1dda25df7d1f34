"""How the channels do that the daemon sends on itself: failed deliveries, and how each channel's last one went."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hexmeter.core.retries import is_hopeless, next_try_ms
from hexmeter.store.database import Database


@dataclass(frozen=True, slots=True)
class Health:
    """How the last delivery of a channel went: `problem` is None when it arrived; a `permanent` one stays until
    somebody mends it."""

    at_ms: int
    problem: str | None
    hint: str | None
    permanent: bool


class Channels:
    """Failures of deliveries, and the health of channels by their safe names."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def failed(
        self,
        delivery_ids: Sequence[int],
        problem: str,
        now_ms: int,
        *,
        permanent: bool,
        chance: float,
        asked_ms: int = 0,
    ) -> None:
        """Note that deliveries failed: they wait for another try, or are given up when trying again helps nothing.

        `chance` and `asked_ms` are those of `next_try_ms`.
        """
        with self._database.transaction() as connection:
            for delivery_id in delivery_ids:
                row = connection.execute(
                    "SELECT tries, since_ms FROM deliveries WHERE id = ? AND state IN ('pending', 'claimed')",
                    (delivery_id,),
                ).fetchone()
                if row is None:
                    continue  # Moot meanwhile.
                tries, since_ms = row["tries"] + 1, now_ms if row["since_ms"] is None else row["since_ms"]
                given_up = permanent or is_hopeless(since_ms, now_ms)
                connection.execute(
                    "UPDATE deliveries SET state = ?, at_ms = ?, lease_until_ms = NULL, tries = ?, since_ms = ?,"
                    " next_ms = ?, problem = ? WHERE id = ?",
                    (
                        *("failed" if given_up else "pending", now_ms, tries, since_ms),
                        *(None if given_up else next_try_ms(tries, now_ms, chance, asked_ms), problem, delivery_id),
                    ),
                )

    def next_ms(self, name: str) -> int | None:
        """When the next delivery of a channel is due; None when none waits. A claimed one when its lease ends."""
        (due_ms,) = self._database.connection.execute(
            "SELECT min(CASE state WHEN 'claimed' THEN lease_until_ms ELSE coalesce(next_ms, 0) END)"
            " FROM deliveries WHERE state IN ('pending', 'claimed') AND channel = ?",
            (name,),
        ).fetchone()
        return None if due_ms is None else int(due_ms)

    def waiting(self, name: str) -> int:
        """How many deliveries of a channel have not arrived yet, those in somebody's hands included."""
        (count,) = self._database.connection.execute(
            "SELECT count(*) FROM deliveries WHERE channel = ? AND state IN ('pending', 'claimed')", (name,)
        ).fetchone()
        return int(count)

    def last_arrival_ms(self, name: str) -> int | None:
        """When something last arrived on a channel."""
        row = self._database.connection.execute(
            "SELECT max(at_ms) AS at_ms FROM deliveries WHERE channel = ? AND state IN ('handed_over', 'seen')", (name,)
        ).fetchone()
        return None if row["at_ms"] is None else int(row["at_ms"])

    def forget_others(self, names: Collection[str], now_ms: int) -> None:
        """What waits on channels that are not configured any more is moot."""
        with self._database.transaction() as connection:
            found = connection.execute("SELECT id, channel FROM deliveries WHERE state IN ('pending', 'claimed')")
            moot = [(now_ms, row["id"]) for row in found.fetchall() if row["channel"] not in names]
            connection.executemany("UPDATE deliveries SET state = 'superseded', at_ms = ? WHERE id = ?", moot)

    def note(self, name: str, health: Health) -> None:
        """Store how a channel's last delivery went."""
        self._database.connection.execute(
            "INSERT OR REPLACE INTO channels (name, at_ms, problem, hint, permanent) VALUES (?, ?, ?, ?, ?)",
            (name, health.at_ms, health.problem, health.hint, int(health.permanent)),
        )

    def health(self) -> dict[str, Health]:
        """How each channel does, by its name; one that was never used is not in it."""
        return {
            row["name"]: Health(row["at_ms"], row["problem"], row["hint"], bool(row["permanent"]))
            for row in self._database.connection.execute("SELECT * FROM channels")
        }
