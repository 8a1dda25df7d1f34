"""`hexmeter demo` as its user runs it: one command, warnings soon, nothing left behind."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from desktop import NO_DISPLAY, FakeNotifications, FakeWatcher, private_bus, wait_until

DEMO = [sys.executable, "-m", "hexmeter", "demo"]


def environ(folder: Path, **more: str) -> dict[str, str]:
    """An environment whose temporary files, home and session are the test's own."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY")}
    return {**kept, "TMPDIR": str(folder), "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), **more}


def processes_of(folder: Path) -> list[int]:
    """The processes that were started with the test's own environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"HOME={folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def test_the_demo_shows_meters_increases_and_warnings_and_ends_by_itself(tmp_path: Path) -> None:
    demo = subprocess.run(
        [*DEMO, "--seconds", "16"], env=environ(tmp_path), capture_output=True, text=True, timeout=90, check=False
    )
    assert (demo.returncode, demo.stderr) == (0, "")
    assert "no desktop session here, so no tray" in demo.stdout
    assert "METER" in demo.stdout
    table = demo.stdout.partition("OUTLOOK")[2].partition("further from their limit")[0]
    assert "ends" in table or "last" in table, "the first table comes with its outlooks"
    assert "WARNING" in demo.stdout
    assert "  +" in demo.stdout
    assert list(tmp_path.glob("hexmeter-demo-*")) == []
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=["Ctrl-C", "SIGTERM", "hang-up"])
def test_a_signal_ends_all_parts_of_the_demo(tmp_path: Path, how: signal.Signals) -> None:
    demo = subprocess.Popen(DEMO, env=environ(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert demo.stdout is not None
    first = demo.stdout.readline()
    assert first.startswith("Hexmeter demo")
    demo.send_signal(how)
    _, errors = demo.communicate(timeout=20)
    assert (demo.returncode, errors) == (0, "")
    assert list(tmp_path.glob("hexmeter-demo-*")) == []
    assert processes_of(tmp_path) == []


def test_the_demo_has_a_dashboard_that_ends_with_it(tmp_path: Path) -> None:
    demo = subprocess.Popen(DEMO, env=environ(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert demo.stdout is not None
    said = [demo.stdout.readline(), demo.stdout.readline()]
    program, *arguments = said[1].removeprefix("In another terminal: ").split()
    assert (program, arguments[-1]) == ("hexmeter", "dashboard")
    command = [sys.executable, "-m", program, *arguments, "--print"]
    told = subprocess.run(command, env=environ(tmp_path), capture_output=True, text=True, timeout=30, check=True)
    page = httpx.get(told.stdout.strip(), follow_redirects=True)
    assert (page.status_code, "Credits left" in page.text) == (200, True)
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=20)
    with pytest.raises(httpx.ConnectError):
        httpx.get(page.url)


def test_on_a_terminal_the_demo_draws_a_screen_and_gives_the_old_one_back(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    demo = subprocess.Popen([*DEMO, "--seconds", "8"], env=environ(tmp_path), stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    drawn = b""
    while True:
        try:
            drawn += os.read(ours, 65536)
        except OSError:  # Linux ends a pseudo-terminal whose other side is closed with an error.
            break
    os.close(ours)
    assert demo.wait(timeout=20) == 0
    assert drawn.startswith(b"\x1b[?1049h")
    assert b"Newest increases" in drawn
    screen, _, after = drawn.rpartition(b"\x1b[?1049l")
    assert b"\x1b[H" in screen
    assert b"The demo is over" in after


@pytest.mark.desktop
def test_in_a_desktop_session_the_demo_brings_the_tray_and_notifies(tmp_path: Path) -> None:
    with private_bus() as address:
        watcher, notifications = FakeWatcher(address), FakeNotifications(address)
        session = environ(tmp_path, DBUS_SESSION_BUS_ADDRESS=address, DISPLAY=NO_DISPLAY)
        demo = subprocess.Popen(DEMO, env=session, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            labels = watcher.item().menu_labels
            wait_until(lambda: any("of 40 left" in label for label in labels()), "meters in the menu")
            wait_until(lambda: notifications.shown, "what already stands is told", 20)
            assert "warnings" in notifications.shown[0].title
        finally:
            demo.send_signal(signal.SIGINT)
            _, errors = demo.communicate(timeout=20)
            watcher.close()
            notifications.close()
    assert (demo.returncode, errors) == (0, b"")
    assert processes_of(tmp_path) == []
