"""The ledger summed for people: by user, day, model, source, type, thread or prompt."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core.burn import prompt_costs
from hexmeter.core.credits import MICRO, to_number
from hexmeter.core.instants import to_iso
from hexmeter.core.ledger import Basis, Usage, share, straddles
from hexmeter.core.meters import Bound, bound_of, least_sure
from hexmeter.core.model import UNATTRIBUTED
from hexmeter.core.periods import Period, days_between
from hexmeter.core.prompts import even_parts
from hexmeter.service.meters.promptcosts import CostsByUser
from hexmeter.service.meters.sight import Sight
from hexmeter.store.breakdown import About
from hexmeter.store.store import Store
from hexmeter.wire import shapes

DIMENSIONS = ("user", "day", "model", "source", "type", "thread", "prompt")
"""What usage can be summed by. Whatever it is, the rows sum to the same."""

UNKNOWN = "unknown"

_EVER_MS = 2**62

Row = dict[str, Any]


class UsageDocument:
    """The rows of `GET /v1/usage`, dearest first; days in their order."""

    def __init__(self, store: Store, zone: ZoneInfo, costs: CostsByUser, sight: Callable[[], Sight]) -> None:
        self._store = store
        self._zone = zone
        self._costs = costs
        self._sight = sight

    def rows(self, by: str, period: Period) -> list[Row]:
        """The ledger within `period`, summed by one of DIMENSIONS."""
        if by == "day":
            return self._by_day(period)
        if by == "prompt":
            return self._by_prompt(period)
        if by == "user":
            return self._by_user(period)
        if by == "thread":
            return self._grouped("id", period, self.thread)
        return self._grouped(by, period, lambda about: {by: getattr(about, by) or UNKNOWN})

    def dearest_threads(self, since_ms: int, limit: int) -> list[Row]:
        """The first rows by thread of the time from `since_ms` on, without what their prompts cost."""
        period = Period(since_ms, _EVER_MS)
        uncertain, sees_all = self._store.ledger.sums.uncertain(period, "id"), self._sight().sees_all(None, period)
        return [
            {
                **self.thread(about),
                "credits": to_number(micro),
                "bound": bound_of(about.id in uncertain, sees_all),
            }
            for about, micro in self._store.breakdown.dearest(period, limit)
        ]

    def user(self, user_id: str | None) -> Row:
        """Who that is: the email where there is one."""
        person = None if user_id is None else self._store.roster.by_id(user_id)
        return {"user": (person.email if person else user_id) or user_id or UNATTRIBUTED, "user_id": user_id}

    def _by_user(self, period: Period) -> list[Row]:
        costs = self._costs.within(period)
        if costs is None:
            by_user: dict[str | None, list[int]] = defaultdict(list)
            for (_, user_id), found in self._store.breakdown.costs(period).items():
                by_user[user_id] += found
            costs = {user_id: prompt_costs(found) for user_id, found in by_user.items()}
        sight = self._sight()
        rows = [
            {
                **self.user(user_id),
                "credits": to_number(use.used_micro),
                "bound": bound_of(use.estimated, sight.sees_all(user_id, period)),
                "estimated": use.estimated,
                **shapes.prompts(costs.get(user_id)),
            }
            for user_id, use in self._store.ledger.use_by_user(period).items()
            if use.used_micro
        ]
        return sorted(rows, key=_dearest_first)

    def _by_day(self, period: Period) -> list[Row]:
        days = days_between(period.start_ms, period.end_ms, self._zone)
        parts = [part for _, part in days]
        sums, uncertain = self._store.ledger.use_by_part(parts), self._store.ledger.sums.uncertain_parts(parts)
        return self.day_rows(days, sums, uncertain)

    def day_rows(
        self, days: Sequence[tuple[date, Period]], sums: Sequence[int], uncertain: Sequence[bool]
    ) -> list[Row]:
        """The rows of adjoining days, on which so many micro-credits were used, and which of these are uncertain."""
        sight = self._sight()
        return [
            {
                "day": day.isoformat(),
                "credits": to_number(micro),
                "bound": bound_of(is_uncertain, sight.sees_all(None, part)),
            }
            for (day, part), micro, is_uncertain in zip(days, sums, uncertain, strict=True)
        ]

    def _grouped(self, by: str, period: Period, named: Callable[[About], Row]) -> list[Row]:
        """One row for each value of `by` of the threads, `named` after any of them, with what its prompts cost."""

        def key(about: About) -> str:
            return getattr(about, by) or UNKNOWN

        uncertain = {value or UNKNOWN for value in self._store.ledger.sums.uncertain(period, by)}
        sees_all = self._sight().sees_all(None, period)
        used = self._store.breakdown.threads(period)
        sums: dict[str, int] = defaultdict(int)
        names: dict[str, About] = {}
        for about, micro in used:
            sums[key(about)] += micro
            names.setdefault(key(about), about)
        keys = {about.id: key(about) for about, _ in used}
        costs: dict[str, list[int]] = defaultdict(list)
        for (thread_id, _), found in self._store.breakdown.costs(period).items():
            # What used nothing within the period has no row.
            if thread_id in keys:
                costs[keys[thread_id]] += found
        rows = [
            {
                **named(names[group]),
                "credits": to_number(micro),
                "bound": bound_of(group in uncertain, sees_all),
                **shapes.prompts(prompt_costs(costs[group])),
            }
            for group, micro in sums.items()
            if micro
        ]
        return sorted(rows, key=_dearest_first)

    def _by_prompt(self, period: Period) -> list[Row]:
        """A row for each prompt; one also for what was spent without a known number of prompts, which is null there."""
        abouts = {about.id: about for about, _ in self._store.breakdown.threads(period)}
        rows: list[Row] = []
        sees_all = self._sight().sees_all(None, period)
        for thread_id, spending in self._store.breakdown.spendings(abouts):
            micro = sum(share(row, period) for row in spending.rows)
            first = spending.rows[0]
            about = {
                **self.thread(abouts[thread_id]),
                "after": to_iso(first.after_ms),
                "at": to_iso(first.at_ms),
                "basis": first.basis.value,
                "shared": first.basis is Basis.SHARED,
                "prompts": None if spending.prompts is None else 1,
                "bound": bound_of(any(_is_uncertain(row, period) for row in spending.rows), sees_all),
            }
            parts = even_parts(micro, spending.prompts or 1)
            rows += [{**about, "credits": to_number(part)} for part in parts if part]
        return sorted(rows, key=_dearest_first)

    def thread(self, about: About) -> Row:
        """What a thread is."""
        return {
            "thread": about.id,
            "title": about.title,
            "url": about.url,
            **self.user(about.user_id),
            "model": about.model or UNKNOWN,
            "source": about.source or UNKNOWN,
            "type": about.type or UNKNOWN,
        }


def total(rows: Sequence[Row], nothing: Bound = Bound.EXACT) -> Row:
    """What the rows come to, exactly, and how sure the least sure of them is; without any, how sure `nothing` is."""
    micro = sum(round(row["credits"] * MICRO) for row in rows)
    return {"credits": to_number(micro), "bound": least_sure([row["bound"] for row in rows] or [nothing]).value}


def _is_uncertain(row: Usage, period: Period) -> bool:
    return row.basis is Basis.BACKFILL or straddles(row, period)


def _dearest_first(row: Row) -> tuple[float, str]:
    names = ("thread", "user", "model", "source", "type")
    return -row["credits"], next(str(row[name]) for name in names if name in row) + str(row.get("at", ""))
