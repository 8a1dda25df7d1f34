"""The document of the dashboard: all that its page shows, from the same figures as every other command."""

from collections.abc import Mapping, Sequence
from typing import Any

from hexmeter.config.model import Config
from hexmeter.core.budget import most_a_minute, windows
from hexmeter.core.credits import to_number
from hexmeter.core.instants import to_iso
from hexmeter.core.meters import Meter, grant_key
from hexmeter.core.periods import Period, days_between
from hexmeter.service.alerts.explaining import Explaining
from hexmeter.service.dashboard.courses import Courses, Daily
from hexmeter.service.dashboard.dailyuse import DailyUse
from hexmeter.service.dashboard.recentuse import RecentUse
from hexmeter.service.documents.documents import Documents
from hexmeter.service.meters.figures import Figures
from hexmeter.store.outbox import SEVERITIES
from hexmeter.store.store import Store

_GRANTS_DRAWN = 12
"""So many grants have a course: the nearest to their limits, and one's own."""

_ALERTS = 12


class DashboardFacts:
    """Puts the document together. Nothing here asks Hex, and nothing is written."""

    def __init__(self, config: Config, store: Store, figures: Figures, documents: Documents) -> None:
        self._config = config
        self._store = store
        self._figures = figures
        self._documents = documents
        self._courses = Courses(config, store, figures)
        self._daily = DailyUse(store)
        self._recent = RecentUse(config, store, figures, self._daily)
        self._explaining = Explaining(config, store)

    def document(self, now_ms: int) -> dict[str, Any]:
        """`GET /v1/dashboard`: the status, each grant's last days and the courses of the nearest meters, what was used
        lately, alerts with why, and how polling goes."""
        meters = self._figures.meters(now_ms)
        status = self._documents.status(now_ms, meters)
        good_ms = self._store.progress.good_at_ms()
        # Nothing is known of the time since the last good poll.
        until_ms = good_ms if status["stale"] and good_ms is not None else now_ms
        span, period = self._recent.span(until_ms), self._figures.period(now_ms)
        ledger = self._days(Period(min(span.start_ms, period.start_ms), span.end_ms), now_ms)
        daily = self._courses.with_imported(ledger.parts, ledger.by_user)
        read_ms = now_ms if good_ms is None else good_ms
        courses = self._courses.of(meters, self._drawn(meters), daily, read_ms, now_ms)
        last_days = daily.within(span)
        return {
            **status,
            "now": to_iso(now_ms),
            "meters": [
                {**row, "course": courses.get(meter.id), "days": _days_of(meter, last_days)}
                for row, meter in zip(status["meters"], meters, strict=True)
            ],
            "days": self._recent.days(span, last_days, ledger.within(span)),
            "prompts": self._recent.prompts(now_ms),
            "threads": self._recent.threads(now_ms),
            "alerts": self._alerts(now_ms),
            "standing": len(self._store.outbox.standing()),
            "polling": self._polling(now_ms),
        }

    def _days(self, period: Period, now_ms: int) -> Daily:
        """What each user used on the local days of `period`."""
        parts = [part for _, part in days_between(period.start_ms, period.end_ms, self._config.zone)]
        self._daily.read(period.start_ms, now_ms)
        return Daily(parts, self._daily.by_user(parts))

    def _drawn(self, meters: Sequence[Meter]) -> set[str]:
        """The meters that have a course: of grants the nearest to their limits, and the reader's own."""
        identity = self._store.progress.identity()
        own = grant_key(identity.person.id) if identity and identity.person else None
        grants = [meter for meter in meters if meter.kind == "grant"]
        wanted = {own, *(meter.key for meter in grants[:_GRANTS_DRAWN])}
        return {meter.id for meter in meters if meter.kind != "grant" or meter.key in wanted}

    def _alerts(self, now_ms: int) -> list[dict[str, Any]]:
        """The newest alerts, each with why it was told: first those that nobody has answered yet, the gravest before
        others, and at last those that are over."""
        newest = sorted(self._documents.alerts(now_ms)["alerts"], key=_rank)
        return [
            {**alert, "why": [change["line"] for change in self._explaining.why(alert["id"])["history"]]}
            for alert in newest[:_ALERTS]
        ]

    def _polling(self, now_ms: int) -> dict[str, Any]:
        """How much of the budget of requests is used, and until when Hex asked for a pause."""
        poll, restraint = self._config.poll, self._store.progress.restraint()
        minute, hour = windows(poll.requests_per_minute, poll.requests_per_hour)
        return {
            "minute": {
                "sent": self._store.progress.count_requests(now_ms - minute.span_ms),
                "most": most_a_minute(restraint, minute.most, now_ms),
                "configured": minute.most,
            },
            "hour": {"sent": self._store.progress.count_requests(now_ms - hour.span_ms), "most": hour.most},
            "held_until": to_iso(restraint.held_until_ms) if restraint.held_until_ms > now_ms else None,
        }


def _rank(alert: Mapping[str, Any]) -> tuple[bool, bool, int]:
    answered = alert["state"] != "firing" or alert["muted"]
    over = alert["state"] == "resolved"
    return over, answered, 0 if over else -SEVERITIES.index(alert["severity"])


def _days_of(meter: Meter, days: Daily) -> list[float] | None:
    """What a person used on each of these days; None for what is nobody's grant, or has no figure."""
    if meter.kind != "grant" or meter.used_micro is None:
        return None
    user_id = meter.key.removeprefix(grant_key(""))
    return [to_number(users.get(user_id, 0)) for users in days.by_user]
