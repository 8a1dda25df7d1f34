"""Notifications, whichever way they go: a notice, its buttons, and what a backend offers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from hexmeter_tray import links, texts
from hexmeter_tray.entries import calibrated_meter
from hexmeter_tray.model import Action

_LADDER = ("forecast", "used", "left", "exhausted")
"""Kinds that tell of one thing, how near a limit is: a later one takes the place of an earlier."""

Button = tuple[Action, str]


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to show, for one or several deliveries. `replaces` is the alert whose earlier notice it updates.

    `topic`: a notice takes the place of an earlier one of the same topic. `buttons`: what it offers, with their labels.
    """

    deliveries: tuple[int, ...]
    alerts: tuple[int, ...]
    title: str
    body: str
    severity: str = "info"
    link: str | None = None
    replaces: int | None = None
    topic: str = ""
    buttons: tuple[Button, ...] = ()


class Notifier(Protocol):
    """What a notification backend offers to deliveries."""

    async def start(self) -> None:
        """Listen to the desktop, where it has something to tell. Raises BusError."""

    async def show(self, notice: Notice) -> str:
        """Hand the notice over; a reference by which a later process finds it again, empty where none can.

        Raises CallFailed when it was not taken. May wait as long as the service does.
        """

    def adopt(self, shown: Mapping[str, Notice]) -> None:
        """Answer for what an earlier process has shown, by its references, where that is still in reach."""

    async def withdraw(self, alerts: frozenset[int]) -> None:
        """Take back what is shown of these alerts alone, as far as that can be done."""


def dressed(notice: Notice, active: tuple[Mapping[str, Any], ...], hex_link: str | None) -> Notice:
    """The notice with its topic and the buttons that make sense, by the alerts that stand; a link is kept only if it
    may be opened."""
    link = notice.link if notice.link is not None and links.openable(notice.link, hex_link) else None
    buttons: list[Button] = [] if link is None else [(Action.OPEN_HEX, texts.OPEN_HEX)]
    topic = notice.topic
    if notice.alerts:
        buttons += [(Action.SNOOZE, texts.SNOOZE), (Action.ACKNOWLEDGE, texts.ACKNOWLEDGE)]
    about = [alert for alert in active if alert.get("id") in notice.alerts]
    if len(notice.alerts) == 1 and about:
        topic = _topic(about[0])
        if calibrated_meter(about[0]) is not None:
            buttons.append((Action.WRONG, texts.WRONG))
    return replace(notice, link=link, topic=topic, buttons=tuple(buttons))


def local(topic: str, title: str, body: str) -> Notice:
    """A message of the tray's own, which no delivery stands for."""
    return Notice((), (), title, body, topic=topic)


def _topic(alert: Mapping[str, Any]) -> str:
    kind = str(alert.get("kind"))
    return f"{'ladder' if kind in _LADDER else kind}:{alert.get('meter')}"
