"""Fake desktop services on a private bus: a tray host and a notification service that record all they get.

They are synchronous for the test; they live on one event loop in a background thread. The annotations carry
D-Bus signatures, so this module must not postpone their evaluation.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Self, TypeVar

from dbus_fast import DBusError, Message, MessageType, PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusDict, DBusInt32, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from desktop_bus import LOOP, BusPeer, wait_until

Value = TypeVar("Value")

Names = Annotated[list[str], DBusSignature("as")]

_SNI, _MENU = "org.kde.StatusNotifierItem", "com.canonical.dbusmenu"
WATCHER, _WATCHER_PATH = "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher"
NOTIFICATIONS, _NOTIFICATIONS_PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"


@dataclass(frozen=True, slots=True)
class MenuLine:
    """An entry of a tray's menu as GetLayout told it; `label` without the access key's escapes."""

    number: int
    label: str
    enabled: bool
    separator: bool
    toggle: bool | None
    said: str = ""
    children: tuple["MenuLine", ...] = ()


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal a tray sent: the interface's last part, the member, the values."""

    interface: str
    member: str
    values: tuple[Any, ...]


class TrayItem:
    """A tray icon registered at a watcher, seen over D-Bus."""

    def __init__(self, peer: BusPeer, service: str, signals: list[Signal]) -> None:
        self.service = service
        self.signals = signals
        self._peer = peer

    def properties(self) -> dict[str, Any]:
        """All of the item's properties, as D-Bus variants."""
        (values,) = self._peer.call(
            self.service, "/StatusNotifierItem", "org.freedesktop.DBus.Properties", "GetAll", "s", [_SNI]
        )
        return dict(values)

    def property(self, name: str) -> Any:
        """One property's value."""
        return self.properties()[name].value

    def menu(self) -> list[MenuLine]:
        """The entries of the menu, from the top."""
        _, (_, _, children) = self._call_menu("GetLayout", "iias", [0, -1, []])
        return [_menu_line(child.value) for child in children]

    def menu_labels(self) -> list[str]:
        """What the menu says, a separator as `---`."""
        return ["---" if line.separator else line.label for line in self.menu()]

    def line(self, *starts: str) -> MenuLine:
        """The entry whose label begins so; with several, the last is below the one before it."""
        lines, found = self.menu(), None
        for start in starts:
            found = next(line for line in lines if not line.separator and line.label.startswith(start))
            lines = list(found.children)
        assert found is not None
        return found

    def click(self, *starts: str) -> None:
        """Click the entry whose label begins so."""
        self._call_menu("Event", "isvu", [self.line(*starts).number, "clicked", Variant("i", 0), 0])

    def activate(self) -> None:
        """Click the icon with the left button."""
        self._peer.call(self.service, "/StatusNotifierItem", _SNI, "Activate", "ii", [0, 0])

    def open_menu(self) -> bool:
        """What a panel does before it shows the menu; whether it would have to fetch it again."""
        return bool(self._call_menu("AboutToShow", "i", [0])[0])

    def _call_menu(self, member: str, signature: str, body: list[Any]) -> list[Any]:
        return self._peer.call(self.service, str(self.property("Menu")), _MENU, member, signature, body)


