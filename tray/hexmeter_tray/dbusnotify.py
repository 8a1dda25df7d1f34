"""Notifications over org.freedesktop.Notifications: notices in, what became of them out."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from dbus_fast import Variant

from hexmeter_tray import texts
from hexmeter_tray.bus import SessionBus
from hexmeter_tray.failures import CallFailed
from hexmeter_tray.model import Action
from hexmeter_tray.notify import Notice

log = logging.getLogger(__name__)

_SERVICE, _PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
_DESKTOP_ENTRY = "hexmeter-tray"
_DEFAULT_ACTION = "default"
_CLOSED_BY_USER = 2
_REMEMBERED = 200


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


class DbusNotifier:
    """The desktop's notification service. `on_seen` gets a notice that was clicked or closed by hand, `on_closed` one
    that went without; `on_action` one and the button that was clicked; `on_available` is called when the service
    appears.
    """

    def __init__(
        self,
        bus: SessionBus,
        *,
        on_seen: Callable[[Notice], None],
        on_closed: Callable[[Notice], None],
        on_action: Callable[[Notice, Action], None],
        on_available: Callable[[], None],
    ) -> None:
        self._bus = bus
        self._on_seen = on_seen
        self._on_gone = on_closed
        self._on_button = on_action
        self._on_available = on_available
        self._shown: dict[int, Notice] = {}
        self._capabilities: frozenset[str] | None = None
        self._bus_id = self._owner = ""

    async def start(self) -> None:
        """Listen for clicks, and for the service to come and go. Raises BusError."""
        self._bus_id = await self._bus.id()
        await self._bus.on_signal(_SERVICE, _SERVICE, "ActionInvoked", "us", self._on_action)
        await self._bus.on_signal(_SERVICE, _SERVICE, "NotificationClosed", "uu", self._on_closed)
        await self._bus.watch_name(_SERVICE, self._on_owner)

    async def show(self, notice: Notice) -> str:
        """See Notifier. The caller limits how long it waits; an answer that comes late still counts."""
        if self._capabilities is None:
            self._capabilities = await ask_capabilities(self._bus, timeout_s=None)
        values = _arguments(notice, self._capabilities, self._number_of(notice))
        answer = await self._bus.call(
            _SERVICE, _PATH, _SERVICE, "Notify", "susssasa{sv}i", values, answer="u", timeout_s=None
        )
        (number,) = answer
        # One that ended right after it answered has taken its notifications along.
        if answer.sender == self._owner:
            self._remember(number, notice)
        return _reference(self._bus_id, answer.sender, number)

    def adopt(self, shown: Mapping[str, Notice]) -> None:
        """See Notifier. Another service, or another session's, may have given the same numbers to others' notices."""
        for reference, notice in shown.items():
            number = _number(reference, self._bus_id, self._owner)
            if number is not None:
                self._remember(number, notice)

    async def withdraw(self, alerts: frozenset[int]) -> None:
        """See Notifier."""
        moot = [number for number, notice in self._shown.items() if notice.alerts and alerts.issuperset(notice.alerts)]
        for number in moot:
            # The service tells of it too, but then nobody has seen it.
            notice = self._shown.pop(number, None)
            if notice is None:
                continue
            try:
                await self._bus.call(_SERVICE, _PATH, _SERVICE, "CloseNotification", "u", [number])
            except CallFailed as error:
                # Some services answer so when it is closed already.
                log.debug("notification %d not closed: %s", number, error)
            self._on_gone(notice)

    def _remember(self, number: int, notice: Notice) -> None:
        self._shown.pop(number, None)
        self._shown[number] = notice
        while len(self._shown) > _REMEMBERED:
            del self._shown[next(iter(self._shown))]

    def _number_of(self, notice: Notice) -> int:
        """The notification that this one takes the place of; 0 for none."""
        numbers = [
            number
            for number, shown in self._shown.items()
            if notice.replaces in shown.alerts
            or (shown.alerts and set(shown.alerts) <= set(notice.alerts))
            or (notice.topic and shown.topic == notice.topic)
        ]
        return numbers[-1] if numbers else 0

    def _on_owner(self, owner: str) -> None:
        # Another service has other abilities, and numbers its notifications anew.
        self._owner = owner
        self._capabilities = None
        self._shown.clear()
        if owner:
            self._on_available()

    def _on_action(self, values: list[Any]) -> None:
        number, key = values
        notice = self._shown.get(number)
        if notice is None:
            return
        self._on_seen(notice)
        offered = {action.value: action for action, _ in notice.buttons}
        action = Action.OPEN_HEX if key == _DEFAULT_ACTION else offered.get(key)
        if action is not None and action in offered.values():
            self._on_button(notice, action)

    def _on_closed(self, values: list[Any]) -> None:
        number, reason = values
        notice = self._shown.pop(number, None)
        if notice is not None:
            (self._on_seen if reason == _CLOSED_BY_USER else self._on_gone)(notice)


async def ask_capabilities(bus: SessionBus, timeout_s: float | None) -> frozenset[str]:
    """What the notification service can do. Raises CallFailed when none answers."""
    (names,) = await bus.call(_SERVICE, _PATH, _SERVICE, "GetCapabilities", answer="as", timeout_s=timeout_s)
    return frozenset(names)


def _reference(bus_id: str, owner: str, number: int) -> str:
    """Where a notification is: no bus gives an owner's name twice, and no owner a number."""
    return f"{bus_id} {owner} {number}"


def _number(reference: str, bus_id: str, owner: str) -> int | None:
    """The number in a reference to this owner's notification; None for any other."""
    number = reference.removeprefix(_reference(bus_id, owner, 0)[:-1])
    return int(number) if number != reference and number.isdecimal() and int(number) < 2**32 else None


def _arguments(notice: Notice, capabilities: frozenset[str], replaces: int) -> list[Any]:
    """The values of a Notify call."""
    manner = _MANNERS.get(notice.severity, _MANNERS["info"])
    actions = []
    if "actions" in capabilities:
        offered = [(action.value, label) for action, label in notice.buttons]
        # A click on the notification itself does what the first button does, where that opens Hex.
        default = [(_DEFAULT_ACTION, label) for action, label in notice.buttons if action is Action.OPEN_HEX]
        actions = [word for pair in (*default, *offered) for word in pair]
    body = escape(notice.body, quote=False) if "body-markup" in capabilities else notice.body
    hints = {"urgency": Variant("y", manner.urgency), "desktop-entry": Variant("s", _DESKTOP_ENTRY)}
    return [texts.APP_NAME, replaces, manner.icon, notice.title, body, actions, hints, manner.expires_after_ms]
