"""The report's document: a week or a month against the one before, from the same figures as every other command."""

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hexmeter.config.model import Config
from hexmeter.core.credits import MICRO, to_number
from hexmeter.core.instants import DAY_MS, to_iso
from hexmeter.core.meters import Bound
from hexmeter.core.periods import Period, first_instant, local_day, previous_period
from hexmeter.core.runs import sum_runs
from hexmeter.service.figures import SEES_EVERYTHING, Figures
from hexmeter.service.runfigures import run_sums
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

    def document(self, kind: str, now_ms: int, *, last: bool) -> dict[str, Any]:
        """`GET /v1/report`: the `kind` of KINDS that runs, or the `last` whole one, against the one before."""
        period, before = self._periods(kind, now_ms, last=last)
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
                "credits": _total(users),
                "before": _total(users_before),
                "prompts": sum(row["prompts"] or 0 for row in users),
                "bound": self._bound(period, users).value,
                "before_bound": self._bound(before, users_before).value,
            },
            "days": self._usage("day", period),
            "users": _compared("user", users, users_before),
            "models": self._both("model", period, before),
            "sources": self._both("source", period, before),
            "topics": self._topics(period, before),
            "threads": self._usage("thread", period)[:_THREADS],
            "prompts": [row for row in self._usage("prompt", period) if row["prompts"] == 1][:_PROMPTS],
            "alerts": self._alerts(period),
            "meters": [shapes.meter(meter) for meter in self._figures.meters(now_ms)],
            "runs": self._runs(period, before),
        }

    def _periods(self, kind: str, now_ms: int, *, last: bool) -> tuple[Period, Period]:
        """What is reported, and what it is compared with: as long a time of the one before."""
        zone, reset_day = self._config.zone, self._config.reset_day
        current = self._figures.period(now_ms)
        if kind == "month" and last:
            period = previous_period(current, reset_day, zone)
            return period, previous_period(period, reset_day, zone)
        if kind == "month":
            before = previous_period(current, reset_day, zone)
            period = Period(current.start_ms, now_ms + 1)
            so_far_ms = min(before.end_ms, before.start_ms + period.end_ms - period.start_ms)
            return period, Period(before.start_ms, so_far_ms)
        if last:
            today = local_day(now_ms, zone)
            mondays = [today - timedelta(days=today.weekday() + 7 * weeks) for weeks in (0, 1, 2)]
            ends = [first_instant(monday, zone) for monday in mondays]
            return Period(ends[1], ends[0]), Period(ends[2], ends[1])
        return Period(now_ms + 1 - _WEEK_MS, now_ms + 1), Period(now_ms + 1 - 2 * _WEEK_MS, now_ms + 1 - _WEEK_MS)

    def _bound(self, period: Period, users: list[Row]) -> Bound:
        """How the credits of a time relate to the truth."""
        watched, identity = self._figures.watched(), self._store.progress.identity()
        own = identity.person if identity else None
        whole = own is None or own.role in SEES_EVERYTHING or (watched is not None and watched.scopes == (own.id,))
        if watched is None or not whole or not self._store.progress.access().threads:
            return Bound.AT_LEAST
        if not all(self._store.progress.listing(scope).covers(period) for scope in watched.scopes):
            return Bound.AT_LEAST
        return Bound.ESTIMATED if any(row.get("estimated") for row in users) else Bound.EXACT

    def _both(self, by: str, period: Period, before: Period) -> list[Row]:
        return _compared(by, self._usage(by, period), self._usage(by, before))

    def _topics(self, period: Period, before: Period) -> list[Row]:
        """The credits of threads by topic: a thread counts in full for each of its topics, so these overlap."""
        before_micro = {topic: micro for topic, (micro, _) in self._by_topic(before).items()}
        found = [
            {"topic": topic, "threads": threads, "credits": to_number(micro)}
            | {"before": to_number(before_micro.get(topic, 0))}
            for topic, (micro, threads) in self._by_topic(period).items()
        ]
        return sorted(found, key=lambda row: (-row["credits"], row["topic"]))

    def _by_topic(self, period: Period) -> dict[str, tuple[int, int]]:
        """The micro-credits and the number of threads of each topic."""
        used = self._store.breakdown.threads(period)
        topics = self._store.breakdown.topics(about.id for about, _ in used)
        sums: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for about, micro in used:
            for topic in topics.get(about.id) or (NO_TOPIC,):
                sums[topic] = sums[topic][0] + micro, sums[topic][1] + 1
        return sums

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


def _total(rows: list[Row]) -> float:
    return to_number(sum(round(row["credits"] * MICRO) for row in rows))


def _compared(by: str, rows: list[Row], rows_before: list[Row]) -> list[Row]:
    """The rows of a time with what the same had before; who used something only then too, with 0 credits now."""
    key = "user_id" if by == "user" else by
    before = {row[key]: row for row in rows_before}
    found = [{**row, "before": before[row[key]]["credits"] if row[key] in before else 0.0} for row in rows]
    now = {row[key] for row in rows}
    gone = [row for row in rows_before if row[key] not in now]
    return found + [{**row, "credits": 0.0, "before": row["credits"], **shapes.prompts(None)} for row in gone]
