"""The documents of the local API, put together from the figures and the store.

What is rarely asked for is imported only then: it would be a good part of what an idle daemon holds in memory.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from hexmeter import __version__
from hexmeter.config.model import Config
from hexmeter.core.age import too_old_at_ms
from hexmeter.core.credits import to_number
from hexmeter.core.instants import MINUTE_MS, to_iso
from hexmeter.core.meters import Meter, bound_of
from hexmeter.core.model import UNATTRIBUTED
from hexmeter.core.periods import Period
from hexmeter.core.texts import counted
from hexmeter.service.alerts.attention import Attending
from hexmeter.service.alerts.notices import Notice
from hexmeter.service.channels.health import channel_notes, channels_document
from hexmeter.service.documents.alertdocuments import AlertDocuments
from hexmeter.service.documents.forecastdocument import ForecastDocument
from hexmeter.service.documents.importedusage import with_imported
from hexmeter.service.documents.today import Today
from hexmeter.service.documents.usagedocument import UsageDocument, total
from hexmeter.service.meters.figures import Figures
from hexmeter.store.store import Store
from hexmeter.wire import shapes


class Documents:
    """Each method gives one document, without its schema number; nothing is written."""

    def __init__(self, config: Config, store: Store, figures: Figures) -> None:
        self._config = config
        self._store = store
        self._figures = figures
        self._attending = Attending(config, store, figures)
        self._alerts = AlertDocuments(config, store, self._attending)
        self._usage = UsageDocument(store, config.zone, figures.costs, figures.sight)
        self._today = Today(store, figures, self._usage, lambda day: self.usage("user", day)["rows"], config.zone)
        self.forecasts = ForecastDocument(config, store, figures)
        self.unstored: str | None = None
        """Why nothing can be stored at present; the daemon keeps it."""
        self.has_dashboard = False
        """Whether a dashboard is served when asked for; whoever serves it says so."""
        self.ports: dict[str, int] = {}
        """The ports that are listened on, of the `metrics` and of the `dashboard`; whoever listens says so."""
        self._shown: tuple[object, list[dict[str, Any]]] = (None, [])

    def status(self, now_ms: int, meters: Sequence[Meter] | None = None) -> dict[str, Any]:
        """`hexmeter status --json`. `as_of` is the last good poll's time; before there was one, now. `meters` are those
        of now, where they are at hand."""
        progress = self._store.progress
        last, identity = progress.last_poll(), progress.identity()
        person = identity.person if identity else None
        return {
            **self.age(now_ms),
            "progress": self.progress(now_ms),
            "last_poll": last
            and {"at": to_iso(last.at_ms), "ok": last.ok, "error": last.error, "requests": last.requests},
            "identity": identity
            and {
                "email": person.email if person else None,
                "role": person.role if person else None,
                "org": identity.org_id,
            },
            "meters": self._meters(now_ms) if meters is None else [shapes.meter(meter) for meter in meters],
            "today": self._today.document(now_ms),
            "notes": self._notes(),
            "links": {"hex": hex_link(self._config.base_url)},
            "dashboard": {"available": self.has_dashboard},
            "ports": dict(self.ports),
            "timezone": self._config.zone.key,
            "interval_s": self._config.poll.interval_ms / 1000,
            "paused_until": shapes.instant(self._attending.paused_until_ms(now_ms)),
            "version": __version__,
        }

    def age(self, now_ms: int) -> dict[str, Any]:
        """How old the figures are: when they were read, and whether that is too long ago."""
        good_ms = self._store.progress.good_at_ms()
        return {
            "as_of": to_iso(now_ms if good_ms is None else good_ms),
            "stale": good_ms is None or now_ms >= too_old_at_ms(good_ms, self._config.poll.interval_ms),
        }

    def usage(self, by: str, period: Period) -> dict[str, Any]:
        """`hexmeter usage`: the ledger within `period`, summed by one of DIMENSIONS."""
        rows = with_imported(self._figures.imported, by, self._usage.rows(by, period), period, self._config.zone)
        return {
            "by": by,
            "since": to_iso(period.start_ms),
            "until": to_iso(period.end_ms),
            "timezone": self._config.zone.key,
            "rows": rows,
            "total": total(rows, bound_of(False, self._figures.sight().sees_all(None, period))),
        }

    def comparison(self, by: str, period: Period) -> dict[str, Any]:
        """`hexmeter usage --compare`: by user, or by day and user."""
        return self._figures.imported.comparison(by, period)

    def runs(self, period: Period, now_ms: int) -> dict[str, Any]:
        """What project runs come to, by project."""
        return self._figures.runs.document(period, now_ms)

    def audit(self, days: int, now_ms: int) -> dict[str, Any]:
        """`hexmeter audit --json`."""
        from hexmeter.service.documents.audit import Audit

        return Audit(self._config, self._store, self._figures).document(days, now_ms)

    def report(self, kind: str, now_ms: int, *, last: bool = False, period: Period | None = None) -> dict[str, Any]:
        """`hexmeter report --json`; see Report."""
        from hexmeter.service.documents.report import Report

        report = Report(self._config, self._store, self._figures, lambda by, period: self.usage(by, period)["rows"])
        document = report.document(kind, now_ms, last=last, period=period)
        return {**document, "links": {"hex": hex_link(self._config.base_url)}}

    def alerts(self, now_ms: int) -> dict[str, Any]:
        """`hexmeter alerts --json`: newest first."""
        return self._alerts.alerts(now_ms)

    def alert(self, alert_id: int, now_ms: int) -> dict[str, Any] | None:
        """One alert, as in the list of them."""
        return self._alerts.alert(alert_id, now_ms)

    def standing(self, now_ms: int) -> dict[str, Any]:
        """What a tray needs to know of alerts."""
        return self._alerts.standing(now_ms)

    def notice(self, notice: Notice) -> dict[str, Any]:
        """One message for a tray to show."""
        return {
            "deliveries": list(notice.deliveries),
            "alerts": list(notice.alerts),
            "title": notice.text.title,
            "body": notice.text.body,
            "severity": notice.text.severity,
            "link": hex_link(self._config.base_url),
            "replaces": None,
        }

    def newest(self, limit: int) -> dict[str, Any]:
        """The newest increases that were seen while watching, newest first."""
        return {
            "increases": [
                {
                    "at": to_iso(increase.usage.at_ms),
                    "user": increase.email or UNATTRIBUTED,
                    "thread": increase.usage.thread_id,
                    "title": increase.title,
                    "credits": to_number(increase.usage.credits_micro),
                }
                for increase in self._store.ledger.newest(limit)
            ]
        }

    def tracked(self) -> dict[str, Any]:
        """The threads followed by id."""
        rows = []
        for tracked in self._store.progress.tracked():
            thread = self._store.ledger.thread(tracked.thread_id)
            rows.append(
                {
                    "thread": tracked.thread_id,
                    "title": thread["title"] if thread else None,
                    "credits": shapes.amount(thread["credits_micro"]) if thread else None,
                    "problem": tracked.problem,
                }
            )
        return {"tracked": rows}

    def progress(self, now_ms: int) -> dict[str, Any] | None:
        """How far the first run is: the threads it has read, and the share of the history's time; None at its end."""
        watched = self._figures.watched()
        if watched is None or not self._store.progress.access().threads:
            return None
        listings = [self._store.progress.listing(scope) for scope in watched.scopes]
        if all(listing.history_done for listing in listings):
            return None
        back_to_ms = max(listing.history_to_ms or now_ms for listing in listings if not listing.history_done)
        return {
            "done": sum(listing.threads for listing in listings),
            "of": None,
            "back_to": to_iso(back_to_ms),
            "share": round(min(1.0, max(0.0, (now_ms - back_to_ms) / self._config.poll.history_ms)), 3),
        }

    def channels(self) -> dict[str, Any]:
        """Where warnings go, and how each channel does."""
        return channels_document(self._config, self._store)

    def _meters(self, now_ms: int) -> list[dict[str, Any]]:
        """The meters, worked out anew when something was stored since, and in every minute: status bars ask every few
        seconds, and of hundreds of people that is most of what a daemon does.

        Periods begin at whole minutes; within one, only paces and the rolling week of runs move at all.
        """
        facts = self._store.revision(), now_ms // MINUTE_MS
        if self._shown[0] != facts:
            self._shown = facts, [shapes.meter(meter) for meter in self._figures.meters(now_ms)]
        return self._shown[1]

    def _notes(self) -> list[str]:
        notes = []
        if self.unstored is not None:
            notes.append(
                f"Nothing can be stored in {self._config.database}: {self.unstored}. Hex is not asked until it can, so"
                " the figures stand still. Is the disk full?"
            )
        watched = self._figures.watched()
        if not self._store.progress.access().threads:
            notes.append(
                "Hex lists threads only for Managers, Admins and workspace tokens, so this token sees just the threads"
                " named with `hexmeter track URL`; `hexmeter calibrate` sets the grant to what Hex's own page shows."
            )
        if unread := len(self._store.progress.unread()):
            notes.append(
                f"Of {counted(unread, 'thread')} Hex sent something that cannot be understood, so what"
                f" {'it' if unread == 1 else 'they'} used may be missing; the log says what."
            )
        if not self._store.progress.access().people:
            notes.append("Hex does not show this token who is in the workspace, so only its own credits have a meter.")
        if problem := self._figures.runs.problem():
            notes.append(f"Hex does not show this token the projects, so their runs are not counted: {problem}")
        if watched is not None and watched.missing:
            notes.append("Nobody that this token can see has the email " + ", ".join(watched.missing) + ".")
        told = self._config.channels.by_email.keys()
        if told and watched is not None and self._store.progress.good_at_ms() is not None:
            people = self._store.roster.everybody() if watched.people is None else watched.people
            strangers = sorted(told - {person.email for person in people})
            notes += [
                f"[notify.users] {email}: nobody watched has this email, so nothing is sent." for email in strangers
            ]
        # Last: a menu shows the first, which says why figures are missing or old where they are.
        return notes + channel_notes(self._config, self._store)


def hex_link(base_url: str) -> str | None:
    """Hex's own page: the https host of the API; None for a plain-http one, which is no page for people."""
    url = urlsplit(base_url)
    return f"https://{url.netloc}" if url.scheme == "https" else None
