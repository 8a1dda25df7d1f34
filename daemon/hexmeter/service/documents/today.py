"""What today cost so far, of those who are watched, and today's dearest prompt."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from hexmeter.core.credits import to_number
from hexmeter.core.instants import to_iso
from hexmeter.core.meters import Bound
from hexmeter.core.periods import Period, day_at
from hexmeter.service.documents.usagedocument import UsageDocument, total
from hexmeter.service.meters.figures import Figures
from hexmeter.store.store import Store

Row = dict[str, Any]


class Today:
    """The part `today` of a status; worked out anew when the ledger has grown. `rows` gives usage by user in a time."""

    def __init__(
        self, store: Store, figures: Figures, usage: UsageDocument, rows: Callable[[Period], list[Row]], zone: ZoneInfo
    ) -> None:
        self._store = store
        self._figures = figures
        self._usage = usage
        self._rows = rows
        self._zone = zone
        self._known: tuple[object, dict[str, Any]] | None = None

    def document(self, now_ms: int) -> dict[str, Any] | None:
        """None where nothing was read today: then nobody knows what today cost."""
        day = day_at(now_ms, self._zone)
        good_ms, watched = self._store.progress.good_at_ms(), self._figures.watched()
        if good_ms is None or good_ms < day.start_ms or watched is None:
            return None
        mark = (day, watched, self._store.breakdown.newest_row(), self._store.progress.access())
        if self._known is None or self._known[0] != mark:
            people = None if watched.people is None else {person.id for person in watched.people}
            self._known = mark, self._work_out(day, people)
        return self._known[1]

    def _work_out(self, day: Period, people: set[str] | None) -> dict[str, Any]:
        used = total([row for row in self._rows(day) if people is None or row["user_id"] in people])
        # Whoever sees single threads alone cannot know that there was nothing else.
        bound = used["bound"] if self._store.progress.access().threads else Bound.AT_LEAST.value
        return {
            "since": to_iso(day.start_ms),
            "used": used["credits"],
            "bound": bound,
            "dearest": self._dearest(day, people),
        }

    def _dearest(self, day: Period, people: set[str] | None) -> dict[str, Any] | None:
        costs = [
            (max(found), user_id)
            for (_, user_id), found in self._store.breakdown.costs(day).items()
            if found and (people is None or user_id in people)
        ]
        if not costs:
            return None
        micro, user_id = max(costs, key=lambda cost: cost[0])
        return {"credits": to_number(micro), "user": self._usage.user(user_id)["user"]}
