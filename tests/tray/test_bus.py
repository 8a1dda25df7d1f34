"""The session bus under load, out of order, and when it is none."""

import asyncio
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop import FakeNotifications, private_bus, wait_until
from hexmeter_tray import bus as session_bus
from hexmeter_tray.bus import SessionBus
from hexmeter_tray.dbusnotify import DbusNotifier
from hexmeter_tray.failures import BusError, CallFailed, NoAnswer
from hexmeter_tray.model import Action
from hexmeter_tray.notify import Notice

pytestmark = pytest.mark.desktop

BUS = "org.freedesktop.DBus"
MUCH = "x" * 300_000


def test_a_full_socket_delays_messages_and_ends_nothing() -> None:
    """Against a bus daemon that is stopped, until much more waits than a socket holds."""

    async def scene(address: str) -> list[list[bool]]:
        bus = await SessionBus.connect(address)
        daemon = daemon_at(address)
        os.kill(daemon, signal.SIGSTOP)
        calls = [
            asyncio.ensure_future(bus.call(BUS, "/org/freedesktop/DBus", BUS, "NameHasOwner", "s", [MUCH]))
            for _ in range(8)
        ]
        with pytest.raises(NoAnswer):
            await bus.call(BUS, "/org/freedesktop/DBus", BUS, "GetId", timeout_s=0.2)
        os.kill(daemon, signal.SIGCONT)
        answers = await asyncio.gather(*calls)
        bus.disconnect()
        return answers

    with private_bus() as address:
        assert asyncio.run(scene(address)) == [[False]] * 8


def daemon_at(address: str) -> int:
    """The process of the private bus: the one with its folder's configuration."""
    folder = address.partition("path=")[2].partition(",")[0].rpartition("/")[0]
    found = subprocess.run(["pgrep", "-f", f"config-file={folder}/"], capture_output=True, text=True, check=True)
    (pid,) = [
        int(pid) for pid in found.stdout.split() if Path("/proc", pid, "comm").read_text().strip() == "dbus-daemon"
    ]
    return pid


def test_a_click_that_comes_in_one_piece_with_the_answer_is_heard() -> None:
    """A tray that was held up reads both at once: the number that a notice got, and the click on it."""

    async def scene(address: str, service: FakeNotifications) -> list[tuple[Notice, Action]]:
        bus, clicked = await SessionBus.connect(address), list[tuple[Notice, Action]]()
        notifier = DbusNotifier(
            bus,
            on_seen=lambda _: None,
            on_closed=lambda _: None,
            on_action=lambda notice, action: clicked.append((notice, action)),
            on_available=lambda: None,
        )
        await notifier.start()
        await notifier.show(Notice((1,), (), "the first asks for the abilities", ""))
        showing = asyncio.create_task(notifier.show(SECOND))
        await asyncio.sleep(0)  # until the call is on its way
        wait_until(lambda: len(service.shown) == 2, "it is shown")
        service.click(2, "acknowledge")
        wait_until(lambda: service.received == 2, "the click is on its way")
        await showing
        async with asyncio.timeout(10):
            while not clicked:
                await bus.id()
        bus.disconnect()
        return clicked

    with private_bus() as address, FakeNotifications(address) as service:
        assert asyncio.run(scene(address, service)) == [(SECOND, Action.ACKNOWLEDGE)]


def test_an_answer_of_other_values_is_a_failure_and_a_signal_of_other_values_is_nothing() -> None:
    async def scene(address: str) -> list[object]:
        bus, heard = await SessionBus.connect(address), list[object]()
        await bus.on_signal(BUS, BUS, "NameAcquired", "u", heard.append)
        with pytest.raises(CallFailed, match="answered GetId with what is no answer to it"):
            await bus.call(BUS, "/org/freedesktop/DBus", BUS, "GetId", answer="u")
        assert await bus.own("test.hexmeter.Name")
        await bus.id()
        bus.disconnect()
        return heard

    with private_bus() as address:
        assert asyncio.run(scene(address)) == []


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([], id="hangs"),
        pytest.param([b""], id="hangs up"),
        pytest.param([b"REJECTED EXTERNAL\r\n"], id="lets nobody in"),
        pytest.param([b"\xff\x00 nonsense\r\n"], id="says nonsense"),
        pytest.param([b"OK 1234\r\n", b"AGREE_UNIX_FD\r\n"], id="hangs after the greeting"),
        pytest.param([b"OK 1234\r\n", b"nonsense", b"nonsense" * 20], id="says nonsense after the greeting"),
    ],
)
def test_a_bus_that_is_none_is_one_error_in_time(
    answers: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_bus, "CALL_TIMEOUT_S", 0.5)
    with answering(tmp_path / "bus", answers) as address, pytest.raises(BusError):
        asyncio.run(SessionBus.connect(address))


SECOND = Notice((2,), (7,), "the second", "", buttons=((Action.ACKNOWLEDGE, "Acknowledge"),))


@contextmanager
def answering(path: Path, answers: list[bytes]) -> Iterator[str]:
    """The address of what gives these answers, one for each time it hears something, and then hangs; b"" hangs up."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            for answer in answers:
                if not answer or not connection.recv(4096):
                    return
                connection.sendall(answer)
            while connection.recv(4096):
                pass

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"unix:path={path}"
    thread.join(10)
    listener.close()
