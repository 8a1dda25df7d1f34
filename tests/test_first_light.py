"""From Hex to a desktop notification: simulated Hex, daemon, tray and notification service, all of them processes."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from desktop import NO_DISPLAY, FakeNotifications, FakeWatcher, private_bus, wait_until
from simulator_process import SimulatorProcess, simulator_process

pytestmark = pytest.mark.desktop

CONFIG = """\
[hex]
base_url = "{base_url}"
[plan]
timezone = "UTC"
tier = "team"
[plan.grants]
"{email}" = {grant}
[watch]
users = ["{email}"]
[poll]
every = "5s"
requests_per_minute = 10000
requests_per_hour = 100000
[alerts]
used = [80]
[storage]
path = "hexmeter.db"
[api]
socket = "api.sock"
"""


@dataclass
class Product:
    """A daemon and a tray of one configuration, restarted at will."""

    config: Path
    environ: dict[str, str]
    parts: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start `daemon` or `tray`, and wait until it is there."""
        module = ["hexmeter", "--config", str(self.config), "daemon"]
        if name == "tray":
            module = ["hexmeter_tray", "--config", str(self.config)]
        with (self.config.parent / f"{name}.log").open("ab") as log:
            self.parts[name] = subprocess.Popen([sys.executable, "-m", *module], env=self.environ, stderr=log)
        if name == "daemon":
            wait_until(lambda: self.command("status").returncode == 0, "the daemon answers")

    def end(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal, and wait for the end."""
        process = self.parts.pop(name)
        process.send_signal(how)
        assert process.wait(timeout=15) == (0 if how is signal.SIGTERM else -how)

    def end_all(self) -> None:
        """End what still runs, however the test went."""
        for process in self.parts.values():
            process.kill()
            process.wait()

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the CLI."""
        command = [sys.executable, "-m", "hexmeter", "--config", str(self.config), *words]
        return subprocess.run(command, env=self.environ, capture_output=True, text=True, timeout=60, check=False)

    def poll(self) -> None:
        """Poll now; it must go well."""
        answer = self.command("poll")
        assert answer.returncode == 0, answer.stderr

    def used_percent(self) -> float:
        """How much of the one meter is used."""
        (meter,) = json.loads(self.command("status", "--json").stdout)["meters"]
        return float(100 * meter["used"] / meter["limit"])

    def kill_during_a_poll(self, after_s: float) -> None:
        """Ask for a poll, and kill the daemon some time into it."""
        command = [sys.executable, "-m", "hexmeter", "--config", str(self.config), "poll"]
        polling = subprocess.Popen(command, env=self.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with suppress(subprocess.TimeoutExpired):
            polling.wait(timeout=after_s)
        self.end("daemon", signal.SIGKILL)
        polling.wait(timeout=30)
        self.start("daemon")


@dataclass
class Stage:
    """The whole cast."""

    hex: SimulatorProcess
    product: Product
    notifications: FakeNotifications
    watcher: FakeWatcher
    thread_id: str

    def titles(self) -> list[str]:
        """What was shown on the desktop, in order."""
        return [shown.title for shown in self.notifications.shown]

    def use_in_all(self, percent: float) -> None:
        """Let Hex say that so many per cent of the grant of 100 credits are used."""
        self.hex.change("credits", thread_id=self.thread_id, credits=str(percent))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A person at 60 % of their grant, watched by a daemon and a tray."""
    with ExitStack() as stack:
        simulator = stack.enter_context(simulator_process("--people", "4", "--rate-limit", "none"))
        address = stack.enter_context(private_bus())
        notifications = FakeNotifications(address)
        stack.callback(notifications.close)
        watcher = FakeWatcher(address)
        stack.callback(watcher.close)
        ed = next(person for person in simulator.truth()["people"] if person["role"] == "EDITOR")
        for thread in simulator.truth()["threads"]:
            # What the generated past holds of this person would only blur the story.
            if thread["user_id"] == ed["id"]:
                simulator.change("credits", thread_id=thread["id"], credits="0")
        thread_id = simulator.change("thread", email=ed["email"], credits="60")["thread"]["id"]
        config = tmp_path / "config.toml"
        config.write_text(CONFIG.format(base_url=simulator.base_url, email=ed["email"], grant=100), encoding="utf-8")
        environ = {
            **os.environ,
            "HEX_TOKEN": "hxtp_sim_admin",
            "DBUS_SESSION_BUS_ADDRESS": address,
            "DISPLAY": NO_DISPLAY,
        }
        product = Product(config, environ)
        stack.callback(product.end_all)
        product.start("daemon")
        product.start("tray")
        watcher.item()
        yield Stage(simulator, product, notifications, watcher, thread_id)


def test_crossing_a_level_shows_one_notification_whatever_happens_meanwhile(stage: Stage) -> None:
    product = stage.product
    product.poll()
    assert product.used_percent() == 60
    stage.use_in_all(81)
    product.poll()
    wait_until(lambda: len(stage.titles()) == 1, "the notification is shown")

    for percent in (79.5, 80.5, 79.9, 80, 79, 81):
        stage.use_in_all(percent)
        product.poll()
    stage.hex.change("fault", spec="500:12")
    assert product.command("poll").returncode == 1
    stage.hex.change("fault/clear")
    for how in (signal.SIGTERM, signal.SIGKILL):
        product.end("tray", how)
        product.start("tray")
        product.end("daemon")
        product.start("daemon")
        product.poll()
    random_s = random.Random(7)
    for _ in range(6):
        stage.use_in_all(random_s.choice((79, 81)))
        product.kill_during_a_poll(after_s=random_s.uniform(0, 0.5))

    # What comes next on the desktop comes after whatever was still under way.
    stage.use_in_all(100)
    product.poll()
    wait_until(lambda: len(stage.titles()) >= 2, "the next notification is shown")
    first, second = stage.titles()
    assert first.endswith(": about 81 % used")
    assert second.endswith(": the grant is used up")
    log = (product.config.parent / "daemon.log").read_text(encoding="utf-8")
    assert "Traceback" not in log


def test_refresh_now_in_the_tray_shows_what_hex_says_at_that_moment(stage: Stage) -> None:
    item = stage.watcher.item()
    wait_until(lambda: any("40 of 100 left" in label for label in item.menu_labels()), "the first figures are shown")
    stage.use_in_all(70)
    item.click("Refresh now")
    wait_until(lambda: any("30 of 100 left" in label for label in item.menu_labels()), "the new figures are shown")
    assert stage.titles() == []
