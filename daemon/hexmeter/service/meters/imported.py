"""Imported usage logs beside the ledger: what of them counts, and what is there for comparison alone.

A thread's credits from before the first look count at its creation, wherever they were spent; a log knows the day, but
need not know the thread. So nothing tells which of both a credit is, and a day is either the ledger's or the log's:
from the first local day on of which the ledger can hold anything of a user, the ledger alone counts.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core.credits import to_number
from hexmeter.core.instants import to_iso
from hexmeter.core.meters import Use, grant_key
from hexmeter.core.model import UNATTRIBUTED
from hexmeter.core.periods import Period, days_between, first_instant, local_day
from hexmeter.service.watch import Watched
from hexmeter.store.imports import Group, Whose
from hexmeter.store.progress import EVERYBODY
from hexmeter.store.roster import Calibration
from hexmeter.store.store import Store

_NEVER_MS = 2**62


class Imported:
    """What the imported logs add to the ledger. `sees_whole` tells whether the token's listing of everybody holds all
    threads of the person with an id ("": of everybody)."""

    def __init__(
        self,
        store: Store,
        zone: ZoneInfo,
        watched: Callable[[], Watched | None],
        sees_whole: Callable[[str], bool],
    ) -> None:
        self._store = store
        self._zone = zone
        self._watched = watched
        self._sees_whole = sees_whole

    def user_id(self, name: str) -> str | None:
        """The user whom a log calls `name`: Hex's id, else the name itself; None for nobody."""
        if "@" in name:
            person = self._store.roster.by_email(name)
            return name if person is None else person.id
        return name or None

    def counts_before(self, name: str) -> int:
        """Rows of the user `name` count before this instant: the start of the first local day that is the ledger's."""
        return self._store.kept.ask(self._ledgers_first_day, name)

    def counted(self, period: Period, anchors: Mapping[str, Calibration] | None = None) -> dict[str | None, int]:
        """The micro-credits of imported rows in `period` that count, by user.

        `anchors` are calibrations by meter: what they hold already is left out.
        """
        sums: dict[str | None, int] = defaultdict(int)
        for name, part in self._parts(period):
            user_id = self.user_id(name)
            anchor = (anchors or {}).get(grant_key(user_id or ""))
            micro = self._store.imports.of(name, part, anchored_ms=anchor.at_ms if anchor else None)
            if micro:
                sums[user_id] += micro
        return dict(sums)

    def names(self) -> dict[str | None, list[str]]:
        """What logs call each user: their email, their id, or both."""
        names: dict[str | None, list[str]] = defaultdict(list)
        for name in self._store.imports.users():
            names[self.user_id(name)].append(name)
        return names

    def counted_by_word(self, period: Period, word: str) -> dict[str, int]:
        """The same by the rows' model, source or type; "" where the log says none."""
        sums: dict[str, int] = defaultdict(int)
        for name, part in self._parts(period):
            for value, micro in self._store.imports.by_word(name, part, word).items():
                sums[value] += micro
        return dict(sums)

    def uses(self, period: Period, anchors: Mapping[str, Calibration] | None = None) -> dict[str | None, Use]:
        """What each user used in `period`: the ledger, and what counts of imported rows, which is estimated."""
        uses = self._store.ledger.use_by_user(period)
        for user_id, micro in self.counted(period, anchors).items():
            use = uses.get(user_id, Use())
            uses[user_id] = Use(use.used_micro + micro, True, use.prompted_micro, use.prompts)
        return uses

    def comparison(self, by: str, period: Period) -> dict[str, Any]:
        """`hexmeter usage --compare`: what polling saw and what the logs say, on those days that they span."""
        compared = self._compared(period)
        rows: list[dict[str, Any]] = []
        if compared is not None and by == "day":
            for day, part in days_between(compared.start_ms, compared.end_ms, self._zone):
                rows += [{"day": day.isoformat(), **row} for row in self._compared_users(part)]
        elif compared is not None:
            rows = self._compared_users(compared)
        return {
            "by": by,
            "since": to_iso(compared.start_ms if compared else period.start_ms),
            "until": to_iso(compared.end_ms if compared else period.end_ms),
            "timezone": self._zone.key,
            "rows": rows,
        }

    def _parts(self, period: Period) -> Iterator[tuple[str, Period]]:
        """For each user of a log the part of `period` in which their rows count."""
        for name in self._store.imports.users():
            end_ms = min(period.end_ms, self.counts_before(name))
            if end_ms > period.start_ms:
                yield name, Period(period.start_ms, end_ms)

    def _ledgers_first_day(self, name: str) -> int:
        user_id = self.user_id(name)
        person = None if user_id is None else self._store.roster.by_id(user_id)
        begins = [self._store.imports.ledger_begins(whose) for whose in self._whose(user_id, person is not None)]
        watched_ms = self._watched_since(user_id)
        first_ms = min([at_ms for at_ms in (*begins, watched_ms) if at_ms is not None], default=None)
        return _NEVER_MS if first_ms is None else first_instant(local_day(first_ms, self._zone), self._zone)

    def _whose(self, user_id: str | None, known: bool) -> list[Whose]:
        """Where in the ledger this user's threads may be: not only under their id, unless Hex lists them now."""
        if user_id is None:
            return [Whose(Group.ALL)]
        own = Whose(Group.ONE, user_id)
        listed = known and any(person.id == user_id for person in self._store.roster.listed())
        return [own] if listed else [own, Whose(Group.UNLISTED)]

    def _watched_since(self, user_id: str | None) -> int | None:
        """Since when the listings that are read hold all that this user does."""
        watched = self._watched()
        if watched is None or not self._store.progress.access().threads:
            return None
        scopes = [user_id] if user_id in watched.scopes else []
        if EVERYBODY in watched.scopes and self._sees_whole(user_id or ""):
            scopes.append(EVERYBODY)
        if user_id is None:
            scopes = [*watched.scopes]  # It may be anybody's.
        since = [self._store.progress.listing(scope).watched_since_ms for scope in scopes if scope is not None]
        return min((at_ms for at_ms in since if at_ms is not None), default=None)

    def _compared(self, period: Period) -> Period | None:
        span = self._store.imports.span()
        if span is None:
            return None
        start_ms = first_instant(local_day(span.start_ms, self._zone), self._zone)
        end_ms = first_instant(local_day(span.end_ms - 1, self._zone) + timedelta(days=1), self._zone)
        compared = Period(max(period.start_ms, start_ms), min(period.end_ms, end_ms))
        return compared if compared.start_ms < compared.end_ms else None

    def _compared_users(self, period: Period) -> list[dict[str, Any]]:
        imported: dict[str | None, int] = defaultdict(int)
        for name in self._store.imports.users():
            imported[self.user_id(name)] += self._store.imports.of(name, period)
        counted = self.counted(period)
        polled = self._store.ledger.use_by_user(period)
        rows = [
            {
                **self.person(user_id),
                "polled": to_number(use.used_micro),
                "imported": to_number(imported.get(user_id, 0)),
                "difference": to_number(imported.get(user_id, 0) - use.used_micro),
                "counts": to_number(counted.get(user_id, 0)),
                "estimated": use.estimated,
            }
            for user_id in {*imported, *polled}
            if (use := polled.get(user_id, Use())).used_micro or imported.get(user_id)
        ]
        return sorted(rows, key=lambda row: (-max(row["imported"], row["polled"]), row["user"]))

    def person(self, user_id: str | None) -> dict[str, Any]:
        """Who that is: the email where there is one; no id where only a log knows them."""
        person = None if user_id is None else self._store.roster.by_id(user_id)
        name = (person.email if person else user_id) or user_id or UNATTRIBUTED
        return {"user": name, "user_id": None if person is None and "@" in name else user_id}
