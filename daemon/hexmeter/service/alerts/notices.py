"""Notices: what waits for a tray, as the messages that it shows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hexmeter.core.alerts import Kind
from hexmeter.core.texts import Text, digest_text, in_short
from hexmeter.store.outbox import Claimed

MOST_SINGLE = 3
"""More than so many waiting become one digest."""

_ASKED_FOR = (Kind.REPORT, Kind.TEST)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to show, and the deliveries and alerts it stands for."""

    text: Text
    deliveries: tuple[int, ...]
    alerts: tuple[int, ...]


def shortened(claimed: Claimed) -> Claimed:
    """A report as a desktop has room for it; anything else as it is."""
    if claimed.alert.kind != Kind.REPORT:
        return claimed
    return replace(claimed, alert=replace(claimed.alert, body=in_short(claimed.alert.body)))


def notices(claimed: Sequence[Claimed]) -> list[Notice]:
    """The messages for what was claimed: one for each digest and each alert of none, or one for all when they are many.
    What was asked for, a report or a test, is a message of its own."""
    asked_for = [delivery for delivery in claimed if delivery.alert.kind in _ASKED_FOR]
    others = [delivery for delivery in claimed if delivery.alert.kind not in _ASKED_FOR]
    groups: dict[str, list[Claimed]] = {}
    for delivery in others:
        one = "all" if len(others) > MOST_SINGLE else delivery.digest or str(delivery.delivery_id)
        groups.setdefault(one, []).append(delivery)
    return [_notice(group) for group in (*groups.values(), *([delivery] for delivery in asked_for))]


def _notice(group: Sequence[Claimed]) -> Notice:
    texts = [Text(claimed.alert.title, claimed.alert.body, claimed.alert.severity) for claimed in group]
    return Notice(
        text=texts[0] if len(texts) == 1 else digest_text(texts),
        deliveries=tuple(claimed.delivery_id for claimed in group),
        alerts=tuple(claimed.alert.id for claimed in group),
    )
