"""The session bus: calls with a time-out, names that come and go, signals. What the other modules need of D-Bus."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from dbus_fast import Message, MessageType, NameFlag, RequestNameReply
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusFastError
from dbus_fast.service import ServiceInterface

from hexmeter_tray.failures import BusError, CallFailed, NoAnswer, ServiceAbsent

log = logging.getLogger(__name__)

CALL_TIMEOUT_S = 10.0
_BUS_NAME, _BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
_ABSENT_ERRORS = (
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.NoReply",
    "org.freedesktop.DBus.Error.TimedOut",
    "org.freedesktop.DBus.Error.Spawn.",
)


def session_bus_address() -> str | None:
    """Where the session bus is: DBUS_SESSION_BUS_ADDRESS, else the user's bus in XDG_RUNTIME_DIR; None: nowhere."""
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    if address:
        return address
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return f"unix:path={runtime}/bus" if runtime and Path(runtime, "bus").exists() else None


class SessionBus:
    """One connection to the session bus; made by `connect`."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._loop = asyncio.get_running_loop()
        self._signals: dict[tuple[str, str, str], Callable[[list[Any]], None]] = {}
        self._owners: dict[str, Callable[[str], None]] = {}
        bus.add_message_handler(self._on_message)

    @classmethod
    async def connect(cls, address: str) -> "SessionBus":
        """Connect to the bus at `address`; raises BusError when that cannot be done."""
        try:
            # Not only its own time-out, which ends with the authentication: a bus may hang after it too.
            async with asyncio.timeout(CALL_TIMEOUT_S):
                bus = await MessageBus(bus_address=address).connect()
        except TimeoutError:
            raise BusError(f"it did not answer in {CALL_TIMEOUT_S:g} s") from None
        except (OSError, DBusFastError, EOFError, ValueError) as error:
            raise BusError(_reason(error)) from None
        writer = bus._writer
        if writer is not None and writer.sock is not None:
            writer.sock = _PatientSocket(writer.sock)  # type: ignore[assignment]
        return cls(bus)

    async def own(self, name: str) -> bool:
        """Take a well-known name; False when somebody else has it. Raises BusError."""
        body = [name, NameFlag.DO_NOT_QUEUE.value]
        (reply,) = await self.call(_BUS_NAME, _BUS_PATH, _BUS_NAME, "RequestName", "su", body, answer="u")
        return reply in (RequestNameReply.PRIMARY_OWNER.value, RequestNameReply.ALREADY_OWNER.value)

    def export(self, path: str, interface: ServiceInterface) -> None:
        """Offer an object to the bus."""
        self._bus.export(path, interface)

    async def call(
        self,
        service: str,
        path: str,
        interface: str,
        member: str,
        signature: str = "",
        body: list[Any] | None = None,
        *,
        answer: str | None = None,
        timeout_s: float | None = CALL_TIMEOUT_S,
    ) -> "Answer":
        """Call a method; its answer's values. Raises CallFailed or what is below it; a `timeout_s` of None waits on.

        `answer` is the signature that the values must have, for whoever looks at them.
        """
        message = Message(
            destination=service,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=[] if body is None else body,
        )
        try:
            async with asyncio.timeout(timeout_s):
                reply = await self._bus.call(message)
        except TimeoutError:
            raise NoAnswer(f"{service} did not answer in {timeout_s:g} s") from None
        except (OSError, EOFError) as error:
            raise CallFailed(f"the session bus is gone: {_reason(error)}") from None
        if reply is None:
            raise CallFailed("the session bus is gone")
        if reply.message_type is MessageType.ERROR:
            raise _error(service, reply)
        if answer is not None and reply.signature != answer:
            raise CallFailed(f"{service} answered {member} with what is no answer to it")
        return Answer(reply.body, reply.sender or "")

    async def on_signal(
        self, service: str, interface: str, member: str, signature: str, callback: Callable[[list[Any]], None]
    ) -> None:
        """Call back with the values of each such signal from whoever owns `service`; one of other values is nothing."""
        self._signals[interface, member, signature] = callback
        await self._add_match(f"type='signal',sender='{service}',interface='{interface}',member='{member}'")

    async def watch_name(self, name: str, callback: Callable[[str], None]) -> None:
        """Call back with the owner's unique name whenever `name` gets one, with nothing when it lost it; and now."""
        self._owners[name] = callback
        await self._add_match(
            f"type='signal',sender='{_BUS_NAME}',interface='{_BUS_NAME}',member='NameOwnerChanged',arg0='{name}'"
        )
        callback(await self.owner(name))

    async def owner(self, name: str) -> str:
        """The unique name of who has `name` now; empty for nobody."""
        try:
            (owner,) = await self.call(_BUS_NAME, _BUS_PATH, _BUS_NAME, "GetNameOwner", "s", [name], answer="s")
        except ServiceAbsent:
            return ""
        return str(owner)

    async def id(self) -> str:
        """What tells this bus from every other, also of another session."""
        (given,) = await self.call(_BUS_NAME, _BUS_PATH, _BUS_NAME, "GetId", answer="s")
        return str(given)

    async def wait_until_lost(self) -> str:
        """Wait for the connection's end; why it ended."""
        try:
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
        except Exception as error:  # dbus-fast raises whatever its reader met
            return _reason(error)
        return "closed"

    def disconnect(self) -> None:
        """End the connection; all names are given up."""
        self._bus.disconnect()

    async def _add_match(self, rule: str) -> None:
        await self.call(_BUS_NAME, _BUS_PATH, _BUS_NAME, "AddMatch", "s", [rule])

    def _on_message(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        # Soon, not now: whoever waits for an answer that came before this signal goes on soon, too, and goes first.
        if message.interface == _BUS_NAME and message.member == "NameOwnerChanged" and message.sender == _BUS_NAME:
            name, _, new_owner = message.body
            if name in self._owners:
                self._loop.call_soon(self._owners[name], str(new_owner))
            return
        callback = self._signals.get((message.interface or "", message.member or "", message.signature))
        if callback is not None:
            self._loop.call_soon(callback, message.body)


class Answer(list[Any]):
    """The values of an answer. `sender`: the unique name of who gave it, which nobody else gets while the bus lives."""

    def __init__(self, values: Iterable[Any], sender: str) -> None:
        super().__init__(values)
        self.sender = sender


class _PatientSocket:
    """A socket that has no room takes nothing, which is no error.

    dbus-fast 5.2 writes on at once while a full socket still holds half a message, and takes the error for the end of
    the connection: so a panel that is slow to fetch our pictures would end the tray.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def send(self, data: memoryview) -> int:
        try:
            return self._sock.send(data)
        except BlockingIOError:
            return 0


def _reason(error: Exception) -> str:
    """In words, without the system's number."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _error(service: str, reply: Message) -> CallFailed:
    name = reply.error_name or ""
    said = str(reply.body[0]) if reply.body else name
    if name.startswith(_ABSENT_ERRORS):
        return ServiceAbsent(f"{service} is not there: {said}")
    return CallFailed(f"{service} refused: {said}")
