"""The store: the parts of one database, opened together."""

from pathlib import Path

from hexmeter.store.database import Database
from hexmeter.store.ledger import Ledger
from hexmeter.store.messages import Messages
from hexmeter.store.outbox import Outbox
from hexmeter.store.progress import Progress
from hexmeter.store.roster import Roster


class Store:
    """One database and the domain verbs over it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.messages = Messages(database)
        self.ledger = Ledger(database, self.messages)
        self.roster = Roster(database)
        self.progress = Progress(database)
        self.outbox = Outbox(database)
        self.transaction = database.transaction

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open the database at `path`. Raises StoreError."""
        store = cls(Database.open(path))
        store.ledger.sums.rebuild_if_stale()
        return store

    @classmethod
    def open_to_read(cls, path: Path) -> "Store":
        """Open the database at `path` read-only. Raises StoreError."""
        return cls(Database.open_to_read(path))

    def revision(self) -> int:
        """A number that is another one as soon as something was stored."""
        return self.database.connection.total_changes

    def close(self) -> None:
        """Close the database."""
        self.database.close()
