"""The store: the parts of one database, opened together."""

import sqlite3
from pathlib import Path

from hexmeter.core.periods import Period
from hexmeter.store.attention import Attention
from hexmeter.store.backup import back_up_now, mend
from hexmeter.store.breakdown import Breakdown
from hexmeter.store.channels import Channels
from hexmeter.store.database import Database, StoreError, is_older, refuse_foreign
from hexmeter.store.exporting import Exporting
from hexmeter.store.forecasts import Forecasts
from hexmeter.store.groups import Groups
from hexmeter.store.imports import Imports
from hexmeter.store.kept import Kept
from hexmeter.store.ladders import Ladders
from hexmeter.store.ledger import Ledger
from hexmeter.store.messages import Messages
from hexmeter.store.outbox import Outbox
from hexmeter.store.progress import Progress
from hexmeter.store.readings import Readings
from hexmeter.store.roster import Calibration, Roster
from hexmeter.store.runs import Runs
from hexmeter.store.upgrade import upgrade_apart


class Store:
    """One database and the domain verbs over it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.messages = Messages(database)
        self.ledger = Ledger(database, self.messages)
        self.breakdown = Breakdown(database, self.ledger.sums)
        self.roster = Roster(database)
        self.groups = Groups(database)
        self.progress = Progress(database)
        self.outbox = Outbox(database)
        self.channels = Channels(database)
        self.ladders = Ladders(database)
        self.readings = Readings(database)
        self.attention = Attention(database)
        self.imports = Imports(database)
        self.runs = Runs(database)
        self.exporting = Exporting(database)
        self.forecasts = Forecasts(database)
        self.kept = Kept(database.revision)
        self.transaction = database.transaction

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open the database at `path`. Raises StoreError."""
        store = cls(Database.open(path))
        store.ledger.sums.rebuild_if_stale()
        return store

    @classmethod
    def open_kept(cls, path: Path, backups: int, now_ms: int, *, stays: bool = False) -> "Store":
        """Open the database at `path`; before, put a backup in its place where it is damaged, and make one of so many
        `backups` where its schema is about to change. `stays`: for a process that runs for long, so what only a change
        of the schema needs is kept out of its memory. Raises StoreError."""
        # By its real name: a link stays one.
        real = path.resolve()
        refuse_foreign(real)
        try:
            mend(real, now_ms)
            if backups and real.exists() and is_older(real):
                back_up_now(real, backups, now_ms)
            if stays and (not real.exists() or is_older(real)):
                upgrade_apart(real)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"cannot use the database {path}: {error}", "hexmeter doctor") from None
        return cls.open(path)

    @classmethod
    def open_to_read(cls, path: Path) -> "Store":
        """Open the database at `path` read-only. Raises StoreError."""
        return cls(Database.open_to_read(path))

    def offset_micro(self, user_id: str, calibration: Calibration, period: Period) -> int:
        """What a grant's calibration adds still: what it had ahead of the ledger may have been learnt since."""
        return calibration.offset_micro - self.ledger.learnt_since(user_id, calibration.at_ms, period)

    def revision(self) -> int:
        """A number that is another one as soon as something was stored, or taken back."""
        return self.database.revision()

    def close(self) -> None:
        """Close the database."""
        self.database.close()
