"""The report's document: a week or a month against the one before, from the same figures as every other command."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from hexmeter.config.model import Config
from hexmeter.core.credits import to_number
from hexmeter.core.instants import DAY_MS, to_iso
from hexmeter.core.meters import Bound, bound_of
from hexmeter.core.periods import Period
from hexmeter.core.reportplan import last_whole
from hexmeter.core.runs import sum_runs
from hexmeter.service.documents.usagedocument import total
from hexmeter.service.meters.figures import Figures
from hexmeter.service.meters.runfigures import run_sums
from hexmeter.store.store import Store
from hexmeter.wire import shapes

KINDS = ("week", "month")
_WEEK_MS = 7 * DAY_MS
_THREADS, _PROMPTS, _PROJECTS, _ALERTS = 10, 10, 20, 100
_ALERTS_LOOKED_AT = 1_000
NO_TOPIC = "none"

Row = dict[str, Any]
Usage = Callable[[str, Period], list[Row]]


class Report:
    """Puts a report together. Nothing here asks Hex, and nothing is written."""

    def __init__(self, config: Config, store: Store, figures: Figures, usage: Usage) -> None:
        self._config = config
        self._store = store
        self._figures = figures
        self._usage = usage
        self._calendar = config.reset_day, config.zone

    def document(self, kind: str, now_ms: int, *, last: bool = False, period: Period | None = None) -> dict[str, Any]:
        """`GET /v1/report`: the `kind` of KINDS that runs, the `last` whole one, or this very `period` of the kind,
        against the one before."""
        period, before = self._periods(kind, now_ms, last_whole(kind, now_ms, *self._calendar) if last else period)
        users = self._usage("user", period)
        users_before = self._usage("user", before)
        return {
            "report": kind,
            "as_of": to_iso(now_ms),
            "since": to_iso(period.start_ms),
            "until": to_iso(period.end_ms),
            "before": {"since": to_iso(before.start_ms), "until": to_iso(before.end_ms)},
            "timezone": self._config.zone.key,
            "total": {
                "credits": total(users)["credits"],
                "before": total(users_before)["credits"],
                "prompts": sum(row["prompts"] or 0 for row in users),
                "bound": self._bound(period, users).value,
                "before_bound": self._bound(before, users_before).value,
            },
            "days": self._usage("day", period),
            "users": self._compared("user", users, users_before, period, before),
            "models": self._both("model", period, before),
            "sources": self._both("source", period, before),
            "topics": self._topics(period, before),
            "threads": self._usage("thread", period)[:_THREADS],
            "prompts": [row for row in self._usage("prompt", period) if row["prompts"] == 1][:_PROMPTS],
            "alerts": self._alerts(period),
            "meters": [shapes.meter(meter) for meter in self._figures.meters(now_ms)],
            "runs": self._runs(period, before),
        }

    def _periods(self, kind: str, now_ms: int, whole: Period | None) -> tuple[Period, Period]:
        """What is reported, and what it is compared with: as long a time of the one before."""
        if whole is not None:
            return whole, last_whole(kind, whole.end_ms - 1, *self._calendar)
        if kind == "month":
            before, start_ms = last_whole(kind, now_ms, *self._calendar), self._figures.period(now_ms).start_ms
            so_far_ms = min(before.end_ms, before.start_ms + now_ms + 1 - start_ms)
            return Period(start_ms, now_ms + 1), Period(before.start_ms, so_far_ms)
        return Period(now_ms + 1 - _WEEK_MS, now_ms + 1), Period(now_ms + 1 - 2 * _WEEK_MS, now_ms + 1 - _WEEK_MS)

    def _bound(self, period: Period, users: list[Row]) -> Bound:
        """How the credits of a time relate to the truth."""
        return bound_of(any(row.get("estimated") for row in users), self._figures.sight().sees_all(None, period))

    def _both(self, by: str, period: Period, before: Period) -> list[Row]:
        return self._compared(by, self._usage(by, period), self._usage(by, before), period, before)

    def _compared(self, by: str, rows: list[Row], rows_before: list[Row], period: Period, before: Period) -> list[Row]:
        """The rows of `period` with what the same had `before`; who used something only then too, with nothing now."""
        key = "user_id" if by == "user" else by
        then, nothing = {row[key]: row for row in rows_before}, self._nothing(before)
        found = [{**row, **_before(then.pop(row[key], nothing))} for row in rows]
        gone = {**self._nothing(period), **shapes.prompts(None)}
        return found + [{**row, **gone, **_before(row)} for row in then.values()]

    def _nothing(self, period: Period) -> Row:
        """What somebody used of whom nothing was seen: none, unless it can be missing."""
        return {"credits": 0.0, "bound": bound_of(False, self._figures.sight().sees_all(None, period)).value}

    def _topics(self, period: Period, before: Period) -> list[Row]:
        """The credits of threads by topic: a thread counts in full for each of its topics, so these overlap."""
        then, nothing = {row["topic"]: row for row in self._by_topic(before)}, self._nothing(before)
        found = [{**row, **_before(then.get(row["topic"], nothing))} for row in self._by_topic(period)]
        return sorted(found, key=lambda row: (-row["credits"], row["topic"]))

    def _by_topic(self, period: Period) -> list[Row]:
        """Each topic with its threads and their credits; it is no surer than the least sure of them."""
        used = self._store.breakdown.threads(period)
        topics = self._store.breakdown.topics(about.id for about, _ in used)
        uncertain = self._store.ledger.sums.uncertain(period, "id")
        sees_all = self._figures.sight().sees_all(None, period)
        found: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for about, micro in used:
            for topic in topics.get(about.id) or (NO_TOPIC,):
                found[topic].append((about.id, micro))
        return [
            {
                "topic": topic,
                "threads": len(threads),
                "credits": to_number(sum(micro for _, micro in threads)),
                "bound": bound_of(any(thread_id in uncertain for thread_id, _ in threads), sees_all).value,
            }
            for topic, threads in found.items()
        ]

    def _alerts(self, period: Period) -> list[Row]:
        """What was told within the time, newest first."""
        return [
            {
                "kind": alert.kind,
                "meter": alert.meter,
                "severity": alert.severity,
                "state": alert.state,
                "fired_at": to_iso(alert.fired_ms),
                "title": alert.title,
            }
            for alert, _ in self._store.outbox.alerts(_ALERTS_LOOKED_AT)
            if alert.fired_ms in period
        ][:_ALERTS]

    def _runs(self, period: Period, before: Period) -> Row:
        sums, sums_before = self._store.runs.sums(period), self._store.runs.sums(before)
        projects = {stored.project.id: stored.project for stored in self._store.runs.projects()}
        rows = [
            {"project": key, "title": projects[key].title, "owner": projects[key].owner_email, **run_sums(found)}
            for key, found in sums.items()
        ]
        return {
            "bound": "at_least",
            "limit": self._figures.runs.limit,
            **self._figures.runs.reading(),
            "total": run_sums(sum_runs(sums.values())),
            "before": run_sums(sum_runs(sums_before.values())),
            "projects": sorted(rows, key=lambda row: (-row["runs"], row["project"]))[:_PROJECTS],
        }


def _before(row: Row) -> Row:
    """What a row says of the time before."""
    return {"before": row["credits"], "before_bound": row["bound"]}