class FakeWatcher:
    """`org.kde.StatusNotifierWatcher`: records who registers, and the signals they send."""

    def __init__(self, address: str) -> None:
        self.registered: list[str] = []
        self.signals: list[Signal] = []
        self._peer = BusPeer(address)
        LOOP.run(self._listen())
        self._peer.export(WATCHER, _WATCHER_PATH, _WatcherInterface(self.registered))

    def item(self) -> TrayItem:
        """The tray that registered last; waits for one."""
        wait_until(lambda: self.registered, "a tray registers at the watcher")
        return TrayItem(self._peer, self.registered[-1], self.signals)

    def close(self) -> None:
        """The panel goes away."""
        self._peer.close()

    async def _listen(self) -> None:
        self._peer.bus.add_message_handler(self._on_message)
        bus = "org.freedesktop.DBus"
        for interface in (_SNI, _MENU):
            rule = f"type='signal',interface='{interface}'"
            await self._peer.bus.call(
                Message(bus, "/org/freedesktop/DBus", bus, "AddMatch", signature="s", body=[rule])
            )

    def _on_message(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.interface in (_SNI, _MENU):
            member = message.member or ""
            self.signals.append(Signal(message.interface.rpartition(".")[2], member, tuple(message.body)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _WatcherInterface(ServiceInterface):
    def __init__(self, registered: list[str]) -> None:
        super().__init__(WATCHER)
        self._registered = registered

    @dbus_method(name="RegisterStatusNotifierItem")
    def register_item(self, service: DBusStr) -> None:
        if not service.startswith(("org.kde.StatusNotifierItem-", ":")):
            raise DBusError("org.freedesktop.DBus.Error.InvalidArgs", f"{service} is no item's name")
        self._registered.append(service)

    @dbus_method(name="RegisterStatusNotifierHost")
    def register_host(self, service: DBusStr) -> None:
        raise DBusError("org.freedesktop.DBus.Error.AccessDenied", f"{service}: this watcher is its own host")

    @dbus_property(PropertyAccess.READ, name="RegisteredStatusNotifierItems")
    def items(self) -> Names:
        return list(self._registered)

    @dbus_property(PropertyAccess.READ, name="IsStatusNotifierHostRegistered")
    def host_registered(self) -> DBusBool:
        return True

    @dbus_property(PropertyAccess.READ, name="ProtocolVersion")
    def protocol_version(self) -> DBusInt32:
        return 0


@dataclass(frozen=True, slots=True)
class Shown:
    """One Notify call, and the number it got; `hints` are plain values."""

    number: int
    app_name: str
    replaces: int
    icon: str
    title: str
    body: str
    actions: list[str]
    hints: dict[str, Any]
    expires_after_ms: int


@dataclass(slots=True)
class _Calls:
    shown: list[Shown] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    received: int = 0
    answering: asyncio.Event = field(default_factory=asyncio.Event)


class FakeNotifications:
    """`org.freedesktop.Notifications`: records every call. `hang` keeps answers back, `answer` lets them go.

    `received` counts the Notify calls, `shown` has those that were answered.
    """

    def __init__(self, address: str, capabilities: tuple[str, ...] = ("body", "body-markup", "actions")) -> None:
        self._peer = BusPeer(address)
        self._calls = _Calls()
        self._interface = _NotificationsInterface(self._calls, capabilities)
        self.answer()
        self._peer.export(NOTIFICATIONS, _NOTIFICATIONS_PATH, self._interface)

    @property
    def shown(self) -> list[Shown]:
        """The notifications, oldest first."""
        return self._look(lambda calls: list(calls.shown))

    @property
    def closed(self) -> list[int]:
        """The numbers that were taken back, in order."""
        return self._look(lambda calls: list(calls.closed))

    @property
    def received(self) -> int:
        """How many Notify calls came, answered or not."""
        return self._look(lambda calls: calls.received)

    def _look(self, at: Callable[[_Calls], Value]) -> Value:
        """What is seen between two calls: who was shown something was answered, as nobody clicks what is not there."""

        async def look() -> Value:
            return at(self._calls)

        return LOOP.run(look())

    def hang(self) -> None:
        """Answer no Notify call from now on."""
        LOOP.loop.call_soon_threadsafe(self._calls.answering.clear)

    def answer(self) -> None:
        """Answer all Notify calls, also those kept back."""
        LOOP.loop.call_soon_threadsafe(self._calls.answering.set)

    def click(self, number: int, action: str = "default") -> None:
        """The user clicks the notification, which also closes it."""
        LOOP.loop.call_soon_threadsafe(self._interface.action_invoked, number, action)
        self.close_notification(number, reason=2)

    def close_notification(self, number: int, reason: int) -> None:
        """It closes: reason 1 expired, 2 by the user, 3 by a call."""
        LOOP.loop.call_soon_threadsafe(self._interface.notification_closed, number, reason)

    def show_for_somebody_else(self, title: str) -> None:
        """Another program's notification."""
        number = max((shown.number for shown in self.shown), default=0) + 1
        self._look(lambda calls: calls.shown.append(Shown(number, "another program", 0, "", title, "", [], {}, 0)))

    def close(self) -> None:
        """The service goes away; what it kept back is kept back for nobody then."""
        self.answer()
        self._peer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _NotificationsInterface(ServiceInterface):
    def __init__(self, calls: _Calls, capabilities: tuple[str, ...]) -> None:
        super().__init__(NOTIFICATIONS)
        self._calls = calls
        self._capabilities = capabilities

    @dbus_method(name="GetCapabilities")
    def get_capabilities(self) -> Names:
        return list(self._capabilities)

    @dbus_method(name="Notify")
    async def notify(
        self,
        app_name: DBusStr,
        replaces: DBusUInt32,
        icon: DBusStr,
        title: DBusStr,
        body: DBusStr,
        actions: Names,
        hints: DBusDict,
        expires_after_ms: DBusInt32,
    ) -> DBusUInt32:
        self._calls.received += 1
        if replaces not in {0, *(shown.number for shown in self._calls.shown)} or len(actions) % 2:
            raise DBusError("org.freedesktop.DBus.Error.InvalidArgs", f"{replaces} was never shown, or odd actions")
        await self._calls.answering.wait()
        number = replaces or max((shown.number for shown in self._calls.shown), default=0) + 1
        plain = {name: variant.value for name, variant in hints.items()}
        shown = Shown(number, app_name, replaces, icon, title, body, actions, plain, expires_after_ms)
        self._calls.shown.append(shown)
        return number

    @dbus_method(name="GetServerInformation")
    def get_server_information(self) -> Annotated[tuple[str, str, str, str], DBusSignature("ssss")]:
        return "Fake", "tests", "1.0", "1.2"

    @dbus_method(name="CloseNotification")
    def take_back(self, number: DBusUInt32) -> None:
        if number not in {shown.number for shown in self._calls.shown} - set(self._calls.closed):
            raise DBusError("org.freedesktop.Notifications.Error", f"{number} is not shown")
        self._calls.closed.append(number)
        self.notification_closed(number, 3)

    @dbus_signal(name="ActionInvoked")
    def action_invoked(self, number: int, action: str) -> Annotated[list[Any], DBusSignature("us")]:
        return [number, action]

    @dbus_signal(name="NotificationClosed")
    def notification_closed(self, number: int, reason: int) -> Annotated[list[int], DBusSignature("uu")]:
        return [number, reason]


def _menu_line(layout: list[Any]) -> MenuLine:
    number, properties, children = layout
    values = {name: variant.value for name, variant in properties.items()}
    toggle = bool(values["toggle-state"]) if values.get("toggle-type") else None
    label = str(values.get("label", "")).replace("__", "_")
    return MenuLine(
        number,
        label,
        bool(values.get("enabled", True)),
        values.get("type") == "separator",
        toggle,
        str(values.get("accessible-desc", "")),
        tuple(_menu_line(child.value) for child in children),
    )
