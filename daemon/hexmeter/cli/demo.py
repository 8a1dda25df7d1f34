"""Show everything at work on a simulated Hex: no account, nothing left behind."""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from hexmeter.cli.demoview import Lines, Screen, View
from hexmeter.cli.explained import Explained
from hexmeter.cli.helps import end_with
from hexmeter.core.instants import from_datetime, to_iso
from hexmeter.core.periods import period_at
from hexmeter.wire.address import socket_path
from hexmeter.wire.client import Client, ClientError, DaemonAbsent

_TOKEN = "hxtp_sim_admin"  # noqa: S105 (the simulated Hex's own, worth nothing elsewhere)
_START_S = 20.0
_FRAME_S = 0.5
_PERIOD_AGE_DAYS = 20
"""The demo's month began so many days ago, so that it has a story on every day of the calendar."""

_CONFIG = """\
[hex]
base_url = "{base_url}"
[plan]
tier = "team"
reset_day = {reset_day}
timezone = "UTC"
[watch]
users = "everyone"
[poll]
every = "5s"
requests_per_minute = 600
requests_per_hour = 36000
[storage]
path = "demo.db"
[api]
socket = "api.sock"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `hexmeter demo`."""
    parser.add_argument("--seconds", type=float, metavar="N", help="end by itself after N seconds; default: at Ctrl-C")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="which world the simulated Hex shows")
    end_with(
        parser,
        "Where there is a desktop session the tray appears there, and warnings are shown as notifications.",
        "hexmeter demo",
        "hexmeter demo --seconds 60",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run `hexmeter demo`: 0 at Ctrl-C or after --seconds, 1 when a part of it cannot start."""
    until_s = None if arguments.seconds is None else time.monotonic() + arguments.seconds
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _as_interrupt)
    folder = Path(tempfile.mkdtemp(prefix="hexmeter-demo-"))
    try:
        with contextlib.ExitStack() as parts, contextlib.suppress(KeyboardInterrupt):
            _show(folder, parts, arguments.seed, until_s)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _show(folder: Path, parts: contextlib.ExitStack, seed: int, until_s: float | None) -> None:
    """Start all parts, then draw frames until the time is over."""
    config = _start_hex(folder, parts, seed)
    daemon = parts.enter_context(_part(folder, "daemon", ["hexmeter", "--config", str(config), "daemon"]))
    client = Client(socket_path(str(config)))
    _wait_for(client, daemon, folder)
    tray = _start_tray(folder, parts, config)
    view: View = parts.enter_context(Screen()) if sys.stdout.isatty() else parts.enter_context(Lines())
    while until_s is None or time.monotonic() < until_s:
        _check(daemon, folder, "daemon")
        view.show({**_frame(client, tray, folder), "try": f"hexmeter --config {config} dashboard"})
        time.sleep(_FRAME_S)


def _start_hex(folder: Path, parts: contextlib.ExitStack, seed: int) -> Path:
    """Start the simulated Hex, with somebody near their limit, and write a configuration for it."""
    now = datetime.now(UTC)
    reset_day = (now - timedelta(days=_PERIOD_AGE_DAYS)).day
    period = period_at(from_datetime(now), reset_day, _utc())
    options = ["--seed", str(seed), "--pace", "30", "--rate-limit", "none"]
    options += ["--near-limit", "auto", "--grant", "40", "--since", to_iso(period.start_ms)]
    simulator = parts.enter_context(_part(folder, "simulate", ["hexmeter", "simulate", *options]))
    base_url = _first_line(simulator, folder)
    config = folder / "config.toml"
    config.write_text(_CONFIG.format(base_url=base_url, reset_day=reset_day), encoding="utf-8")
    return config


def _start_tray(folder: Path, parts: contextlib.ExitStack, config: Path) -> "subprocess.Popen[bytes] | None":
    session = os.environ.get("DBUS_SESSION_BUS_ADDRESS")
    if not session or not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return None
    return parts.enter_context(_part(folder, "tray", ["hexmeter_tray", "--config", str(config)]))


@contextlib.contextmanager
def _part(folder: Path, name: str, module: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """One part as a process of its own, ended with the block; what it says goes to files in `folder`."""
    environ = {**os.environ, "HEX_TOKEN": _TOKEN, "PYTHONUNBUFFERED": "1"}
    with (folder / f"{name}.out").open("wb") as out, (folder / f"{name}.log").open("wb") as log:
        # A group of its own: Ctrl-C reaches the demo alone, which then ends its parts in order.
        process = subprocess.Popen(  # noqa: S603 (our own modules)
            [sys.executable, "-m", *module], stdout=out, stderr=log, env=environ, start_new_session=True
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _first_line(simulator: "subprocess.Popen[bytes]", folder: Path) -> str:
    deadline_s = time.monotonic() + _START_S
    while time.monotonic() < deadline_s:
        text = (folder / "simulate.out").read_text(encoding="utf-8")
        if "\n" in text:
            return text.partition("\n")[0].strip()
        _check(simulator, folder, "simulate")
        time.sleep(0.05)
    raise Explained("the simulated Hex did not start in time", "try: hexmeter simulate", 1)


def _wait_for(client: Client, daemon: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline_s = time.monotonic() + _START_S
    while time.monotonic() < deadline_s:
        try:
            status = client.get("/v1/status")
            # The outlooks come at the end of the first poll.
            if status["meters"] and status["last_poll"] is not None:
                return
        except DaemonAbsent:
            _check(daemon, folder, "daemon")
        time.sleep(0.05)
    raise Explained("the daemon did not start in time", _last_words(folder, "daemon"), 1)


def _check(process: "subprocess.Popen[bytes]", folder: Path, name: str) -> None:
    if process.poll() is not None:
        raise Explained(f"the {name} of the demo ended by itself", _last_words(folder, name), 1)


def _last_words(folder: Path, name: str) -> str:
    lines = (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1] if lines else "it said nothing"


def _frame(client: Client, tray: "subprocess.Popen[bytes] | None", folder: Path) -> dict[str, Any]:
    """All that a view shows, as documents of the local API."""
    if tray is None:
        tray_says = "no desktop session here, so no tray"
    elif tray.poll() is None:
        tray_says = "the tray is in your panel"
    else:
        tray_says = f"no tray: {_last_words(folder, 'tray')}"
    try:
        return {
            "tray": tray_says,
            "status": client.get("/v1/status"),
            "increases": client.get("/v1/increases", limit="100")["increases"],
            "alerts": client.get("/v1/alerts")["alerts"],
        }
    except ClientError as error:
        raise Explained(error.message, _last_words(folder, "daemon"), 1) from None


def _utc() -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo("UTC")
