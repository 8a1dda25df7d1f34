"""Private D-Bus sessions for tests, connections to them, and waiting without sleeping."""

import asyncio
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, Self, TypeVar

import pytest
from dbus_fast import DBusError, Message, MessageType, NameFlag, RequestNameReply
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface

Value = TypeVar("Value")

BUS_PROGRAMS = ("dbus-daemon",)


def require(*programs: str) -> None:
    """Skip the test where a program is missing; on CI, where all are promised, fail it."""
    missing = [program for program in programs if shutil.which(program) is None]
    if not missing:
        return
    unavailable(f"not installed: {', '.join(missing)}")


def unavailable(reason: str) -> NoReturn:
    """Skip the test for a thing this machine does not have; on CI, where all is promised, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def wait_until(condition: Callable[[], Value], what: str, timeout_s: float = 30.0) -> Value:
    """The first truthy value of `condition`, asked again and again; fails the test, naming `what`, at the deadline."""
    deadline, pause = time.monotonic() + timeout_s, threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            pytest.fail(f"waited {timeout_s:g} s in vain until {what}")
        pause.wait(0.02)


class _Loop:
    """An event loop in a thread, for the fakes of one test."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="fakes", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, Value]) -> Value:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=20)


LOOP = _Loop()


@contextmanager
def private_bus() -> Iterator[str]:
    """A D-Bus session of the test's own; its address. It starts no services: what is absent is absent."""
    require(*BUS_PROGRAMS)
    with tempfile.TemporaryDirectory(prefix="hexbus-") as folder:
        config = Path(folder, "bus.conf")
        config.write_text(_BUS_CONFIG.format(folder=folder))
        with bus_daemon([f"--config-file={config}"], {}) as address:
            yield address


@contextmanager
def bus_daemon(arguments: list[str], environment: Mapping[str, str]) -> Iterator[str]:
    """A dbus-daemon, started with `environment` beside the test's own; its address."""
    command = ["dbus-daemon", *arguments, "--print-address", "--nofork", "--nopidfile"]
    with started(command, {**os.environ, **environment}, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout is not None
        address = daemon.stdout.readline().decode().strip()
        assert address, "dbus-daemon did not start"
        yield address


@contextmanager
def started(
    command: list[str], environment: Mapping[str, str], stdout: int = subprocess.DEVNULL, **more: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended, and waited for, at the end."""
    process = subprocess.Popen(command, env=dict(environment), stdout=stdout, stderr=subprocess.DEVNULL, **more)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


class BusPeer:
    """A connection to a bus, for the fakes and for looking at what others offer."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.bus: MessageBus = LOOP.run(self._connect())

    async def _connect(self) -> MessageBus:
        return await MessageBus(bus_address=self._address).connect()

    def call(
        self, service: str, path: str, interface: str, member: str, signature: str = "", body: list[Any] | None = None
    ) -> list[Any]:
        """The values a method answers; raises DBusError for an error."""
        message = Message(service, path, interface, member, signature=signature, body=body or [])
        reply = LOOP.run(self.bus.call(message))
        if reply.message_type is MessageType.ERROR:
            raise DBusError(str(reply.error_name), str(reply.body))
        return list(reply.body)

    def export(self, name: str, path: str, interface: ServiceInterface) -> None:
        """Own `name` and offer `interface` there."""

        async def offer() -> RequestNameReply:
            self.bus.export(path, interface)
            return await self.bus.request_name(name, NameFlag.DO_NOT_QUEUE)

        assert LOOP.run(offer()) is RequestNameReply.PRIMARY_OWNER

    def has_owner(self, name: str) -> bool:
        """Whether anybody owns `name`."""
        (owned,) = self.call(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner", "s", [name]
        )
        return bool(owned)

    def close(self) -> None:
        """Leave the bus; all names are given up."""
        LOOP.run(self._close())

    async def _close(self) -> None:
        self.bus.disconnect()
        await self.bus.wait_for_disconnect()  # type: ignore[no-untyped-call]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_BUS_CONFIG = """\
<busconfig>
  <type>session</type>
  <listen>unix:dir={folder}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""
