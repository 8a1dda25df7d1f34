"""Notices: what waits for a tray, as the messages that it shows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hexmeter.core.alerts import Kind
from hexmeter.core.texts import Text, digest_text, in_short
from hexmeter.store.outbox import Claimed

MOST_SINGLE = 3
"""More than so many waiting become one digest."""


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
    """The messages for what was claimed: each digest's together, the rest one by one, or as one when they are many."""
    digests: dict[str, list[Claimed]] = {}
    singles: list[Claimed] = []
    for delivery in claimed:
        if delivery.digest is None:
            singles.append(delivery)
        else:
            digests.setdefault(delivery.digest, []).append(delivery)
    groups = list(digests.values())
    groups += [singles] if len(singles) > MOST_SINGLE else [[single] for single in singles]
    return [_notice(group) for group in groups]


def _notice(group: Sequence[Claimed]) -> Notice:
    texts = [Text(claimed.alert.title, claimed.alert.body, claimed.alert.severity) for claimed in group]
    return Notice(
        text=texts[0] if len(texts) == 1 else digest_text(texts),
        deliveries=tuple(claimed.delivery_id for claimed in group),
        alerts=tuple(claimed.alert.id for claimed in group),
    )
