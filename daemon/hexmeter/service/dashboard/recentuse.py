"""What was used lately, for the dashboard: by day, what prompts cost, and the dearest threads."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from hexmeter.config.model import Config
from hexmeter.core.burn import RECENT_DAYS
from hexmeter.core.credits import MICRO, to_number
from hexmeter.core.instants import to_iso
from hexmeter.core.model import UNATTRIBUTED
from hexmeter.core.periods import Period, days_between, first_instant, local_day
from hexmeter.service.dashboard.courses import Daily
from hexmeter.service.dashboard.dailyuse import MODEL, SOURCE, DailyUse
from hexmeter.service.documents.importedusage import with_imported
from hexmeter.service.documents.usagedocument import UNKNOWN, UsageDocument
from hexmeter.service.meters.figures import Figures
from hexmeter.store.store import Store

_SERIES = 6
_THREADS, _PROMPTS = 20, 20
_THREAD_DAYS = 7
_EDGES = (0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 16)
"""Where, in credits, one bar of the prompts' costs ends and the next begins."""

Row = dict[str, Any]


class RecentUse:
    """Parts of the dashboard's document. Nothing here asks Hex, and nothing is written."""

    def __init__(self, config: Config, store: Store, figures: Figures, daily: DailyUse) -> None:
        self._zone = config.zone
        self._store = store
        self._figures = figures
        self._usage = UsageDocument(store, config.zone, figures.costs, figures.sight)
        self._daily = daily

    def span(self, until_ms: int) -> Period:
        """The last 30 local days up to then."""
        return self._last(RECENT_DAYS, until_ms)

    def days(self, span: Period, daily: Daily, ledger: Daily) -> Row:
        """The credits of each day of `span`, and of the users, models and sources that used the most; `daily` is of
        these days, `ledger` the same without imported logs."""
        days = days_between(span.start_ms, span.end_ms, self._zone)
        sums, parts = self._store.ledger.sums, [part for _, part in days]
        # The last one ends now, which is another one each time.
        uncertain = self._store.kept.ask(sums.uncertain_parts, tuple(parts[:-1])) + sums.uncertain_parts(parts[-1:])
        rows = self._usage.day_rows(days, [sum(users.values()) for users in ledger.by_user], uncertain)
        rows = with_imported(self._figures.imported, "day", rows, span, self._zone)
        names = {person.id: person.email or person.id for person in self._store.roster.everybody()}
        by = {
            "user": [
                {names.get(user_id or "", user_id or UNATTRIBUTED): micro for user_id, micro in users.items()}
                for users in daily.by_user
            ],
            **{word: [_known(values) for values in self._daily.by_kind(word, daily.parts)] for word in (MODEL, SOURCE)},
        }
        return {"rows": rows, "by": {word: _series(found) for word, found in by.items()}}

    def prompts(self, now_ms: int) -> Row:
        """How many prompts of the last 30 days cost how much, and the dearest of them."""
        edges_micro = [round(edge * MICRO) for edge in _EDGES]
        period = self._figures.period(now_ms)
        span, counts, dearest = self._figures.costs.spread(period, now_ms, edges_micro, _PROMPTS)
        abouts = self._store.breakdown.by_key(prompt.thread_key for prompt in dearest)
        return {
            "since": to_iso(span.start_ms),
            "prompts": sum(counts),
            "edges": list(_EDGES),
            "counts": counts,
            "dearest": [
                {
                    **self._usage.thread(abouts[prompt.thread_key]),
                    "at": to_iso(prompt.spent_ms),
                    "credits": to_number(prompt.cost_micro),
                }
                for prompt in dearest
            ],
        }

    def threads(self, now_ms: int) -> Row:
        """The dearest threads of the last seven days."""
        span = self._last(_THREAD_DAYS, now_ms)
        rows = self._store.kept.ask(self._usage.dearest_threads, span.start_ms, _THREADS)
        return {"since": to_iso(span.start_ms), "rows": rows}

    def _last(self, days: int, now_ms: int) -> Period:
        first = local_day(now_ms, self._zone) - timedelta(days=days - 1)
        # What was seen this very moment belongs to it.
        return Period(first_instant(first, self._zone), now_ms + 1)


def _known(values: Mapping[str | None, int]) -> dict[str, int]:
    return {value or UNKNOWN: micro for value, micro in values.items()}


def _series(days: Sequence[Mapping[str, int]]) -> list[Row]:
    """The few that used the most, each with its credits day by day."""
    sums: dict[str, int] = defaultdict(int)
    for day in days:
        for name, micro in day.items():
            sums[name] += micro
    largest = [name for name in sorted(sums, key=lambda name: (-sums[name], name)) if sums[name] > 0][:_SERIES]
    return [{"name": name, "credits": [to_number(day.get(name, 0)) for day in days]} for name in largest]
