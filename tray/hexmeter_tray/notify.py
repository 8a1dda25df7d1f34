"""Notifications over org.freedesktop.Notifications: notices in, what became of them out."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol

from dbus_fast import Variant

from hexmeter_tray import texts
from hexmeter_tray.bus import SessionBus

_SERVICE, _PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
_DESKTOP_ENTRY = "hexmeter-tray"
_DEFAULT_ACTION = "default"
_CLOSED_BY_USER = 2
_REMEMBERED = 200


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to show, for one or several deliveries. `replaces` is the alert whose earlier notice it updates."""

    deliveries: tuple[int, ...]
    alerts: tuple[int, ...]
    title: str
    body: str
    severity: str = "info"
    link: str | None = None
    replaces: int | None = None


@dataclass(frozen=True, slots=True)
class _Manner:
    urgency: int
    icon: str
    # 0 keeps it until it is closed: what is critical should not vanish while nobody looks.
    expires_after_ms: int


_MANNERS = {
    "info": _Manner(0, "dialog-information", 10_000),
    "warning": _Manner(1, "dialog-warning", 20_000),
    "critical": _Manner(2, "dialog-error", 0),
}


class Notifier(Protocol):
    """What a notification backend offers to deliveries."""

    async def show(self, notice: Notice) -> None:
        """Hand the notice over; raises CallFailed when it was not taken. May wait as long as the service does."""


class DbusNotifier:
    """The desktop's notification service. `on_seen` gets a notice that was clicked or closed by hand; `on_link` a
    link that was asked for; `on_available` is called when the service appears. `can_open` says which links may be.
    """

    def __init__(
        self,
        bus: SessionBus,
        *,
        on_seen: Callable[[Notice], None],
        on_link: Callable[[str], None],
        on_available: Callable[[], None],
        can_open: Callable[[str], bool],
    ) -> None:
        self._bus = bus
        self._on_seen = on_seen
        self._on_link = on_link
        self._on_available = on_available
        self._can_open = can_open
        self._shown: dict[int, Notice] = {}
        self._capabilities: frozenset[str] | None = None

    async def start(self) -> None:
        """Listen for clicks, and for the service to come and go. Raises BusError."""
        await self._bus.on_signal(_SERVICE, _SERVICE, "ActionInvoked", self._on_action)
        await self._bus.on_signal(_SERVICE, _SERVICE, "NotificationClosed", self._on_closed)
        await self._bus.watch_name(_SERVICE, self._on_owner)

    async def show(self, notice: Notice) -> None:
        """See Notifier. The caller limits how long it waits; an answer that comes late still counts."""
        capabilities = await self._ask_capabilities()
        values = _arguments(notice, capabilities, self._number_of(notice.replaces), self._opens(notice))
        (number,) = await self._bus.call(_SERVICE, _PATH, _SERVICE, "Notify", "susssasa{sv}i", values, timeout_s=None)
        self._shown.pop(number, None)
        self._shown[number] = notice
        while len(self._shown) > _REMEMBERED:
            del self._shown[next(iter(self._shown))]

    def _opens(self, notice: Notice) -> bool:
        return notice.link is not None and self._can_open(notice.link)

    async def _ask_capabilities(self) -> frozenset[str]:
        if self._capabilities is None:
            (names,) = await self._bus.call(_SERVICE, _PATH, _SERVICE, "GetCapabilities", timeout_s=None)
            self._capabilities = frozenset(names)
        return self._capabilities

    def _number_of(self, alert: int | None) -> int:
        if alert is None:
            return 0
        numbers = [number for number, notice in self._shown.items() if alert in notice.alerts]
        return numbers[-1] if numbers else 0

    def _on_owner(self, present: bool) -> None:
        # Another service has other abilities, and numbers its notifications anew.
        self._capabilities = None
        self._shown.clear()
        if present:
            self._on_available()

    def _on_action(self, values: list[Any]) -> None:
        number, action = values
        notice = self._shown.get(number)
        if notice is None:
            return
        self._on_seen(notice)
        if action == _DEFAULT_ACTION and notice.link is not None and self._opens(notice):
            self._on_link(notice.link)

    def _on_closed(self, values: list[Any]) -> None:
        number, reason = values
        notice = self._shown.pop(number, None)
        if notice is not None and reason == _CLOSED_BY_USER:
            self._on_seen(notice)


def _arguments(notice: Notice, capabilities: frozenset[str], replaces: int, opens: bool) -> list[Any]:
    """The values of a Notify call."""
    manner = _MANNERS.get(notice.severity, _MANNERS["info"])
    actions = [_DEFAULT_ACTION, texts.OPEN_HEX] if opens and "actions" in capabilities else []
    body = escape(notice.body, quote=False) if "body-markup" in capabilities else notice.body
    hints = {"urgency": Variant("y", manner.urgency), "desktop-entry": Variant("s", _DESKTOP_ENTRY)}
    return [texts.APP_NAME, replaces, manner.icon, notice.title, body, actions, hints, manner.expires_after_ms]
