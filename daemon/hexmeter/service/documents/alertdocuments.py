"""The documents of alerts: what was told, what stands, and what is snoozed or muted."""

from typing import Any

from hexmeter.config.model import Config
from hexmeter.core.instants import to_iso
from hexmeter.service.alerts.attention import Attending
from hexmeter.store.attention import Silence, silenced
from hexmeter.store.outbox import Alert, Delivery, HandedOver
from hexmeter.store.store import Store
from hexmeter.wire import shapes

_ALERTS_SHOWN = 200
_HANDED_OVER_SHOWN = 100


class AlertDocuments:
    """Each method gives one document, without its schema number; nothing is written."""

    def __init__(self, config: Config, store: Store, attending: Attending) -> None:
        self._config = config
        self._store = store
        self._attending = attending

    def alerts(self, now_ms: int) -> dict[str, Any]:
        """`hexmeter alerts --json`: newest first, then what is silent."""
        silences = self._store.attention.silences()
        quiet_until_ms = self._attending.quiet_until_ms(now_ms)
        return {
            "alerts": [_alert(*pair, silences, now_ms) for pair in self._store.outbox.alerts(_ALERTS_SHOWN)],
            "silences": _silences(silences, now_ms),
            "quiet": self._config.quiet and {"hours": str(self._config.quiet), "until": shapes.instant(quiet_until_ms)},
            "timezone": self._config.zone.key,
        }

    def alert(self, alert_id: int, now_ms: int) -> dict[str, Any] | None:
        """One alert, as in the list of them; None when there is none of this number."""
        alert = self._store.outbox.alert(alert_id)
        if alert is None:
            return None
        return _alert(alert, self._store.outbox.deliveries_of(alert_id), self._store.attention.silences(), now_ms)

    def standing(self, now_ms: int) -> dict[str, Any]:
        """What a tray needs to know: how many deliveries wait for it, which alerts stand, what an earlier tray has
        shown, which of that needs no notification any more, and what is snoozed or muted."""
        silences = self._store.attention.silences()
        handed_over = self._store.outbox.handed_over("desktop", _HANDED_OVER_SHOWN)
        return {
            "pending": self._store.outbox.waiting("desktop", now_ms, self._attending.severities(now_ms)),
            "active": [_active(alert, silences, now_ms) for alert in self._store.outbox.standing()],
            "withdrawn": [
                one.alert.id
                for one in handed_over
                if one.alert.state != "firing" or _is_muted(one.alert, silences, now_ms)
            ],
            "shown": _shown(handed_over),
            "silences": _silences(silences, now_ms),
        }


def _silences(silences: list[Silence], now_ms: int) -> list[dict[str, Any]]:
    """Those that hold now."""
    return [
        {
            "scope": silence.scope,
            "what": silence.name,
            "since": to_iso(silence.since_ms),
            "until": shapes.instant(silence.until_ms),
        }
        for silence in silences
        if silence.until_ms is None or silence.until_ms > now_ms
    ]


def _shown(handed_over: list[HandedOver]) -> list[dict[str, Any]]:
    """What can be found again, by its reference."""
    shown: dict[str, list[HandedOver]] = {}
    for one in handed_over:
        if one.reference is not None:
            shown.setdefault(one.reference, []).append(one)
    return [
        {
            "reference": reference,
            "deliveries": [one.delivery_id for one in group],
            "alerts": [{"id": one.alert.id, "kind": one.alert.kind, "meter": one.alert.meter} for one in group],
        }
        for reference, group in shown.items()
    ]


def _active(alert: Alert, silences: list[Silence], now_ms: int) -> dict[str, Any]:
    return {
        "id": alert.id,
        "kind": alert.kind,
        "meter": alert.meter,
        "title": alert.title,
        "body": alert.body,
        "severity": alert.severity,
        "state": alert.state,
        "snoozed_until": shapes.instant(alert.snoozed_until_ms),
        "muted": _is_muted(alert, silences, now_ms),
    }


def _alert(alert: Alert, deliveries: list[Delivery], silences: list[Silence], now_ms: int) -> dict[str, Any]:
    return {
        "id": alert.id,
        "kind": alert.kind,
        "meter": alert.meter,
        "level": shapes.level(alert.level),
        "severity": alert.severity,
        "state": alert.state,
        "fired_at": to_iso(alert.fired_ms),
        "resolved_at": shapes.instant(alert.resolved_ms),
        "snoozed_until": shapes.instant(alert.snoozed_until_ms) if alert.state == "snoozed" else None,
        "muted": alert.state != "resolved" and _is_muted(alert, silences, now_ms),
        "title": alert.title,
        "body": alert.body,
        "deliveries": [
            {
                "channel": delivery.channel,
                "state": delivery.state,
                "at": to_iso(delivery.at_ms),
                "problem": delivery.problem,
            }
            for delivery in deliveries
        ],
    }


def _is_muted(alert: Alert, silences: list[Silence], now_ms: int) -> bool:
    silence = silenced(silences, alert.kind, alert.meter_key, now_ms)
    return silence is not None and silence.until_ms is None
