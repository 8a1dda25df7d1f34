"""One message for a channel: the text, and the alerts that it tells of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hexmeter.core.instants import to_iso
from hexmeter.core.texts import personal_title
from hexmeter.service.alerts.notices import notices
from hexmeter.store.outbox import Alert, Claimed
from hexmeter.wire import shapes


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: a text, the deliveries and the alerts it stands for, and the link to Hex."""

    title: str
    body: str
    severity: str
    deliveries: tuple[int, ...]
    alerts: tuple[Alert, ...]
    link: str | None


def messages(claimed: Sequence[Claimed], email: str | None, link: str | None) -> list[Message]:
    """The messages for what was claimed, grouped as a tray's are; addressed to the person with this email."""
    if email is not None:
        claimed = [replace(one, alert=_addressed(one.alert, email)) for one in claimed]
    by_id = {one.alert.id: one.alert for one in claimed}
    return [
        Message(
            notice.text.title,
            notice.text.body,
            notice.text.severity,
            notice.deliveries,
            tuple(by_id[alert_id] for alert_id in notice.alerts),
            link,
        )
        for notice in notices(claimed)
    ]


def document(message: Message, now_ms: int) -> dict[str, Any]:
    """The message as webhooks get it, without its schema number."""
    return {
        "id": ",".join(map(str, message.deliveries)),
        "sent_at": to_iso(now_ms),
        "title": message.title,
        "body": message.body,
        "severity": message.severity,
        "link": message.link,
        "alerts": [
            {
                "id": alert.id,
                "kind": alert.kind,
                "meter": alert.meter,
                "level": shapes.level(alert.level),
                "severity": alert.severity,
                "fired_at": to_iso(alert.fired_ms),
                "title": alert.title,
                "body": alert.body,
            }
            for alert in message.alerts
        ],
    }


def _addressed(alert: Alert, email: str) -> Alert:
    return replace(alert, title=personal_title(alert.title, email))
